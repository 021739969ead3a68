"""Labelled documents as pdfinfo, qpdf, exiftool and openpyxl see them: fresh, rich, relabelled."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import openpyxl
import pytest
from openpyxl.packaging.custom import StringProperty

from hegui.labels import xmp
from hegui.labels.container import Format
from hegui.labels.formats.ooxml import OOXML
from hegui.labels.formats.pdf import PDF
from hegui.testing.documents import (
    custom_properties,
    custom_property,
    docx,
    pdf,
    pdf_hybrid,
    pdf_packed,
)
from hegui.testing.labelled import LABEL, OTHER, labelled, payload

PACKET = xmp.with_label(None, OTHER.inner())
PDFS = {
    "table": pdf(),
    "bare": pdf(b""),
    "packet": pdf(packet=PACKET),
    "packed": pdf_packed(predictor=True),
    "packed-packet": pdf_packed(packet=PACKET),
    "hybrid": pdf_hybrid(),
    "labelled": labelled(PDF, pdf(), OTHER),
    "packed-labelled": labelled(PDF, pdf_packed(), OTHER),
}


def workbook(*, rich: bool) -> bytes:
    book: Any = openpyxl.Workbook()
    file = io.BytesIO()
    book.active["A1"] = "一"
    if rich:
        book.properties.title = "a title"
        book.custom_doc_props.append(StringProperty(name="Room", value="3"))
    book.save(file)
    return file.getvalue()


BOOKS = {"fresh": workbook(rich=False), "rich": workbook(rich=True)}
BOOKS["labelled"] = labelled(OOXML, BOOKS["rich"], OTHER)
OFFICE = {f"{name}.xlsx": data for name, data in BOOKS.items()}
OFFICE["fresh.docx"] = docx()
OFFICE["rich.docx"] = docx(custom_properties(custom_property("Room", "3", 4)))


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def ran(program: str, package: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        missing(f"{program} is not installed: apt-get install {package}")
    done = subprocess.run(  # noqa: S603 - a fixed program, on files of the test
        [program, *arguments], capture_output=True, check=False, timeout=60
    )
    return (done.stdout + done.stderr).decode()


def written(folder: Path, form: Format, name: str, data: bytes) -> str:
    new = labelled(form, data)
    assert payload(form, new) == payload(form, data)
    (folder / name).write_bytes(new)
    return str(folder / name)


@pytest.fixture(scope="module")
def by_exiftool(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What exiftool says of each document, all of them shown to it at once."""
    folder = tmp_path_factory.mktemp("documents")
    for name, data in PDFS.items():
        written(folder, PDF, f"{name}.pdf", data)
    for name, data in OFFICE.items():
        written(folder, OOXML, name, data)
    shown = "-q", "-j", "-G0", "-a", str(folder)
    return {
        Path(told["SourceFile"]).name: {str(name): str(value) for name, value in told.items()}
        for told in json.loads(ran("exiftool", "libimage-exiftool-perl", *shown))
    }


@pytest.mark.parametrize("name", PDFS)
def test_pdfinfo_reads_the_label_and_all_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "before.pdf").write_bytes(PDFS[name])
    before = ran("pdfinfo", "poppler-utils", "-custom", str(tmp_path / "before.pdf"))
    after = ran("pdfinfo", "poppler-utils", "-custom", written(tmp_path, PDF, "a.pdf", PDFS[name]))
    assert after.count(LABEL.inner()) == 1
    kept = [one for one in before.splitlines() if "AIGC" not in one]
    assert set(kept) <= set(after.splitlines())


@pytest.mark.parametrize("name", PDFS)
def test_qpdf_finds_no_error(name: str, tmp_path: Path) -> None:
    told = ran("qpdf", "qpdf", "--check", written(tmp_path, PDF, "a.pdf", PDFS[name]))
    assert "No syntax or stream encoding errors" in told or name == "hybrid"
    assert "ERROR" not in told
    assert "damaged" not in told


@pytest.mark.parametrize("name", PDFS)
def test_exiftool_reads_the_label_of_a_pdf_once(
    name: str, by_exiftool: dict[str, dict[str, str]]
) -> None:
    told = by_exiftool[f"{name}.pdf"]
    values = [value for field, value in told.items() if "aigc" in field.lower()]
    assert values == [LABEL.inner()]
    assert not any("Error" in field or "Warning" in field for field in told)


@pytest.mark.parametrize("name", OFFICE)
def test_exiftool_reads_the_label_of_an_office_document_once(
    name: str, by_exiftool: dict[str, dict[str, str]]
) -> None:
    told = by_exiftool[name]
    assert [value for field, value in told.items() if "aigc" in field.lower()] == [LABEL.inner()]
    assert ("XML:Room" in told) == (not name.startswith("fresh"))


@pytest.mark.parametrize("name", BOOKS)
def test_openpyxl_opens_the_workbook_and_keeps_the_label(name: str) -> None:
    book: Any = openpyxl.load_workbook(io.BytesIO(labelled(OOXML, BOOKS[name])))
    assert book.active["A1"].value == "一"
    assert book.custom_doc_props["AIGC"].value == LABEL.inner()
    if name != "fresh":
        assert book.properties.title == "a title"
        assert book.custom_doc_props["Room"].value == "3"
