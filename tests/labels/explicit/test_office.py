"""The notice on the first slide and on the first sheet."""

import io
import re
import zipfile

import openpyxl
import pytest
from openpyxl.chart import BarChart

from hegui.labels.container import Memory
from hegui.labels.explicit import office
from hegui.labels.formats.ooxml import OOXML
from hegui.labels.splicing import joined
from hegui.labels.text import notice
from hegui.terms import BadRequest
from hegui.testing.documents import docx, zipped
from hegui.testing.labelled import holds

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"


def noticed(data: bytes, language: str = "zh") -> bytes:
    return joined(Memory(data), office.with_notice(Memory(data), language))


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {one: archive.read(one) for one in archive.namelist()}


def book(*, chart: bool = False, columns: int = 3, hidden: bool = False) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(list(range(columns)))
    sheet["B2"] = "=A1*2"
    made.create_sheet("second")["A1"] = "x"
    if hidden:
        sheet.sheet_state = "hidden"
        made.active = 1
    if chart:
        sheet.add_chart(BarChart(), "F9")
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def relations(*targets: tuple[str, str]) -> str:
    each = (
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(each)}</Relationships>'


def deck(*slides: str) -> bytes:
    shape = '<p:sp><p:nvSpPr><p:cNvPr id="7" name="title"/></p:nvSpPr></p:sp>'
    held = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"></Types>',
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{_P}" xmlns:r="{_OFFICE}"><p:sldIdLst>'
        + "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
        + '</p:sldIdLst><p:sldSz cx="12192000" cy="6858000"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(
            *(("slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1))
        ),
    }
    for n, about in enumerate(slides, 1):
        held[f"ppt/slides/slide{n}.xml"] = (
            f'<p:sld xmlns:p="{_P}"{about}><p:cSld><p:spTree>{shape}<p:extLst/></p:spTree></p:cSld>'
            "</p:sld>"
        )
    return zipped({name: text.encode() for name, text in held.items()})


@pytest.mark.parametrize("language", ["zh", "zh+en"])
@pytest.mark.parametrize("chart", [False, True])
def test_a_sheet_shows_the_notice_and_keeps_its_cells(language: str, chart: bool) -> None:  # noqa: FBT001 - a case
    data = book(chart=chart)
    made = noticed(data, language)
    before, after = members(data), members(made)
    drawings = [name for name in after if re.fullmatch(r"xl/drawings/\w+\.xml", name)]
    assert len(drawings) == 1
    assert f"<a:t>{notice(language)}</a:t>" in after[drawings[0]].decode()
    assert [name for name in before if before[name] != after[name] and "sheetData" in name] == []
    opened = openpyxl.load_workbook(io.BytesIO(made))
    assert [[one.value for one in row] for row in opened["Sheet"]] == [
        [0, 1, 2],
        [None, "=A1*2", None],
    ]
    assert before["xl/worksheets/sheet2.xml"] == after["xl/worksheets/sheet2.xml"]


def test_the_box_stands_beside_the_cells_where_there_is_room() -> None:
    def column(data: bytes) -> bytes:
        (drawing,) = (held for name, held in members(data).items() if "drawings/hegui" in name)
        return re.findall(rb"<xdr:col>(\d+)<", drawing)[0]

    assert column(noticed(book(columns=4))) == b"4"
    assert column(noticed(book(columns=40))) == b"0"


def test_a_hidden_sheet_is_passed_over() -> None:
    after = members(noticed(book(hidden=True)))
    assert b"<drawing" not in after["xl/worksheets/sheet1.xml"]
    assert b"<drawing" in after["xl/worksheets/sheet2.xml"]


def test_a_slide_shows_the_notice_above_its_other_shapes() -> None:
    data = deck("", "")
    before, after = members(data), members(noticed(data))
    first = after["ppt/slides/slide1.xml"].decode()
    assert first.index("title") < first.index(office.NAME) < first.index("<p:extLst/>")
    assert f"<a:t>{notice('zh')}</a:t>" in first
    assert 'id="8"' in first
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["ppt/slides/slide1.xml"]


def test_a_slide_that_is_not_shown_is_passed_over() -> None:
    after = members(noticed(deck(' show="0"', "")))
    assert office.NAME.encode() not in after["ppt/slides/slide1.xml"]
    assert office.NAME.encode() in after["ppt/slides/slide2.xml"]


@pytest.mark.parametrize("data", [book(), book(chart=True), deck(""), docx()])
def test_what_shows_it_is_left_as_it_is_and_can_be_labelled(data: bytes) -> None:
    made = noticed(data)
    assert noticed(made) == made
    holds(OOXML, made)


def test_a_deck_without_slides_and_a_part_that_is_missing_are_refused() -> None:
    with pytest.raises(BadRequest):
        noticed(deck())
    held = members(deck(""))
    del held["ppt/slides/slide1.xml"]
    with pytest.raises(BadRequest):
        noticed(zipped(held))


def test_cut_off_anywhere_it_is_refused() -> None:
    data = deck("")
    for end in range(0, len(data), max(1, len(data) // 40)):
        with pytest.raises(BadRequest):
            noticed(data[:end])
