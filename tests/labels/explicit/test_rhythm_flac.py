"""The rhythm before FLAC, without decoding or encoding its sound."""

import io
import time
from struct import pack, unpack

import av
import numpy as np
import pytest

from hegui.labels.container import Memory
from hegui.labels.explicit import rhythm_flac
from hegui.labels.explicit.flac_encoding import Form, encoded
from hegui.labels.explicit.flac_frames import (
    Frame,
    Head,
    coded,
    crc8,
    crc16,
    frames,
    head_at,
    renumbered,
)
from hegui.labels.explicit.rhythm import frames as length
from hegui.labels.explicit.rhythm_streamed import streamed_rhythm
from hegui.labels.formats.flac import FLAC, file
from hegui.labels.splicing import joined, spliced
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL

MONO = Form(8000, 1, 16, 4096, varies=False, rate=4, depth=4, tail=b"")


def sound(rate: int = 44_100, layout: str = "stereo", kind: str = "s16", block: int = 0) -> bytes:
    """Return a second of noise, which no encoder makes much smaller."""
    held = io.BytesIO()
    with av.open(held, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=rate, layout=layout)
        stream.codec_context.format = kind
        stream.codec_context.options = {"frame_size": str(block)} if block else {}
        channels = stream.codec_context.layout.nb_channels
        noise = np.random.default_rng(1).integers(-(2**13), 2**13, (1, rate * channels))
        part = av.AudioFrame.from_ndarray(
            noise.astype("i2" if kind == "s16" else "i4") << (0 if kind == "s16" else 14),
            kind,
            layout,
        )
        part.rate = rate
        out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return held.getvalue()


def head(frame: bytes) -> Head:
    """Return the head that a frame begins with."""
    found = head_at(frame, 0)
    assert found is not None
    return found


def made(*found: bytes, blocks: tuple[tuple[int, bytes], ...] = (), total: int = 0) -> bytes:
    """Return a FLAC of frames like ``MONO``'s."""
    packed = MONO.hertz << 44 | 15 << 36 | total
    info = pack(">HH", 16, 4096) + bytes(6) + packed.to_bytes(8) + bytes(range(16))
    there = [(0, info), *blocks]
    last = len(there) - 1
    heads = [
        bytes([kind | (number == last) << 7]) + len(held).to_bytes(3) + held
        for number, (kind, held) in enumerate(there)
    ]
    return b"fLaC" + b"".join(heads) + b"".join(found)


def with_rhythm(data: bytes) -> bytes:
    return joined(Memory(data), rhythm_flac.with_rhythm(Memory(data)))


def read(data: bytes) -> tuple[list[Frame], list[bytes]]:
    """Return the frames, and what each holds between its head and its checksum."""
    found = frames(data, file(Memory(data))[1][-1].end, len(data))
    return found, [data[one.head.end : one.end - 2] for one in found]


def decoded(data: bytes) -> np.ndarray:
    """Return all samples; a frame whose checksum is wrong fails."""
    about = {"err_detect": "crccheck+bitstream+explode"}
    with av.open(io.BytesIO(data), format="flac", options=about) as source:
        whole = [one.to_ndarray().ravel() for one in source.decode(audio=0)]
    return np.concatenate(whole)


