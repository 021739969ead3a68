"""The rhythm before the sound of FLAC, as frames of its own: nothing is encoded anew (RFC 9639).

The frames behind it are numbered anew, which changes their heads and checksums; their subframes
stay as they are. STREAMINFO, the table for seeking and a cue sheet follow. The MD5 of all samples
cannot be known without decoding them: it becomes zeros, which say so (8.2).
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.bounded import Bounded
from hegui.labels.container import INCONSISTENT, TOO_LARGE, Source, Splice, exactly, refused
from hegui.labels.explicit.flac_encoding import Form, encoded
from hegui.labels.explicit.flac_frames import Frame, Head, frames, renumbered, varies
from hegui.labels.formats.flac import Block, file
from hegui.labels.splicing import Change, spliced
from hegui.terms import BadRequest, Words

SEEKS, CUES = 3, 5
"""Kinds of blocks: the table for seeking, and a cue sheet."""
_POINT: Final = 18
_NO_POINT: Final = 0xFFFF_FFFF_FFFF_FFFF
_OLD_TAG: Final = 128  # bytes of an ID3v1 tag, which some put behind
_LEAST_BLOCK: Final = 16
_TOTAL: Final = 36  # bits of the number of samples
_SHEET: Final = 396  # bytes of a cue sheet before its tracks
_TRACK, _INDEX = 36, 12
_DISC: Final = 588  # samples of a frame of a compact disc
_LAST_OF_DISC, _LAST = 170, 255
_MOST_FRAMES: Final = 10_000  # of a rhythm
_MOST: Final = 32 * 1024 * 1024  # samples of a rhythm, all channels: it is made in memory


class Info(NamedTuple):
    """What STREAMINFO says."""

    least: int
    most: int
    sizes: tuple[int, int]
    hertz: int
    channels: int
    bits: int
    total: int


class _Shift(NamedTuple):
    """What is put in front, and where the frames behind it go."""

    samples: int
    starts: list[int]
    """Where frames began, counted from the first."""
    moved: list[int]
    """Where they begin, counted from the first of the rhythm."""

    def place(self, old: int) -> int:
        """Return where a byte goes, both counted from the first frame of all."""
        one = max(0, bisect_right(self.starts, old) - 1)
        return old + self.moved[one] - self.starts[one]


def with_rhythm(source: Source) -> Splice:
    """Return the FLAC with the rhythm before its sound.

    Refused (``BadRequest``) is what does not hold together, by the checksum of any frame, and what
    does not begin with its first frame.
    """
    _, blocks = file(source)
    bounded = Bounded(source)
    info = info_of(bounded, blocks[0])
    data = source.read(0, source.size)
    end = len(data) - (_OLD_TAG if data[-_OLD_TAG:].startswith(b"TAG") else 0)
    there = frames(data, blocks[-1].end, end)
    form = _form(data, info, there)
    made = encoded(form)
    changes = [Change(blocks[-1].end, blocks[-1].end, b"".join(made))]
    more = len(made) * (form.block if form.varies else 1)
    sizes = [len(one) for one in made]
    for one in there:
        head, foot = renumbered(data, one, more)
        changes += [head, foot]
        sizes.append(one.end - one.head.start + len(head.new) - (head.end - head.start))
    start = there[0].head.start
    moved = list(accumulate(sizes[:-1], initial=0))[len(made) :]
    shift = _Shift(len(made) * form.block, [one.head.start - start for one in there], moved)
    changes.append(stated(blocks[0], info, sizes, shift.samples))
    for block in blocks:
        if block.kind == SEEKS:
            changes.append(_sought(bounded, block, shift))
        elif block.kind == CUES:
            changes += cued(bounded, block, shift.samples)
    return spliced(source.size, changes)


def info_of(source: Bounded, block: Block) -> Info:
    """Return what STREAMINFO says."""
    at = block.start
    held = exactly(source, at + 4, 34, "STREAMINFO")
    least, most = unpack(">HH", held[:4])
    packed = int.from_bytes(held[10:18])
    hertz, channels, bits = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    if not _LEAST_BLOCK <= least <= most or bits < 4:  # noqa: PLR2004 - RFC 9639, 8.2
        raise refused("STREAMINFO", at, INCONSISTENT)
    sizes = int.from_bytes(held[4:7]), int.from_bytes(held[7:10])
    return Info(least, most, sizes, hertz, channels, bits, packed & (1 << _TOTAL) - 1)


def _form(data: bytes, info: Info, there: list[Frame]) -> Form:
    """Return what the rhythm's frames must be like; frames that STREAMINFO belies are refused."""
    first = there[0].head
    blocks = {one.head.block for one in there[:-1]}
    wrong = info.total not in (0, sum(one.head.block for one in there))
    wrong |= first.codes[1] != info.channels or max(one.head.block for one in there) > info.most
    if not varies(data, first):
        wrong |= not blocks <= {info.most}
    if wrong:
        raise refused("STREAMINFO", first.start, INCONSISTENT)
    return form_for(info, first, varied=varies(data, first))


