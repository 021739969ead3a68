"""Kept incidents: a case is what its records say, and what was late stays late."""

from typing import Any

import pytest

from hegui.cases.incidents import HOUR_MS
from hegui.cases.kept import Kept, kept
from hegui.cases.steps import SERVES, allowed, lacking, must_report
from hegui.measures import roles
from hegui.testing.records import record_of

NOW = 1_790_000_000_000
MINUTE = 60_000


def case(*steps: tuple[str, dict[str, Any]], **found: Any) -> Kept:
    first = {"sort": "content", "found": NOW, "target": 30, **found}
    records = []
    for place, (kind, said) in enumerate([("found", first), *steps]):
        fields = dict(said)
        name = f"incident.{kind}"
        at = {"kind": name, "v": 2, "t": fields.pop("t", NOW)}
        made = {**record_of(name, **{"case": "IN-1", **fields}), **at}
        records.append((place, made))
    return kept(records)["IN-1"]


def stopped(generation: int = 0, transmission: int = 0, eliminated: int = 0) -> Any:
    times = {"generation": generation, "transmission": transmission, "eliminated": eliminated}
    return ("stopped", times)


def graded(level: str, reporter: str = "other", *, flaw: bool = False) -> Any:
    return ("graded", {"level": level, "reporter": reporter, "flaw": flaw})


def reported(at: int, sort: str = "content", *, flaw: bool = False) -> Any:
    return ("reported", {"sort": sort, "at": at, "flaw": flaw})


RECTIFIED = ("rectified", {"passed": True})
REPORT = ("decided", {"choice": "report"})
ENDED = stopped(NOW + 1, NOW + 2, NOW + 3)
SETTLED = ("handled", {"what": "settled", "at": NOW + HOUR_MS})


def lacks(found: Kept) -> str:
    return "; ".join(one.en for one in lacking(found))


def test_content_is_ended_when_it_is_stopped_everywhere_and_eliminated() -> None:
    half = case(stopped(NOW + 1, NOW + 2))
    assert half.timers[0].done is None
    assert case(ENDED).timers[0].done == NOW + 3
    assert case(ENDED).timers[0].standing(NOW + HOUR_MS) == "done"


def test_what_was_late_stays_late() -> None:
    late = case(stopped(NOW + 1, NOW + 2, NOW + 31 * MINUTE), reported(NOW + 1))
    assert [one.standing(NOW + HOUR_MS) for one in late.timers] == ["done-late", "done"]
    assert len(late.late(NOW + HOUR_MS)) == 1
    assert case().late(NOW + 29 * MINUTE) == ()
    assert len(case().late(NOW + 31 * MINUTE)) == 2


def test_without_a_published_target_nothing_can_be_late() -> None:
    assert case(target=0).late(NOW + 999 * HOUR_MS) == ()
    assert case(target=0).due("content") == 0


def test_the_first_report_ends_the_clock() -> None:
    twice = case(reported(NOW + 5), reported(NOW + HOUR_MS))
    assert twice.timers[-1].done == NOW + 5


def test_the_strictest_grade_sets_the_clock() -> None:
    relaxed = case(graded("major", "cii"), graded("ordinary", "other"), sort="network", target=0)
    assert relaxed.level == "major"
    assert relaxed.timers[0].due == NOW + HOUR_MS
    assert must_report(relaxed)
    ungraded = case(sort="network", target=0)
    assert ungraded.timers == ()
    assert not must_report(ungraded)


def test_a_flaw_has_a_limit_of_its_own() -> None:
    found = case(graded("ordinary", flaw=True), sort="network", target=0)
    assert found.due("network") == 0
    assert found.due("network", flaw=True) == NOW + 24 * HOUR_MS
    assert "--flaw" in lacks(found)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ((), "generation stopped"),
        ((stopped(NOW + 1, NOW + 2), RECTIFIED, REPORT), "eliminated"),
        ((ENDED, REPORT, reported(NOW)), "rectification"),
        ((ENDED, RECTIFIED, ("rectified", {"passed": False}), REPORT), "rectification"),
        ((ENDED, RECTIFIED), "decision"),
        ((ENDED, RECTIFIED, REPORT), "report was sent"),
        ((ENDED, RECTIFIED, REPORT, reported(NOW, "misuse")), "report was sent"),
    ],
)
def test_what_a_content_case_lacks_is_named(steps: tuple[Any, ...], says: str) -> None:
    assert says in lacks(case(*steps))


def test_a_case_with_every_step_lacks_nothing() -> None:
    assert lacks(case(ENDED, RECTIFIED, REPORT, reported(NOW + 9))) == ""
    assert lacks(case(ENDED, RECTIFIED, ("decided", {"choice": "no-report"}))) == ""
    assert lacks(case(("decided", {"choice": "unfounded"}))) == ""
    network = (graded("major"), SETTLED, REPORT)
    assert "report was sent" in lacks(case(*network, sort="network", target=0))
    sent = (*network, reported(NOW + 9, "network"))
    assert lacks(case(*sent, sort="network", target=0)) == ""
    assert lacks(case(graded("ordinary"), sort="network", target=0)).startswith("that it was dealt")


def test_every_step_has_a_role_and_opening_is_everybodys() -> None:
    assert {one.id for one in allowed("open")} == set(roles())
    for step in SERVES:
        assert allowed(step), step
    assert "annotation-lead" not in {one.id for one in allowed("report")}


def test_records_of_no_case_count_for_nothing() -> None:
    loose = {**record_of("incident.drafted", case="IN-9"), "kind": "incident.drafted", "v": 1}
    first = {"kind": "incident.found", "v": 1, "case": "IN-8"}
    assert kept([(0, loose), (1, first)]) == {}


def test_measures_that_two_record_at_the_same_moment_are_both_kept() -> None:
    both = case(stopped(generation=NOW + 1), stopped(transmission=NOW + 2))
    assert both.stopped == {"generation": NOW + 1, "transmission": NOW + 2, "eliminated": 0}
    again = case(stopped(generation=NOW + 9), stopped(generation=NOW + 1))
    assert again.stopped["generation"] == NOW + 1


def test_a_report_that_somebody_decided_in_time_not_to_make_is_never_late() -> None:
    spared = case(ENDED, ("decided", {"choice": "no-report", "t": NOW + 5}))
    assert spared.late(NOW + 99 * HOUR_MS) == ()
    assert len(spared.timers) == 1
    assert spared.due("content") == NOW + 30 * MINUTE
    too_late = case(ENDED, ("decided", {"choice": "no-report", "t": NOW + 31 * MINUTE}))
    assert len(too_late.late(NOW + 99 * HOUR_MS)) == 1
    after_all = case(ENDED, ("decided", {"choice": "no-report", "t": NOW + 5}), REPORT)
    assert len(after_all.late(NOW + 99 * HOUR_MS)) == 1
    sent = case(ENDED, ("decided", {"choice": "no-report", "t": NOW + 5}), reported(NOW + 6))
    assert sent.timers[-1].done == NOW + 6
