"""Fingerprints of texts by winnowing, in columns (Schleimer, Wilkerson, Aiken: SIGMOD 2003).

A text is normalised, every run of ``GRAM`` characters gets a hash, and of each ``WINDOW``
successive hashes the smallest are kept. So two texts that share ``GUARANTEED`` normalised
characters in a row share a fingerprint, wherever that run stands in either. Equal smallest hashes
are all kept, and the windows that the end of a text cuts short count too: what a stream shows so
far then has the fingerprints that the whole text will have there.

Normalised is: width and compatibility forms folded (NFKC, character for character), lower case,
traditional characters as simplified ones, and only letters and digits kept.
"""

import hashlib
import unicodedata
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.terms import TextColumn

GRAM: Final = 28
WINDOW: Final = 23
GUARANTEED: Final = WINDOW + GRAM - 1
"""Normalised characters in a row, 50, that no reproduction can have and not be found."""
LEAST_DIFFERENT: Final = 6
"""Different characters that a run must have to be a fingerprint: a row of one sign is nobody's."""

Units = NDArray[np.uint16]
Places = NDArray[np.intp]
Hashes = NDArray[np.uint64]

_NEVER: Final = np.uint32(0xFFFFFFFF)
_STEP: Final = 65_536  # characters that are hashed at a time, so that the work stays in the cache
_BASE: Final = 0x9E3779B1
_M32: Final = 0xFFFFFFFF
_MARKS: Final = ((0x0300, 0x036F), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0x3099, 0x309A))
_SURROGATES: Final = (0xD800, 0xDFFF)
_IDEOGRAPHS: Final = (0x4E00, 0x9FFF)
_LAST: Final = 0xFFFF


class Normal(NamedTuple):
    """Normalised rows in a line: row ``i`` is ``units[bounds[i]:bounds[i + 1]]``.

    ``source`` are the rows as UTF-16; ``kept`` is where in it each unit stands; ``begins`` is
    where in it each row begins, and where the last one ends.
    """

    units: Units
    bounds: Places
    source: Units
    kept: Places
    begins: Places


def normalised(column: TextColumn) -> Normal:
    """Normalise the rows of a column. A byte that is not UTF-8 is dropped."""
    low, high = column.offsets[0], column.offsets[-1]
    data = bytes(column.data[low:high])
    try:
        source = _utf16(data, "strict")
        begins = _begins(column, data, len(source))
    except UnicodeDecodeError:  # nothing can be counted: each row for itself
        rows = [_utf16(column.row_bytes(row), "surrogateescape") for row in range(len(column))]
        source = np.concatenate([np.zeros(0, np.uint16), *rows])
        begins = np.cumsum([0, *map(len, rows)], dtype=np.intp)
    folded = _table()[source]
    kept = np.flatnonzero(folded != 0)
    return Normal(folded[kept], np.searchsorted(kept, begins), source, kept, begins)


def _utf16(data: bytes, errors: str) -> Units:
    text = data.decode("utf-8", errors)
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")


def _begins(column: TextColumn, data: bytes, size: int) -> Places:
    if len(column) == 1:
        return np.array([0, size], np.intp)
    places = np.asarray(column.offsets, np.intp) - column.offsets[0]
    octets = np.frombuffer(data, np.uint8)
    # every character has one byte that begins it; beyond the BMP it makes two units
    units = ((octets & 0xC0) != 0x80).view(np.int8)  # noqa: PLR2004 - UTF-8's own figures
    if octets.size and octets.max() >= 0xF0:  # noqa: PLR2004 - UTF-8: begins four bytes
        units = units + (octets >= 0xF0)  # noqa: PLR2004 - UTF-8: begins four bytes
    filled = np.flatnonzero(places[1:] > places[:-1])
    sizes = np.zeros(len(column) + 1, np.intp)
    if filled.size:
        sizes[filled + 1] = np.add.reduceat(units, places[filled], dtype=np.intp)
    return np.cumsum(sizes)


def chosen(normal: Normal, *, every: bool = False) -> Places:
    """Return where the fingerprints begin in ``normal.units``, or ``every`` run of ``GRAM``."""
    units, outside = normal.units, _outside(normal)
    if every:
        return np.flatnonzero(~outside)
    found = []
    for start in range(0, len(units), _STEP):
        stop = min(start + _STEP, len(units))
        left, right = max(0, start - WINDOW + 1), min(len(units), stop + WINDOW - 1)
        order = _order(units[left : right + GRAM - 1], right - left)
        order[outside[left:right]] = _NEVER
        smallest = _smallest(order)[start - left : stop - left]
        found.append(np.flatnonzero(smallest) + start)
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def _outside(normal: Normal) -> NDArray[np.bool_]:
    """Mark where no run of ``GRAM`` characters of one row begins.

    There are at least ``GRAM - 1`` such places behind each row that has fingerprints, which is
    why no window holds runs of two rows.
    """
    starts, ends = normal.bounds[:-1], normal.bounds[1:]
    change = np.zeros(len(normal.units) + 1, np.int32)
    np.add.at(change, np.maximum(starts, ends - GRAM + 1), 1)
    np.subtract.at(change, ends, 1)
    outside: NDArray[np.bool_] = np.cumsum(change[:-1]) > 0
    return outside


