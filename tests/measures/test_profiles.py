from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from hegui.measures import Facts, duties, parameters, profiles, tailored
from hegui.settings import Settings, inspect
from hegui.terms import Misconfigured

HEAD = """\
[service]
name = "A service"
scope = "public"
contact = "help@example.com"
minors = false
[[upstream]]
name = "model"
base_url = "http://127.0.0.1:1/v1"
models = ["m"]
operator = "A firm"
location = "mainland"
role = "entrusted"
trains_on_inputs = false
"""


def settings(duties_table: str) -> Settings:
    read, problems = inspect(HEAD + dedent(duties_table), path=Path("hegui.toml"))
    assert read is not None, [problem.sentence.en for problem in problems]
    return read


def test_both_profiles_hold_every_parameter() -> None:
    assert set(profiles()) == {"tc260-003", "gbt-45654-2025"}
    for profile in profiles().values():
        assert set(profile.numbers) == set(parameters())


def test_carried_over_values_are_flagged_until_they_were_checked() -> None:
    new, old = profiles()["gbt-45654-2025"], profiles()["tc260-003"]
    assert all(value.flagged for value in new.values.values())
    assert not any(value.flagged for value in old.values.values())
    confirmed = {name for name, value in new.values.items() if value.checked == "secondary"}
    assert "keyword_total" in confirmed
    assert "manual_pass_rate" not in confirmed
    checked = tailored(settings('[duties]\nchecked_against = "GB/T 45654-2025, legal, 2026-11"'))
    assert not any(value.flagged for value in checked.values.values())


def test_an_unknown_parameter_is_refused_with_its_line() -> None:
    with pytest.raises(Misconfigured) as refused:
        tailored(settings("[duties.parameters]\nkeyword_total = 12000\nkeyword_totl = 12000"))
    assert "line 16 duties.parameters.keyword_totl" in refused.value.words.en
    assert "did you mean keyword_total?" in refused.value.words.en
    assert "第 16 行" in refused.value.words.zh


def test_a_number_of_ones_own_is_stricter_or_compared_with_the_text() -> None:
    lax = "[duties.parameters]\nkeyword_total = 5000\nkeyword_update_days = 30\n"
    with pytest.raises(Misconfigured, match="2 to put right"):
        tailored(settings(lax))
    strict = tailored(settings("[duties.parameters]\nkeyword_total = 20000\n"))
    assert strict.numbers["keyword_total"] == 20_000
    assert strict.values["keyword_total"].checked == "provider"
    compared = tailored(settings(f'[duties]\nchecked_against = "the text"\n{lax}'))
    assert compared.numbers["keyword_update_days"] == 30


def test_a_duty_is_taken_away_only_with_a_reason_on_record() -> None:
    profile = tailored(
        settings(
            """
            [duties]
            own_model = false
            modalities = ["text"]
            [duties.reasons]
            own_model = "we only call a filed model"
            modalities = "the upstream gives text only"
            """
        )
    )
    training, image = duties()["a7-2"], duties()["lm4-image"]
    assert profile.applies(training).answer == "no"
    assert profile.reason(training) == "we only call a filed model"
    assert profile.reason(image) == "the upstream gives text only"
    assert profile.applies(duties()["a12"]).answer == "yes"
    assert profile.reason(duties()["a12"]) == ""
    assert profile.applies(duties()["a8-qa"]).answer == "open"


def test_minors_who_are_turned_away_leave_their_own_duties_behind() -> None:
    profile = tailored(settings(""))
    assert profile.facts.minors is False
    assert profile.reason(duties()["mo43"]) == "service.minors = false"
    assert profile.applies(duties()["a10-3"]).answer == "yes"


def test_an_internal_service_still_owes_what_other_laws_say() -> None:
    facts = Facts(public=False)
    for duty in duties().values():
        if duty.rule.id in ("interim-measures", "labelling", "order21", "tc260-003"):
            gone = duty.applies.on(facts).answer == "no"
            assert gone is duty.binds_provider, duty.id
        if duty.rule.id in ("pipl", "incidents"):
            assert duty.applies.on(facts).answer != "no", duty.id


def test_everything_that_a_status_depends_on_is_in_the_digest() -> None:
    one = profiles()["tc260-003"]
    others = [
        profiles()["gbt-45654-2025"],
        replace(one, facts=Facts(public=True)),
        replace(one, facts=Facts(public=False)),
        replace(one, facts=Facts(modalities=frozenset({"text"}))),
        replace(one, reasons={"own_model": "because"}),
        replace(one, checked_against="a text"),
        tailored(settings('[duties]\nprofile = "tc260-003"\nparameters = {bank_total = 3000}')),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 8
    assert replace(one).digest == one.digest