def loudness(samples: np.ndarray, rate: int) -> np.ndarray:
    step = rate // 50
    whole = np.abs(samples.astype("f8"))
    return whole[: len(whole) // step * step].reshape(-1, step).max(axis=1)


@pytest.mark.parametrize(
    ("rate", "layout", "kind", "block"),
    [
        (44_100, "stereo", "s16", 0),
        (16_000, "mono", "s16", 0),
        (96_000, "stereo", "s32", 0),
        (11_111, "mono", "s16", 576),
        (8_000, "5.1", "s16", 192),
    ],
)
def test_every_sample_and_every_subframe_stays_behind_the_rhythm(
    rate: int, layout: str, kind: str, block: int
) -> None:
    data = sound(rate, layout, kind, block)
    after = with_rhythm(data)
    before, now = decoded(data), decoded(after)
    assert np.array_equal(now[-len(before) :], before)
    channels = len(before) // rate
    first = (len(now) - len(before)) // channels
    assert first >= length(rate)
    assert read(after)[1][-len(read(data)[1]) :] == read(data)[1]
    one = now[: first * channels].reshape(-1, channels)
    assert not np.any(one[:, :1] != one)  # the same in every channel
    full = 2.0**15 if kind == "s16" else 2.0**31
    loud = loudness(one[:, 0] / full, rate) > 0.25
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    tones = np.diff(edges)[::2]
    assert len(tones) == 4
    assert tones[1] > 2 * tones[[0, 2, 3]].max()


def test_streaminfo_follows_and_the_md5_says_that_it_is_not_known() -> None:
    data = sound()
    after = with_rhythm(data)
    blocks = [file(Memory(one))[1][0] for one in (data, after)]
    old, new = (one[at.start + 4 : at.end] for one, at in zip((data, after), blocks, strict=True))
    assert old[18:].strip(b"\0")
    assert new[18:] == bytes(16)
    sizes = [one.end - one.head.start for one in read(after)[0]]
    assert (int.from_bytes(new[4:7]), int.from_bytes(new[7:10])) == (min(sizes), max(sizes))
    total = [int.from_bytes(one[10:18]) & (1 << 36) - 1 for one in (old, new)]
    assert total == [44_100, 44_100 + 4608 * -(-length(44_100) // 4608)]
    assert new[:4] == old[:4]


def test_a_flac_with_its_rhythm_can_be_labelled() -> None:
    after = with_rhythm(sound())
    labelled = joined(Memory(after), FLAC.write(Memory(after), LABEL.inner()))
    assert np.array_equal(decoded(labelled), decoded(after))


def test_where_blocks_vary_heads_count_samples() -> None:
    blocks = [4096, 16, 512]
    parts = [encoded(MONO._replace(block=one, varies=True))[0] for one in blocks]
    at, varied = 0, []
    for part, block in zip(parts, blocks, strict=True):
        alone = Frame(head(part), len(part))
        varied.append(joined(Memory(part), spliced(len(part), renumbered(part, alone, at))))
        at += block
    data = made(*varied, total=at)
    after = with_rhythm(data)
    found, held = read(after)
    assert held[-3:] == read(data)[1]
    assert [one.head.number for one in found] == [0, 4096, 8192, 12288, 16384, 16400]
    before, now = decoded(data), decoded(after)
    assert np.array_equal(now[-len(before) :], before)


def test_points_for_seeking_lead_to_the_same_frames() -> None:
    parts = [joined(Memory(one), [one]) for one in encoded(MONO._replace(block=512))]
    starts = np.cumsum([0, *map(len, parts)])
    points = [(0, 0), (512 * 9, int(starts[9])), (2**64 - 1, 0)]
    table = b"".join(pack(">QQH", *one, 512) for one in points)
    data = made(*parts, blocks=((3, table),)).replace(pack(">HH", 16, 4096), pack(">HH", 512, 512))
    after = with_rhythm(data)
    (found, held), block = read(after), file(Memory(after))[1][1]
    more = len(found) - len(parts)
    new = [unpack(">QQH", after[at : at + 18]) for at in range(block.start + 4, block.end, 18)]
    first = found[0].head.start
    for (sample, place, _), number in zip(new[:2], (0, 9), strict=True):
        assert sample == (more + number) * 512
        assert place == found[more + number].head.start - first
        assert held[more + number] == read(data)[1][number]
    assert new[2] == (2**64 - 1, 0, 512)


def test_a_cue_sheet_follows_and_is_no_discs_any_more() -> None:
    track = pack(">QB", 588, 1) + bytes(26) + b"\1" + pack(">QB", 0, 1) + bytes(3)
    lead_out = pack(">QB", 5880, 170) + bytes(27)
    sheet = bytes(128) + pack(">QB", 88_200, 0x80) + bytes(258) + b"\2" + track + lead_out
    data = made(*encoded(MONO), blocks=((5, sheet),))
    after = with_rhythm(data)
    block = file(Memory(after))[1][1]
    new = after[block.start + 4 : block.end]
    more = 3 * 4096
    assert unpack(">QB", new[128:137]) == (0, 0)
    assert unpack(">QB", new[396:405]) == (588 + more, 1)
    assert new[405:444] == sheet[405:444]
    assert unpack(">QB", new[444:453]) == (5880 + more, 255)
    stream = streamed_rhythm("flac")
    passed = stream.feed(data) + stream.end()
    assert passed[block.start : block.end] == after[block.start : block.end]


def test_a_head_inside_the_sound_is_not_taken_for_a_frame() -> None:
    """Samples may look like the next head to the last bit: only a frame's end is one."""
    first, second, *_ = encoded(MONO)
    trap = second[: head(second).end]
    plain = (trap * 10).ljust(8192, b"\0")
    begins = first[:2] + b"\x74" + first[3:4] + coded(0) + (4095).to_bytes(2)
    whole = begins + bytes([crc8(begins)]) + b"\2" + plain
    data = made(whole + crc16(whole).to_bytes(2), second)
    assert len(read(data)[0]) == 2
    after = with_rhythm(data)
    assert np.array_equal(decoded(after)[-8192:], decoded(data))


@pytest.mark.parametrize("number", [0, 127, 128, 2047, 2048, 65_535, 65_536, 2**31 - 1, 2**36 - 1])
def test_numbers_of_every_width_are_read_as_they_were_written(number: int) -> None:
    begins = b"\xff\xf9\xc4\x08" + coded(number)
    found = head(begins + bytes([crc8(begins)]) + bytes(9))
    assert found.number == number
    assert len(coded(number)) == found.past - 4


def test_the_checksum_of_long_and_short_is_the_same_sum() -> None:
    data = bytes(np.random.default_rng(2).integers(0, 256, 999, np.uint8))
    for end in (0, 1, 63, 64, 65, 998, 999):
        value = 0
        for one in data[:end]:
            value ^= one << 8
            for _ in range(8):
                value = (value << 1 ^ (0x18005 if value & 0x8000 else 0)) & 0xFFFF
        assert crc16(data[:end]) == value


def refusals() -> dict[str, bytes]:
    """Return files that are refused, by why."""
    parts = encoded(MONO)
    whole = made(*parts)
    return {
        "no frame": made(),
        "not its first frame": made(*parts[1:]),
        "a frame is missing": made(parts[0], *parts[2:]),
        "a byte of sound is wrong": whole[:-40] + b"\x55" + whole[-39:],
        "a checksum is wrong": whole[:-1] + bytes([whole[-1] ^ 1]),
        "its end is missing": whole[:-9],
        "something stands behind": whole + b"and more",
        "zeros stand behind": whole + bytes(4),
        "zeros stand between": made(parts[0], bytes(8), *parts[1:]),
        "another number of samples": made(*parts, total=5),
        "no block is so long": whole.replace(pack(">HH", 16, 4096), pack(">HH", 16, 2048)),
        "blocks of nothing": whole.replace(pack(">HH", 16, 4096), pack(">HH", 0, 4096)),
        "a point that is cut": made(*parts, blocks=((3, bytes(17)),)),
        "tracks that are not there": made(*parts, blocks=((5, bytes(395) + b"\x09"),)),
        "a point beyond all": made(*parts, blocks=((3, pack(">QQH", 2**64 - 2, 0, 1)),)),
    }


@pytest.mark.parametrize("why", refusals())
def test_what_does_not_hold_together_is_refused(why: str) -> None:
    with pytest.raises(BadRequest):
        with_rhythm(refusals()[why])


def test_an_old_tag_behind_the_sound_stays_there() -> None:
    tag = b"TAG" + bytes(125)
    after = with_rhythm(made(*encoded(MONO)) + tag)
    assert after.endswith(tag)


def test_marks_without_frames_are_looked_at_in_bounded_time() -> None:
    first = encoded(MONO)[0]
    trap = bytearray(first[: head(first).end])
    trap[4:5] = coded(1)
    trap[-1] = crc8(bytes(trap[:-1]))
    for filler in (b"\xff\xf8" * 3_000_000, bytes(trap) * 400_000):
        began = time.process_time()
        with pytest.raises(BadRequest):
            with_rhythm(made(first[:-2], filler))
        assert time.process_time() - began < 3
