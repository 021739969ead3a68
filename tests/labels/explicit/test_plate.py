import pytest

from hegui.labels.explicit import plate


@pytest.mark.parametrize("shorter", [240, 480, 481, 1080, 4000])
def test_every_letter_is_five_per_cent_of_the_shorter_side(shorter: int) -> None:
    assert plate.text_height(shorter) >= shorter * 0.05


def test_the_notice_names_ai_and_that_it_was_generated() -> None:
    assert "AI" in plate.NOTICE
    assert "生成" in plate.NOTICE


def test_every_glyph_of_the_notice_is_in_the_font() -> None:
    font = plate.font_for(480)
    missing = font.getmask("\ue000").getbbox()
    assert all(bytes(font.getmask(one)) != bytes(font.getmask("\ue000")) for one in plate.NOTICE)
    assert missing is not None
