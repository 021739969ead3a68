"""Findings of a large column: as arrays, and as the lists that ``Findings`` has for whoever asks.

A dense lexicon finds two million words in a hundred megabytes. As Python lists they are slower to
make than to find.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hegui.terms import Findings

Whole: TypeAlias = NDArray[np.int64]
Score: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arrays:
    """Findings as numpy columns, equally long, in order of row, start, end and target.

    ``rule`` are places in ``rules``; ``start`` and ``end`` are bytes within the row.
    """

    rules: tuple[str, ...]
    row: Whole
    rule: Whole
    start: Whole
    end: Whole
    score: Score

    def only(self, which: Any) -> "Arrays":
        """Return those that a mask marks, or those at some places."""
        return Arrays(
            self.rules,
            self.row[which],
            self.rule[which],
            self.start[which],
            self.end[which],
            self.score[which],
        )


class ColumnFindings(Findings):
    """Findings whose lists are made when they are first read. ``arrays`` costs nothing."""

    __slots__ = ("arrays",)

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays

    def __getattr__(self, name: str) -> object:
        """Make the lists: the columns of ``Findings`` are unset until then."""
        if name not in ("row", "rule", "start", "end", "score"):
            raise AttributeError(name)
        found = self.arrays
        self.row = found.row.tolist()
        self.rule = [found.rules[number] for number in found.rule.tolist()]
        self.start, self.end = found.start.tolist(), found.end.tolist()
        self.score = found.score.tolist()
        return getattr(self, name)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.arrays.row)


def arrays_of(findings: Findings) -> Arrays:
    """Return any detector's findings as arrays."""
    if isinstance(findings, ColumnFindings):
        return findings.arrays
    rules = tuple(dict.fromkeys(findings.rule))
    places = {rule: place for place, rule in enumerate(rules)}
    return Arrays(
        rules,
        np.array(findings.row, np.int64),
        np.array([places[rule] for rule in findings.rule], np.int64),
        np.array(findings.start, np.int64),
        np.array(findings.end, np.int64),
        np.array(findings.score, np.float64),
    )


def with_rows(found: Arrays, others: Findings) -> Arrays:
    """Return findings with ``others``, which are of other rows, in order of row."""
    more = arrays_of(others)
    rules = tuple(dict.fromkeys((*found.rules, *more.rules)))
    place = np.array([rules.index(rule) for rule in more.rules], np.int64)
    both = joined(
        [
            Arrays(rules, found.row, found.rule, found.start, found.end, found.score),
            Arrays(rules, more.row, place[more.rule], more.start, more.end, more.score),
        ]
    )
    return both.only(np.argsort(both.row, kind="stable"))


def joined(parts: Sequence[Arrays]) -> Arrays:
    """Put findings of the same rules one after the other."""
    return Arrays(
        parts[0].rules,
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.rule for part in parts]),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.score for part in parts]),
    )
