"""The text around full-width letters and digits, and the same with small letters."""

import re
from typing import Final

import numpy as np

from hegui.detectors.columns import Whole

_CAPITAL: Final = re.compile(rb"\xef\xbc[\xa1-\xba]")  # U+FF21 to FF3A
_SMALL: Final = {
    chr(code).encode(): chr(code + 32).encode() for code in range(0xFF21, 0xFF3B)
}  # as long as one another, so places stay what they are
SIZE: Final = 3  # bytes of a full-width letter or digit


def stretches(places: Whole, offsets: Whole, reach: int) -> tuple[Whole, Whole]:
    """Return what is within ``reach`` bytes, and one more, of any of ``places``, row by row.

    As where stretches begin and where they end, in order, none touching the next.
    """
    row = np.searchsorted(offsets, places, "right") - 1
    starts = np.maximum(places - reach, offsets[row])
    ends = np.minimum(places + (SIZE + reach + 1), offsets[row + 1])
    apart = np.flatnonzero((starts[1:] > ends[:-1]) | (row[1:] != row[:-1]))
    first = np.concatenate([[0], apart + 1])
    last = np.concatenate([apart, [len(places) - 1]])
    return starts[first], ends[last]


def in_small_letters(data: bytes) -> bytes:
    """Return ``data`` with full-width capitals made small, byte for byte."""
    return _CAPITAL.sub(lambda capital: _SMALL[capital.group()], data)
