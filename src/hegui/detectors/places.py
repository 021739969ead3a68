"""Where things stand in a row: bytes for characters, and what flags touch.

Measured once for a row, not once for a finding: a row may be long and have very many.
"""

from bisect import bisect_left
from typing import Final

import numpy as np

from hegui.detectors.columns import Whole
from hegui.detectors.normal import codes_of

_LARGER: Final = (0x80, 0x800, 0x1_0000)  # from here on a character has a byte more
_BYTES: Final = (0xDC80, 0xDCFF)  # what stands for bytes that are not UTF-8


class Flags:
    """What flags a row, in order of their starts. Asking takes the logarithm of their number."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # the furthest so far

    def add(self, start: int, end: int) -> None:
        """Add one that begins no earlier than those before it."""
        self._starts.append(start)
        self._ends.append(max(end, self._ends[-1]) if self._ends else end)

    def touch(self, low: int, high: int) -> bool:
        """Whether one of them has a byte in common with a span."""
        before = bisect_left(self._starts, high)
        return before > 0 and self._ends[before - 1] > low


class Raws:
    """Bytes for characters of raw rows, each of which is measured once."""

    def __init__(self) -> None:
        self._begins: dict[int, Whole] = {}

    def bytes(self, row: int, raw: str, start: int, end: int) -> tuple[int, int]:
        """Return where some characters of a raw row begin and end, in bytes."""
        begins = self._begins.get(row)
        if begins is None:
            begins = self._begins[row] = begins_of(raw)
        return int(begins[start]), int(begins[end])


def begins_of(text: str) -> Whole:
    """Return where each character of a row begins, in bytes, and where the last one ends."""
    codes = codes_of(text)
    sizes = np.searchsorted(_LARGER, codes, "right") + 1
    sizes[(codes >= _BYTES[0]) & (codes <= _BYTES[1])] = 1
    return np.concatenate([[0], np.cumsum(sizes)])
