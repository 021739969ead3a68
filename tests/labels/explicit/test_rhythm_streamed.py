"""The rhythm before sound that comes in pieces: as before the whole file."""

from itertools import pairwise
from struct import pack, unpack
from typing import Any

import pytest

from hegui.labels import ogg
from hegui.labels.container import Memory
from hegui.labels.explicit import rhythm_aac, rhythm_flac, rhythm_mp3, rhythm_opus, rhythm_wav
from hegui.labels.explicit.flac_encoding import encoded
from hegui.labels.explicit.rhythm_streamed import streamed_rhythm
from hegui.labels.formats import wav
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing import media, sounds

from . import test_rhythm_coded, test_rhythm_flac

FORM = pack("<HHIIHH", 1, 64, 700_000, 0, 128, 16)
LARGE = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + FORM + b"data\xff\xff\xff\xff" + bytes(256)

PARTS = encoded(test_rhythm_flac.MONO)
ADTS = test_rhythm_coded.sound("aac")
FLAC = test_rhythm_flac.made(*PARTS, total=3 * 4096)


def through(kind: str, data: bytes, piece: int) -> bytes:
    stream = streamed_rhythm(kind)
    out = b"".join(stream.feed(data[at : at + piece]) for at in range(0, len(data), piece))
    return out + stream.end()


@pytest.mark.parametrize("piece", [1, 7, 500, 100_000])
def test_an_mp3_is_as_if_it_had_been_whole(piece: int) -> None:
    for data in (sounds.mp3(frames=5), sounds.mp3(sounds.id3_tag(b"", padding=600), frames=5)):
        whole = joined(Memory(data), rhythm_mp3.with_rhythm(Memory(data)))
        assert through("mp3", data, piece) == whole


@pytest.mark.parametrize("piece", [1, 7, 500, 100_000])
def test_a_wav_is_as_if_it_had_been_whole(piece: int) -> None:
    for data in (sounds.wav(), media.tone(0.01), media.tone(0.01, stated=True)):
        whole = joined(Memory(data), rhythm_wav.with_rhythm(Memory(data)))
        assert through("wav", data, piece) == whole


@pytest.mark.parametrize("piece", [1, 7, 500, 100_000])
def test_a_flac_is_as_if_it_had_been_whole_but_for_what_nobody_knows_yet(piece: int) -> None:
    for data in (FLAC, FLAC.replace(pack(">HH", 16, 4096), pack(">HH", 4096, 4096), 1)):
        whole = joined(Memory(data), rhythm_flac.with_rhythm(Memory(data)))
        made = through("flac", data, piece)
        assert made[:12] + whole[12:18] + made[18:] == whole
        assert made[12:18] == bytes(6)


@pytest.mark.parametrize("piece", [1, 7, 500, 100_000])
def test_opus_and_aac_are_as_if_they_had_been_whole(piece: int) -> None:
    chained = test_rhythm_coded.sound("opus", about={"page_duration": "100000"})
    for kind, placed, datas in (
        ("opus", rhythm_opus.with_rhythm, (chained, chained + sounds.opus(serial=8))),
        ("aac", rhythm_aac.with_rhythm, (ADTS, sounds.id3_tag(b"", padding=600) + ADTS)),
    ):
        for data in datas:
            assert through(kind, data, piece) == joined(Memory(data), placed(Memory(data)))


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("aac", test_rhythm_coded.sound("aac", 24_000), "audio_form"),
        ("aac", b"nothing of the kind", "file_broken"),
        ("aac", b"\xff\xf1\x50", "file_broken"),
        ("opus", sounds.opus()[:40], "file_broken"),
        ("opus", b"nothing of the kind, and long enough", "file_broken"),
    ],
)
def test_what_no_rhythm_can_be_put_before_is_refused_before_anything_leaves(
    kind: str, data: bytes, code: str
) -> None:
    stream = streamed_rhythm(kind)
    with pytest.raises(BadRequest) as caught:
        stream.feed(data) or stream.end()
    assert (caught.value.code, stream.labelled) == (code, False)


def test_pages_of_opus_leave_as_they_come() -> None:
    data = test_rhythm_coded.sound("opus", about={"page_duration": "100000"})
    stream, ends = streamed_rhythm("opus"), [page.end for page in ogg.pages(Memory(data))]
    assert stream.feed(data[: ends[1] - 1]) == b""
    assert stream.feed(data[ends[1] - 1 : ends[1]])
    for start, end in pairwise(ends[1:]):
        assert len(stream.feed(data[start:end])) == end - start


