import pytest

from hegui.settings import inspect

HEAD = """\
[service]
name = "A service"
scope = "internal"
reason = "for staff"
[[upstream]]
name = "model"
base_url = "http://127.0.0.1:1/v1"
models = ["m"]
"""


def places(table: str) -> list[tuple[int, str]]:
    _, problems = inspect(HEAD + table)
    return [(problem.line, problem.key) for problem in problems]


def test_nothing_has_to_be_said() -> None:
    settings, problems = inspect(HEAD)
    assert not problems
    assert settings is not None
    assert settings.duties.own_model is None
    assert settings.duties.profile == "gbt-45654-2025"


def test_what_takes_duties_away_needs_a_reason() -> None:
    assert places('[duties]\nown_model = false\nmodalities = ["text"]') == [
        (10, "duties.own_model"),
        (11, "duties.modalities"),
    ]
    assert places("[duties]\nown_model = true") == []
    assert places('[duties]\ncii = false\n[duties.reasons]\ncii = "not designated"') == []


@pytest.mark.parametrize("reason", ['""', '" "', "3", '"a\\nb"', '"' + "x" * 501 + '"'])
def test_a_reason_is_one_line_that_says_something(reason: str) -> None:
    table = f"[duties]\ncii = false\n[duties.reasons]\ncii = {reason}"
    assert places(table) == [(12, "duties.reasons.cii")]


def test_a_reason_for_what_is_no_fact_is_refused() -> None:
    assert places('[duties.reasons]\nsize = "small"') == [(10, "duties.reasons.size")]


@pytest.mark.parametrize("number", ['"many"', "true", "-1", "1.5", "1000000001", "[1]"])
def test_a_parameter_is_a_whole_number(number: str) -> None:
    table = f"[duties.parameters]\nkeyword_total = {number}"
    assert places(table) == [(10, "duties.parameters.keyword_total")]


def test_an_unknown_modality_or_profile_is_named_with_its_line() -> None:
    table = '[duties]\nprofile = "mine"\nmodalities = ["text", "smell"]\n'
    table += '[duties.reasons]\nmodalities = "so it is"'
    assert places(table) == [(10, "duties.profile"), (11, "duties.modalities[2]")]


def test_each_parameter_keeps_its_line() -> None:
    settings, _ = inspect(HEAD + "[duties.parameters]\nbank_total = 2000\n\nrefuse_sample = 300")
    assert settings is not None
    assert settings.duties.lines == {"bank_total": 10, "refuse_sample": 12}
