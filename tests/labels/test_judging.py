import pytest

from hegui.labels import judging
from hegui.labels.container import Found
from hegui.labels.formats.bmp import BMP
from hegui.labels.formats.png import PNG
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
