"""Find text that is taken, word for word or nearly so, from protected works (Art. 4(3), 7(2)).

Promised: ``GUARANTEED`` normalised characters of one work in a row (letters and digits; width,
case, punctuation, space and script do not count) are found, unless they are common text, or hold a
run of ``GRAM`` with fewer than six different characters. Fewer than ``GRAM`` never are. A change
costs the runs that it stands in: what is left between two changes is found for certain from
``GUARANTEED`` on and often from ``GRAM`` on.

In a stream the window shows the last 400 characters before the clause. The same holds there for a
run whose ``GUARANTEED`` characters take at most 400 of the text, fillers included: a fingerprint
that ends in a clause is seen when that clause is judged, because windows that the end of the text
cuts short count too.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from hegui.detectors.works_index import WorksIndex
from hegui.detectors.works_text import (
    GRAM,
    GUARANTEED,
    WINDOW,
    Normal,
    Places,
    chosen,
    hashes,
    normalised,
)
from hegui.terms import DetectorCard, Findings, RuleInfo, TextColumn, Words

KIND: Final = "works.reproduction"
SURE: Final = 200
"""Normalised characters of a work from which on the score is 1."""
_BLOCK: Final = 262_144  # bytes of rows that are normalised at a time

_TITLE = Words("text of a protected work", "受保护作品的文字")
_MASK = Words("protected work", "受保护作品")
_PAIR: Final = (0xD800, 0xDBFF)


def rule_of(number: int) -> str:
    """Return the id of the rule that stands for one work."""
    return f"{KIND}.w{number}"


class ProtectedWorks:
    """Finds the works of an index. Every work has a rule of its own, so that evidence names it.

    A finding is a stretch: runs of one work with at most ``GUARANTEED`` other characters between
    them. Its score rises from 0.5 at ``GRAM`` matched characters to 1 at ``SURE``. ``numbers`` are
    those of the works; ``digest`` is that of the index.
    """

    def __init__(self, index: WorksIndex, numbers: Sequence[int], digest: str) -> None:
        self._index = index
        rules = {
            rule_of(number): RuleInfo(
                rule_of(number), "A.3.a", KIND, _TITLE, clause="4(3)", mask=_MASK
            )
            for number in numbers
        }
        self._card = DetectorCard(
            name="works",
            version=f"winnow-1 gram={GRAM} window={WINDOW}",
            digest=digest,
            rules=rules,
            reach="clause",
            runs="inline",
        )

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is taken from a work, by row and place."""
        findings = Findings()
        for first, block in _blocks(column):
            normal = normalised(block)
            places = chosen(normal)
            works = self._index.works(hashes(normal.units, places))
            hits = np.flatnonzero(works)
            if hits.size:
                _report(findings, first, normal, places[hits], works[hits].tolist())
        return findings


def _blocks(column: TextColumn) -> Iterator[tuple[int, TextColumn]]:
    """Cut a column into runs of rows; a long row is a run by itself."""
    offsets = column.offsets
    if offsets[-1] - offsets[0] <= _BLOCK:
        yield 0, column
        return
    first = 0
    for row in range(1, len(column)):
        if offsets[row + 1] - offsets[first] > _BLOCK:
            yield first, TextColumn(column.data, offsets[first : row + 1])
            first = row
    yield first, TextColumn(column.data, offsets[first:])


def _report(
    findings: Findings, first: int, normal: Normal, places: Places, works: Sequence[int]
) -> None:
    rows = np.searchsorted(normal.bounds, places, "right") - 1
    open_at: dict[int, list[int]] = {}  # work: row, start, end and matched of its last stretch
    stretches: list[list[int]] = []
    for row, place, work in zip(rows.tolist(), places.tolist(), works, strict=True):
        last = open_at.get(work)
        if last is None or last[0] != row or place - last[2] > GUARANTEED:
            last = [row, place, place, 0, work]
            open_at[work] = last
            stretches.append(last)
        last[3] += place + GRAM - max(last[2], place)
        last[2] = place + GRAM
    bytes_of = _Bytes(normal)
    for row, start, end, matched, work in sorted(stretches):
        low, high = bytes_of.span(row, start, end)
        score = 0.5 + 0.5 * min(1.0, (matched - GRAM) / (SURE - GRAM))
        findings.add(first + row, rule_of(work), low, high, round(score, 3))


class _Bytes:
    """Turns places in normalised text into bytes of the row, each row read from its start once."""

    def __init__(self, normal: Normal) -> None:
        self._normal = normal
        self._row, self._unit, self._byte = -1, 0, 0

    def span(self, row: int, start: int, end: int) -> tuple[int, int]:
        """Return the bytes in the row of the normalised characters from ``start`` to ``end``."""
        normal = self._normal
        if row != self._row:
            self._row, self._unit, self._byte = row, int(normal.begins[row]), 0
        low, high = int(normal.kept[start]), int(normal.kept[end - 1]) + 1
        if low > normal.begins[row] and self._leads(low - 1):
            low -= 1  # the second half of a pair
        if high < normal.begins[row + 1] and self._leads(high - 1):
            high += 1
        self._byte += self._size(self._unit, low)
        self._unit = low
        return self._byte, self._byte + self._size(low, high)

    def _leads(self, unit: int) -> bool:
        return _PAIR[0] <= int(self._normal.source[unit]) <= _PAIR[1]

    def _size(self, low: int, high: int) -> int:
        text = self._normal.source[low:high].tobytes().decode("utf-16-le", "surrogatepass")
        return len(text.encode("utf-8", "surrogateescape"))
