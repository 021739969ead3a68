"""A fragment before the first one of a fragmented M4A (ISO/IEC 14496-12, 8.8): what follows it.

Times of decoding, numbers of fragments, and the tables that lead to fragments. Their places follow
elsewhere (``box_moves``).
"""

from collections.abc import Iterator, Sequence
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.box_moves import Moves
from hegui.labels.boxes import Box, Boxes, full, made, named
from hegui.labels.container import INCONSISTENT, MOST_PARTS, TOO_LARGE, TOO_MANY, refused
from hegui.labels.explicit.m4a_steps import Steps
from hegui.labels.explicit.m4a_track import below
from hegui.labels.splicing import Change

_ENTRY, _DURATION, _FLAGS = 0x02, 0x08, 0x20  # of a fragment's head
_PLACE, _DURATIONS, _SIZES = 0x01, 0x100, 0x200  # of a run's
_BASED: Final = 0x01
_ALONE: Final = 0x0200_0000  # a sample that no other is needed for


class Leading(NamedTuple):
    """A fragment to be put in: where, what stands there, and what it is."""

    at: int
    ends: int
    """Where the head ends of what stands there: the fragment is written with that head."""
    data: bytes


def leading(boxes: Boxes, first: Box, number: int, frames: list[bytes], steps: Steps) -> Leading:
    """Return the fragment of ``frames`` for the place of the fragment ``first``."""
    parts = below(boxes, first, b"traf")
    if not parts or _number(boxes, below(boxes, parts[0], b"tfhd"), 4, first) != number:
        raise refused(named(first), first.start, INCONSISTENT)
    time = below(boxes, parts[0], b"tfdt")
    began = pack(">Q", _time(boxes, time[0])) if time else b""
    sequence = _number(boxes, below(boxes, first, b"mfhd"), 4, first)
    data = b"".join(frames)
    flags = _ENTRY | _DURATION | _FLAGS
    head = full(b"tfhd", 0, pack(">IIII", number, 1, steps.of(1), _ALONE), flags=flags)
    when = full(b"tfdt", 1, began) if time else b""
    uneven = len(steps.runs()) > 1
    each = zip(steps.lengths, map(len, frames), strict=True)
    told = b"".join(pack(">II", *one) if uneven else pack(">I", one[1]) for one in each)
    shape = _PLACE | _SIZES | (_DURATIONS if uneven else 0)

    def moof(place: int) -> bytes:
        counts = pack(">II", len(frames), place)
        run = full(b"trun", 0, counts, told, flags=shape)
        mark = full(b"mfhd", 0, pack(">I", sequence))
        return made(b"moof", mark, made(b"traf", head, when, run))

    place = len(moof(0)) + 8
    there = boxes.source.read(first.start, first.body - first.start)
    return Leading(first.start, first.body, moof(place) + made(b"mdat", data) + there)


def based(boxes: Boxes, first: Box, moves: Moves) -> Iterator[Change]:
    """Give the changes of the bases of a fragment in whose place another was put.

    Those of all others follow by themselves: they moved, and this one stays where it was.
    """
    for traf in (one for one in boxes.children(first) if one.kind == b"traf"):
        for head in below(boxes, traf, b"tfhd"):
            if not boxes.head(head, 4)[3] & _BASED:
                continue
            old = int.from_bytes(boxes.head(head, 16)[8:])
            # counted from the fragment, or from what stands before it
            new = old + moves.by(first.body if old == first.start else old)
            if new >> 64:
                raise refused(named(head), head.start, TOO_LARGE)
            yield Change(head.body + 8, head.body + 16, new.to_bytes(8))


def later(boxes: Boxes, tops: Sequence[Box], number: int, long: int, at: int) -> Iterator[Change]:
    """Give the changes of all fragments of the track ``number``, which are ``long`` ticks later.

    ``at`` is where a fragment is put in; -1 where none is.
    """
    for box in tops:
        if box.kind == b"moof":
            yield from _fragment(boxes, box, number, long, renumbered=at >= 0)
        elif box.kind == b"mfra":
            for table in boxes.children(box):
                if table.kind == b"tfra":
                    yield from _table(boxes, table, number, long, at)


