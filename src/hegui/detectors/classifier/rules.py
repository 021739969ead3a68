"""The classifier's rules: which label stands for which risk."""

from typing import Final

from hegui.terms import RuleInfo, Words

KIND: Final = "clf.triage"
"""The kind of every rule here, so that a policy can speak of all at once. A score is a reason to
look, not a reason to refuse: policies that come with hegui let it pass and record it."""

_MASK: Final = Words("set aside", "待复核")


def _rule(label: str, risk: str, title: Words) -> RuleInfo:
    return RuleInfo(f"clf.{label}", risk, KIND, title, f"4({risk[2]})", _MASK)


RULES: Final = {
    rule.id: rule
    for rule in (
        _rule(
            "offence_zh",
            "A.4.c",
            Words("Chinese: likely an offence to people", "中文：疑似冒犯、侮辱他人"),
        ),
        _rule(
            "offence_race_zh",
            "A.2.a",
            Words(
                "Chinese: likely an offence on the ground of ethnicity or race",
                "中文：疑似以民族、种族为由冒犯他人",
            ),
        ),
        _rule(
            "offence_region_zh",
            "A.2.d",
            Words(
                "Chinese: likely an offence on the ground of region",
                "中文：疑似以地域为由冒犯他人",
            ),
        ),
        _rule(
            "offence_gender_zh",
            "A.2.e",
            Words(
                "Chinese: likely an offence on the ground of gender",
                "中文：疑似以性别为由冒犯他人",
            ),
        ),
        _rule("sexism_zh", "A.2.e", Words("Chinese: likely sexist", "中文：疑似性别歧视")),
        _rule(
            "offence_en",
            "A.4.c",
            Words("English: likely abusive or hateful language", "英文：疑似辱骂或仇恨言论"),
        ),
        _rule("sexism_en", "A.2.e", Words("English: likely sexist", "英文：疑似性别歧视")),
    )
}
