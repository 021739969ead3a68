"""The rhythm before M4A: every packet stays, and tables, times and chapters follow."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from struct import pack, unpack
from tempfile import NamedTemporaryFile
from typing import Any

import av
import numpy as np
import pytest

from hegui.labels.boxes import Box, Boxes, Edits, full, made
from hegui.labels.container import Memory
from hegui.labels.explicit import rhythm_m4a
from hegui.labels.explicit.m4a_track import below
from hegui.labels.formats.mp4 import M4A
from hegui.labels.splicing import Change, joined, spliced
from hegui.terms import BadRequest
from hegui.testing import films
from hegui.testing.labelled import LABEL

FRAGMENTS = "+frag_keyframe+empty_moov"
LAYOUTS = {
    "plain": {},
    "fast": {"movflags": "+faststart"},
    "fragments": {"movflags": FRAGMENTS, "frag_duration": "300000"},
    "fragments of today": {"movflags": FRAGMENTS + "+default_base_moof", "frag_duration": "300000"},
    "an index for all": {"movflags": "+dash+delay_moov+global_sidx", "frag_duration": "300000"},
    "an index for each": {"movflags": "+dash+delay_moov", "frag_duration": "300000"},
}
IN_MS = {"movie_timescale": "1000"}  # what newer releases of FFmpeg take from the sound
PATH = {
    "elst": (b"trak", b"edts", b"elst"),
    "stts": (b"trak", b"mdia", b"minf", b"stbl", b"stts"),
    "stbl": (b"trak", b"mdia", b"minf", b"stbl"),
    "stsd": (b"trak", b"mdia", b"minf", b"stbl", b"stsd"),
    "udta": (b"udta",),
    "trak": (b"trak",),
    "mvhd": (b"mvhd",),
    "tkhd": (b"trak", b"tkhd"),
    "mdhd": (b"trak", b"mdia", b"mdhd"),
}


def sound(  # what a file can be like
    layout: str = "stereo",
    rate: int = 44_100,
    codec: str = "aac",
    about: dict[str, str] | None = None,
    chapters: Sequence[float] = (),
) -> bytes:
    """Return a second of a low tone."""
    with (
        NamedTemporaryFile(suffix=".m4a") as file,  # some layouts read again what they wrote
        av.open(file.name, "w", format="ipod", options={**IN_MS, **(about or {})}) as out,
    ):
        stream = out.add_stream(codec, rate=rate, layout=layout)
        if chapters:
            ends = [*chapters[1:], 1.0]
            told: Any = [
                {
                    "id": at,
                    "start": int(one * 1000),
                    "end": int(end * 1000),
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": f"part {at}"},
                }
                for at, (one, end) in enumerate(zip(chapters, ends, strict=True))
            ]
            out.set_chapters(told)
        kind = stream.codec_context.format.name
        wave = np.sin(np.arange(rate) * 2 * np.pi * 100 / rate).astype("f4")[np.newaxis] * 0.2
        part = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
        part.rate = rate
        for one in av.AudioResampler(kind, layout, rate).resample(part):
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
        out.close()
        return Path(file.name).read_bytes()


PLAIN = sound()


def with_rhythm(data: bytes) -> bytes:
    return joined(Memory(data), rhythm_m4a.with_rhythm(Memory(data)))


def packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as source:
        return [bytes(one) for one in source.demux(audio=0) if one.size]


def times(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data)) as source:
        return [one.pts for one in source.demux(audio=0) if one.size]


def heard(data: bytes) -> np.ndarray:
    """Return the sound that is played: what the file says is to be left out is left out."""
    with av.open(io.BytesIO(data)) as source:
        return np.concatenate([one.to_ndarray()[0] for one in source.decode(audio=0)])


def found(data: bytes, name: str) -> tuple[Boxes, list[Box]]:
    boxes = Boxes(Memory(data))
    (moov,) = [one for one in boxes.top() if one.kind == b"moov"]
    return boxes, [moov, *below(boxes, moov, *PATH[name])]


def held(data: bytes, name: str) -> bytes:
    boxes, path = found(data, name)
    return boxes.held(path[-1])


def changed(
    data: bytes, name: str, new: bytes, *, whole: bool = True, beside: bool = False
) -> bytes:
    """Return a file whose movie stands last, with ``new`` in a box, at its end, or behind it."""
    _, path = found(data, name)
    edits = Edits()
    start = path[-1].body if whole and not beside else path[-1].end
    edits.put(path[:-1] if beside else path, Change(start, path[-1].end, new))
    return joined(Memory(data), spliced(len(data), edits.changes()))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_rhythm_is_heard_first_and_every_packet_stays(layout: str) -> None:
    data = sound(about=LAYOUTS[layout])
    after = with_rhythm(data)
    old, new = packets(data), packets(after)
    more = len(new) - len(old)
    assert more == 62
    assert new[more:] == old
    step = {after - before for before, after in zip(times(data), times(after)[more:], strict=True)}
    assert step == {more * 1024}
    loud = np.abs(heard(after)[: 44_100 * 7 // 5 // 882 * 882].reshape(-1, 882)).max(axis=1) > 0.35
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    tones = np.diff(edges)[::2]
    assert len(tones) == 4
    assert tones[1] > 2 * tones[[0, 2, 3]].max()


@pytest.mark.parametrize(
    ("rate", "layout"), [(48_000, "mono"), (32_000, "stereo"), (44_100, "mono")]
)
def test_each_rate_and_number_of_channels_has_frames(rate: int, layout: str) -> None:
    data = sound(layout, rate, about=LAYOUTS["fast"])
    after = with_rhythm(data)
    assert packets(after)[-len(packets(data)) :] == packets(data)
    labelled = joined(Memory(after), M4A.write(Memory(after), LABEL.inner()))
    assert packets(labelled) == packets(after)


@pytest.mark.parametrize("scale", [1000, 44_100, 90_000])
def test_durations_follow_and_what_was_left_out_still_is(scale: int) -> None:
    data = sound(about={"movie_timescale": str(scale)})
    after = with_rhythm(data)
    long = 62 * 1024
    film = long * scale / 44_100
    for name, at, more in (("mdhd", 16, long), ("tkhd", 20, film), ("mvhd", 16, film)):
        old, new = (int.from_bytes(held(one, name)[at : at + 4]) for one in (data, after))
        assert abs(new - old - more) <= 1, name
    before, now = held(data, "elst"), held(after, "elst")
    assert unpack(">IiI", now[8:20])[1:] == unpack(">IiI", before[8:20])[1:]
    assert len(heard(after)) - len(heard(data)) == long
    assert packets(after)[62:] == packets(data)


@pytest.mark.parametrize("ticks", [1, 7, 100, 1000, 44_100])
@pytest.mark.parametrize("layout", ["plain", "fragments of today"])
def test_the_rhythm_lasts_as_long_as_it_does_however_coarse_the_ticks(
    ticks: int, layout: str
) -> None:
    data = sound(about=LAYOUTS[layout])
    head = held(data, "mdhd")
    data = changed(data, "mdhd", head[:12] + pack(">I", ticks) + head[16:])
    after = with_rhythm(data)
    assert packets(after)[62:] == packets(data)
    if layout == "plain":
        table = held(after, "stts")
        runs = [unpack(">II", table[at : at + 8]) for at in range(8, len(table), 8)]
        assert len(runs) == int.from_bytes(table[4:8])
        each = [long for count, long in runs for _ in range(count)][:62]
        longer = [int.from_bytes(one[16:20]) for one in (head, held(after, "mdhd"))]
        assert longer[1] - longer[0] == sum(each)
    else:
        run, whole = after[after.index(b"trun") :], after[after.index(b"tfhd") :]
        uneven = run[6] & 1
        told = unpack(">124I", run[16 : 16 + 496])
        each = list(told[::2]) if uneven else [int.from_bytes(whole[16:20])] * 62
    assert abs(sum(each) - 62 * 1024 / 44_100 * ticks) <= 0.5
    assert max(each) - min(each) <= 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([(1000, 0)], [(2440, 0)]),
        ([(1000, 2112)], [(2464, 1024)]),
        ([(0, 1024)], [(0, 1024)]),
        ([(500, -1), (1000, 1024)], [(500, -1), (2440, 1024)]),
        ([(900, 20_000)], [(1416, 1024), (900, 20_000 + 62 * 1024)]),
        ([(100, 1024), (300, 9000)], [(1540, 1024), (300, 9000 + 62 * 1024)]),
    ],
)
def test_edits_play_the_rhythm_and_then_what_they_played(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    for form, head in ((">IiI", 0), (">QqI", 1)):
        entries = b"".join(pack(form, *one, 1 << 16) for one in old)
        data = changed(PLAIN, "elst", pack(">II", head << 24, len(old)) + entries)
        now = held(with_rhythm(data), "elst")
        width = 20 if head else 12
        assert int.from_bytes(now[4:8]) == len(new)
        read = [unpack(form, now[8 + at * width :][:width])[:2] for at in range(len(new))]
        assert read == new


def test_samples_around_the_sound_that_apple_counts_follow() -> None:
    text = b" 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000"
    item = made(
        b"----",
        full(b"mean", 0, b"com.apple.iTunes"),
        full(b"name", 0, b"iTunSMPB"),
        made(b"data", pack(">II", 1, 0) + text),
    )
    handler = full(b"hdlr", 0, bytes(4) + b"mdirappl" + bytes(9))
    meta = full(b"meta", 0, handler, made(b"ilst", item))
    data = changed(PLAIN, "udta", meta)
    after = with_rhythm(data)
    assert len(held(after, "udta")) == len(meta)
    count = 0x3F31F6 + 62 * 1024 + 2112 - 1024
    assert b" 00000000 00000400 000001CA %016X 0" % count in held(after, "udta")


def test_chapters_begin_later_and_the_first_begins_with_the_rhythm() -> None:
    for about in (LAYOUTS["plain"], LAYOUTS["fast"]):
        data = sound(chapters=(0, 0.4), about=about)
        after = with_rhythm(data)
        for one in (after, joined(Memory(after), M4A.write(Memory(after), LABEL.inner()))):
            with av.open(io.BytesIO(one)) as source:
                read = [(each["start"], each["metadata"]["title"]) for each in source.chapters()]
            assert read == [(0, "part 0"), (1840, "part 1")]
        lists = after[after.index(b"chpl") + 4 :]
        assert lists[8] == 2
        assert int.from_bytes(lists[9:17]) == 0
        assert int.from_bytes(lists[24:32]) // 10_000 == 400 + 62 * 1024 * 1000 // 44_100


def test_sizes_that_are_all_the_same_become_a_list() -> None:
    _, path = found(PLAIN, "stbl")
    boxes = Boxes(Memory(PLAIN))
    (sizes,) = [one for one in boxes.children(path[-1]) if one.kind == b"stsz"]
    count = int.from_bytes(boxes.held(sizes)[8:12])
    edits = Edits()
    edits.put((*path, sizes), Change(sizes.body, sizes.end, pack(">III", 0, 6, count)))
    data = joined(Memory(PLAIN), spliced(len(PLAIN), edits.changes()))
    after = with_rhythm(data)
    assert packets(after)[62:] == packets(data)


def refusals() -> dict[str, bytes]:
    """Return files that are refused, by why."""
    stsd = held(PLAIN, "stsd")
    told = stsd.index(b"\x05\x80\x80\x80") + 5
    esds = stsd[told : told + 5]
    return {
        "another codec": sound(codec="alac"),
        "six channels": sound("5.1"),
        "a low rate": sound(rate=22_050),
        "HE-AAC": changed(PLAIN, "stsd", stsd.replace(esds, esds[:4] + b"\x80")),
        "frames of 960": changed(PLAIN, "stsd", stsd.replace(esds, b"\x12\x14" + esds[2:])),
        "the main profile": changed(PLAIN, "stsd", stsd.replace(esds, b"\x0a\x10" + esds[2:])),
        "encrypted": changed(PLAIN, "stsd", stsd.replace(b"mp4a", b"enca")),
        "no config": changed(PLAIN, "stsd", stsd.replace(b"\x05\x80\x80\x80", b"\x07\x80\x80\x80")),
        "a table that is not known": changed(
            PLAIN, "stbl", full(b"ctts", 0, bytes(4)), whole=False
        ),
        "a table twice": changed(PLAIN, "stbl", full(b"stts", 0, bytes(4)), whole=False),
        "two sounds": changed(PLAIN, "udta", made(b"trak", held(PLAIN, "trak")), beside=True),
        "an empty track": changed(PLAIN, "trak", b""),
        "no times": changed(PLAIN, "mdhd", held(PLAIN, "mdhd")[:12] + bytes(12)),
        "times that are not there": changed(PLAIN, "stts", pack(">II", 0, 9)),
        "edits that are not there": changed(PLAIN, "elst", pack(">II", 0, 9)),
        "only an empty edit": changed(PLAIN, "elst", pack(">IIIiI", 0, 1, 9, -1, 1 << 16)),
        "an edit too late": changed(PLAIN, "elst", pack(">IIIiI", 0, 1, 9, 2**31 - 1, 1 << 16)),
        "a box that is not whole": changed(PLAIN, "trak", b"\0\0\0\x09free", whole=False),
        "no sound at all": films.film(brand=b"M4A "),
        "fragments that are not there": sound(about=LAYOUTS["fragments"]).replace(b"moof", b"free"),
    }


REFUSALS = refusals()


@pytest.mark.parametrize("why", REFUSALS)
def test_what_does_not_fit_is_refused(why: str) -> None:
    with pytest.raises(BadRequest):
        with_rhythm(REFUSALS[why])


def test_indexes_of_fragments_and_groups_of_samples_follow() -> None:
    long = 62 * 1024
    for layout in ("an index for all", "an index for each"):
        data = sound(about=LAYOUTS[layout])
        old, new = (
            [unpack(">II", one[8:12] + one[36:40]) for one in indexes(each)]
            for each in (data, with_rhythm(data))
        )
        assert [a[1] - b[1] for a, b in zip(new, old, strict=True)] == [long] + [0] * (len(old) - 1)
    begun = [
        [int.from_bytes(one[12:20]) for one in indexes(each)] for each in (data, with_rhythm(data))
    ]
    assert [a - b for a, b in zip(begun[1], begun[0], strict=True)] == [0] + [long] * (len(old) - 1)
    data = sound(about=LAYOUTS["fragments"])
    after = with_rhythm(data)
    old_table, new_table = ([one[:2] for one in places(each)] for each in (data, after))
    assert new_table[0] == old_table[0]
    assert [one[0] for one in new_table[1:]] == [one[0] + long for one in old_table[1:]]
    assert all(after[place + 4 : place + 8] == b"moof" for _, place in new_table)
    grouped = [each[each.index(b"sbgp") + 16 :][:4] for each in (PLAIN, with_rhythm(PLAIN))]
    assert int.from_bytes(grouped[1]) == int.from_bytes(grouped[0]) + 62


def indexes(data: bytes) -> list[bytes]:
    """Return what each index of fragments holds."""
    boxes = Boxes(Memory(data))
    return [boxes.held(one) for one in boxes.top() if one.kind == b"sidx"]


def places(data: bytes) -> list[tuple[int, int]]:
    """Return the time and the place of each fragment, as the table at the end tells them."""
    boxes = Boxes(Memory(data))
    (around,) = [one for one in boxes.top() if one.kind == b"mfra"]
    table = boxes.held(boxes.children(around)[0])
    assert table[0] == 1
    count = int.from_bytes(table[12:16])
    return [unpack(">QQ", table[16 + at * 19 :][:16]) for at in range(count)]
