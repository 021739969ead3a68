"""The two hard promises: a broken part lets nothing through, and what nobody looks for is seen."""

import random

import pytest

from hegui.screen.panel import Panel, Screening, judge
from hegui.screen.policy import (
    Layer,
    Policy,
    Rule,
    default_policy,
    minors_layer,
    tailored,
)
from hegui.terms import Action, Detector, Fault, Findings, Role, RuleInfo, TextColumn, Words
from hegui.testing.fakes import Breaks, Finds, Lazy, Miscounts, Scores

STRICT = Policy(
    (
        Layer(
            "strict",
            {Role.USER: {"A.1.g": Rule(Action.REFUSE), "A.4.f": Rule(Action.MASK)}},
        ),
    )
)


def rule(name: str, risk: str, kind: str = "") -> RuleInfo:
    return RuleInfo(name, risk, kind or name, Words("", ""), "", Words("", ""))


def one(detector: Detector, text: str = "hello 555 scam") -> Action:
    (verdict,) = judge(Panel([[detector]]), STRICT, [text], [Role.USER])
    return verdict.action


@pytest.mark.parametrize(
    "detector",
    [Breaks(), Miscounts(), Lazy(), Scores(float("nan")), Scores(float("inf")), Scores(-0.5)],
    ids=lambda d: type(d).__name__,
)
def test_a_broken_detector_never_lets_a_text_through(detector: Detector) -> None:
    (verdict,) = judge(Panel([[detector]]), STRICT, ["hello"], [Role.USER])
    assert verdict.action is Action.REFUSE
    assert verdict.faults


def test_a_report_about_the_inside_of_a_character_is_a_fault() -> None:
    class Splits(Finds):
        def inspect(self, column: TextColumn) -> Findings:
            found = Findings()
            found.add(len(column) - 1, self.rule, 1, 2)
            return found

    (verdict,) = judge(Panel([[Splits("字")]]), STRICT, ["字"], [Role.USER])
    assert verdict.faults == (Fault("finds", "span"),)


def test_a_rule_that_nobody_announced_is_a_fault() -> None:
    class Invents(Finds):
        def inspect(self, column: TextColumn) -> Findings:
            found = Findings()
            found.add(len(column) - 1, "invented", 0, 1)
            return found

    (verdict,) = judge(Panel([[Invents("x")]]), STRICT, ["x"], [Role.USER])
    assert verdict.faults == (Fault("finds", "unknown-rule"),)


def test_the_strictest_finding_rules_and_all_are_kept() -> None:
    panel = Panel([[Finds("scam", "A.1.g", name="a"), Finds("555", "A.4.f", name="b")]])
    mild, hard = judge(panel, STRICT, ["hello 555", "scam 555"], [Role.USER] * 2)
    assert (mild.action, hard.action) == (Action.MASK, Action.REFUSE)
    assert len(hard.findings) == 2


def test_a_refused_row_is_spared_later_stages() -> None:
    late = Finds("555", "A.4.f", name="late")
    panel = Panel([[Finds("scam", "A.1.g", name="early")], [late]])
    judge(panel, STRICT, ["scam", "hello"], [Role.USER] * 2)
    assert late.seen == ["hello"]


def test_spans_are_given_in_characters_of_the_row() -> None:
    panel = Panel([[Finds("电话", "A.4.f")]])
    (verdict,) = judge(panel, STRICT, ["我的😀电话"], [Role.USER])
    (finding,) = verdict.findings
    assert (finding.start, finding.end) == (3, 5)


def test_a_risk_that_the_policy_does_not_speak_of_costs_what_a_fault_costs() -> None:
    assert one(Finds("scam", "A.9.z")) is Action.REFUSE


def test_the_more_particular_rule_is_the_one_that_counts() -> None:
    table = {
        "*": Rule(Action.REFUSE),
        "A.4": Rule(Action.HOLD),
        "A.4.f": Rule(Action.MASK),
        "mobile": Rule(Action.ALLOW),
        "pii.mobile": Rule(Action.HOLD),
    }
    policy = Policy((Layer("x", {Role.USER: table}),))

    def of(name: str, risk: str, kind: str = "") -> Action:
        return policy.action_for(Role.USER, rule(name, risk, kind), 1.0)

    assert of("pii.mobile", "A.4.f", "mobile") is Action.HOLD
    assert of("other.mobile", "A.4.f", "mobile") is Action.ALLOW
    assert of("pii.email", "A.4.f") is Action.MASK
    assert of("lex.x", "A.4.a") is Action.HOLD
    assert of("lex.x", "A.1.a") is Action.REFUSE