def form_for(info: Info, first: Head, *, varied: bool) -> Form:
    """Return what the rhythm's frames must be like, before a first frame with such a head."""
    rate, channels, depth = first.codes
    if info.hertz * 2 * channels > _MOST or info.hertz * 2 > info.most * _MOST_FRAMES:
        raise BadRequest(_LARGE, code="audio_form")
    ways = (varied, rate, depth, first.rate)
    return Form(info.hertz, channels, info.bits, info.most, *ways)


def stated(block: Block, info: Info, sizes: list[int], more: int) -> Change:
    """Return the change of STREAMINFO; what it leaves open, or nobody knows yet, is open."""
    least, most = info.sizes
    least = min(sizes, default=0) if least else 0
    most = max(sizes, default=0) if most else 0
    total = info.total + more if info.total else 0
    if total >> _TOTAL or most >> 24:
        raise refused("STREAMINFO", block.start, TOO_LARGE)
    packed = info.hertz << 44 | (info.channels - 1) << 41 | (info.bits - 1) << 36 | total
    new = least.to_bytes(3) + most.to_bytes(3) + packed.to_bytes(8) + bytes(16)
    return Change(block.start + 8, block.end, new)


def _sought(source: Bounded, block: Block, shift: _Shift) -> Change:
    held = exactly(source, block.start + 4, block.end - block.start - 4, "SEEKTABLE")
    if len(held) % _POINT:
        raise refused("SEEKTABLE", block.start, INCONSISTENT)
    new = []
    for at in range(0, len(held), _POINT):
        sample, place, count = unpack(">QQH", held[at : at + _POINT])
        if sample != _NO_POINT:
            sample, place = sample + shift.samples, shift.place(place)
            if max(sample, place) >> 64:
                raise refused("SEEKTABLE", block.start + 4 + at, TOO_LARGE)
        new.append(pack(">QQH", sample, place, count))
    return Change(block.start + 4, block.end, b"".join(new))


def cued(source: Bounded, block: Block, more: int) -> Iterator[Change]:
    """Give the changes of a cue sheet, which counts samples from the beginning.

    One of a compact disc stands on the disc's frames. Where the rhythm is no whole number of
    those, the sheet is that of a file.
    """
    held = exactly(source, block.start + 4, block.end - block.start - 4, "CUESHEET")
    if len(held) < _SHEET:
        raise refused("CUESHEET", block.start, INCONSISTENT)
    start = block.start + 4
    leaves = bool(held[136] & 0x80) and more % _DISC != 0
    if leaves:  # the samples of the lead-in, and the mark of a disc
        yield Change(start + 128, start + 137, bytes(8) + bytes([held[136] & 0x7F]))
    at = _SHEET
    for _ in range(held[_SHEET - 1]):
        if len(held) < at + _TRACK:
            raise refused("CUESHEET", block.start, INCONSISTENT)
        place = int.from_bytes(held[at : at + 8]) + more
        if place >> 64:
            raise refused("CUESHEET", start + at, TOO_LARGE)
        number = _LAST if leaves and held[at + 8] == _LAST_OF_DISC else held[at + 8]
        yield Change(start + at, start + at + 9, place.to_bytes(8) + bytes([number]))
        at += _TRACK + _INDEX * held[at + 35]


_LARGE: Final = Words(
    en="This FLAC has more samples a second, or shorter blocks, than hegui puts the rhythm before;"
    " nothing was changed. Label the sound before it is encoded, or let your service show a notice"
    " beside it: --explicit interface.",
    zh="此 FLAC 每秒采样过多或数据块过短，无法在其之前添加节奏标识；文件未作任何改动。"
    "请在编码之前添加标识，或由服务界面提示：--explicit interface。",
)