def indexed(boxes: Boxes, sidx: Box, ticks: tuple[int, int], at: int) -> Iterator[Change]:
    """Give the change of an index: it begins later, or its first part lasts longer.

    ``ticks`` are those of the track by which, and how many of them a second has.
    """
    held = boxes.held(sidx)
    width = 8 if held[:1] not in (b"", b"\0") else 4
    begins, count_at = 12 + width, 12 + 2 * width
    if len(held) < count_at + 16 or not int.from_bytes(held[8:12]):
        raise refused(named(sidx), sidx.start, INCONSISTENT)
    long = ticks[0] * int.from_bytes(held[8:12]) // ticks[1]
    if sidx.start > at:
        time = int.from_bytes(held[12:begins]) + long
        if time >> 8 * width:
            raise refused(named(sidx), sidx.start, TOO_LARGE)
        yield Change(sidx.body + 12, sidx.body + begins, time.to_bytes(width))
        return
    first = sidx.end + int.from_bytes(held[begins:count_at])
    entry = count_at + 4
    size, lasts = unpack(">II", held[entry : entry + 8])
    if not first <= at < first + (size & 0x7FFF_FFFF) or lasts + long >> 32:
        raise refused(named(sidx), sidx.start, INCONSISTENT)
    where = sidx.body + entry + 4
    yield Change(where, where + 4, pack(">I", lasts + long))


def _fragment(
    boxes: Boxes, moof: Box, number: int, long: int, *, renumbered: bool
) -> Iterator[Change]:
    for box in boxes.children(moof):
        if box.kind == b"mfhd" and renumbered:
            old = _number(boxes, [box], 4, moof)
            yield Change(box.body + 4, box.body + 8, pack(">I", old + 1 & 0xFFFF_FFFF))
        if box.kind != b"traf":
            continue
        if _number(boxes, below(boxes, box, b"tfhd"), 4, box) != number:
            raise refused(named(box), box.start, INCONSISTENT)
        for one in below(boxes, box, b"tfdt"):
            width = 8 if boxes.head(one, 4)[0] else 4
            time = _time(boxes, one) + long
            if time >> 8 * width:
                raise refused(named(one), one.start, TOO_LARGE)
            yield Change(one.body + 4, one.body + 4 + width, time.to_bytes(width))


def _table(boxes: Boxes, table: Box, number: int, long: int, at: int) -> Iterator[Change]:
    """Give the changes of the times of fragments; what led to the first leads to ours."""
    version, _, track, sizes, count = unpack(">B3sIII", boxes.head(table, 16))
    if track != number:
        return
    width = 8 if version else 4
    entry = 2 * width + sum((sizes >> shift & 3) + 1 for shift in (0, 2, 4))
    if count > MOST_PARTS or count * entry > table.end - table.body - 16:
        raise refused(named(table), table.start, TOO_MANY)
    held = boxes.held(table, 16)
    for start in range(0, count * entry, entry):
        time = int.from_bytes(held[start : start + width])
        place = int.from_bytes(held[start + width : start + 2 * width])
        if place > at and time + long >> 8 * width:
            raise refused(named(table), table.start, TOO_LARGE)
        if place > at:
            where = table.body + 16 + start
            yield Change(where, where + width, (time + long).to_bytes(width))


def _time(boxes: Boxes, tfdt: Box) -> int:
    width = 8 if boxes.head(tfdt, 4)[0] else 4
    return int.from_bytes(boxes.head(tfdt, 4 + width)[4:])


def _number(boxes: Boxes, found: list[Box], at: int, around: Box) -> int:
    if not found:
        raise refused(named(around), around.start, INCONSISTENT)
    return int.from_bytes(boxes.head(found[-1], at + 4)[at:])
