"""The rhythm before AAC and Opus, without encoding anything anew."""

import io
from typing import Any

import av
import numpy as np
import pytest

from hegui.labels import ogg
from hegui.labels.container import Memory
from hegui.labels.explicit import rhythm_aac, rhythm_opus
from hegui.labels.formats.ogg import OPUS
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing import sounds
from hegui.testing.labelled import LABEL

_SIX = b"OpusHead\1\6" + bytes(8) + b"\1\4\2" + bytes(range(6))  # six channels
PLACED = {"aac": rhythm_aac.with_rhythm, "opus": rhythm_opus.with_rhythm}


def sound(form: str, rate: int = 48_000, layout: str = "stereo", about: Any = None) -> bytes:
    """Return a second of a low tone."""
    codec, container = {"aac": ("aac", "adts"), "opus": ("libopus", "ogg")}[form]
    held = io.BytesIO()
    with av.open(held, "w", format=container, options=about or {}) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        kind = stream.codec_context.format.name
        wave = np.sin(np.arange(rate) * 2 * np.pi * 100 / rate).astype("f4")[np.newaxis] * 0.2
        part = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
        part.rate = rate
        for one in av.AudioResampler(kind, layout, rate).resample(part):
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    return held.getvalue()


def with_rhythm(form: str, data: bytes) -> bytes:
    return joined(Memory(data), PLACED[form](Memory(data)))


def packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as source:
        return [bytes(one) for one in source.demux() if one.size]


def heard(data: bytes) -> np.ndarray:
    """Return how loud the sound is, each fiftieth of a second."""
    with av.open(io.BytesIO(data)) as source:
        parts = [one.to_ndarray()[0] for one in source.decode(audio=0)]
        rate = source.streams.audio[0].rate
    whole = np.abs(np.concatenate(parts).astype("f8"))
    step = rate // 50
    return whole[: len(whole) // step * step].reshape(-1, step).max(axis=1)


@pytest.mark.parametrize(
    ("form", "rate", "layout"),
    [
        ("aac", 48_000, "stereo"),
        ("aac", 44_100, "mono"),
        ("aac", 32_000, "stereo"),
        ("opus", 48_000, "stereo"),
        ("opus", 48_000, "mono"),
    ],
)
def test_short_long_short_short_is_heard_first_and_every_packet_stays(
    form: str, rate: int, layout: str
) -> None:
    data = sound(form, rate, layout)
    made = with_rhythm(form, data)
    before, after = packets(data), packets(made)
    assert after[-len(before) :] == before
    loud = heard(made)[:60] > 0.35  # the tone is twice as loud as the sound behind it
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    lengths = np.diff(edges)[::2]
    assert len(lengths) == 4
    short = lengths[[0, 2, 3]]
    assert lengths[1] > 2 * short.max()


def test_the_pages_of_opus_are_numbered_and_timed_anew() -> None:
    data = sound("opus")
    made = with_rhythm("opus", data)
    read = list(ogg.pages(Memory(made)))
    assert [one.number for one in read] == list(range(len(read)))
    for page in read:
        ogg.checked(Memory(made), page)
    granule = [int.from_bytes(made[one.start + 6 : one.start + 14], "little") for one in read]
    assert granule == sorted(granule)
    old = list(ogg.pages(Memory(data)))[-1]
    last = int.from_bytes(data[old.start + 6 : old.start + 14], "little")
    assert granule[-1] == last + 960 * len(rhythm_opus._packets())


def test_opus_with_its_rhythm_can_be_labelled() -> None:
    made = with_rhythm("opus", sound("opus"))
    labelled = joined(Memory(made), OPUS.write(Memory(made), LABEL.inner()))
    assert packets(labelled) == packets(made)


def test_a_tag_stays_before_the_rhythm() -> None:
    tag = sounds.id3_tag(sounds.id3_frame(b"TIT2", b"\0a title"))
    made = with_rhythm("aac", tag + sound("aac"))
    assert made.startswith(tag)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("aac", sound("aac", 24_000)),
        ("aac", b"\xff\xf1\x50"),
        ("aac", b"nothing of the kind"),
        ("aac", b"\xff\xf1\x90\x40\x01\xbf\xfc" + bytes(20)),
        ("opus", sounds.opus()[:40]),
        ("opus", sounds.stream([(_SIX,), (b"OpusTags" + sounds.comments(),)], 7)),
    ],
)
def test_what_needs_an_encoder_or_is_broken_is_refused(form: str, data: bytes) -> None:
    with pytest.raises(BadRequest):
        with_rhythm(form, data)
