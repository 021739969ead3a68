"""hegui duty, from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Hegui

from hegui.app.attestations import placed, put_on_record
from hegui.app.parts import now
from hegui.cli.duty_export import write
from hegui.filing.projection import DAY_MS
from hegui.filing.telling import last_day
from hegui.measures import catalogue
from hegui.measures.oscal import faults_of
from hegui.settings import read
from hegui.store import open_database
from hegui.terms import BadRequest, Unavailable

LEAD = ("--role", "annotation-lead")


@pytest.fixture
def running(hegui: Hegui, settings: Path) -> Path:
    """A service with a log of one record."""
    text = settings.read_text(encoding="utf-8")
    text = text.replace(
        'scope = "internal"', 'scope = "public"\ncontact = "12345"\nlanguage = "en"'
    )
    text += 'operator = "x"\nlocation = "CN"\ntrains_on_inputs = false\n'
    settings.write_text(text, encoding="utf-8")
    assert hegui("keys", "create").exit_code == 0
    return settings


def told(hegui: Hegui, *args: str, code: int = 1) -> Any:
    result = hegui("duty", *args, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.output)


def state(hegui: Hegui, duty: str, code: int = 1) -> str:
    return str(told(hegui, "show", duty, code=code)["state"])


def test_a_fresh_install_has_nothing_green_and_says_so(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    found = told(hegui, "list")
    assert set(found["states"]) == {"not-evidenced", "detector-required", "no-duty"}
    assert found["checkpoint"] is None
    page = hegui("duty", "list", "--lang", "zh")
    assert page.exit_code == 1
    assert "该租户尚无账本" in page.output


def test_the_list_names_the_four_that_it_follows_from(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    first = told(hegui, "list")
    again = told(hegui, "list", "--size", "1")
    assert first["checkpoint"] == again["checkpoint"]
    assert first["checkpoint"]["size"] == 1
    assert {"catalogue", "profile", "as_of", "digest"} <= set(first)
    recorded = told(hegui, "list", "--record")
    assert recorded["recorded"] == 1
    when = "2026-01-01T00:00:00Z"
    past = told(hegui, "list", "--size", "1", "--as-of", when)
    assert told(hegui, "list", "--size", "1", "--as-of", when)["digest"] == past["digest"]


def test_next_names_command_owner_and_time(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    found = told(hegui, "next")
    assert len(found) == 5
    assert all(one["command"] and one["owner"] and one["minutes"] for one in found)
    page = hegui("duty", "next", "--lang", "zh").output
    assert "$ hegui" in page
    assert "分钟" in page


def test_show_gives_the_clause_in_both_languages_and_who_set_the_criterion(
    hegui: Hegui, running: Path
) -> None:
    assert running.exists()
    page = hegui("duty", "show", "a14-2b").output
    assert "保存有关记录" in page
    assert "preserve the relevant records" in page
    assert "set by hegui" in page
    missing = hegui("duty", "show", "a14-2a").output
    assert "no door in this release writes this" in missing
    incident = hegui("duty", "show", "a14-1b").output
    assert "no door in this release writes this" not in incident
    assert "hegui incident act" in incident


def test_a_licence_is_shown_with_its_last_day_and_no_more_once_it_has_run_out(
    hegui: Hegui, running: Path
) -> None:
    soon, gone = now() + 10 * DAY_MS, now() - DAY_MS
    for number, (name, until) in enumerate((("icp", soon), ("edi", gone)), 1):
        held = {"licence": name, "reference": "1", "until": until, "by": "x"}
        assert put_on_record(read(running, {}), "default", "licence.held", held) == number
    page = " ".join(hegui("duty", "show", "tl-icp").output.split())
    assert f"; without a new one it holds until {last_day(soon)}" in page
    assert f"what entry 1 shows holds until {last_day(soon)} only" in page
    assert f"what entry 2 shows ended on {last_day(gone)}" in page
    row = next(one for one in told(hegui, "list")["duties"] if one["id"] == "tl-icp")
    (part,) = (one for one in row["evidence"] if one["query"] == "licences-held")
    assert (part["met"], part["count"], part["holds_until"]) == (True, 1, soon)
    assert [(end["index"], end["how"]) for end in part["ends"]] == [(1, "soon"), (2, "ran-out")]


def test_an_attestation_goes_on_record_and_is_withdrawn_on_record(
    hegui: Hegui, running: Path
) -> None:
    assert running.exists()
    Path("list.txt").write_text("trained: 5", encoding="utf-8")
    role = ("--by", "staff-17", "--role", "annotation-lead")
    done = hegui("duty", "attest", "a8-train", *role, "--says", "All five.", "--file", "list.txt")
    assert done.exit_code == 0, done.output
    shown = told(hegui, "show", "a8-train", code=0)
    assert shown["state"] == "attested"
    folder = Path("hegui-data/attestations")
    assert {one.read_bytes() for one in folder.iterdir()} == {b"All five.", b"trained: 5"}
    assert {oct(one.stat().st_mode & 0o777) for one in folder.iterdir()} == {"0o600"}

    number = done.output.partition("attestation ")[2].partition(" ")[0]
    other = hegui("duty", "attest", "a8-train", "--withdraw", "AT-x", *role, "--reason", "old")
    assert other.exit_code == 3
    gone = hegui("duty", "attest", "a8-train", "--withdraw", number, *role, "--reason", "old")
    assert gone.exit_code == 0, gone.output
    assert state(hegui, "a8-train") == "not-evidenced"


def test_a_damaged_summary_says_to_delete_it_and_nothing_else(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    summary = Path("hegui-data/projections.db")
    summary.write_bytes(b"x" * 5_000)
    summary.chmod(0o600)
    said = hegui("duty", "list")
    assert said.exit_code == 2
    assert "delete it" in said.output
    assert "backup" not in said.output
    summary.unlink()
    assert hegui("duty", "list").exit_code == 1


def test_of_two_attestations_each_can_be_withdrawn(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    role = ("--by", "staff-17", "--role", "annotation-lead")
    attest = ("duty", "attest", "a8-train", *role)
    made = [json.loads(hegui(*attest, "--says", "so", "--json").stdout) for _ in range(2)]
    first, second = [str(one["attestation"]) for one in made]
    long = hegui(*attest, "--withdraw", first, "--reason", "x" * 501)
    assert long.exit_code == 3
    assert "500 characters" in long.output
    assert hegui(*attest, "--withdraw", first, "--reason", "old").exit_code == 0
    assert told(hegui, "show", "a8-train", code=0)["state"] == "attested"
    assert hegui(*attest, "--withdraw", first, "--reason", "old").exit_code == 3
    assert hegui(*attest, "--withdraw", second, "--reason", "old").exit_code == 0
    assert state(hegui, "a8-train") == "not-evidenced"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("list", "--as-of", "9999-12-31"), "lies ahead"),
        (("list", "--as-of", "0001-01-01"), "is a day such as"),
        (("list", "--as-of", "0001-01-01T00:00:00+23:59"), "is a day such as"),
        (("attest", "a8-train", "--draft", "none/form.toml"), "cannot be written"),
        (("gate", "--baseline", "none/b.json", "--write"), "cannot be written"),
        (("list", "--tenant", "\udcff"), "--tenant is a name"),
        (
            ("attest", "a8-train", "--says", "\udcff", "--by", "s", "--role", "annotation-lead"),
            "UTF-8",
        ),
        (("export", "--out", "hegui.toml/x"), "cannot write"),
        (("declare", "--by", "a\x1b[1m", "--role", "pi-officer", "--reason", "x"), "control"),
    ],
)
def test_a_day_or_a_place_that_cannot_be_is_refused(
    hegui: Hegui, running: Path, args: tuple[str, ...], says: str
) -> None:
    assert running.exists()
    done = hegui("duty", *args)
    assert done.exit_code == 3, done.output
    assert says in done.output


def test_a_record_without_a_place_is_never_told_as_entry_none() -> None:
    assert placed(7) == 7
    with pytest.raises(Unavailable, match="no place yet"):
        placed(None)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("a8-train", "--role", "pi-officer"), "may not attest"),
        (("a8-train", "--role", "annotation-lead", "--until", "2999-01-01"), "at most"),
        (("a8-train", "--role", "annotation-lead", "--until", "2001-01-01"), "lie ahead"),
        (("a8-train", "--role", "annotation-lead", "--until", "soon"), "a day such as"),
        (("a8-train", "--role", "annotation-lead", "--says", " "), "Say what"),
        (("a8-train", "--role", "annotation-lead", "--file", "none.pdf"), "cannot be attached"),
        (("a8-train", "--role", "annotation-lead", "--by", ""), "says who attests"),
        (("a12", "--role", "compliance-officer"), "cannot be attested"),
        (("a99", "--role", "compliance-officer"), "no duty"),
        (("a8-train", "--form", "none.toml"), "no form"),
    ],
)
def test_an_attestation_that_cannot_be_is_refused(
    hegui: Hegui, running: Path, args: tuple[str, ...], says: str
) -> None:
    assert running.exists()
    usual = {"--by": "staff-17", "--says": "x"}
    rest = [word for name, value in usual.items() if name not in args for word in (name, value)]
    given = (*rest, *args[1:])
    result = hegui("duty", "attest", args[0], *given)
    assert result.exit_code == 3, result.output
    assert says in result.output


def test_a_form_is_drafted_filled_in_and_attested(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    assert hegui("duty", "attest", "a8-train", "--draft", "form.toml").exit_code == 0
    form = Path("form.toml")
    again = hegui("duty", "attest", "a8-train", "--draft", "form.toml")
    assert again.exit_code == 3
    empty = hegui("duty", "attest", "a8-train", "--form", "form.toml")
    assert empty.exit_code == 3
    text = form.read_text(encoding="utf-8")
    text = text.replace('"""\n\n"""', '"""All five were trained."""')
    text = text.replace('by = ""', 'by = "staff-17"')
    text = text.replace('role = ""', 'role = "annotation-lead"')
    form.write_text(text, encoding="utf-8")
    assert hegui("duty", "attest", "a8-train", "--form", "form.toml").exit_code == 0
    form.write_text(text + 'sign = "me"\n', encoding="utf-8")
    odd = hegui("duty", "attest", "a8-train", "--form", "form.toml")
    assert odd.exit_code == 3
    assert "'sign'" in odd.output


def test_the_gate_fails_on_regression_only(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    gate = ("gate", "--baseline", "duties.json")
    assert hegui("duty", *gate).exit_code == 3
    role = ("--by", "staff-17", "--role", "annotation-lead")
    done = hegui("duty", "attest", "a8-train", *role, "--says", "x")
    Path("duties.json").write_text("{}", encoding="utf-8")
    assert "is no baseline, so it is not overwritten" in hegui("duty", *gate, "--write").stderr
    assert Path("duties.json").read_text(encoding="utf-8") == "{}"
    Path("duties.json").unlink()
    assert hegui("duty", *gate, "--write").exit_code == 0
    assert hegui("duty", *gate, "--write").exit_code == 0, "a baseline may be written anew"
    assert hegui("duty", *gate).exit_code == 0
    number = done.output.partition("attestation ")[2].partition(" ")[0]
    hegui("duty", "attest", "a8-train", "--withdraw", number, *role, "--reason", "old")
    assert [one["duty"] for one in told(hegui, *gate)["less"]] == ["a8-train"]


def test_facts_are_declared_on_record(hegui: Hegui, running: Path) -> None:
    text = running.read_text(encoding="utf-8").replace("[service]", "[service]\nminors = false")
    running.write_text(text, encoding="utf-8")
    assert state(hegui, "mo37") == "not-evidenced"
    said = ("--by", "staff-17", "--reason", "adults only")
    assert hegui("duty", "declare", *said, "--role", "nobody").exit_code == 3
    assert hegui("duty", "declare", *said, "--role", "compliance-officer").exit_code == 0
    assert state(hegui, "mo37", code=0) == "not-applicable"


def test_a_corruption_leaves_nothing_to_be_told_until_a_whole_check_is_clean(
    hegui: Hegui, running: Path
) -> None:
    database = running.parent / "hegui-data" / "hegui.db"
    assert hegui("duty", "list").exit_code == 1
    connection = open_database(database)
    whole = connection.execute("SELECT leaf FROM entry WHERE idx = 0").get
    connection.execute("UPDATE entry SET leaf = ? WHERE idx = 0", (b"{}",))
    connection.close()
    found = told(hegui, "list", "--verify", code=2)
    assert set(found["states"]) == {"could-not-tell"}
    assert "entry 0" in found["trouble"]["en"]
    assert "第" in found["trouble"]["zh"] or "记录" in found["trouble"]["zh"]
    assert hegui("duty", "next").exit_code == 2
    assert hegui("duty", "gate", "--baseline", "x.json", "--write").exit_code == 2

    connection = open_database(database)
    connection.execute("UPDATE entry SET leaf = ? WHERE idx = 0", (whole,))
    connection.close()
    assert hegui("duty", "list").exit_code == 2  # nobody has looked yet
    assert hegui("duty", "list", "--verify").exit_code == 1
    assert hegui("duty", "list").exit_code == 1


def test_a_board_is_written_as_oscal_with_the_records_that_it_rests_on(
    hegui: Hegui, running: Path
) -> None:
    assert running.exists()
    role = ("--by", "staff-17", "--role", "annotation-lead")
    assert hegui("duty", "attest", "a8-train", *role, "--says", "x").exit_code == 0
    assert hegui("duty", "export", "--out", "oscal").exit_code == 0
    results = json.loads(Path("oscal/assessment-results.json").read_bytes())
    plan = json.loads(Path("oscal/plan-of-action.json").read_bytes())
    assert hegui("measures", "export", "--oscal", "--out", "oscal").exit_code == 0
    documents = {one.name: json.loads(one.read_bytes()) for one in Path("oscal").iterdir()}
    assert faults_of(documents, catalogue()) == []
    database = running.parent / "hegui-data" / "hegui.db"
    connection = open_database(database)
    hashed = connection.execute("SELECT hash FROM entry WHERE idx = 1").get.hex()
    connection.close()
    assert hashed in json.dumps(results)
    assert "a8-train" not in json.dumps(plan)
    assert "a14-1b" in json.dumps(plan)


@pytest.mark.parametrize("said", ["yesterday", "2999-01-01", "2026-01-01T00:00:00", "1800-01-01"])
def test_a_time_that_is_none_or_lies_ahead_is_refused(
    hegui: Hegui, running: Path, said: str
) -> None:
    assert running.exists()
    assert hegui("duty", "list", "--as-of", said).exit_code == 3


def test_no_plan_of_an_earlier_export_stays_beside_a_board_on_which_nothing_is_open(
    tmp_path: Path,
) -> None:
    results: dict[str, Any] = {"assessment-results.json": {"assessment-results": {}}}
    plan = tmp_path / "plan-of-action.json"
    assert write(tmp_path, {**results, plan.name: {"plan-of-action-and-milestones": {}}}) is None
    assert plan.exists()
    assert write(tmp_path, results) == plan
    assert [one.name for one in tmp_path.iterdir()] == list(results)
    plan.write_text('{"mine": 1}', encoding="utf-8")
    (tmp_path / "assessment-results.json").unlink()
    with pytest.raises(BadRequest):
        write(tmp_path, results)
    assert [one.name for one in tmp_path.iterdir()] == [plan.name]
