r"""The escapes channel: source text as what it spells.

Who pastes JSON, a program or HTML as plain text, or asks a model to answer so, has ``\u0031`` or
``&#49;`` stand for a 1. Here each such escape becomes the one character that it spells, and keeps
the place of the whole escape, so that a mask covers all of it:

- ``\uXXXX`` (RFC 8259, section 7), two of them for a character above the first plane,
- ``\u{X…}``, ``\UXXXXXXXX`` and, up to 7F, ``\xXX`` of programming languages,
- ``&#N…;`` and ``&#xN…;`` as CommonMark limits them (section 2.5).

One backslash or two: JSON in a string of JSON has two. What stands before does not matter else, so
that what an escape is depends on nothing but itself. What is no character stays as it is.

A finding is at most ``SPAN`` characters of source: as many visible ones as a rule may span unless
it asks for more, each spelt as JSON does. With a run that cannot be seen and the escape after it,
which may decide on it, that is ``HOLD``. What stands before it may decide, too, and must not be
read from within an escape: so ``TAIL`` is what has to be looked at.
"""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from hegui.detectors.normal import REACH, Derived

WIDEST: Final = 14  # characters of an escape: two backslashes and four digits, twice
SPAN: Final = 64 * 6
HOLD: Final = SPAN + REACH + WIDEST  # raw characters that a stream ever holds back for escapes
TAIL: Final = HOLD + REACH + WIDEST
_MOST: Final = 0x10FFFF
_HEX: Final = "[0-9a-fA-F]"
_ESCAPE: Final = re.compile(
    r"\\{1,2}(?:"
    rf"u(?P<four>(?![dD][89a-fA-F]){_HEX}{{4}})"
    rf"|u(?P<high>[dD][89abAB]{_HEX}{{2}})\\{{1,2}}u(?P<low>[dD][c-fC-F]{_HEX}{{2}})"
    rf"|u\{{(?P<braced>{_HEX}{{1,6}})\}}"
    rf"|U(?P<eight>{_HEX}{{8}})"
    rf"|x(?P<two>[0-7]{_HEX})"
    rf")|&\#(?:(?P<decimal>[0-9]{{1,7}})|[xX](?P<hex>{_HEX}{{1,6}}));"
)
_BEGUN: Final = re.compile(
    r"\\{1,2}(?:"
    rf"u{_HEX}{{0,3}}"
    rf"|u[dD][89abAB]{_HEX}{{2}}(?:\\{{1,2}}(?:u(?:[dD](?:[c-fC-F]{_HEX}?)?)?)?)?"
    rf"|u\{{{_HEX}{{0,6}}"
    rf"|U{_HEX}{{0,7}}"
    rf"|x{_HEX}?"
    rf")?|&(?:\#(?:[0-9]{{0,7}}|[xX]{_HEX}{{0,6}}))?"
)
"""What may become an escape, at the end of a text that has not ended."""


def spells(text: str) -> bool:
    """Whether a text holds an escape. Nearly none does, which is seen at once."""
    return ("\\" in text or "&#" in text) and _ESCAPE.search(text) is not None


def may_spell(text: str) -> bool:
    """Whether a text that has not ended holds an escape or may end within one."""
    if "\\" not in text and "&" not in text:
        return False
    return _ESCAPE.search(text) is not None or next(cuts(text), None) is not None


def spelt(text: str) -> Derived | None:
    """Return what a text spells, or nothing if it holds no escape."""
    if not spells(text):
        return None
    parts: list[str] = []
    first = np.ones(len(text), np.bool_)  # of an escape, or what is none
    begins: list[int] = []
    upto = 0
    for found in _ESCAPE.finditer(text):
        char = _char(found)
        if char:
            start, end = found.span()
            first[start + 1 : end] = False
            parts += (text[upto:start], char)
            begins.append(start)
            upto = end
    if not upto:
        return None
    starts = np.flatnonzero(first)
    lasts = np.append(starts[1:], len(text)) - 1
    return Derived("".join((*parts, text[upto:])), starts, (), lasts, begins)


def cuts(text: str) -> Iterator[int]:
    """Return where an escape may begin that the end of a text has cut in two."""
    for start in range(max(0, len(text) - WIDEST + 1), len(text)):
        if text[start] in "\\&" and _BEGUN.fullmatch(text, start):
            yield start


def flagging() -> tuple[str, ...]:
    """Return texts of which every escape holds one."""
    return (r"\u", r"\U", r"\x", "&#")


def _char(found: re.Match[str]) -> str:
    """Return the character that an escape spells; nothing if that is none."""
    kind = str(found.lastgroup)
    if kind == "low":
        high, low = int(found["high"], 16), int(found["low"], 16)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    code = int(found[kind], 10 if kind == "decimal" else 16)
    return "" if code > _MOST or 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004 - surrogates
