"""Where full-width letters and digits stand, and the text around them with small letters."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.columns import Whole

# Digits and capitals are EF BC 90..99 and A1..BA, small letters EF BD 81..9A (U+FF10 to FF5A).
_ONE: Final = re.compile(rb"\xef(?:\xbc[\x90-\x99\xa1-\xba]|\xbd[\x81-\x9a])")
_CAPITAL: Final = re.compile(rb"\xef\xbc[\xa1-\xba]")
_SMALL: Final = {
    chr(code).encode(): chr(code + 32).encode() for code in range(0xFF21, 0xFF3B)
}  # as long as one another, so places stay what they are
_SIZE: Final = 3  # bytes of one


class Stretch(NamedTuple):
    """Bytes of one row: ``ended`` when the row ends with them."""

    start: int
    end: int
    ended: bool


def holds_one(data: bytes) -> bool:
    """Whether a full-width letter or digit stands in ``data``."""
    return _ONE.search(data) is not None


def places(data: NDArray[np.uint8]) -> Whole:
    """Return where full-width letters and digits begin."""
    at = np.flatnonzero(data[: 1 - _SIZE] == 0xEF)  # noqa: PLR2004 - as above
    second, third = data[at + 1], data[at + 2]
    digit = (third >= 0x90) & (third <= 0x99)  # noqa: PLR2004
    capital = (third >= 0xA1) & (third <= 0xBA)  # noqa: PLR2004
    little = (third >= 0x81) & (third <= 0x9A)  # noqa: PLR2004
    found: Whole = at[(second == 0xBC) & (digit | capital) | (second == 0xBD) & little]  # noqa: PLR2004
    return found


def stretches(places: Whole, offsets: Whole, reach: int) -> Iterator[Stretch]:
    """Return what is within ``reach`` bytes, and one more, of any of ``places``, row by row."""
    row = np.searchsorted(offsets, places, "right") - 1
    starts = np.maximum(places - reach, offsets[row])
    ends = np.minimum(places + (_SIZE + reach + 1), offsets[row + 1])
    apart = np.flatnonzero((starts[1:] > ends[:-1]) | (row[1:] != row[:-1]))
    first = np.concatenate([[0], apart + 1])
    last = np.concatenate([apart, [len(places) - 1]])
    ended = ends[last] == offsets[row[last] + 1]
    for start, end, whole in zip(
        starts[first].tolist(), ends[last].tolist(), ended.tolist(), strict=True
    ):
        yield Stretch(start, end, whole)


def in_small_letters(data: bytes) -> bytes:
    """Return ``data`` with full-width capitals made small, byte for byte."""
    return _CAPITAL.sub(lambda capital: _SMALL[capital.group()], data)
