"""Variants of literals: the likeliest forms, bounded in number."""

import pytest

from hegui.detectors.variants import KINDS, MOST, expanded


def test_the_text_itself_stands_first_and_needs_no_kind() -> None:
    assert expanded("制造炸药", ()) == ("制造炸药",)
    assert expanded("制造炸药", KINDS)[0] == "制造炸药"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("头发", "頭髮"),
        ("伪造发票", "偽造發票"),
        ("制造", "製造"),
        ("里面", "裡面"),
        ("里面", "裏面"),
    ],
)
def test_traditional_forms_of_taiwan_and_hong_kong_are_among_the_variants(
    text: str, form: str
) -> None:
    assert form in expanded(text, {"traditional"})


def test_full_width_is_a_form_of_its_own_and_is_combined_with_the_others() -> None:
    assert expanded("make a bomb", {"full_width"}) == ("make a bomb", "ｍａｋｅ　ａ　ｂｏｍｂ")
    assert "製造C４".replace("C", "Ｃ") in expanded("制造C4", {"traditional", "full_width"})


def test_what_no_literal_can_spell_out_adds_none() -> None:
    assert expanded("制造炸药", {"spaced", "homophone"}) == ("制造炸药",)
    assert expanded("kill", {"traditional"}) == ("kill",)


def test_variants_are_bounded_without_duplicates_and_always_the_same() -> None:
    for text in ("干发后里面" * 12, "干" * 64, "发" * 3):
        found = expanded(text, KINDS)
        assert len(found) == len(set(found)) == min(MOST, len(found))
        assert found == expanded(text, sorted(KINDS))
