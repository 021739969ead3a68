"""What flags a row of a corpus: characters that ordinary text does not mix in.

Here because two detectors of a corpus derive flagged rows only, and a finding of theirs must hold
such a character.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, TypeAlias

from hegui.detectors.normal import forms, unseen
from hegui.detectors.pattern import Pattern
from hegui.detectors.targets import Target
from hegui.detectors.tree import WIDE_LETTERS, WORD, Each, Either, Row
from hegui.terms import Findings, TextColumn

SUSPECT: Final = "\0"  # the rule of what flags a row; never reported
Span: TypeAlias = tuple[int, int]
"""Start and end, in bytes of the row."""

_WIDE_WORD: Final = 3  # letters
_SCRIPTS: Final = frozenset({"wide", "alike"})


def suspects() -> Iterator[Target]:
    """Return what flags a row, under the rule ``SUSPECT``.

    What ordinary text does not have; and letters of other scripts and widths next to ASCII ones,
    because a text that is all in one of them is ordinary.
    """
    heads: dict[bytes, set[str]] = {}  # one target for all that differ in their last byte only
    for char in sorted(unseen() | forms("same").keys()):
        heads.setdefault(char.encode()[:-1], set()).add(char)
    for chars in heads.values():
        yield Target(SUSPECT, Pattern(Each(frozenset(chars))))
    other = frozenset(
        char for kind in _SCRIPTS for char, image in forms(kind).items() if image.isascii()
    )
    pairs = (Row((Each(WORD), Each(other))), Row((Each(other), Each(WORD))))
    yield Target(SUSPECT, Pattern(Either(pairs)))
    # words in full width; full-width digits alone are ordinary
    yield Target(SUSPECT, Pattern(Row((Each(WIDE_LETTERS),) * _WIDE_WORD)))


def flags_of(found: Iterable[tuple[int, str, int, int, float]]) -> dict[int, list[Span]]:
    """Return what flags each row, of what was found of ``suspects`` and whatever else."""
    flags: dict[int, list[Span]] = {}
    for row, rule, start, end, _ in found:
        if rule == SUSPECT:
            flags.setdefault(row, []).append((start, end))
    return flags


class Flagging:
    """Tells which rows of a column are flagged, and by what: the detector that looks for it does.

    What that one saw last is kept until it is asked for, so that a second detector that is put
    before the same column scans nothing for it.
    """

    def __init__(self) -> None:
        self._scan: Callable[[TextColumn], Findings] | None = None
        self._last: tuple[TextColumn, dict[int, list[Span]]] | None = None

    def by(self, scan: Callable[[TextColumn], Findings]) -> None:
        """Say who looks for ``suspects``."""
        self._scan = scan

    def note(self, column: TextColumn, flags: dict[int, list[Span]]) -> None:
        """Take down what was seen in a column."""
        self._last = (column, flags)

    def of(self, column: TextColumn) -> dict[int, list[Span]]:
        """Return what flags the rows of a column; those that nothing flags are left out."""
        last, self._last = self._last, None
        if last is not None and last[0] is column:
            return last[1]
        assert self._scan is not None  # whoever makes both detectors says it
        return flags_of(self._scan(column))


class Flags:
    """The suspicious stretches of a row, which come in order of their starts."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._starts = [start for start, _ in spans]
        self._furthest = list(accumulate((end for _, end in spans), max))

    def touch(self, low: int, high: int) -> bool:
        """Whether one of them holds a byte of a stretch."""
        before = bisect_left(self._starts, high)
        return before > 0 and self._furthest[before - 1] > low
