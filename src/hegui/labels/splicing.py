"""Changes to a file as stretches that are replaced, and where its other bytes go by them."""

from bisect import bisect_right
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


def taken_over(parts: Splice, before: Iterable[Slice], after: Iterable[Slice]) -> bool:
    """Whether the stretches ``after`` of a file that ``parts`` make are just those of ``before``.

    Then they are the same bytes, as far as each part was carried over as it is. False says only
    that ``parts`` do not show it: a byte that was written anew may be the same.
    """
    ends = ((one.offset, one.offset + one.length) for one in after)
    return landed(parts, before) == list(stretches(ends))


def landed(parts: Splice, there: Iterable[Slice]) -> list[Slice] | None:
    """Return where stretches of a source stand in the file that ``parts`` make of it.

    None where a byte of them is not taken over. Stretches that touch are given as one.
    """
    taken: list[tuple[int, int, int]] = []  # from, to, where it stands
    at = 0
    for part in parts:
        if isinstance(part, Slice):
            taken.append((part.offset, part.offset + part.length, at))
            at += part.length
        else:
            at += len(part)
    taken.sort()
    found: list[tuple[int, int]] = []
    for stretch in there:
        start, end = stretch.offset, stretch.offset + stretch.length
        one = bisect_right(taken, start, key=_first) - 1
        while start < end:
            if not 0 <= one < len(taken) or not taken[one][0] <= start < taken[one][1]:
                return None
            first, last, new = taken[one]
            last = min(last, end)
            found.append((new + start - first, new + last - first))
            start, one = last, one + 1
    return list(stretches(found))


def _first(taken: tuple[int, int, int]) -> int:
    return taken[0]


def _place(change: Change) -> tuple[int, int]:
    return change.start, change.end
