import pytest

from hegui.labels import judging
from hegui.labels.container import Format, Found, has_place
from hegui.labels.formats import FORMATS
from hegui.labels.formats.bmp import BMP
from hegui.labels.formats.png import PNG
from hegui.labels.formats.texts import HTML
from hegui.labels.value import parsed
from hegui.terms import Words
from hegui.testing.labelled import CODE, LABEL, OTHER


def found(raw: str, *, guide: bool = True, form: str = "png-xmp") -> Found:
    return Found(form, 7, raw, guide=guide, parsed=parsed(raw))


def codes(*labels: Found) -> tuple[str, list[tuple[str, str]]]:
    verdict = judging.judged(labels, PNG)
    return verdict.state, [(one.code, one.clause) for one in verdict.findings]


def test_a_label_as_the_standard_wants_it_is_compliant() -> None:
    assert codes(found(LABEL.inner())) == ("compliant", [])


def test_no_label_is_not_found() -> None:
    assert codes() == ("not_found", [])


def test_two_labels_are_one_too_many() -> None:
    state, findings = codes(found(LABEL.inner()), found(OTHER.inner()))
    assert (state, findings) == ("noncompliant", [("more-than-one", "6.1 c)")])


def test_a_label_in_another_place_than_the_guides_is_told_where_it_belongs() -> None:
    verdict = judging.judged([found(LABEL.wrapped(), guide=False, form="png-text")], PNG)
    assert verdict.state == "noncompliant"
    assert "iTXt" in verdict.findings[0].words.en
    assert "20259A" in verdict.findings[0].words.zh


@pytest.mark.parametrize(
    ("raw", "code", "clause"),
    [
        (LABEL.inner().replace('"Label":"1",', ""), "missing-field", "E.1"),
        (LABEL.inner().replace('"ReservedCode2":""', '"ReservedCode3":""'), "unknown-field", "E.1"),
        (LABEL.inner().replace('"Label":"1"', '"Label":1'), "not-a-string", "E.1"),
        (LABEL.inner().replace('"Label":"1"', '"Label":"4"'), "label", "E.1 c)"),
        (LABEL.inner().replace('"a-1"', '"a 1"'), "character", "E.1 j)"),
        (LABEL.inner().replace('"a-1"', '""'), "empty-field", "6.1 a)"),
        ("AIGC", "unreadable", "E.1"),
    ],
)
def test_each_fault_is_named_with_its_clause(raw: str, code: str, clause: str) -> None:
    state, findings = codes(found(raw))
    assert state == "noncompliant"
    assert (code, clause) in findings


def test_a_fault_in_several_fields_is_told_of_each_and_of_none_twice() -> None:
    verdict = judging.judged([found(LABEL.inner().replace('"a-1"', '""'))] * 2, PNG)
    said = [one.words.en for one in verdict.findings]
    assert len(said) == len(set(said)) == 3


def test_a_name_instead_of_a_code_is_noted_and_no_fault() -> None:
    state, findings = codes(found(LABEL.inner().replace(CODE, "Example-Ltd")))
    assert state == "compliant"
    assert {code for code, _ in findings} == {"provider-code"}


def test_the_code_of_a_platform_that_spreads_content_is_a_code() -> None:
    spreader = f"{CODE[:22]}2{CODE[23:]}"
    assert judging.code_fault(spreader) is None
    assert judging.code_fault(spreader[:-1]) is not None


def test_a_signature_of_another_kind_is_noted() -> None:
    held = '{\\"SecurityData\\":{\\"Type\\":\\"TC260PG\\",\\"PubSD\\":[]}}'
    raw = LABEL.inner().replace('"ReservedCode1":""', f'"ReservedCode1":"{held}"')
    assert codes(found(raw)) == ("compliant", [("signature", "TC260-PG-202511A")])


def test_a_label_beside_a_file_without_a_place_for_one_is_neither_right_nor_wrong() -> None:
    verdict = judging.judged([found(LABEL.inner(), guide=False, form=judging.BESIDE)], BMP)
    assert verdict.state == "inconclusive"
    assert [one.note for one in verdict.findings] == [True]


def test_a_broken_file_is_not_found_wrong() -> None:
    assert judging.broken(Words("cut", "截断")).state == "inconclusive"


def test_a_label_in_a_page_stands_in_no_wrong_place_because_there_is_no_right_one() -> None:
    raw = LABEL.inner()
    verdict = judging.judged([found(raw, guide=False, form="html-meta")], HTML)
    assert verdict.state == "inconclusive"
    assert [(one.code, one.note) for one in verdict.findings] == [("no-place", True)]
    twice = judging.judged([found(raw, guide=False, form="html-meta")] * 2, HTML)
    assert twice.state == "noncompliant", "two are one too many all the same"


def test_a_label_in_the_file_and_the_same_beside_it_are_one() -> None:
    beside = found(LABEL.inner(), guide=False, form=judging.BESIDE)
    meta = found(LABEL.inner(), guide=False, form="html-meta")
    assert judging.judged([meta, beside], HTML).state == "inconclusive"
    verdict = judging.judged([found(LABEL.inner()), beside], PNG)
    assert verdict.state == "compliant"
    assert {one.code for one in verdict.findings} == {"beside"}


def test_who_spread_a_file_may_differ_between_the_label_in_it_and_the_one_beside() -> None:
    spread = LABEL.inner().replace('"PropagateID":"a-1"', '"PropagateID":"p-1"')
    beside = found(spread, guide=False, form=judging.BESIDE)
    assert judging.judged([found(LABEL.inner()), beside], PNG).state == "compliant"


def test_a_label_beside_a_file_that_contradicts_the_one_in_it_is_found() -> None:
    beside = found(OTHER.inner(), guide=False, form=judging.BESIDE)
    state, findings = codes(found(LABEL.inner()), beside)
    assert state == "noncompliant"
    assert ("contradicted", "6.1 c)") in findings


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_format_has_a_place_or_says_that_it_has_none(form: Format) -> None:
    assert has_place(form) is (form.name not in ("txt", "html", "csv", "json", "bmp", "ole"))
