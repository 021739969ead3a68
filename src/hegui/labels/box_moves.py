"""Offsets inside an ISO base media file that follow when bytes before their targets change.

Absolute are chunk offsets (stco, co64, saio), the base of a track fragment (tfhd), the places of
fragments (tfra) and of items (iloc); relative to its own end is a segment index (sidx). All others
count from the fragment that they stand in, and move with it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from struct import pack, unpack
from typing import Final

from hegui.labels.box_items import Locations
from hegui.labels.boxes import Box, Boxes, named, skipped
from hegui.labels.container import INCONSISTENT, MOST_PARTS, TOO_LARGE, TOO_MANY, refused
from hegui.labels.splicing import Change
from hegui.terms import Words

_BASE_GIVEN: Final = 0x01
_SIDX_SIZE: Final = 0x7FFF_FFFF


class Moves:
    """Where the bytes of a file go."""

    def __init__(self, changes: Iterable[Change]) -> None:
        grown = [one for one in changes if len(one.new) != one.end - one.start]
        grown.sort(key=_end)
        self._long = {(one.start, one.end): len(one.new) for one in grown}
        self._ends = [one.end for one in grown]
        deltas = (len(one.new) - (one.end - one.start) for one in grown)
        self._sums = [0, *accumulate(deltas)]

    def __bool__(self) -> bool:
        return any(self._sums)

    def by(self, offset: int) -> int:
        """Return by how much the byte at ``offset`` moves."""
        return self._sums[bisect_right(self._ends, offset)]

    def long(self, start: int, end: int) -> int:
        """Return how long the stretch is that stands between ``start`` and ``end``."""
        return self._long.get((start, end), end - start)

    def all(self, offsets: Sequence[int]) -> list[int]:
        """Return where the bytes at ``offsets`` go."""
        low = bisect_right(self._ends, min(offsets))
        if low == bisect_right(self._ends, max(offsets)):
            delta = self._sums[low]
            return [one + delta for one in offsets]
        return [one + self.by(one) for one in offsets]


def followed(boxes: Boxes, tops: Sequence[Box], changes: Iterable[Change]) -> Iterator[Change]:
    """Give the changes of the offsets of a file in which ``changes`` are made.

    Items of a ``meta`` box at the top are the caller's.
    """
    moves = Moves(changes)
    if not moves:
        return
    for box in tops:
        if box.kind == b"moov":
            yield from _movie(boxes, box, moves)
        elif box.kind == b"moof":
            yield from _fragment(boxes, box, moves)
        elif box.kind == b"mfra":
            for table in boxes.children(box):
                if table.kind == b"tfra":
                    yield from _fragments(boxes, table, moves)
        elif box.kind == b"sidx":
            yield from _index(boxes, box, moves)


def items(boxes: Boxes, meta: Box, moves: Moves) -> Iterator[Change]:
    """Give the changes of the offsets of the items of a ``meta`` box."""
    for box in boxes.children(meta, skipped(boxes, meta)):
        if box.kind == b"iloc":
            new = Locations(boxes.held(box), box.body).moved(moves.by, moves.long)
            yield Change(box.body, box.end, new)


def _movie(boxes: Boxes, moov: Box, moves: Moves) -> Iterator[Change]:
    for box in boxes.children(moov):
        if box.kind == b"cmov":
            raise refused(named(box), box.start, COMPRESSED)
        if box.kind == b"meta":
            yield from items(boxes, box, moves)
        if box.kind != b"trak":
            continue
        for inner in boxes.children(box):
            if inner.kind == b"meta":
                yield from items(boxes, inner, moves)
        for table in _down(boxes, box, (b"mdia", b"minf", b"stbl")):
            if table.kind in (b"stco", b"co64"):
                yield from _table(boxes, table, 4, 8 if table.kind == b"co64" else 4, moves)
            elif table.kind == b"saio":
                version, _, flags = unpack(">BHB", boxes.head(table, 4))
                yield from _table(boxes, table, 12 if flags & 1 else 4, 8 if version else 4, moves)


def _down(boxes: Boxes, box: Box, path: Sequence[bytes]) -> Iterator[Box]:
    """Give the boxes in the boxes of the kinds ``path`` under ``box``."""
    for one in boxes.children(box):
        if not path:
            yield one
        elif one.kind == path[0]:
            yield from _down(boxes, one, path[1:])


def _table(boxes: Boxes, table: Box, skip: int, width: int, moves: Moves) -> Iterator[Change]:
    """Give the change of a table of offsets: a count, and as many offsets."""
    count = int.from_bytes(boxes.head(table, skip + 4)[skip:], "big")
    start = table.body + skip + 4
    if start + count * width > table.end:
        raise refused(named(table), table.start, INCONSISTENT)
    if count:
        form = f">{count}{'Q' if width > 4 else 'I'}"  # noqa: PLR2004 - bytes of an offset
        old = unpack(form, boxes.held(table, skip + 4)[: count * width])
        new = moves.all(old)
        if min(new) < 0 or max(new) >> (8 * width):
            raise refused(named(table), table.start, TOO_LARGE)
        yield Change(start, start + count * width, pack(form, *new))


def _fragment(boxes: Boxes, moof: Box, moves: Moves) -> Iterator[Change]:
    if not moves.by(moof.start):
        return
    for box in _down(boxes, moof, (b"traf",)):
        if box.kind == b"tfhd" and boxes.head(box, 4)[3] & _BASE_GIVEN:
            yield _number(box.body + 8, boxes.head(box, 16)[8:], moves, box)


def _fragments(boxes: Boxes, table: Box, moves: Moves) -> Iterator[Change]:
    """Give the changes of a table of fragments: a time and a place, and three numbers, for each."""
    version, _, sizes, count = unpack(">B7sII", boxes.head(table, 16))
    width = 8 if version else 4
    entry = 2 * width + sum((sizes >> shift & 3) + 1 for shift in (0, 2, 4))
    if count * entry > table.end - table.body - 16:
        raise refused(named(table), table.start, INCONSISTENT)
    if count > MOST_PARTS:
        raise refused(named(table), table.start, TOO_MANY)
    data = boxes.held(table, 16)
    for at in range(width, count * entry, entry):
        yield _number(table.body + 16 + at, data[at : at + width], moves, table)


def _index(boxes: Boxes, sidx: Box, moves: Moves) -> Iterator[Change]:
    """Give the changes of an index that stands before what has grown."""
    data = boxes.held(sidx)
    if len(data) < 4:  # noqa: PLR2004 - version and flags
        raise refused(named(sidx), sidx.start, INCONSISTENT)
    width = 8 if data[0] else 4
    first, count_at = 12 + width, 12 + 2 * width
    entries = count_at + 4
    count = int.from_bytes(data[count_at + 2 : entries], "big")
    if len(data) < entries + 12 * count:
        raise refused(named(sidx), sidx.start, INCONSISTENT)
    at = sidx.end + int.from_bytes(data[first:count_at], "big")
    new = at + moves.by(at) - sidx.end - moves.by(sidx.end)
    yield Change(sidx.body + first, sidx.body + count_at, _bytes(new, width, sidx))
    for entry in range(entries, entries + 12 * count, 12):
        (told,) = unpack(">I", data[entry : entry + 4])
        end = at + (told & _SIDX_SIZE)
        size = end + moves.by(end) - at - moves.by(at)
        if not 0 <= size <= _SIDX_SIZE:
            raise refused(named(sidx), sidx.start, TOO_LARGE)
        new_size = pack(">I", told & ~_SIDX_SIZE | size)
        yield Change(sidx.body + entry, sidx.body + entry + 4, new_size)
        at = end


def _number(at: int, old: bytes, moves: Moves, box: Box) -> Change:
    offset = int.from_bytes(old, "big")
    return Change(at, at + len(old), _bytes(offset + moves.by(offset), len(old), box))


def _bytes(number: int, width: int, box: Box) -> bytes:
    if number < 0 or number >> (8 * width):
        raise refused(named(box), box.start, TOO_LARGE)
    return number.to_bytes(width, "big")


def _end(change: Change) -> int:
    return change.end


COMPRESSED: Final = Words(
    en="it is compressed, as QuickTime once did: save the film anew",
    zh="采用了 QuickTime 早期的压缩形式：请重新保存该视频",
)
