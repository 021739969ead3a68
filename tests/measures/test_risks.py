from collections import Counter

from hegui.measures import risks


def test_there_are_31_risks_in_five_classes() -> None:
    assert Counter(risk.group.id for risk in risks().values()) == {
        "A.1": 8,
        "A.2": 9,
        "A.3": 5,
        "A.4": 7,
        "A.5": 2,
    }
    assert list(risks()) == sorted(risks())
    assert all(key == risk.id for key, risk in risks().items())


def test_the_minima_add_up_to_those_of_the_texts() -> None:
    rows = risks().values()
    assert sum(risk.min_keywords for risk in rows) == 2_500
    assert sum(risk.min_questions for risk in rows) == 1_130
    assert sum(risk.min_refusals for risk in rows) == 340


def test_what_only_the_provider_can_cover_is_detector_required() -> None:
    required = {risk.id for risk in risks().values() if risk.detector_required}
    assert required == {"A.1.a", "A.1.b", "A.1.c", "A.1.h"}
    assert risks()["A.1.h"].cover == "split"


def test_every_risk_has_a_name_of_its_own_in_both_languages() -> None:
    rows = list(risks().values())
    assert len({risk.name.en for risk in rows}) == len({risk.name.zh for risk in rows}) == 31
    for risk in rows:
        assert risk.name.en.isascii()
        assert any("\u4e00" <= char <= "\u9fff" for char in risk.name.zh)
        assert risk.group.article.startswith("4(")


def test_chinese_names_that_article_4_does_not_hold_are_marked() -> None:
    assert risks()["A.3.d"].zh_confirmed
    assert not risks()["A.5.b"].zh_confirmed


def test_the_catalogue_cannot_be_changed_by_who_reads_it() -> None:
    assert not hasattr(risks(), "__setitem__")
