"""Characters as folded codes, and the places in a table that their n-grams hash to.

Training and judging both go through here: what a table was trained on is what it is asked.
Everything is arithmetic on whole columns; nothing depends on a version of Unicode.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint32]
Places: TypeAlias = NDArray[np.int64]

_WIDEST: Final = 0xFFFF  # what lies beyond shares one code: emoji and rare Han
_FULL_WIDTH: Final = 0xFEE0
# odd numbers without a pattern, one for each place of an n-gram and one for each length
_FACTORS: Final = tuple(
    map(np.uint32, (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x94D049BB))
)
_LENGTHS: Final = tuple(map(np.uint32, (0x0, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB492B66F)))
LONGEST: Final = len(_FACTORS)

HAN: Final = 1
LATIN: Final = 1 << 10
END: Final = 1 << 20
"""Kinds of characters. A sum over fewer than 1,024 characters counts each kind in bits of its own.
"""
CLAUSE_ENDS: Final = "。！？!?；;\n…"
"""What ends a clause: the same marks at which a stream is held (``screen.window``)."""


def _folding() -> Codes:
    """Return the table that folds full width, ASCII case, digits and blanks."""
    fold = np.arange(_WIDEST + 1, dtype=np.uint32)
    fold[0xFF01:0xFF5F] -= _FULL_WIDTH
    fold[[0x3000, 0xA0, *b"\t\n\r\x0b\x0c"]] = ord(" ")
    fold[(fold >= ord("A")) & (fold <= ord("Z"))] += 32
    fold[(fold >= ord("0")) & (fold <= ord("9"))] = ord("0")
    return fold


def _classes() -> NDArray[np.int32]:
    kinds = np.zeros(_WIDEST + 1, np.int32)
    kinds[0x3400:0xA000] = HAN
    for first in ("a", "A"):
        kinds[ord(first) : ord(first) + 26] = LATIN
    kinds[[ord(mark) for mark in CLAUSE_ENDS]] = END
    return kinds


_FOLD: Final = _folding()
_KINDS: Final = _classes()


def codes_of(text: str) -> Codes:
    """Return one number per character. Lone surrogates count as a question mark."""
    raw = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    return np.minimum(raw, np.uint32(_WIDEST))


def kinds_of(codes: Codes) -> NDArray[np.int32]:
    """Return for each character whether it is Han, a Latin letter, or ends a clause."""
    return np.take(_KINDS, codes, mode="clip")


def places_of(codes: Codes, orders: tuple[int, ...], bits: int) -> Iterator[tuple[int, Places]]:
    """Give for each length in ``orders`` (rising) the places of the n-grams, by where they begin.

    The hash is multiply-shift (Dietzfelbinger et al. 1997) on a sum of products, so that each
    length is one addition more than the length before it. A place is below ``2**bits``.
    """
    folded = np.take(_FOLD, codes, mode="clip")
    shift = np.uint32(32 - bits)
    total = folded * _FACTORS[0]
    for order in range(1, min(orders[-1], len(codes)) + 1):
        if order > 1:
            total = total[:-1] + folded[order - 1 :] * _FACTORS[order - 1]
        if order in orders:
            yield order, ((total + _LENGTHS[order - 1]) >> shift).astype(np.int64)
