"""The boxes of an ISO base media file (ISO/IEC 14496-12), walked in place: only heads are read."""

from collections.abc import Sequence
from struct import Struct, pack
from typing import Final, NamedTuple

from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Source,
    exactly,
    refused,
    walked_once,
)
from hegui.labels.splicing import Change
from hegui.terms import Words

_HEAD, _LARGE, _LEAST = 8, 16, 8
_NUMBERS: Final = Struct(">I4sQ").unpack
_FULL: Final = 4  # version and flags


class Box(NamedTuple):
    """A box: where it starts, where what it holds starts, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int
    open: bool = False
    """Whether its size is given as 0: it reaches to the end of the file."""


@walked_once
def _known(_source: Source) -> dict[tuple[int, int, bool], list[Box]]:
    """Return what was walked of a source: it is read, written and proven, one after the other."""
    return {}


class Boxes:
    """The boxes of one file: at most ``MOST_PARTS`` are walked, within the bound on metadata."""

    def __init__(self, source: Source) -> None:
        self.source = Bounded(source)
        self._whole = source
        self._walked = 0
        self._known = _known(source)

    def top(self) -> list[Box]:
        """Return the boxes of the file itself."""
        return self._once(0, self._whole.size, top=True)

    def children(self, box: Box, skip: int = 0) -> list[Box]:
        """Return the boxes that ``box`` holds, after ``skip`` bytes."""
        if box.body + skip > box.end:
            raise refused(named(box), box.start, INCONSISTENT)
        return self._once(box.body + skip, box.end, top=False)

    def _once(self, start: int, end: int, *, top: bool) -> list[Box]:
        """Return the boxes from ``start`` to ``end``; nobody may change what was walked before."""
        there = self._known.get((start, end, top))
        if there is None:
            there = self._known[start, end, top] = self._within(start, end, top=top)
        return there

    def _within(self, start: int, end: int, *, top: bool) -> list[Box]:
        """Return the boxes from ``start`` to ``end``, which they must fill (but for zeros)."""
        there: list[Box] = []
        while end - start >= _LEAST:
            box = self._box(start, end, top=top)
            if box is None:
                break
            there.append(box)
            start = box.end
        if start < end and exactly(self.source, start, end - start, "box").strip(b"\0"):
            raise refused("box", start, CUT_SHORT)
        return there

    def held(self, box: Box, skip: int = 0) -> bytes:
        """Return what ``box`` holds, after ``skip`` bytes."""
        return exactly(self.source, box.body + skip, box.end - box.body - skip, named(box))

    def head(self, box: Box, count: int) -> bytes:
        """Return the first ``count`` bytes of what ``box`` holds; it must hold as many."""
        if box.end - box.body < count:
            raise refused(named(box), box.start, INCONSISTENT)
        return exactly(self.source, box.body, count, named(box))

    def _box(self, start: int, end: int, *, top: bool) -> Box | None:
        self._walked += 1
        if self._walked > MOST_PARTS:
            raise refused("box", start, TOO_MANY)
        data = self._whole.read(start, _LARGE)
        size, kind, large = _NUMBERS(data if len(data) == _LARGE else data.ljust(_LARGE, b"\0"))
        body = start + _HEAD
        if _HEAD <= size <= end - start:  # as nearly all are
            return Box(kind, start, body, start + size)
        if size == 1:
            size, body = large, start + _LARGE
        elif not size:
            if top and kind.strip(b"\0"):
                return Box(kind, start, body, end, open=True)
            if not kind.strip(b"\0"):
                return None  # zeros that fill up
            raise refused("box", start, INCONSISTENT)
        if start + size > end:
            raise refused("box", start, CUT_SHORT if top else INCONSISTENT)
        if start + size < body:
            raise refused("box", start, INCONSISTENT)
        return Box(kind, start, body, start + size)


class Edits:
    """Changes to a file of boxes; the sizes of the boxes around them follow."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._grown: dict[Box, int] = {}

    def put(self, path: Sequence[Box], change: Change) -> None:
        """Note a change inside the boxes of ``path``, the outermost first."""
        self._changes.append(change)
        more = len(change.new) - (change.end - change.start)
        for box in path:
            self._grown[box] = self._grown.get(box, 0) + more

    def changes(self) -> list[Change]:
        """Return all changes, those of sizes included."""
        sizes = (_sized(box, more) for box, more in self._grown.items() if more and not box.open)
        return [*self._changes, *sizes]


def _sized(box: Box, more: int) -> Change:
    size = box.end - box.start + more
    if box.body - box.start == _LARGE:
        return Change(box.start + 8, box.start + 16, pack(">Q", size))
    if size >= 1 << 32:
        raise refused(named(box), box.start, TOO_LARGE)
    return Change(box.start, box.start + 4, pack(">I", size))


def made(kind: bytes, *parts: bytes) -> bytes:
    """Return a box."""
    held = b"".join(parts)
    return pack(">I4s", _HEAD + len(held), kind) + held


def full(kind: bytes, version: int, *parts: bytes, flags: int = 0) -> bytes:
    """Return a box that begins with a version and flags."""
    return made(kind, pack(">I", version << 24 | flags), *parts)


def skipped(boxes: Boxes, meta: Box) -> int:
    """Return how many bytes a ``meta`` box holds before its boxes: QuickTime's holds none."""
    if meta.end - meta.body < _FULL:
        raise refused(named(meta), meta.start, INCONSISTENT)
    head = boxes.source.read(meta.body, min(8, meta.end - meta.body))
    return 0 if head[4:] == b"hdlr" else _FULL


def named(box: Box) -> str:
    """Return the name of a box for what a refusal says."""
    return f"box {box.kind.decode('latin-1')!r}"


def only(boxes: Sequence[Box], kind: bytes) -> Box:
    """Return the one box of ``kind``; none, or more, are refused."""
    there = [box for box in boxes if box.kind == kind]
    if len(there) == 1:
        return there[0]
    name = repr(kind.decode())
    raise refused(f"box {name}", there[1].start if there else 0, TWICE if there else MISSING)


MISSING: Final = Words(en="the file has none", zh="文件中缺少该部分")
TWICE: Final = Words(en="there is more than one", zh="该部分出现了多次")
