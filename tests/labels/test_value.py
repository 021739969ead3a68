"""A label's value is written as Appendix E has it, and read in every form that was seen."""

import json

import pytest

from hegui.labels.value import FIELDS, Implicit, parsed

CODE = "001191110102MACQD9K64010000"
LABEL = Implicit("1", CODE, "a-1", "", CODE, "a-1", "")
FORMS = {
    "inner": LABEL.inner(),
    "wrapped": LABEL.wrapped(),
    "with entities": LABEL.inner().replace('"', "&quot;"),
    "encoded twice": json.dumps(LABEL.inner()),
    "wrapped, encoded twice inside": json.dumps({"AIGC": LABEL.inner()}),
    "after the word": "AIGC" + LABEL.inner(),
    "with a charset before and zeros behind": "ASCII\0\0\0" + LABEL.wrapped() + "\0\0",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_as_the_same_label(form: str) -> None:
    found = parsed(FORMS[form])
    assert found is not None
    assert found.implicit == LABEL


@pytest.mark.parametrize("form", [form for form in FORMS if "twice" in form])
def test_what_was_encoded_twice_is_read_and_said(form: str) -> None:
    found = parsed(FORMS[form])
    assert found is not None
    assert [fault.code for fault in found.faults] == ["encoded-twice"]


def test_the_fields_are_written_in_the_order_of_the_appendix() -> None:
    assert tuple(json.loads(LABEL.inner())) == FIELDS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Label": 1}, "not-a-string"),
        ({"Label": "4"}, "label"),
        ({"ContentProducer": "某公司"}, "character"),
        ({"ProduceID": "a b"}, "character"),
        ({"ProduceID": ""}, "empty-field"),
        ({"Extra": "x"}, "unknown-field"),
    ],
)
def test_each_fault_is_named(change: dict[str, object], code: str) -> None:
    found = parsed(json.dumps({**json.loads(LABEL.inner()), **change}))
    assert found is not None
    assert code in [fault.code for fault in found.faults]


def test_a_missing_field_is_named() -> None:
    fields = json.loads(LABEL.inner())
    del fields["ReservedCode2"]
    found = parsed(json.dumps(fields))
    assert found is not None
    assert found.implicit is None
    assert [fault.code for fault in found.faults] == ["missing-field"]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"a": 1}', "[1]", "AIGC", "{" * 70_000, "null"])
def test_what_names_no_field_is_no_label(text: str) -> None:
    assert parsed(text) is None


def test_the_form_with_a_service_provider_is_a_label_with_faults() -> None:
    found = parsed('{"Label":"1","ServiceProvider":"x","Time":"t","ContentId":"c"}')
    assert found is not None
    assert {fault.code for fault in found.faults} >= {"missing-field", "unknown-field"}
