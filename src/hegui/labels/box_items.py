"""Where the items of a ``meta`` box stand: the box ``iloc`` (ISO/IEC 14496-12, 8.11.3)."""

from collections.abc import Callable
from typing import Final, NamedTuple

from hegui.labels.container import INCONSISTENT, MOST_PARTS, TOO_LARGE, TOO_MANY, refused

IN_FILE, IN_IDAT = 0, 1
_NEWEST: Final = 2
_WIDTHS: Final = (0, 4, 8)
_WHAT: Final = "box 'iloc'"


class Extent(NamedTuple):
    """A stretch of an item: where, counted from the item's base; 0 long is up to the end."""

    reference: int
    offset: int
    length: int


class Item(NamedTuple):
    """An item: how it is stored, and where."""

    number: int
    method: int
    elsewhere: int
    base: int
    extents: tuple[Extent, ...]

    @property
    def in_file(self) -> bool:
        """Whether its offsets count from the beginning of this file."""
        return self.method & 15 == IN_FILE and not self.elsewhere


class Locations:
    """What an ``iloc`` box holds; ``at`` is where that stands in the file."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at, self._past = data, at, 4
        self.version = data[0] if data else _NEWEST + 1
        if self.version > _NEWEST:
            raise refused(_WHAT, at, INCONSISTENT)
        sizes = self._take(2)
        self.widths = (sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15)
        if self.version == 0:
            self.widths = (*self.widths[:3], 0)
        if any(width not in _WIDTHS for width in self.widths):
            raise refused(_WHAT, at, INCONSISTENT)
        self._parts = 0
        self.items = [self._item() for _ in range(self._counted(self._take(self.id_width)))]

    @property
    def id_width(self) -> int:
        """How many bytes an item's number takes."""
        return 4 if self.version == _NEWEST else 2

    def moved(self, by: Callable[[int], int], long: Callable[[int, int], int]) -> bytes:
        """Return the same box, its offsets into the file moved ``by``: as long as before.

        ``long`` is how long the stretch from one offset to another is afterwards.
        """
        new = self.packed([_shifted(item, by, long) for item in self.items], self.widths)
        return new + self._data[self._past :]

    def packed(self, items: list[Item], widths: tuple[int, int, int, int]) -> bytes:
        """Return what an ``iloc`` box with ``items`` holds, fields ``widths`` bytes wide."""
        offset, length, base, index = widths
        sizes = offset << 12 | length << 8 | base << 4 | index
        out = [self._data[:4], self._put(sizes, 2), self._put(len(items), self.id_width)]
        for item in items:
            out.append(self._put(item.number, self.id_width))
            if self.version:
                out.append(self._put(item.method, 2))
            out += [self._put(item.elsewhere, 2), self._put(item.base, base)]
            out.append(self._put(len(item.extents), 2))
            for one in item.extents:
                out += [self._put(one.reference, index), self._put(one.offset, offset)]
                out.append(self._put(one.length, length))
        return b"".join(out)

    def _item(self) -> Item:
        offset, length, base, index = self.widths
        number = self._take(self.id_width)
        method = self._take(2) if self.version else 0
        elsewhere, start = self._take(2), self._take(base)
        extents = tuple(
            Extent(self._take(index), self._take(offset), self._take(length))
            for _ in range(self._counted(self._take(2)))
        )
        return Item(number, method, elsewhere, start, extents)

    def _counted(self, count: int) -> int:
        self._parts += count
        if self._parts > MOST_PARTS:
            raise refused(_WHAT, self._at, TOO_MANY)
        return count

    def _take(self, width: int) -> int:
        start, self._past = self._past, self._past + width
        if self._past > len(self._data):
            raise refused(_WHAT, self._at, INCONSISTENT)
        return int.from_bytes(self._data[start : self._past], "big")

    def _put(self, number: int, width: int) -> bytes:
        if number < 0 or number >> (8 * width):
            raise refused(_WHAT, self._at, TOO_LARGE)
        return number.to_bytes(width, "big")


def _shifted(item: Item, by: Callable[[int], int], long: Callable[[int, int], int]) -> Item:
    """Return an item whose offsets into the file have moved: in its base, if it has one."""
    if not item.in_file:
        return item
    starts = [item.base + one.offset for one in item.extents]
    deltas = [by(start) for start in starts]
    to_base = deltas[0] if item.base and len(set(deltas)) == 1 else 0
    extents = [
        one._replace(offset=one.offset + delta - to_base, length=long(start, start + one.length))
        for one, start, delta in zip(item.extents, starts, deltas, strict=True)
    ]
    return item._replace(base=item.base + to_base, extents=tuple(extents))
