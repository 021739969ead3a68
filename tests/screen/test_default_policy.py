import pytest

from hegui.screen.policy import Policy, default_policy, minors_layer
from hegui.terms import Action, Role, RuleInfo, Words

ADULT = default_policy(own_upstream=False, public=True)
MINOR = ADULT.join(minors_layer())
BLANK = Words("", "")
ASKING = (Role.SYSTEM, Role.USER, Role.HISTORY, Role.TOOL)


def ruled(policy: Policy, role: Role, rule: str, risk: str, kind: str = "") -> Action:
    info = RuleInfo(rule, risk, kind or rule, BLANK, "", BLANK)
    return policy.action_for(role, info, 1.0)


@pytest.mark.parametrize("role", [*ASKING, Role.REPLY])
def test_credentials_are_masked_and_asking_for_secrets_is_refused(role: Role) -> None:
    assert ruled(ADULT, role, "pii.cloud_key", "A.3.c", "cloud_key") is Action.MASK
    assert ruled(ADULT, role, "lex.trade_secret", "A.3.c") is Action.REFUSE


@pytest.mark.parametrize("policy", [ADULT, MINOR], ids=["adult", "minor"])
@pytest.mark.parametrize("role", [*ASKING, Role.REPLY, Role.DOCUMENT])
def test_what_cannot_be_seen_is_shown_by_a_mask(role: Role, policy: Policy) -> None:
    assert ruled(policy, role, "evasion.fillers", "A.5.b") is Action.MASK


@pytest.mark.parametrize("policy", [ADULT, MINOR], ids=["adult", "minor"])
def test_a_work_may_be_quoted_in_a_question_and_not_reproduced_in_a_reply(policy: Policy) -> None:
    rule, kind = "works.reproduction.w1", "works.reproduction"
    for role in ASKING:
        assert ruled(policy, role, rule, "A.3.a", kind) is Action.ALLOW
    for role in (Role.REPLY, Role.DOCUMENT):
        assert ruled(policy, role, rule, "A.3.a", kind) is Action.REFUSE


@pytest.mark.parametrize("policy", [ADULT, MINOR], ids=["adult", "minor"])
def test_triage_refuses_nobody_by_itself(policy: Policy) -> None:
    for role in (*ASKING, Role.REPLY, Role.DOCUMENT):
        assert ruled(policy, role, "clf.offence_zh", "A.4.c", "clf.triage") is Action.ALLOW
