import json
import subprocess
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from hegui.measures import (
    Duty,
    catalogue,
    deadlines,
    duties,
    parameters,
    parties,
    risks,
    roles,
    rules,
    text,
)
from hegui.measures.rules import source

MEASURES = "interim-measures"
DATA = Path(str(files("hegui.measures").joinpath("data")))
NO_DUTY = "a1 a2-1 a2-2 a2-3 a3 a5 a6 a16 a18 a19-2 a20 a21 a22 a22-2 a24 lm7".split()


def of_measures() -> list[Duty]:
    return [duty for duty in duties().values() if duty.rule.id == MEASURES]


def test_every_clause_of_the_measures_is_reached_by_a_row() -> None:
    reached = {one.id for duty in of_measures() for one in text().under(duty.clause)}
    assert reached == set(text().clauses)


def test_every_clause_that_binds_a_provider_is_reached_by_a_duty() -> None:
    reached = {
        one.id for duty in of_measures() if duty.binds_provider for one in text().under(duty.clause)
    }
    binding = {one.id for one in text().clauses.values() if one.binds_provider}
    assert binding == reached


def test_what_binds_others_is_shown_as_no_duty_of_the_provider() -> None:
    assert [duty.id for duty in duties().values() if not duty.binds_provider] == NO_DUTY
    for duty in duties().values():
        if not duty.binds_provider:
            assert duty.attest is None
            assert duty.command == ""


def test_political_heads_need_a_detector_of_the_provider() -> None:
    required = [duty for duty in duties().values() if duty.duty_class == "detector-required"]
    assert [duty.risks for duty in required] == [("A.1.a",), ("A.1.b",), ("A.1.c",), ("A.1.h",)]
    assert all(duty.attest is None for duty in required), "no signature stands in for a detector"


def test_every_risk_belongs_to_a_duty_of_the_measures() -> None:
    named = Counter(risk for duty in of_measures() for risk in duty.risks if duty.clause[0] == "4")
    assert named == Counter(list(risks()))


def test_every_id_begins_as_its_rule_does() -> None:
    starts = {MEASURES: "a", "labelling": "lm", "pipl": "pipl", "tc260-003": "std-"}
    for duty in duties().values():
        assert duty.id.startswith(starts.get(duty.rule.id, "")), duty.id
    assert all(duty.id[1].isdigit() for duty in of_measures())


def test_a_duty_says_who_must_say_what_and_for_how_long() -> None:
    for duty in duties().values():
        if duty.duty_class in ("assisted", "provider-attested"):
            assert duty.attest is not None, duty.id
        if duty.attest is not None:
            assert duty.attest.roles, duty.id
            assert duty.attest.attach, duty.id
            assert 1 <= duty.attest.days <= 366, duty.id


def test_a_duty_that_is_owed_has_somebody_to_do_it_and_something_to_run() -> None:
    for duty in duties().values():
        if duty.binds_provider:
            assert duty.effort_minutes > 0, duty.id
            assert duty.command.startswith("hegui "), duty.id
            assert duty.owed_to, duty.id
        assert 1 <= duty.force <= 5


def test_every_source_resolves_and_every_term_names_one_or_says_ours() -> None:
    for duty in duties().values():
        assert duty.sources[0].rule is duty.rule
        for one in duty.sources:
            assert one.told.en, duty.id
            assert one.told.zh, duty.id
        assert duty.when.set_by.en
        if duty.when.source is None:
            assert duty.when.set_by.zh == "由 hegui 设定"


def test_numbers_are_named_by_the_duty_that_asks_for_them() -> None:
    values = {name: one.value for name, one in parameters().items()}
    for duty in duties().values():
        said = duty.said(values)
        assert "{" not in said.en + said.zh, duty.id
        assert set(duty.parameters) <= set(parameters()), duty.id
        for name in parameters():
            asked = f"{{{name}}}" in duty.says.en
            assert asked is (f"{{{name}}}" in duty.says.zh), duty.id
            assert not asked or name in duty.parameters, duty.id
    asked_for = {name for duty in duties().values() for name in duty.parameters}
    assert asked_for == set(parameters())


def test_what_nobody_read_in_the_original_is_marked() -> None:
    assert duties()["a12"].read_in_original
    assert not duties()["an13"].read_in_original
    assert "nobody here has read the original" in duties()["an13"].sources[0].told.en
    assert duties()["ir-closing"].reading == "secondary"
    unread = {rule.id for rule in rules().values() if rule.reading == "unread"}
    assert unread == {"gbt45654", "gbt45652", "gbt45674"}
    assert not unread & {duty.rule.id for duty in duties().values()}


def test_the_incident_clocks_depend_on_who_reports() -> None:
    clocks = {duty.id: duty.limit for duty in duties().values() if duty.id.startswith("ir4")}
    hours = {name: limit.amount for name, limit in clocks.items() if limit is not None}
    assert hours == {"ir4-other": 4, "ir4-cii": 1, "ir4-central": 2}
    assert all(limit.unit == "hours" for limit in clocks.values() if limit is not None)


def test_the_measures_themselves_set_no_number() -> None:
    for one in deadlines().values():
        assert (one.use == "promptly") is (one.amount == 0), one.id
        if one.source.rule.id == MEASURES:
            assert one.use == "promptly"


def test_roles_and_parties_are_all_used() -> None:
    used = {duty.owner.id for duty in duties().values()}
    used |= {role.id for duty in duties().values() if duty.attest for role in duty.attest.roles}
    assert used == set(roles())
    met = {party.id for duty in duties().values() for party in (duty.bearer, *duty.owed_to)}
    assert met <= set(parties())


def test_a_source_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        source({"rule": "no-such-rule", "place": "1"})


def test_every_row_has_both_languages() -> None:
    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            if "en" in value or "zh" in value:
                assert bool(value.get("en")) is bool(value.get("zh")), path
                assert "en" in value, path
                assert "zh" in value, path
                assert not any("\u4e00" <= char <= "\u9fff" for char in value["en"]), path
            for key, inner in value.items():
                walk(inner, f"{path}/{key}")
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                walk(inner, f"{path}/{place}")

    for file in sorted(DATA.rglob("*.json")):
        walk(json.loads(file.read_text("utf-8")), file.name)


def test_ids_are_unique_in_every_list() -> None:
    for file in sorted(DATA.rglob("*.json")):
        for key, rows in json.loads(file.read_text("utf-8")).items():
            if isinstance(rows, list):
                ids = [row["id"] for row in rows if isinstance(row, dict) and "id" in row]
                assert len(ids) == len(set(ids)), (file.name, key)


def test_the_digest_is_what_two_programs_print() -> None:
    command = (
        "find . -name '*.json' -not -path './profiles/*' | LC_ALL=C sort"
        " | xargs sha256sum | sha256sum"
    )
    done = subprocess.run(  # noqa: S603 - our own command over our own files
        ["sh", "-c", command],  # noqa: S607 - any shell
        cwd=DATA,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[0] == catalogue().digest


def test_the_catalogue_cannot_be_changed_by_who_reads_it() -> None:
    for part in (catalogue().duties, catalogue().rules, catalogue().roles, catalogue().deadlines):
        assert not hasattr(part, "__setitem__")
