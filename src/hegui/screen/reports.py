"""Check what a detector reports before anything rests on it.

Foreign code may return anything. Whatever does not hold together becomes a ``Fault``.
"""

import math
from collections.abc import Callable, Mapping

from hegui.terms import Detector, Fault, Finding, Findings, RuleInfo, TextColumn

Spare = Callable[[RuleInfo, str], bool]
"""Says whether a value is the caller's own, coming back to them: then it is no finding."""


def nothing_spared(_rule: RuleInfo, _value: str) -> bool:
    """Spare nothing."""
    return False


def ask_inline(detector: Detector, column: TextColumn) -> Findings | Fault:
    """Put a column before a detector that runs in line. One that breaks is reported."""
    try:
        return detector.inspect(column)
    except Exception as error:  # noqa: BLE001 - foreign code: anything may come out of it
        return Fault(detector.card.name, type(error).__name__)


def checked(
    report: object, name: str, rules: Mapping[str, RuleInfo], column: TextColumn
) -> list[tuple[int, Finding]] | Fault:
    """Return the findings as (row, Finding in characters), or the fault that they are.

    A fault: not Findings at all, columns of unequal length, a row that was not asked about, a
    span outside its row or inside a character, an unknown rule, a score that is not a number in
    0…1.
    """
    if isinstance(report, Fault):
        return report
    if not isinstance(report, Findings):
        return Fault(name, "not-findings")
    sizes = {len(report.row), len(report.rule), len(report.start), len(report.end)}
    if sizes != {len(report.score)}:
        return Fault(name, "miscount")
    found: list[tuple[int, Finding]] = []
    places: dict[int, _Places] = {}
    for row, rule_id, start, end, score in report:
        flaw = _flaw(row, rule_id, score, rules, len(column))
        if not flaw and row not in places:
            places[row] = _Places(column.row_bytes(row))
        span = None if flaw else places[row].span(start, end)
        if span is None:
            return Fault(name, flaw or "span")
        risk = rules[rule_id].risk
        found.append((row, Finding(rule_id, risk, *span, float(score), name)))
    return found


def _flaw(
    row: int, rule: str, score: object, rules: Mapping[str, RuleInfo], rows: int
) -> str | None:
    if rule not in rules:
        return "unknown-rule"
    if not 0 <= row < rows:
        return "miscount"
    sound = isinstance(score, int | float) and math.isfinite(score) and 0 <= score <= 1
    return None if sound else "score"


class _Places:
    """Turns places in bytes into places in characters, from the last one on where it can.

    A text may hold a hundred thousand findings: to read it from its start for each would take
    minutes.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self._ascii = data, data.isascii()
        self._byte = self._char = 0

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return a span in characters; None when it is outside the text or cuts a character."""
        if not 0 <= start <= end <= len(self._data):
            return None
        if self._ascii:
            return start, end
        if start < self._byte:
            self._byte = self._char = 0
        try:
            left = self._char + len(self._data[self._byte : start].decode())
            right = left + len(self._data[start:end].decode())
        except UnicodeDecodeError:
            return None
        self._byte, self._char = start, left
        return left, right
