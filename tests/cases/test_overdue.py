"""A case that nobody carries on speaks against the evidence, by its clocks and the date alone."""

from typing import Any

import pytest

from hegui.cases.incidents import DAY_MS, HOUR_MS, MINUTE_MS
from hegui.cases.overdue import overdue
from hegui.measures.evidence import evidence
from hegui.testing.records import record_of

NOW = 1_790_000_000_000 - 1_790_000_000_000 % DAY_MS + DAY_MS // 2
STOP, REPORT = "content-incidents-in-target", "content-reported"


def records(*steps: tuple[str, dict[str, Any]], **found: Any) -> list[tuple[int, dict[str, Any]]]:
    first = {"sort": "content", "found": NOW, "target": 30, **found}
    made = []
    for index, (kind, fields) in enumerate([("found", first), *steps], 7):
        name = f"incident.{kind}"
        said = record_of(name, **{"case": "IN-1", **fields})
        made.append((index, {**said, "kind": name, "v": 2, "t": NOW}))
    return made


def ended(after: int) -> tuple[str, dict[str, Any]]:
    return ("stopped", dict.fromkeys(("generation", "transmission", "eliminated"), NOW + after))


def graded(level: str) -> tuple[str, dict[str, Any]]:
    return ("graded", {"level": level, "reporter": "other", "flaw": False})


def sent(sort: str, at: int) -> tuple[str, dict[str, Any]]:
    return ("reported", {"sort": sort, "at": at, "flaw": False, "late": False})


def test_a_clock_that_ran_out_speaks_against_what_it_measures() -> None:
    bare = records()
    assert overdue(bare, NOW + 30 * MINUTE_MS) == {}
    assert overdue(bare, NOW + 30 * MINUTE_MS + 1) == {STOP: 7, REPORT: 7}
    assert overdue(records(ended(5)), NOW + HOUR_MS) == {REPORT: 7}
    assert overdue(records(target=0), NOW + 900 * DAY_MS) == {}
    assert overdue(bare, NOW + 900 * DAY_MS) == {STOP: 7, REPORT: 7}


def test_a_report_that_a_later_grade_makes_late_counts_for_a_year() -> None:
    network = {"sort": "network", "target": 0}
    early = records(graded("ordinary"), sent("network", NOW + 5 * HOUR_MS), **network)
    assert overdue(early, NOW + 6 * HOUR_MS) == {}
    late = records(
        graded("ordinary"), sent("network", NOW + 5 * HOUR_MS), graded("major"), **network
    )
    assert overdue(late, NOW + 366 * DAY_MS) == {"network-reported": 7}
    assert overdue(late, NOW + 367 * DAY_MS) == {}


@pytest.mark.parametrize("choice", ["unfounded", "no-report"])
def test_what_is_decided_in_time_to_be_none_or_not_reported_is_not_late(choice: str) -> None:
    assert overdue(records(ended(5), ("decided", {"choice": choice})), NOW + 9 * DAY_MS) == {}


def test_of_several_cases_the_newest_is_named() -> None:
    second = [(index + 90, {**record, "case": "IN-2"}) for index, record in records()]
    assert overdue([*records(), *second], NOW + DAY_MS) == {STOP: 97, REPORT: 97}


def test_what_a_clock_speaks_against_is_evidence_of_the_catalogue() -> None:
    closing = ("handled", {"what": "settled", "at": NOW})
    network = {"sort": "network", "target": 0}
    found = overdue(records(graded("major"), closing, **network), NOW + 99 * DAY_MS)
    assert set(found) == {"network-reported", "incidents-closed"}
    assert {STOP, REPORT, *found} <= set(evidence().queries)
