"""Forms as callers send them, and as nobody should."""

import pytest

from hegui.gateway.media.multipart import Part, read_form
from hegui.terms import BadRequest

TYPE = "multipart/form-data; boundary=b"


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def field(name: str, held: bytes, more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{more}'
    return head.encode() + b"\r\n\r\n" + held


def test_parts_are_told_apart_whatever_they_hold() -> None:
    held = b"\r\n--c\r\n\0\xff"
    body = form(field("a", b"one"), field("f", held, '; filename="x; y.png"'), field("e", b""))
    assert read_form(body, 'multipart/form-data; charset=utf-8; boundary="b"') == [
        Part("a", b"one", is_file=False),
        Part("f", held, is_file=True),
        Part("e", b"", is_file=False),
    ]


def test_a_preamble_is_passed_over() -> None:
    assert [part.name for part in read_form(b"hello\r\n" + form(field("a", b"1")), TYPE)] == ["a"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(field("a", b"1")), "application/json"),
        (form(field("a", b"1")), "multipart/form-data"),
        (form(field("a", b"1")), "multipart/form-data; boundary=" + "x" * 71),
        (b"", TYPE),
        (form(field("a", b"1"), end=b""), TYPE),
        (form(field("a", b"1"))[:-6], TYPE),
        (form(field("", b"1")), TYPE),
        (form(b"Content-Type: text/plain\r\n\r\n1"), TYPE),
        (form(b"no headers"), TYPE),
        (form(b"\xff: 1\r\n\r\n1"), TYPE),
        (form(b"X: " + b"y" * 5_000 + b"\r\n" + field("a", b"1")), TYPE),
        (form(*[field("a", b"1")] * 65), TYPE),
        (form(b"Content-Transfer-Encoding: base64\r\n" + field("a", b"MQ==")), TYPE),
    ],
)
def test_what_is_no_whole_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(BadRequest):
        read_form(body, kind)


def test_a_form_that_is_cut_anywhere_is_refused() -> None:
    body = form(field("a", b"one"), field("f", b"two", '; filename="x"'))
    for length in range(len(body) - 4):
        with pytest.raises(BadRequest):
            read_form(body[:length], TYPE)
