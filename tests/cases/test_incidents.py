"""The clocks of incidents, and the drafts of their reports."""

import pytest

from hegui.cases.incidents import DAY_MS, HOUR_MS, Content, Level, Network, Reporter, level_of_leak
from hegui.cases.reports import Known, draft

NOW = 1_790_000_000_000
KNOWN = Known(case="IN-1", service="助手", provider="", affected=(3, 8))


@pytest.mark.parametrize(("reporter", "hours"), [("cii", 1), ("central", 2), ("other", 4)])
@pytest.mark.parametrize("level", ["relatively-major", "major", "especially-major"])
def test_the_hours_depend_on_who_reports_and_not_on_the_level(
    reporter: Reporter, hours: int, level: Level
) -> None:
    (timer,) = Network(found=NOW, level=level, reporter=reporter).timers
    assert timer.due == NOW + hours * HOUR_MS
    assert timer.standing(timer.due) == "running"
    assert timer.standing(timer.due + 1) == "late"


def test_an_ordinary_incident_asks_for_no_report() -> None:
    assert Network(found=NOW, level="ordinary", reporter="cii").timers == ()
    (flaw,) = Network(found=NOW, level="ordinary", reporter="cii", flaw=True).timers
    assert flaw.due == NOW + 24 * HOUR_MS


def test_the_closing_report_counts_from_when_it_was_dealt_with() -> None:
    end = NOW + 5 * DAY_MS
    found = Network(found=NOW, level="major", reporter="other", reported=NOW, settled=end)
    first, closing = found.timers
    assert first.standing(end) == "done"
    assert closing.due == end + 30 * DAY_MS
    assert "secondary" in closing.set_by.en


@pytest.mark.parametrize(
    ("persons", "level"),
    [
        (0, "ordinary"),
        (999_999, "ordinary"),
        (1_000_000, "relatively-major"),
        (10_000_000, "major"),
        (100_000_000, "especially-major"),
    ],
)
def test_a_leak_has_at_least_the_level_of_its_persons(persons: int, level: Level) -> None:
    assert level_of_leak(persons) == level


def test_content_is_measured_by_the_providers_own_published_target() -> None:
    stop, report = Content(found=NOW, target_minutes=30).timers
    assert stop.due == report.due == NOW + HOUR_MS // 2
    half = Content(found=NOW, target_minutes=30, stopped=NOW + 1)
    assert half.timers[0].done is None
    both = Content(found=NOW, target_minutes=30, stopped=NOW + 1, eliminated=NOW + HOUR_MS)
    assert both.timers[0].standing(NOW + DAY_MS) == "done-late"


def test_without_a_published_target_nothing_is_late_and_that_is_said() -> None:
    stop, _ = Content(found=NOW, target_minutes=None).timers
    assert stop.due is None
    assert stop.standing(NOW + 999 * DAY_MS) == "running"
    assert "published no target" in stop.set_by.en
    assert "尚未公布" in stop.set_by.zh


@pytest.mark.parametrize(
    "incident",
    [
        Content(found=NOW, target_minutes=30),
        Network(found=NOW, level="major", reporter="other", flaw=True),
    ],
)
def test_a_draft_says_that_it_is_one_and_marks_what_is_to_be_filled_in(
    incident: Content | Network,
) -> None:
    zh, en = (draft(incident, KNOWN, lang) for lang in ("zh", "en"))
    assert "草稿" in zh.splitlines()[2]
    assert "DRAFT" in en.splitlines()[2]
    assert zh.rstrip().endswith("〔待填〕")
    assert en.rstrip().endswith("[to be filled in]")
    assert "IN-1" in zh
    assert "3, 8" in en
    assert zh.count("〔待填〕") == en.count("[to be filled in]")
