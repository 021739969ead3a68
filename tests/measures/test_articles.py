from hashlib import sha256

import pytest

from hegui.measures import text
from hegui.measures.places import article, numeral

HAN = range(0x4E00, 0x9FFF)
DIGEST = "0b00eeefecb96e4884afaab0af5d949f8a378123a67418155f11246daf273817"


def test_the_official_text_is_the_one_whose_digest_is_stored() -> None:
    assert sha256(text().official.encode()).hexdigest() == text().digest == DIGEST


def test_a_changed_character_is_seen() -> None:
    changed = text().official.replace("及时", "立即", 1)
    assert sha256(changed.encode()).hexdigest() != text().digest


def test_there_are_24_articles_35_paragraphs_and_13_items() -> None:
    clauses = text().clauses.values()
    assert [one.number for one in text().articles] == list(range(1, 25))
    assert sum(one.item == 0 for one in clauses) == 35
    assert sum(one.item > 0 for one in clauses) == 13
    assert len(text().clauses) == 48


def test_every_clause_speaks_both_languages() -> None:
    for clause in text().clauses.values():
        assert any(ord(char) in HAN for char in clause.text.zh), clause.id
        assert clause.text.en.isprintable()
        assert not any(ord(char) in HAN for char in clause.text.en), clause.id


def test_a_place_covers_what_stands_in_it() -> None:
    assert [one.id for one in text().under("14")] == ["14.p1", "14.p2"]
    assert [one.id for one in text().under("4(5)")] == ["4(5)"]
    assert text().under("25") == text().under("4(6)") == text().under("") == ()


def test_places_are_said_as_the_law_says_them() -> None:
    assert text().label("14.p2").zh == "第十四条第二款"
    assert text().label("4(1)").zh == "第四条第一项"
    assert text().label("15.p1").en == "Art. 15"
    assert text().label("24").zh == "第二十四条"
    with pytest.raises(KeyError):
        text().label("99")


@pytest.mark.parametrize(
    ("place", "en", "zh"),
    [
        ("55-56", "Art. 55–56", "第五十五条至第五十六条"),
        ("24.p3", "Art. 24 para. 3", "第二十四条第三款"),
        ("21(3)", "Art. 21(3)", "第二十一条第三项"),
        ("10", "Art. 10", "第十条"),
    ],
)
def test_places_of_other_laws_are_said_in_the_same_way(place: str, en: str, zh: str) -> None:
    assert (article(place).en, article(place).zh) == (en, zh)


@pytest.mark.parametrize("place", ["", "p1", "4(", "４", "4.p", "4 (1)"])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="place"):
        article(place)


def test_numbers_are_written_in_chinese() -> None:
    assert [numeral(n) for n in (1, 10, 11, 20, 35, 99)] == [
        "一",
        "十",
        "十一",
        "二十",
        "三十五",
        "九十九",
    ]