def _order(units: Units, count: int) -> NDArray[np.uint32]:
    """Return a hash of the run that begins at each place; windows compare these."""
    one = units.astype(np.uint32)
    one *= np.uint32(0x85EBCA6B)
    one ^= one >> np.uint32(15)
    runs = {1: one}
    for size in (2, 4, 8, 16):
        runs[size] = _joined(runs[size // 2], runs[size // 2], size // 2)
    joined = _joined(_joined(runs[16], runs[8], 16, 8), runs[4], 24, 4)
    order = np.full(count, _NEVER)
    part = joined[:count]
    part *= np.uint32(0x9E3779B1)
    part ^= part >> np.uint32(16)
    part *= np.uint32(0xC2B2AE35)
    part ^= part >> np.uint32(13)
    order[: len(part)] = part
    return order


def _joined(
    first: NDArray[np.uint32], second: NDArray[np.uint32], at: int, size: int = 0
) -> NDArray[np.uint32]:
    """Return the hashes of runs whose second part begins ``at`` places on."""
    count = max(0, len(second) - at)
    power = np.uint32(pow(_BASE, size or at, 1 << 32))
    joined = first[:count] * power
    joined += second[at : at + count]
    return joined


def _smallest(order: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell which hashes are the smallest of some window, windows cut short included."""
    edge = np.full(WINDOW - 1, _NEVER)
    least = _over_window(np.concatenate([edge, order, edge]), np.minimum)
    # a place's windows all have at most its own hash; one has it exactly where it is the smallest
    smallest: NDArray[np.bool_] = _over_window(least, np.maximum) == order
    smallest &= order != _NEVER
    return smallest


def _over_window(values: NDArray[np.uint32], better: Any) -> NDArray[np.uint32]:
    """Return the best of each ``WINDOW`` successive values."""
    size = 1
    while 2 * size <= WINDOW:
        values = better(values[:-size], values[size:])
        size *= 2
    rest = WINDOW - size
    best: NDArray[np.uint32] = better(values[: len(values) - rest], values[rest:])
    return best


def hashes(units: Units, places: Places) -> Hashes:
    """Return the 64-bit hash of the run that begins at each place."""
    total = np.zeros(len(places), np.uint64)
    table, weights = _letters(), _weights()
    for at in range(GRAM):
        total += table[units[places + at]] * weights[at]
    return _mixed(total)


def telling(units: Units, places: Places) -> NDArray[np.bool_]:
    """Tell which runs have at least ``LEAST_DIFFERENT`` different characters.

    Characters that agree in their last six bits count as one here, which few do.
    """
    seen = np.zeros(len(places), np.uint64)
    for at in range(GRAM):
        seen |= np.uint64(1) << (units[places + at] & np.uint16(63)).astype(np.uint64)
    different: NDArray[np.bool_] = np.bitwise_count(seen) >= LEAST_DIFFERENT
    return different


def _mixed(values: Hashes) -> Hashes:
    """Mix 64 bits (the finaliser of SplitMix64)."""
    values = values ^ (values >> np.uint64(30))
    values = values * np.uint64(0xBF58476D1CE4E5B9)
    values = values ^ (values >> np.uint64(27))
    values = values * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def _letters() -> Hashes:
    return _mixed(np.arange(1, 65_537, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


@cache
def _weights() -> Hashes:
    return _mixed(np.arange(70_001, 70_001 + GRAM, dtype=np.uint64)) | np.uint64(1)


@cache
def _table() -> Units:
    """Return what each UTF-16 unit is normalised to; 0 for one that is dropped."""
    table = np.zeros(65_536, np.uint16)
    for low, high in (_SURROGATES, _IDEOGRAPHS):
        table[low : high + 1] = np.arange(low, high + 1)
    # half of a pair stands for itself; a byte that is not UTF-8 shows as one of these, alone
    table[0xDC80:0xDD00] = 0
    for code in range(65_536):
        if not table[code] and not 0xDC80 <= code < 0xDD00:  # noqa: PLR2004 - escaped bytes (PEP 383)
            table[code] = _folded(code)
    for many, one in _simplified().items():
        table[ord(many)] = table[ord(one)]
    table.setflags(write=False)
    return table


def _folded(code: int) -> int:
    char = unicodedata.normalize("NFKC", chr(code)).casefold()
    if any(low <= code <= high for low, high in _MARKS):
        return 0
    if len(char) != 1 or ord(char) > _LAST:
        char = chr(code)
    return ord(char) if unicodedata.category(char)[0] in "LNM" else 0


@cache
def _simplified() -> dict[str, str]:
    """Return the simplified character of each traditional one, where the table of them is there.

    Each line of it is a simplified character and what it may be written as.
    """
    place = resources.files("hegui.detectors").joinpath("data/traditional.txt")
    if not place.is_file():
        return {}
    found: dict[str, str] = {}
    for line in place.read_text("utf-8").splitlines():
        for char in line[1:]:
            if char != line[0] and ord(max(char, line[0])) <= _LAST:
                found.setdefault(char, line[0])
    return {many: _last(many, found) for many in found}


def _last(char: str, found: dict[str, str]) -> str:
    """Follow a character that is itself the other form of a third to the end."""
    passed: set[str] = set()
    while char in found and char not in passed:
        passed.add(char)
        char = found[char]
    return char


@cache
def text_digest() -> bytes:
    """Return the SHA-256 of all that decides on a fingerprint: an index is good for one of them."""
    figures = f"winnow-1 {GRAM} {WINDOW} {LEAST_DIFFERENT}\n".encode()
    probe = np.arange(1_000, 1_000 + 4 * GRAM, dtype=np.uint16)
    sample = hashes(probe, np.arange(GRAM)).tobytes()
    return hashlib.sha256(figures + _table().tobytes() + sample).digest()