def test_joining_policies_never_makes_them_laxer() -> None:
    rng = random.Random(2)
    risks = ["A.1.a", "A.4.f", "A.4", "*", "x"]

    def some() -> Policy:
        table = {
            k: Rule(Action(rng.randrange(4)), rng.random()) for k in risks if rng.random() < 0.6
        }
        layer = Layer("r", {Role.USER: table}, Action(rng.randrange(4)), Action(rng.randrange(4)))
        return Policy((layer,), frozenset(r for r in risks if rng.random() < 0.5))

    for _ in range(500):
        left, right = some(), some()
        both = left.join(right)
        score, info = rng.random(), rule("x", rng.choice(risks[:2]))
        parts = [p.action_for(Role.USER, info, score) for p in (left, right)]
        assert both.action_for(Role.USER, info, score) == max(parts)
        assert both.on_fault == max(left.on_fault, right.on_fault)
        assert both.release <= left.release
        assert both.digest not in (left.digest, right.digest)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("role", list(Role))
def test_a_minors_policy_is_as_strict_as_the_adults_everywhere(own: bool, role: Role) -> None:  # noqa: FBT001 - parametrized
    adult = default_policy(own_upstream=own, public=True)
    minor = adult.join(minors_layer())
    risks = [f"A.{group}.{letter}" for group in range(1, 6) for letter in "abcdefghi"]
    for score in (0.1, 0.3, 0.5, 1.0):
        for risk in risks:
            info = rule("r", risk)
            assert minor.action_for(role, info, score) >= adult.action_for(role, info, score)


def test_personal_data_goes_to_nobody_else_but_stays_with_the_providers_own_model() -> None:
    info = rule("pii.mobile", "A.4.f", "mobile")
    for own, action in ((True, Action.ALLOW), (False, Action.MASK)):
        policy = default_policy(own_upstream=own, public=True)
        assert policy.action_for(Role.USER, info, 1.0) is action
        assert policy.action_for(Role.REPLY, info, 1.0) is Action.MASK


def test_a_providers_own_choice_comes_before_the_default() -> None:
    stem = default_policy(own_upstream=True, public=True)
    policy = tailored({Role.REPLY: {"A.4.c": Action.MASK}}, stem)
    insult = rule("lex.insult", "A.4.c")
    assert stem.action_for(Role.REPLY, insult, 1.0) is Action.REFUSE
    assert policy.action_for(Role.REPLY, insult, 1.0) is Action.MASK
    assert policy.digest != stem.digest
    assert tailored({}, stem) is stem


def test_every_risk_has_an_answer_under_the_default_policy() -> None:
    policy = default_policy(own_upstream=False, public=True)
    for risk in ("A.1.f", "A.4.a"):
        assert policy.action_for(Role.REPLY, rule("r", risk), 1.0) is Action.REFUSE


def test_the_panels_digest_names_its_detectors_and_their_order() -> None:
    first, second = Finds("a", name="a"), Finds("b", name="b")
    assert Panel([[first], [second]]).digest == Panel([[first], [second]]).digest
    assert Panel([[first], [second]]).digest != Panel([[second], [first]]).digest
    assert Panel([[first, second]]).covers() == {"A.2.a"}


def test_what_is_asked_through_the_door_is_weighed_like_any_other() -> None:
    asked = Finds("scam", "A.1.g", name="asked").card
    screening = Screening(Panel([[asked]]), STRICT, TextColumn.of(["scam", "x"]), [Role.USER] * 2)
    (ask,) = screening.asks()
    found = Findings()
    found.add(0, "asked.scam", 0, 4)
    screening.answer(ask, found)
    assert screening.asks() == ()
    assert [v.action for v in screening.verdicts()] == [Action.REFUSE, Action.ALLOW]


def test_nothing_to_judge_is_nothing_to_do() -> None:
    assert judge(Panel([[Breaks()]]), STRICT, [], []) == []
    assert judge(Panel([]), STRICT, ["x"], [Role.USER])[0].action is Action.ALLOW
    with pytest.raises(ValueError, match="1 texts, but 0 roles"):
        judge(Panel([]), STRICT, ["x"], [])
