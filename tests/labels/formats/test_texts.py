"""Texts: what has no place says so, what others put into a page is read, and names decide."""

import time
from html import escape

import pytest

from hegui.labels.formats import FORMATS
from hegui.labels.formats.markdown import MARKDOWN
from hegui.labels.formats.pdf import PDF
from hegui.labels.formats.texts import CSV, HTML, JSON, TXT, is_text
from hegui.terms import BadRequest
from hegui.testing.documents import docx, pdf
from hegui.testing.labelled import OTHER, labelled, labels, payload
from hegui.testing.pictures import samples

VALUE = escape(OTHER.inner())
TAGS = [
    f'<meta name="AIGC" content="{VALUE}">',
    f"<META content='{OTHER.inner()}'\nNAME=aigc />",
    f'<meta property="og:AIGC" content="{escape(OTHER.wrapped())}"/>',
]


@pytest.mark.parametrize("tag", TAGS)
def test_a_label_in_a_page_is_read_and_is_at_no_place_that_a_guide_names(tag: str) -> None:
    data = f"<!doctype html><meta charset=utf-8><title>题</title>{tag}<p>x".encode()
    (found,) = labels(HTML, data)
    assert (found.form, found.guide) == ("html-meta", False)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert data[found.offset :].lower().startswith(b"<meta")


@pytest.mark.parametrize("form", [TXT, HTML, CSV, JSON])
def test_a_format_without_a_place_says_so_in_both_languages(form: object) -> None:
    with pytest.raises(BadRequest, match="beside") as refusal:
        labelled(form, b"a,b")  # type: ignore[arg-type]
    assert refusal.value.code == "no_place"
    assert "旁附文件" in refusal.value.words.zh
    assert payload(form, b"a,b") == b"a,b"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "head", ["正文", "a\tb\r\n", "\ufeffx", "\x1b[1m"], ids=["zh", "lines", "mark", "colour"]
)
def test_text_is_told_from_what_is_none(head: str) -> None:
    assert is_text(head.encode())
    assert is_text(head.encode("utf-16"))
    if "\ufeff" not in head:
        assert is_text(head.encode("gb18030"))


def test_no_binary_file_is_taken_for_text() -> None:
    for data in [*samples().values(), docx(), pdf(), b""]:
        assert not is_text(data[:4096])
    fitting = [form for form in FORMATS if form.matches(pdf()[:4096])]
    assert fitting == [PDF]
    assert {TXT, MARKDOWN} <= {form for form in FORMATS if form.matches(b"# title")}


def test_a_page_of_open_tags_takes_no_time() -> None:
    start = time.process_time()
    for piece in (b"<meta ", b'<meta "', b"<meta a=", b"<meta name='' "):
        assert labels(HTML, piece * (1_000_000 // len(piece))) == []
    assert time.process_time() - start < 5
