"""Find targets in a column: one interface, interchangeable back ends, identical findings."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from hegui.detectors.targets import Target
from hegui.detectors.tree import class_source, narrow
from hegui.terms import Findings, TextColumn


class Matcher(Protocol):
    """Finds every target's findings, as ``Target`` defines them, in order of row and place."""

    def find(self, column: TextColumn) -> Findings:
        """Return the findings in ``column``. Safe to call from several threads."""
        ...


class Hit(NamedTuple):
    """A finding in characters of one row. Sorting hits gives the order they are reported in."""

    start: int
    end: int
    target: int
    score: float


def settle(
    targets: Sequence[Target], text: str, found: Iterable[tuple[int, int, Sequence[int]]]
) -> Iterator[Hit]:
    """Put candidates to their checks. Each is a target, a start, and its ends, longest first."""
    for number, start, ends in found:
        target = targets[number]
        if target.check is None:
            yield Hit(start, ends[0], number, 1.0)
            continue
        left = narrow(text[max(0, start - target.left) : start])
        for end in ends[:1] if target.whole else ends:
            score = target.check(narrow(text[start:end]), left)
            if score:
                yield Hit(start, end, number, score)
                break


def row_text(data: bytes) -> str:
    """Decode a row so that each byte that is not UTF-8 stays one character of its own."""
    return data.decode("utf-8", "surrogateescape")


def report(
    findings: Findings, row: int, text: str, hits: Iterable[Hit], targets: Sequence[Target]
) -> None:
    """Add a row's hits to the findings, in order, with bytes for characters."""
    at, place = 0, 0  # a place in characters, and the same in bytes
    for hit in sorted(hits):
        place += _size(text[at : hit.start])
        at = hit.start
        size = _size(text[hit.start : hit.end])
        findings.add(row, targets[hit.target].rule, place, place + size, hit.score)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


class PlainMatcher:
    """The law of ``Target``, written down with ``re``: the reference, and the last resort."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._starts = [re.compile(_start_source(target)) for target in targets]
        self._wholes = [re.compile(target.pattern.source) for target in targets]

    def find(self, column: TextColumn) -> Findings:
        """Return the findings in ``column``."""
        findings = Findings()
        for row in range(len(column)):
            text = row_text(column.row_bytes(row))
            hits = settle(self._targets, text, self._candidates(text))
            report(findings, row, text, hits, self._targets)
        return findings

    def _candidates(self, text: str) -> Iterator[tuple[int, int, Sequence[int]]]:
        for number, target in enumerate(self._targets):
            whole = self._wholes[number]
            for match in self._starts[number].finditer(text):
                start = match.start()
                top = min(len(text), start + target.pattern.span)
                ends = [
                    end
                    for end in range(top, start + target.pattern.shortest - 1, -1)
                    if (end == len(text) or text[end] not in target.after)
                    and whole.fullmatch(text, start, end)
                ]
                if ends:
                    yield number, start, ends


def _start_source(target: Target) -> str:
    behind = f"(?<!{class_source(target.before)})" if target.before else ""
    return f"{behind}(?={target.pattern.source})"


def rows_of(column: TextColumn, places: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Group rising byte places of a column's data by row: (row, from, to) over ``places``."""
    offsets = column.offsets
    first = 0
    while first < len(places):
        row = bisect_right(offsets, places[first] - 1) - 1
        upto = bisect_right(places, offsets[row + 1], first)
        yield row, first, upto
        first = upto
