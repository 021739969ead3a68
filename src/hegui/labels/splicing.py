"""Changes to a file as stretches that are replaced, and where its other bytes go by them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hegui.labels.container import INCONSISTENT, Memory, Slice, Source, Splice, refused


class Change(NamedTuple):
    """What is to stand in the place of the bytes from ``start`` to ``end``."""

    start: int
    end: int
    new: bytes


def spliced(size: int, changes: Iterable[Change]) -> Splice:
    """Return a file of ``size`` bytes with ``changes`` made; parts that overlap are refused."""
    parts: Splice = []
    past = 0
    for change in sorted(changes, key=_place):
        if change.start < past:
            raise refused("metadata", change.start, INCONSISTENT)
        if change.start > past:
            parts.append(Slice(past, change.start - past))
        if change.new:
            parts.append(change.new)
        past = change.end
    if size > past:
        parts.append(Slice(past, size - past))
    return parts


def joined(source: Source, parts: Splice) -> bytes:
    """Return the file in memory."""
    if isinstance(source, Memory):
        view = memoryview(source.data)
        return b"".join(
            view[part.offset : part.offset + part.length] if isinstance(part, Slice) else part
            for part in parts
        )
    return b"".join(source.read(*part) if isinstance(part, Slice) else part for part in parts)


def moved(offset: int, changes: Iterable[Change]) -> int:
    """Return where the byte at ``offset``, which no change takes out, stands afterwards."""
    return offset + sum(
        len(one.new) - (one.end - one.start) for one in changes if one.end <= offset
    )


def stretches(parts: Iterable[tuple[int, int]]) -> Iterator[Slice]:
    """Give stretches (start, end) as slices, those that touch as one; empty ones are left out."""
    start = end = 0
    for one, last in parts:
        if one != end:
            if end > start:
                yield Slice(start, end - start)
            start = one
        end = last
    if end > start:
        yield Slice(start, end - start)


def _place(change: Change) -> tuple[int, int]:
    return change.start, change.end
