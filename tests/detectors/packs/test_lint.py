"""Judging packs: contradictions, rules that never match, doubles, and what the engine refuses."""

from collections.abc import Sequence

import pytest

from hegui.detectors.exact import fastest
from hegui.detectors.matcher import Matcher
from hegui.detectors.packs import Flaw, Pack, errors, lint, read
from hegui.detectors.targets import Target
from hegui.measures import risks
from hegui.terms import Misconfigured, Words

HEAD = """\
pack: {name}
version: "1"
title: {{en: our own, zh: 自有规则}}
licence: proprietary
source: the compliance desk
rules:
"""


def rule(name: str, **more: object) -> str:
    keys: dict[str, object] = {"risk": "A.3.b", "severity": "high", "added": "2026-01-01"}
    keys |= {"cases": "{match: [甲乙丙], clean: [别的]}", "literals": "[甲乙丙]", **more}
    told = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    return f"  - id: {name}\n    title: {{en: a, zh: 甲}}\n    mask: {{en: r, zh: 屏}}\n{told}"


def pack(*rules: str, name: str = "own") -> Pack:
    made, flaws = read(HEAD.format(name=name) + "".join(rules))
    assert made is not None, flaws
    return made


def flaws_of(*rules: str, shipped: bool = False) -> list[Flaw]:
    return lint({"own.yaml": pack(*rules)}, risks(), shipped=shipped)["own.yaml"]


def told(flaws: list[Flaw]) -> list[tuple[int, str]]:
    return [(flaw.line, flaw.weight) for flaw in flaws]


def test_a_sound_rule_has_no_flaw() -> None:
    assert flaws_of(rule("own.a")) == []
    assert flaws_of(rule("own.a"), shipped=True) == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"risk": "A.5.z"}, "no risk A.5.z"),
        ({"retired": "2026-01-01"}, "retired before it is added"),
        ({"cases": "{match: [别的], clean: [甲乙]}"}, "finds nothing in this case of match"),
        (
            {"cases": "{match: [甲乙丙], clean: [说甲乙丙]}"},
            "finds something in this case of clean",
        ),
        ({"exceptions": "[甲乙丙丁, 甲乙丙]"}, "covers the whole literal"),
        ({"literals": f"[{'甲' * 65}]"}, "may span 65 characters; a rule may span 64"),
        ({"patterns": "['甲{60}乙{60}']"}, "may span 120"),
        ({"patterns": "['甲.*乙']"}, "has no bound"),
        ({"patterns": "['(a+)+b']"}, "'+' is not in our subset"),
        ({"patterns": "['(a|a)*b']"}, "'*' is not in our subset"),
        ({"patterns": "['((a{1,250}){1,250}){1,250}']"}, "characters long; the bound is 256"),
        ({"patterns": "['甲(?=乙)']"}, "no look-around"),
        ({"patterns": "['(甲)\\1']"}, "not in our subset"),
        ({"patterns": "['甲?']"}, "matches the empty text"),
        ({"patterns": "['[\\u4e00-\\u9fa5]{1,60}']"}, "too large for the matching engine"),
        ({"clause": "true", "literals": f"[{'甲' * 201}]"}, "may span 201 characters"),
        ({"clause": "true", "literals": "[甲。乙]"}, "after the end of a clause"),
        ({"clause": "true", "exceptions": f"[{'甲' * 257}]"}, "may span 257 characters"),
        ({"clause": "true", "exceptions": "[{pattern: '甲.*乙'}]"}, "an exception needs one"),
        ({"clause": "true", "patterns": "['甲.*']"}, "between two pieces"),
    ],
)
def test_what_is_wrong_with_a_rule_is_an_error(more: dict[str, object], why: str) -> None:
    found = errors(flaws_of(rule("own.a", **more)))
    assert found
    assert any(why in flaw.words.en for flaw in found), found
    assert all(flaw.rule == "own.a" and flaw.words.zh for flaw in found)


def test_without_a_bound_a_rule_must_say_that_it_needs_the_clause() -> None:
    more = {"patterns": "['甲.*丙']", "literals": "", "cases": "{match: [甲很丙], clean: [丙甲]}"}
    assert errors(flaws_of(rule("own.a", **more)))
    assert flaws_of(rule("own.a", clause="true", **more)) == []


def test_a_rule_whose_every_word_is_excepted_never_finds_anything() -> None:
    flaws = flaws_of(rule("own.a", exceptions="[甲乙丙]", cases="{clean: [甲乙丙]}"))
    assert any("can never find anything" in flaw.words.en for flaw in flaws)


def test_hegui_ships_no_rule_for_what_only_the_provider_can_attach() -> None:
    for risk in ("A.1.a", "A.1.b", "A.1.c"):
        assert errors(flaws_of(rule("own.a", risk=risk), shipped=True))
        assert not errors(flaws_of(rule("own.a", risk=risk)))


def test_what_is_shipped_has_cases_and_a_providers_list_need_not() -> None:
    bare = rule("own.a", cases="{}")
    assert len(errors(flaws_of(bare, shipped=True))) == 2
    assert {flaw.weight for flaw in flaws_of(bare)} == {"note"}


def test_what_the_engine_refuses_is_an_error_also_where_no_case_is_tried() -> None:
    def refusing(targets: Sequence[Target], exceptions: Sequence[Target]) -> Matcher:
        if any("[Bb]" in target.pattern.source for target in (*targets, *exceptions)):
            raise Misconfigured(Words("the engine refuses it", "引擎拒绝"))
        return fastest(targets, exceptions)

    for more in ({"patterns": "['b{2}']"}, {"exceptions": "[{pattern: 'b{2}甲乙丙'}]"}):
        bare = pack(rule("own.a", cases="{}", **more))
        (found,) = errors(lint({"own.yaml": bare}, risks(), compiler=refusing)["own.yaml"])
        assert found.words.en == "the engine refuses it"


def test_doubles_are_noted_also_as_variants_and_in_another_pack() -> None:
    twice = rule(
        "own.a", literals="[甲乙丙, 国家, 甲乙丙, 國家, Abc, aBC]", variants="[traditional]"
    )
    found = [flaw for flaw in flaws_of(twice) if "literal" in flaw.words.en]
    assert [flaw.weight for flaw in found] == ["note"] * 3
    assert "stands also in own.yaml, line" in found[0].words.en
    assert "a variant of" in found[1].words.en
    packs = {"a.yaml": pack(rule("own.a")), "b.yaml": pack(rule("own.b"), name="b")}
    both = lint(packs, risks())
    assert (len(both["a.yaml"]), len(both["b.yaml"])) == (0, 1)
    assert "in a.yaml, line" in both["b.yaml"][0].words.en


def test_ids_that_stand_twice_are_errors() -> None:
    packs = {"a.yaml": pack(rule("own.a")), "b.yaml": pack(rule("own.a"))}
    both = lint(packs, risks())
    assert len(errors(both["b.yaml"])) == 2, "the pack's and the rule's"
    beside = lint({"b.yaml": packs["b.yaml"]}, risks(), beside={"a.yaml": packs["a.yaml"]})
    assert list(beside) == ["b.yaml"]
    assert len(errors(beside["b.yaml"])) == 2
