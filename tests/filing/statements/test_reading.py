"""A statement is refused with what is missing, and where."""

from datetime import date

import pytest
from tests.filing.statements.made import filled

from hegui.filing.statements import SORTS, read
from hegui.filing.statements.drafting import draft
from hegui.filing.statements.reading import MOST_BYTES, in_force
from hegui.terms import BadRequest

every_sort = pytest.mark.parametrize("kind", SORTS)


def refused(text: str | bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        read(text.encode() if isinstance(text, str) else text)
    assert caught.value.words.zh != caught.value.words.en
    return caught.value.words.en


@every_sort
def test_a_draft_is_never_fit_to_be_published(kind: str) -> None:
    text = draft(SORTS[kind], dict.fromkeys(SORTS[kind].elements, '配置 "里"\\\n\x00的内容'))
    assert "草稿" in text
    assert "still holds the slot" in refused(text)


@every_sort
def test_a_filled_draft_is_fit(kind: str) -> None:
    found = read(filled(kind).encode())
    assert set(found.elements) == set(SORTS[kind].elements)
    assert set(found.limits) == set(SORTS[kind].limits)
    in_force(found, date(2026, 1, 1))


@every_sort
def test_each_element_that_is_missing_is_named(kind: str) -> None:
    for name in SORTS[kind].elements:
        text = filled(kind).replace(f"[element.{name}]\nzh", f"[element.{name}]\nen")
        assert f"element.{name}.zh" in refused(text)


@pytest.mark.parametrize("name", ["accept_days", "handle_days", "feedback_days"])
@pytest.mark.parametrize("value", ["0", "366", "true", "1.5", '"15"'])
def test_a_limit_is_a_whole_number_of_days(name: str, value: str) -> None:
    said = refused(filled("complaints").replace(f"{name} = 15", f"{name} = {value}"))
    assert f"limits.{name}" in said


def test_an_answer_is_not_promised_before_the_handling() -> None:
    text = filled("complaints").replace("feedback_days = 15", "feedback_days = 3")
    assert "feedback_days" in refused(text)


@pytest.mark.parametrize(
    ("kind", "old", "new", "where"),
    [
        ("model", "Beijing-ShiLi-20230821", "12345", "model[1].number"),
        ("model", "1" * 21, "1" * 20, "model[1].algorithm"),
        ("model", "https://example.com/a", "javascript:alert(1)", "model[1].link"),
        ("model", '"filing"', '"none"', "model[1].basis"),
        ("model", "[[model]]", "[[model]]\nmore = 1", "model[1]"),
        ("licences", "B2-20230001", "B2-2023", "licence[1].number"),
        ("licences", "2099-12-31", "2099-02-30", "licence[1].until"),
        ("licences", "2099-12-31", "20991231", "licence[1].until"),
        ("licences", '"telecom"', '"what"', "licence[1].sort"),
        ("licences", "[[licence]]", "[[licences]]", "licences"),
        ("labels", "[element.duties]", "[element.surprise]", "element.surprise"),
        ("labels", 'kind = "labels"', 'kind = "other"', "other"),
    ],
)
def test_what_has_the_wrong_shape_is_named(kind: str, old: str, new: str, where: str) -> None:
    text = filled(kind)
    assert old in text
    assert where in refused(text.replace(old, new))


def test_a_licence_that_has_expired_is_refused_and_its_last_day_is_not() -> None:
    found = read(filled("licences").encode())
    in_force(found, date(2099, 12, 31))
    with pytest.raises(BadRequest, match="expired on 2099-12-31"):
        in_force(found, date(2100, 1, 1))


def test_english_is_given_everywhere_or_nowhere() -> None:
    text = filled("labels").replace("[element.duties]\n", '[element.duties]\nen = "Keep them"\n')
    assert "has no English" in refused(text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"kind = ",
        b"kind = [1]",
        b"a=" + b"[" * 5000,
        b"x" * (MOST_BYTES + 1),
        b'kind = "labels"\nelement = 1',
        b'kind = "labels"\n[element]\nexplicit = 1',
        b'kind = "complaints"\nlimits = [1]',
        b'kind = "model"\nmodel = [1]',
    ],
)
def test_a_hostile_file_is_refused_and_nothing_else(content: bytes) -> None:
    refused(content)


@pytest.mark.parametrize("head", ["[element", "[element.explicit.zh", "[licence", "[limits"])
def test_tables_in_tables_without_end_are_refused(head: str) -> None:
    assert refused('kind = "labels"\n' + head + ".a" * 3_000 + "]\n")


def test_a_file_that_is_no_statement_is_said_to_be_none_with_the_reason_in_both_languages() -> None:
    for content, en, zh in (
        (b"", "it is empty", "文件为空"),
        (b'kind = "\xff"', "it is not UTF-8", "不是 UTF-8"),
        (b"a = " + b"[" * 99_999, "nested too deep", "嵌套过深"),
    ):
        with pytest.raises(BadRequest) as refused:
            read(content)
        said = refused.value.words
        assert (en in said.en, zh in said.zh) == (True, True), said
