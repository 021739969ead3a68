"""The homophone channel: Han characters as the syllables they are first read as, without tones.

Only for literals of ``LEAST`` Han characters and more, of rules that ask for it, and only for the
same syllables exactly: shorter ones sound like too much else (``data/syllables.txt``).
"""

from collections.abc import Collection
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.normal import Derived, codes_of, text_of
from hegui.detectors.pattern import Pattern
from hegui.detectors.tree import Each, Row, class_source

LEAST: Final = 4
_FIRST: Final = 0xE000  # a syllable is written as a character for private use
_SIZE: Final = 0x10000


def sounded(derived: Derived) -> Derived:
    """Return the text with each Han character as its syllable."""
    codes = codes_of(derived.text)
    return derived._replace(text=text_of(_table().take(codes, mode="clip")), breaks=())


def sound(pattern: Pattern) -> Pattern | None:
    """Return a literal in syllables, or nothing for what is no literal of enough Han characters."""
    syllables = _syllables(pattern)
    if syllables is None:
        return None
    return Pattern(Row(tuple(Each(frozenset(chr(_FIRST + number))) for number in syllables)))


def alike(pattern: Pattern) -> Pattern | None:
    """Return a literal with, in each place, every character that sounds the same."""
    syllables = _syllables(pattern)
    if syllables is None:
        return None
    return Pattern(Row(tuple(Each(frozenset(_groups()[number])) for number in syllables)))


def hint(patterns: Collection[Pattern]) -> str:
    """Return, for ``re``, what is found in every text that holds one of ``patterns`` (``alike``).

    In most texts it is not; so they need not be sounded.
    """
    rows = [pattern.tree.parts for pattern in patterns if isinstance(pattern.tree, Row)]
    places = zip(*(row[:LEAST] for row in rows), strict=True)
    sets = [
        frozenset(c for each in place if isinstance(each, Each) for c in each.chars)
        for place in places
    ]
    return "".join(map(class_source, sets))


def spelling(pattern: Pattern) -> str:
    """Return the text that a literal matches, or nothing if it matches more than one."""
    parts = pattern.tree.parts if isinstance(pattern.tree, Row) else ()
    chars = [part.chars if isinstance(part, Each) else frozenset[str]() for part in parts]
    return "".join(map("".join, chars)) if all(len(each) == 1 for each in chars) else ""


def _syllables(pattern: Pattern) -> list[int] | None:
    text = spelling(pattern)
    if len(text) < LEAST or not text.isalpha() or not _numbers().keys() >= set(text):
        return None
    return [_numbers()[char] for char in text]


@cache
def _groups() -> tuple[str, ...]:
    data = resources.files("hegui.detectors").joinpath("data/syllables.txt").read_text("utf-8")
    return tuple(line.partition("\t")[2] for line in data.splitlines())


@cache
def _numbers() -> dict[str, int]:
    return {char: number for number, chars in enumerate(_groups()) for char in chars}


@cache
def _table() -> NDArray[np.uint32]:
    table = np.arange(_SIZE + 1, dtype=np.uint32)
    table[_SIZE] = ord(" ")  # what lies above the first plane sounds like nothing we know
    table[_FIRST : _FIRST + len(_groups())] = ord(" ")
    for char, number in _numbers().items():
        table[ord(char)] = _FIRST + number
    return table
