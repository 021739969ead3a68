"""hegui incident: a case from discovery to closing, on the ledger and on the board."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Hegui

from hegui.app import parts
from hegui.testing.postgres import PracticeServer

STOP = ("--did", "generation", "--did", "transmission", "--did", "eliminated")
SECURITY = ("--by", "staff-17", "--role", "security-officer")
OFFICER = ("--by", "staff-2", "--role", "compliance-officer")
TRIAL = ("--did", "rectified", "--how", "training", "--passed")
MODEL = ("--by", "staff-4", "--role", "algorithm-officer")
TO = ("--to", "CAC")


def ago(minutes: int) -> str:
    return datetime.fromtimestamp(parts.now() / 1_000 - minutes * 60, UTC).isoformat()


def moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")


@pytest.fixture(autouse=True)
def report(hegui: Hegui, settings: Path) -> Path:
    assert callable(hegui)
    path = settings.parent / "report.pdf"
    path.write_bytes(b"a report")
    said = settings.read_text(encoding="utf-8").replace("[service]", '[service]\nlanguage = "en"')
    settings.write_text(said, encoding="utf-8")
    return path


def opened(hegui: Hegui, *more: str, minutes: int = 5, sort: str = "content") -> str:
    found = ("--sort", sort, "--found", ago(minutes), *SECURITY, *more)
    made = hegui("incident", "open", *found, "--json")
    assert made.exit_code in {0, 1}, made.output
    return str(json.loads(made.stdout)["case"])


def content(hegui: Hegui, minutes: int = 5) -> str:
    return opened(hegui, "--target-minutes", "30", "--entry", "3", minutes=minutes)


def did(hegui: Hegui, number: str, *args: str, code: int = 0) -> str:
    step, *rest = args
    done = hegui("incident", step, number, *rest)
    assert done.exit_code == code, done.output
    return done.output


def shown(hegui: Hegui, number: str) -> Any:
    return json.loads(hegui("incident", "show", number, "--json").stdout)


def state(hegui: Hegui, duty: str) -> str:
    return str(json.loads(hegui("duty", "show", duty, "--json").stdout)["state"])


def through(hegui: Hegui, number: str) -> None:
    did(hegui, number, "act", *STOP, *SECURITY)
    did(hegui, number, "act", *TRIAL, *MODEL)
    did(hegui, number, "decide", "--choice", "report", *TO, *OFFICER)
    did(hegui, number, "sent", *TO, "--report", "report.pdf", *OFFICER)


def test_a_case_goes_from_discovery_to_closing_and_its_duties_are_evidenced(hegui: Hegui) -> None:
    number = content(hegui)
    duties = {"a14-1a": SECURITY, "a14-1b": MODEL, "a14-1c": OFFICER}
    assert {state(hegui, duty) for duty in duties} == {"not-evidenced"}
    through(hegui, number)
    for duty, who in duties.items():
        assert hegui("duty", "attest", duty, *who, "--says", "so").exit_code == 0
    assert {state(hegui, duty) for duty in duties} == {"evidenced"}
    did(hegui, number, "close", "--report", "report.pdf", *OFFICER)
    case = shown(hegui, number)
    assert case["state"] == "closed"
    assert case["lacking"] == []
    assert [one["step"] for one in case["steps"]] == [
        "found", "stopped", "rectified", "decided", "reported", "closed",
    ]  # fmt: skip
    assert case["steps"][-1]["report"] == sha256(b"a report").hexdigest()

    late = content(hegui, minutes=45)
    assert {duty: state(hegui, duty) for duty in duties} == {
        "a14-1a": "partly", "a14-1b": "evidenced", "a14-1c": "partly",
    }  # fmt: skip
    told = did(hegui, late, "act", *STOP, *SECURITY, code=1)
    assert "done late" in told
    assert state(hegui, "a14-1a") == "partly"


def test_a_case_that_nobody_carries_on_is_late_on_the_board_as_of_that_time(hegui: Hegui) -> None:
    number = content(hegui, minutes=45)
    through(hegui, content(hegui))
    assert hegui("duty", "attest", "a14-1c", *OFFICER, "--says", "so").exit_code == 0
    shown_now = json.loads(hegui("duty", "show", "a14-1c", "--json").stdout)
    assert shown_now["state"] == "partly"
    (part,) = shown_now["evidence"]
    assert (part["met"], part["against"]) == (False, 0)
    assert "entry 0 opened is late" in shown_now["missing"][1]["en"]
    assert "第 0 条登记的事件已逾期" in shown_now["missing"][1]["zh"]
    again = json.loads(hegui("duty", "list", "--json").stdout)
    once_more = ("--size", str(again["checkpoint"]["size"]), "--as-of", moment(again["as_of"]))
    same = json.loads(hegui("duty", "list", *once_more, "--json").stdout)
    assert same["digest"] == again["digest"]
    did(hegui, number, "decide", "--choice", "unfounded", "--file", "report.pdf", *OFFICER)
    assert state(hegui, "a14-1c") == "evidenced"


def test_what_is_late_is_said_and_closing_does_not_hide_it(hegui: Hegui) -> None:
    number = content(hegui, minutes=45)
    listed = hegui("incident", "list", "--lang", "zh")
    assert listed.exit_code == 1
    assert "已逾期" in listed.output
    for step in (("act", *STOP, *SECURITY), ("act", *TRIAL, *MODEL)):
        did(hegui, number, *step, code=1)
    did(hegui, number, "decide", "--choice", "report", *TO, *OFFICER, code=1)
    did(hegui, number, "sent", *TO, "--report", "report.pdf", *OFFICER, code=1)
    did(hegui, number, "close", "--report", "report.pdf", *OFFICER, code=1)
    assert shown(hegui, number)["state"] == "closed-late"
    assert hegui("incident", "list").exit_code == 0
    assert json.loads(hegui("incident", "list", "--all", "--json").stdout)[0]["late"]
    assert ", late" in hegui("incident", "show", number).output


def test_a_network_incident_is_graded_first_and_has_its_hours(hegui: Hegui) -> None:
    number = opened(hegui, sort="network", minutes=90)
    assert shown(hegui, number)["clocks"] == []
    leak = ("--persons", "1200000", *SECURITY)
    did(hegui, number, "grade", *leak, "--reporter", "cii", code=1)
    case = shown(hegui, number)
    assert case["level"] == "relatively-major"
    assert case["clocks"][0]["due"] == case["found"] + 3_600_000
    assert "has to be reported" in did(
        hegui, number, "decide", "--choice", "no-report", "--file", "report.pdf", *SECURITY, code=3
    )
    did(hegui, number, "decide", "--choice", "report", *TO, *SECURITY, code=1)
    did(hegui, number, "sent", *TO, "--report", "report.pdf", *SECURITY, code=1)
    assert "settled" in did(hegui, number, "close", "--report", "report.pdf", *SECURITY, code=3)
    did(hegui, number, "act", "--did", "contained", "--did", "settled", *SECURITY, code=1)
    did(hegui, number, "close", "--report", "report.pdf", *SECURITY, code=1)
    assert shown(hegui, number)["state"] == "closed-late"
    network = json.loads(hegui("duty", "show", "ir4-cii", "--json").stdout)
    assert network["state"] == "not-evidenced"
    assert state(hegui, "ir-closing") == "partly"


def test_what_proved_to_be_none_is_closed_by_that_decision(hegui: Hegui) -> None:
    number = content(hegui)
    bare = ("decide", "--choice", "unfounded", *OFFICER)
    assert "in writing" in did(hegui, number, *bare, code=3)
    did(hegui, number, *bare, "--file", "report.pdf")
    did(hegui, number, "close", "--report", "report.pdf", *OFFICER)
    assert shown(hegui, number)["state"] == "unfounded"
    again = did(hegui, number, "act", *STOP, *SECURITY, code=3)
    assert "was closed by entry" in again


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("act", *STOP, *MODEL), "may not do this"),
        (("act", *TRIAL, *SECURITY), "may not do this"),
        (("decide", "--choice", "report", *TO, *SECURITY), "may not do this"),
        (("decide", "--choice", "report", *OFFICER), "--to names"),
        (("sent", *TO, "--report", "report.pdf", *OFFICER), "the decision"),
        (("close", "--report", "report.pdf", *OFFICER), "generation stopped"),
        (("close", "--report", "report.pdf", *SECURITY), "may not do this"),
        (("grade", "--level", "major", "--reporter", "cii", *SECURITY), "not for it"),
        (("act", "--did", "settled", *SECURITY), "not for it"),
        (("act", "--did", "rectified", *MODEL), "needs --how"),
        (("act", *STOP, "--passed", *SECURITY), "belong to"),
        (("act", *STOP, "--at", "2999-01-01T00:00:00Z", *SECURITY), "lies ahead"),
        (("act", *STOP, "--at", "2001-01-01T00:00:00Z", *SECURITY), "lies before"),
        (("act", *STOP, "--file", "none.pdf", *SECURITY), "cannot be read"),
        (("act", *STOP, "--by", " ", "--role", "security-officer"), "--by says who"),
        (("act", *STOP, "--by", "a\x1b[31m", "--role", "security-officer"), "control characters"),
        (("decide", "--choice", "report", "--to", "C\nAC", *OFFICER), "--to names"),
    ],
)
def test_a_step_that_cannot_be_is_refused_and_says_why(
    hegui: Hegui, args: tuple[str, ...], says: str
) -> None:
    number = content(hegui)
    assert says in did(hegui, number, *args, code=3)
    assert len(shown(hegui, number)["steps"]) == 1


def test_an_unknown_case_and_a_measure_taken_twice_are_refused(hegui: Hegui) -> None:
    assert "no incident" in did(hegui, "IN-9", "show", code=3)
    number = content(hegui)
    did(hegui, number, "act", "--did", "generation", *SECURITY)
    twice = did(hegui, number, "act", "--did", "generation", *SECURITY, code=3)
    assert "recorded first stands" in twice
    low = ("--level", "ordinary", "--persons", "1000000", "--reporter", "other", *SECURITY)
    network = opened(hegui, sort="network")
    assert "at least" in did(hegui, network, "grade", *low, code=3)


def test_a_practice_stands_for_what_did_not_happen(hegui: Hegui) -> None:
    said = ("duty", "practise", "content-report", "--report", "report.pdf")
    assert hegui(*said, "--passed", *MODEL).exit_code == 3
    assert state(hegui, "a14-1c") == "not-evidenced"
    assert hegui(*said, "--passed", *OFFICER).exit_code == 0
    assert state(hegui, "a14-1c") == "partly"
    assert hegui(*said, "--failed", *OFFICER).exit_code == 1


def test_a_case_is_kept_on_a_server(hegui: Hegui, settings: Path, postgres: PracticeServer) -> None:
    database = f'\n[database]\nurl = "{postgres.database()}"\npassword = "env:PRACTICE_PASSWORD"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + database, encoding="utf-8")

    def on_server(*args: str) -> Any:
        return hegui(*args, PRACTICE_PASSWORD=postgres.password)

    number = content(on_server)
    through(on_server, number)
    did(on_server, number, "close", "--report", "report.pdf", *OFFICER)
    assert shown(on_server, number)["state"] == "closed"
