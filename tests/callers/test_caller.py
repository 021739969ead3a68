from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.callers import ANONYMOUS, Audience, Claims, resolve, subject_in
from hegui.terms import BadRequest

MINOR_KEY = replace(ANONYMOUS, id="k", audience="minor")


def test_the_signed_word_wins_over_the_key_and_the_body() -> None:
    caller = resolve(MINOR_KEY, Claims("signed", "adult"), {}, "said")
    assert (caller.audience, caller.subject_raw) == ("adult", "signed")


def test_without_a_signature_the_key_and_the_body_count() -> None:
    caller = resolve(MINOR_KEY, None, {}, "said")
    assert (caller.audience, caller.subject_raw) == ("minor", "said")
    assert resolve(MINOR_KEY, Claims(None, None), {}, None).subject_raw is None


audiences = st.sampled_from(get_args(Audience))


@given(audiences, st.none() | audiences, audiences)
def test_an_unsigned_header_can_only_tighten(
    key: Audience, signed: Audience | None, said: str
) -> None:
    record = replace(ANONYMOUS, audience=key)
    claims = Claims(None, signed)
    without = resolve(record, claims, {}, None).audience
    with_it = resolve(record, claims, {"x-hegui-audience": said}, None).audience
    assert with_it == ("minor" if said == "minor" else without)


def test_an_unknown_audience_is_a_mistake_and_not_an_adult() -> None:
    with pytest.raises(BadRequest):
        resolve(ANONYMOUS, None, {"x-hegui-audience": "child"}, None)


def test_the_subject_is_never_printed() -> None:
    assert "Zhang" not in repr(resolve(ANONYMOUS, Claims("Zhang", None), {}, "Zhang"))


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ({}, None),
        ({"user": "u"}, "u"),
        ({"user": "u", "safety_identifier": "s"}, "s"),
        ({"user": "u", "safety_identifier": None}, "u"),
        ({"user": ""}, None),
    ],
)
def test_the_body_names_the_user_by_safety_identifier_first(
    body: dict[str, Any], subject: str | None
) -> None:
    assert subject_in(body) == subject


@pytest.mark.parametrize("value", [3, ["a"], {"a": 1}, "x" * 513, True])
def test_a_user_that_is_no_short_text_is_a_bad_request(value: object) -> None:
    with pytest.raises(BadRequest) as caught:
        subject_in({"user": value})
    assert caught.value.param == "user"
