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
    for row, rule_id, start, end, score in report:
        flaw = _flaw(row, rule_id, score, rules, len(column))
        span = None if flaw else _in_characters(column, row, start, end)
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


def _in_characters(column: TextColumn, row: int, start: int, end: int) -> tuple[int, int] | None:
    data = column.row_bytes(row)
    if not 0 <= start <= end <= len(data):
        return None
    if data.isascii():
        return start, end
    try:
        left = len(data[:start].decode())
        return left, left + len(data[start:end].decode())
    except UnicodeDecodeError:
        return None
