"""Office documents: the custom property, the parts that name it, and archives that lie."""

import io
import zipfile
from html import escape
from struct import pack

import pytest

from hegui.labels.container import Memory
from hegui.labels.formats.ooxml import OLE, OOXML
from hegui.terms import BadRequest
from hegui.testing.documents import (
    custom_properties,
    custom_property,
    docx,
    docx_members,
    zipped,
)
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload

OLDER = escape(OTHER.inner())
TYPES, RELATIONS, CUSTOM = "[Content_Types].xml", "_rels/.rels", "docProps/custom.xml"
DATE = custom_property("Date", "2026", 7)
FILES = {
    "fresh": docx(),
    "other properties": docx(custom_properties(DATE)),
    "labelled": docx(custom_properties(custom_property("AIGC", OLDER), DATE)),
    "labelled twice": docx(custom_properties(*[custom_property("AIGC", OLDER)] * 2)),
    "another name": docx(custom_properties(custom_property("TC260:AIGC", OLDER))),
    "empty part": docx(custom_properties()),
    "streamed": zipped(docx_members(custom_properties(DATE)), streamed=True),
    "part not named": zipped({**docx_members(), CUSTOM: custom_properties(DATE).encode()}),
    "other prefixes": docx(
        custom_properties(DATE)
        .replace("<P", "<p:P").replace("</P", "</p:P").replace("xmlns=", "xmlns:p=")
        .replace("<property", "<p:property").replace("</property", "</p:property")
    ),
}  # fmt: skip


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {one.filename: archive.read(one) for one in archive.infolist()}


@pytest.mark.parametrize("name", FILES)
def test_every_document_is_labelled_and_other_members_stay(name: str) -> None:
    data = FILES[name]
    assert holds(OOXML, data)
    new = labelled(OOXML, labelled(OOXML, data, OTHER))
    before, after = members(data), members(new)
    assert list(after) == [*before, *([CUSTOM] if CUSTOM not in before else [])]
    assert after["word/document.xml"] == before["word/document.xml"]
    assert payload(OOXML, new) == payload(OOXML, data)
    for part in (TYPES, RELATIONS):
        assert after[part].count(b"docProps/custom.xml") == 1
    assert after[CUSTOM].count(b"AIGC") == 1


@pytest.mark.parametrize("name", ["labelled", "another name"])
def test_a_label_is_found(name: str) -> None:
    (found,) = labels(OOXML, FILES[name])
    assert (found.form, found.guide) == ("ooxml-property", name == "labelled")
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert FILES[name][found.offset :].startswith(b"PK\3\4")


def test_a_property_of_the_name_that_cannot_be_read_is_found_and_replaced() -> None:
    data = docx(custom_properties(custom_property("AIGC", "yes"), DATE))
    assert [(one.raw, one.parsed) for one in labels(OOXML, data)] == [("yes", None)]
    assert holds(OOXML, data)


def test_other_properties_stay_and_numbers_are_their_own() -> None:
    part = members(labelled(OOXML, FILES["other properties"]))[CUSTOM].decode()
    assert DATE in part
    assert 'pid="8"' in part


def test_a_strict_document_keeps_its_namespaces() -> None:
    there = docx_members()
    there[RELATIONS] = there[RELATIONS].replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006/",
        b"http://purl.oclc.org/ooxml/officeDocument/",
    )
    new = members(labelled(OOXML, zipped(there)))
    assert b"purl.oclc.org/ooxml/officeDocument/customProperties" in new[CUSTOM]
    assert b"purl.oclc.org/ooxml/officeDocument/relationships/customProperties" in new[RELATIONS]


def test_an_archive_with_wide_numbers_is_labelled() -> None:
    data = docx()
    count, length, start = (
        int.from_bytes(data[-size:end], "little") for size, end in ((12, -10), (10, -6), (6, -2))
    )
    wide = pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, start)
    locator = pack("<4sIQI", b"PK\6\7", 0, len(data) - 22, 1)
    data = data[:-22] + wide + locator + data[-22:-6] + b"\xff" * 4 + b"\0\0"
    assert holds(OOXML, data)
    assert CUSTOM in members(labelled(OOXML, data))


@pytest.mark.parametrize("name", ["fresh", "streamed"])
def test_a_document_cut_anywhere_is_refused(name: str) -> None:
    data = FILES[name]
    assert not any(holds(OOXML, data[:end]) for end in range(len(data)))


@pytest.mark.parametrize("name", ["labelled", "streamed"])
def test_a_document_with_a_byte_changed_is_refused_or_right(name: str) -> None:
    data = FILES[name]
    for at in range(0, len(data), 5):
        for new in (0, 1, 0xFF):
            holds(OOXML, data[:at] + bytes([new]) + data[at + 1 :])


def other(name: str, held: bytes) -> bytes:
    return zipped({**docx_members(custom_properties(DATE)), name: held})


def encrypted() -> bytes:
    data = bytearray(docx())
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Properties>&b;</Properties>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (other(CUSTOM, ENTITIES), "DTD"),
        (other(CUSTOM, b"<a>" * 200), "deeply"),
        (other(CUSTOM, b"<a>" + b"<b/>" * 250_000 + b"</a>"), "too many"),
        (other(CUSTOM, b"<a><b></a>"), "well-formed"),
        (other(CUSTOM, b"<a/>"), "length"),
        (other(CUSTOM, bytes(40 << 20)), "larger than allowed"),
        (other("_RELS/.rels", b""), "same name"),
        (other(RELATIONS, b"<a/>").replace(b"_rels/.rels", b"_rels/.relz"), "not in the package"),
        (encrypted(), "encrypted"),
        (zipped({"word/a": b"a"}), "no Office document"),
        (docx() + b"more", "length"),
        (b"more" + docx(), "length"),
        (b"PK\3\4" + b"\0" * 400, "ends before"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(OOXML, data)


def test_a_large_member_is_not_read() -> None:
    data = other("word/media/film.mp4", bytes(range(256)) * 40_000)
    asked = 0

    class Watched(Memory):
        def read(self, offset: int, count: int) -> bytes:
            nonlocal asked
            asked += count
            return super().read(offset, count)

    OOXML.write(Watched(data), LABEL.inner())
    assert asked < 100_000


def test_an_encrypted_office_document_is_named_and_refused() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert OLE.matches(data)
    with pytest.raises(BadRequest, match="encrypted Office document"):
        labels(OLE, data)
    with pytest.raises(BadRequest, match="encrypted Office document"):
        labelled(OLE, data)


def test_only_archives_of_office_are_taken() -> None:
    assert OOXML.matches(docx()[:4096])
    assert not OOXML.matches(zipped({"mimetype": b"application/epub+zip"}))
