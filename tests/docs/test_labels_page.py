"""docs/labels.md is written from a run: it has every row, and nothing in it failed."""

from pathlib import Path

import pytest
from tools.labels_matrix import COLUMNS, NOBODY, NOT_SHOWN, STATES, YES
from tools.matrix_files import FORMATS, SUFFIXES
from tools.matrix_readers import OPENERS, READERS

from hegui.labels.formats import FORMATS as LISTED
from hegui.terms import Lang

ROOT = Path(__file__).resolve().parents[2]
PAGES: dict[Lang, str] = {"en": "labels.md", "zh": "labels.zh.md"}


def rows(lang: Lang) -> list[list[str]]:
    text = (ROOT / "docs" / PAGES[lang]).read_text(encoding="utf-8")
    first = "\n".join(text.splitlines()).partition("\n| ")[2].partition("\n\n")[0]
    lines = [
        line.strip("| ").split(" | ") for line in f"| {first}".splitlines() if line.startswith("| ")
    ]
    assert lines[0] == [one.say(lang) for one in COLUMNS]
    return lines[1:]


@pytest.mark.parametrize("lang", PAGES)
def test_the_page_has_every_format_in_every_state(lang: Lang) -> None:
    wanted = [(form, state.say(lang)) for form in FORMATS for state in STATES.values()]
    assert [(one[0], one[1]) for one in rows(lang)] == wanted


def test_nothing_on_the_page_failed() -> None:
    for form, _, written, ours, readers, same, openers in rows("en"):
        assert written.strip("`")
        assert (ours, same) == (YES, YES)
        others = set(readers.split(", "))
        assert others <= READERS.keys() or (form in NOT_SHOWN and readers == NOBODY)
        assert set(openers.split(", ")) <= OPENERS.keys()


def test_both_languages_say_the_same() -> None:
    english, chinese = ([one[2:] for one in rows(lang)] for lang in PAGES)
    assert english == chinese


def test_every_format_that_has_a_place_is_on_the_page() -> None:
    named = {"apng": "png", "docx": "ooxml", "xlsx": "ooxml", "pptx": "ooxml"}
    on_page = {named.get(form, form) for form in FORMATS}
    beside = {"bmp", "ole", "txt", "html", "csv", "json"}
    assert on_page | beside == {form.name for form in LISTED}
    assert not on_page & beside
    assert SUFFIXES.keys() <= set(FORMATS)
