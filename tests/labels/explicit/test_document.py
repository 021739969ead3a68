"""The notice on the first page of Word documents."""

import io
import zipfile

import pytest

from hegui.labels.container import Memory
from hegui.labels.explicit.document import with_notice
from hegui.labels.formats.ooxml import OOXML
from hegui.labels.splicing import joined
from hegui.labels.text import notice
from hegui.terms import BadRequest
from hegui.testing.documents import docx, docx_members, pdf, zipped
from hegui.testing.labelled import holds

PART = "word/document.xml"


def noticed(data: bytes, language: str = "zh") -> bytes:
    return joined(Memory(data), with_notice(Memory(data), language))


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


@pytest.mark.parametrize("language", ["zh", "zh+en"])
def test_the_first_paragraph_is_the_notice_and_all_else_stays(language: str) -> None:
    before, after = members(docx()), members(noticed(docx(), language))
    text = after[PART].decode()
    start = text.index("<w:body>") + len("<w:body>")
    made = text[start : text.index("</w:p>") + len("</w:p>")]
    assert f">{notice(language)}<" in made
    assert text.replace(made, "").encode() == before[PART]
    assert {**after, PART: b""} == {**before, PART: b""}


def test_a_document_that_shows_it_is_left_as_it_is_and_can_be_labelled() -> None:
    once = noticed(docx())
    assert noticed(once) == once
    assert holds(OOXML, once)


def other(part: bytes) -> bytes:
    return zipped({**docx_members(), PART: part})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (other(b"<workbook/>"), "Word documents"),
        (other(b"<x><body>"), "Word documents"),
        (other(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), "DTD"),
        (other(b"<a"), "well-formed"),
        (other(docx_members()[PART].replace(b"<w:body>", b"<w:body/>")), "well-formed"),
        (zipped({one: held for one, held in docx_members().items() if one != PART}), "length"),
        (pdf(), "ends before"),
    ],
)
def test_what_has_no_first_page_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        noticed(data)