def test_frames_of_a_flac_leave_when_the_next_one_begins() -> None:
    stream, start = streamed_rhythm("flac"), FLAC.index(PARTS[0])
    ends = [start + sum(map(len, PARTS[: n + 1])) for n in range(len(PARTS))]
    begun = stream.feed(FLAC[: ends[0]])
    assert stream.labelled
    assert PARTS[0][20:] in begun
    assert PARTS[0][20:-2] not in begun[len(begun) - len(PARTS[0]) :]
    assert PARTS[0][20:-2] in stream.feed(FLAC[ends[0] : ends[1]])


class Counted(bytes):
    """Bytes that count how many of them slices and sums copy."""

    copied = 0

    def __getitem__(self, key: Any) -> Any:
        got = super().__getitem__(key)
        if isinstance(key, slice):
            Counted.copied += len(got)
            return Counted(got)
        return got

    def __radd__(self, before: bytes) -> "Counted":
        Counted.copied += len(before) + len(self)
        return Counted(bytes(before) + bytes(self))

    def __add__(self, more: bytes) -> "Counted":  # type: ignore[override] # as that of bytes
        Counted.copied += len(self) + len(more)
        return Counted(bytes(self) + bytes(more))


@pytest.mark.parametrize("piece", [40, 1_000_000])
def test_bytes_of_a_streamed_flac_are_not_copied_once_for_each_frame_or_piece(piece: int) -> None:
    parts = encoded(test_rhythm_flac.MONO._replace(block=64))
    data = test_rhythm_flac.made(*parts).replace(pack(">HH", 16, 4096), pack(">HH", 64, 64), 1)
    assert len(parts) > 150
    Counted.copied = 0
    stream = streamed_rhythm("flac")
    out = b"".join(stream.feed(Counted(data[at : at + piece])) for at in range(0, len(data), piece))
    out += stream.end()
    assert out == through("flac", data, 7)
    assert Counted.copied < 3 * len(data)


def test_points_of_a_streamed_flac_become_placeholders() -> None:
    table = pack(">QQH", 0, 0, 4096) * 2
    data = FLAC[:4] + b"\0" + FLAC[5:42] + b"\x83\0\0\x24" + table + FLAC[42:]
    made = through("flac", data, 50)
    assert made[46:82] == (b"\xff" * 8 + bytes(10)) * 2
    whole = joined(Memory(data), rhythm_flac.with_rhythm(Memory(data)))
    assert made[82:] == whole[82:]


def test_a_flac_that_breaks_off_or_is_wrong_midway_never_ends() -> None:
    for data in (FLAC[:-3], FLAC[:-90] + b"\0\1" + FLAC[-88:], FLAC + b"more"):
        stream = streamed_rhythm("flac")
        stream.feed(data[:500])
        with pytest.raises(BadRequest):
            stream.feed(data[500:]) + stream.end()


def test_a_wav_of_odd_frames_keeps_its_parity_and_its_lengths_hold() -> None:
    sound = bytes(range(128, 128 + 60))
    for rate in range(8_000, 8_004):
        head = sounds.riff_chunk(
            b"fmt ", b"\1\0\1\0" + rate.to_bytes(4, "little") * 2 + b"\1\0\x08\0"
        )
        data = sounds.riff_chunk(b"RIFF", b"WAVE" + head + sounds.riff_chunk(b"data", sound))
        made = through("wav", data, 1)
        assert made.endswith(sound)
        there = wav.file(Memory(made))
        assert there.end == len(made)
        assert unpack("<I", made[40:44])[0] == there.chunks[-1].length == len(made) - 44


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("mp3", b"<html>" * 60_000),
        ("mp3", sounds.MP3_FRAME[:100]),
        ("flac", b"<html>" * 10),
        ("flac", FLAC[:40]),
        ("flac", FLAC[:42]),
        ("flac", FLAC[:50]),
        ("flac", FLAC[:42] + FLAC[1500:]),
        ("flac", FLAC.replace(pack(">HH", 16, 4096), pack(">HH", 0, 4096))),
        ("wav", b"<html>" * 10),
        ("wav", media.tone(0.01)[:30]),
        ("wav", sounds.wav_large()),
        ("wav", LARGE),
        ("wav", sounds.wav(size=0xFFFF_FFFF).replace(b"fmt \x10", b"fmt \x0e")),
        ("wav", sounds.wav().replace(b"\1\0\1\0", b"\6\0\1\0", 1)),
    ],
)
def test_what_is_no_such_sound_is_refused_and_nothing_given_out(kind: str, data: bytes) -> None:
    stream, out = streamed_rhythm(kind), []

    def all_of_it() -> None:
        out.extend(stream.feed(data[at : at + 50]) for at in range(0, len(data), 50))
        stream.end()

    with pytest.raises(BadRequest):
        all_of_it()
    assert not any(out)
