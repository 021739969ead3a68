"""Where a tile stands: its level, its number, its width, and the path that says so.

C2SP ``tlog-tiles``: a tile is 256 hashes of one level; hash ``i`` of level ``l`` is the root of the
``i``-th complete subtree of ``256**l`` leaves. At the right edge a tile is partial.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEIGHT = 8
"""A tile stands for a subtree of this height."""

WIDTH = 1 << HEIGHT
"""Hashes in a full tile, leaves in a full bundle."""

MOST_LEVEL = 63
"""The highest level that a path can name (C2SP tlog-tiles)."""

MOST_SIZE = (1 << 63) - 1
"""The largest size of a log that is read here: what SQLite and Go count up to."""

_PATH = re.compile(
    r"tile/(?:(?P<entries>entries)|(?P<level>0|[1-9][0-9]?))"
    r"/(?P<n>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A tile's place. ``level`` is None for an entry bundle; ``width`` is 1 to 256."""

    level: int | None
    n: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the log's prefix."""
        if self.level is None:
            return bundle_path(self.n, self.width)
        return tile_path(self.level, self.n, self.width)


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """Return a tile's path: ``tile/<L>/<N>[.p/<W>]``. ``ValueError`` where there is no such tile.

    ``N`` goes in three-digit elements, all but the last led by an ``x``: 1234067 is
    ``x001/x234/067``.
    """
    if not 0 <= level <= MOST_LEVEL:
        raise ValueError(f"there is no tile level {level}")
    return f"tile/{level}/{_number(n)}{_suffix(width)}"


def bundle_path(n: int, width: int = WIDTH) -> str:
    """Return an entry bundle's path: ``tile/entries/<N>[.p/<W>]``."""
    return f"tile/entries/{_number(n)}{_suffix(width)}"


def read_path(path: str) -> Place | None:
    """Return the place that ``path`` names; None where it is not the one way to write a place."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level = None if found["entries"] else int(found["level"])
    n, width = int(found["n"].replace("/", "").replace("x", "")), int(found["width"] or WIDTH)
    if width > WIDTH or n > MOST_SIZE or (level or 0) > MOST_LEVEL:
        return None
    place = Place(level, n, width)
    return place if place.path == path else None


def width_at(level: int, n: int, size: int) -> int:
    """Return how many hashes tile ``n`` of ``level`` has in a log of ``size`` leaves: 0 to 256."""
    if n < 0 or not 0 <= level <= MOST_LEVEL:
        return 0
    whole = size >> (HEIGHT * level)
    return max(0, min(WIDTH, whole - n * WIDTH))


def places_of(size: int, *, since: int = 0, entries: bool = False) -> Iterator[Place]:
    """Give every tile of a log of ``size`` leaves, level by level, the partial ones last.

    ``since`` leaves out the full tiles that a log of that size had already. ``entries`` adds the
    bundles, which stand where the tiles of level 0 stand.
    """
    level = 0
    while size >> (HEIGHT * level):
        whole = size >> (HEIGHT * level)
        first = since >> (HEIGHT * (level + 1))
        for n in range(first, -(-whole // WIDTH)):
            yield Place(level, n, width_at(level, n, size))
        level += 1
    if entries:
        for n in range(since >> HEIGHT, -(-size // WIDTH)):
            yield Place(None, n, width_at(0, n, size))


def _number(n: int) -> str:
    if not 0 <= n <= MOST_SIZE:
        raise ValueError(f"there is no tile number {n}")
    digits = str(n)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _suffix(width: int) -> str:
    if not 1 <= width <= WIDTH:
        raise ValueError(f"there is no tile of width {width}")
    return "" if width == WIDTH else f".p/{width}"
