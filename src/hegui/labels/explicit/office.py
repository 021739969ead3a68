"""The notice on the first page of an Office document: a paragraph, or a box (5.1).

A slide or a sheet gets a text box of its own; cells, formulas, and where they stand, are left
alone. Only the parts that must name the box are written anew, and in them only the box is new.
"""

from posixpath import basename, dirname, join, normpath
from typing import Final, NamedTuple

from hegui.labels.container import INCONSISTENT, Memory, Source, Splice, refused
from hegui.labels.explicit import document
from hegui.labels.formats.ooxml import NOT_THERE, main_part
from hegui.labels.formats.xml_elements import Element, Part
from hegui.labels.formats.zip_archive import Archive
from hegui.labels.markup import escape, quoteattr
from hegui.labels.splicing import Change, joined, spliced
from hegui.labels.text import notice

NAME: Final = "hegui-notice"
_SEPARATOR: Final = "\x1f"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_DRAWING_TYPE: Final = "application/vnd.openxmlformats-officedocument.drawing+xml"
_TYPES: Final = "[Content_Types].xml"
_POINT: Final = 12_700  # EMU, of which everything in a drawing is
_LEAST: Final = 12  # points
_OF_SLIDE: Final = 28  # a slide holds the height of the text that often
_SIDE_BY_SIDE: Final = 10  # columns beside which the box still is on the first screen
_BEHIND: Final = frozenset(
    (
        *("legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls"),
        *("webPublishItems", "tableParts", "extLst"),
    )
)
"""What stands behind ``drawing`` in a sheet (ECMA-376-1, 18.3.1.99)."""


class _Names(NamedTuple):
    """The namespaces of a document: transitional or strict (ECMA-376-1, Annex A)."""

    relations: str
    drawing: str

    @property
    def main(self) -> str:
        return f"{self.drawing}/main"

    @property
    def sheet(self) -> str:
        return f"{self.drawing}/spreadsheetDrawing"


_TRANSITIONAL: Final = _Names(
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://schemas.openxmlformats.org/drawingml/2006",
)
_STRICT: Final = _Names(
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
    "http://purl.oclc.org/ooxml/drawingml",
)


def with_notice(source: Source, language: str) -> Splice:
    """Return the document with the notice (``zh`` or ``zh+en``) on its first visible page.

    A document that has it already is returned as it is. Refused (``BadRequest``) is what does not
    hold together, and what has no page: other kinds of documents, and books of charts alone.
    """
    name = main_part(source)
    if name.startswith("word/"):
        return document.with_notice(source, language)
    archive = Archive(source)
    part = _part(archive, name)
    names = _STRICT if "purl.oclc.org" in part.root.namespace else _TRANSITIONAL
    if part.root.name == "presentation":
        return _on_slide(archive, name, part, names, notice(language))
    if part.root.name == "workbook":
        return _on_sheet(archive, name, part, names, notice(language))
    return document.with_notice(source, language)


# Presentations


def _on_slide(archive: Archive, name: str, part: Part, names: _Names, words: str) -> Splice:
    slides = [_target(archive, name, one, names) for one in _in_order(part) if one.name == "sldId"]
    opened = [(one, _part(archive, one)) for one in slides[:50]]
    shown = [one for one in opened if one[1].root.attributes.get("show") not in ("0", "false")]
    if not opened:
        raise refused(name, 0, NOT_THERE)
    place, slide = (shown or opened)[0]
    if _has_notice(slide):
        return archive.with_members({})
    tree = next((one for one in slide.elements if one.name == "spTree"), None)
    size = next((one for one in part.elements if one.name == "sldSz"), None)
    if tree is None:
        raise refused(place, 0, INCONSISTENT)
    width, height = (
        _whole(size, side, default) for side, default in (("cx", 9144000), ("cy", 6858000))
    )
    points = max(_LEAST, height // _POINT // _OF_SLIDE)
    across = min(_across(words, points), width)
    box = (width - across - points * _POINT // 2, points * _POINT // 2, across, 2 * points * _POINT)
    new = _shape(names, "p", slide.root.namespace, box, (words, points, _next_id(slide)))
    return archive.with_members({place: _edited(slide, [_inside(slide, tree, new.encode())])})


# Workbooks


def _on_sheet(archive: Archive, name: str, part: Part, names: _Names, words: str) -> Splice:
    sheets = [one for one in _in_order(part) if one.name == "sheet"]
    shown = [one for one in sheets if one.attributes.get("state", "visible") == "visible"]
    found = (
        (one, _part(archive, one)) for one in (_target(archive, name, s, names) for s in shown)
    )
    first = next((one for one in found if one[1].root.name == "worksheet"), None)
    if first is None:
        raise refused(name, 0, NOT_THERE)
    place, sheet = first
    there = next((one for one in _children(sheet) if one.name == "drawing"), None)
    box = (_free_column(sheet), words)
    if there is not None:
        target = _target(archive, place, there, names)
        drawing = _part(archive, target)
        if _has_notice(drawing):
            return archive.with_members({})
        new = _anchor(names, *box, _next_id(drawing))
        return archive.with_members({target: _edited(drawing, [drawing.appended(new.encode())])})
    return archive.with_members(_with_drawing(archive, place, sheet, names, box))


def _with_drawing(
    archive: Archive, place: str, sheet: Part, names: _Names, box: tuple[int, str]
) -> dict[str, bytes]:
    """Return the parts that give a sheet a drawing of its own."""
    target = _free_name(archive, "xl/drawings/heguiNotice{}.xml")
    root = f'<xdr:wsDr xmlns:xdr="{names.sheet}">{_anchor(names, *box, 2)}</xdr:wsDr>'
    beside = _relations_of(place)
    space = f"{_PACKAGE}/relationships"
    kind, path = f"{names.relations}/drawing", "/" + target
    relations = _part(archive, beside) if archive.get(beside) else _fresh(space)
    ids = {one.attributes.get("Id") for one in _children(relations)}
    number = next(one for n in range(len(ids) + 1) if (one := f"rIdHegui{n}") not in ids)
    relation = f'<Relationship xmlns="{space}" Id="{number}" Type="{kind}" Target="{path}"/>'
    behind = next((one for one in _children(sheet) if one.name in _BEHIND), None)
    drawing = (
        f'<drawing xmlns="{sheet.root.namespace}" xmlns:r="{names.relations}" r:id="{number}"/>'
    )
    change = sheet.appended(drawing.encode())
    if behind is not None:
        change = Change(behind.start, behind.start, drawing.encode())
    types = _part(archive, _TYPES)
    override = (
        f'<Override xmlns="{_PACKAGE}/content-types" PartName={quoteattr(path)}'
        f' ContentType="{_DRAWING_TYPE}"/>'
    )
    return {
        target: (_DECLARATION + root).encode(),
        _known(archive, beside): _edited(relations, [relations.appended(relation.encode())]),
        _known(archive, place): _edited(sheet, [change]),
        _known(archive, _TYPES): _edited(types, [types.appended(override.encode())]),
    }


def _free_column(sheet: Part) -> int:
    """Return the column for the box: beside the cells, or the first where they reach too far."""
    last = 0
    for one in sheet.elements:
        if one.name == "c":
            letters = one.attributes.get("r", "").rstrip("0123456789")[:3]
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            last = max(last, column)
    return last if last < _SIDE_BY_SIDE else 0


def _anchor(names: _Names, column: int, words: str, number: int) -> str:
    across, high = _across(words, _LEAST), 2 * _LEAST * _POINT
    shape = _shape(names, "xdr", names.sheet, (0, 0, across, high), (words, _LEAST, number))
    zero = f"<xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff>"
    return (
        f'<xdr:oneCellAnchor xmlns:xdr="{names.sheet}"><xdr:from>{zero}<xdr:row>0</xdr:row>'
        f'<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="{across}" cy="{high}"/>{shape}'
        "<xdr:clientData/></xdr:oneCellAnchor>"
    )


# The box


def _shape(
    names: _Names, prefix: str, space: str, box: tuple[int, ...], said: tuple[str, int, int]
) -> str:
    """Return a text box, white on black, whose words never shrink."""
    (x, y, across, high), (words, points, number) = box, said
    p = prefix
    text = ' textlink=""' if p == "xdr" else ""
    extra = f"<{p}:nvPr/>" if p == "p" else ""
    fill = '<a:solidFill><a:srgbClr val="{}"/></a:solidFill>'
    run = f'<a:rPr lang="zh-CN" sz="{points * 100}">{fill.format("FFFFFF")}</a:rPr>'
    return (
        f'<{p}:sp xmlns:{p}="{space}" xmlns:a="{names.main}"{text}><{p}:nvSpPr>'
        f'<{p}:cNvPr id="{number}" name="{NAME}" descr={quoteattr(words)}/>'
        f'<{p}:cNvSpPr txBox="1"/>{extra}</{p}:nvSpPr><{p}:spPr><a:xfrm><a:off x="{x}" y="{y}"/>'
        f'<a:ext cx="{across}" cy="{high}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        f'</a:prstGeom>{fill.format("1A1A1A")}</{p}:spPr><{p}:txBody><a:bodyPr wrap="none"'
        f' anchor="ctr"><a:noAutofit/></a:bodyPr><a:p><a:pPr algn="ctr"/><a:r>{run}'
        f"<a:t>{escape(words)}</a:t></a:r></a:p></{p}:txBody></{p}:sp>"
    )


def _across(words: str, points: int) -> int:
    """Return how wide the box must be: Han characters take a whole em, others two thirds."""
    ems = sum(3 if ord(one) > 0x2E7F else 2 for one in words) / 3 + 2  # noqa: PLR2004 - where Han begin
    return int(ems * points * _POINT)


# Parts


_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'


def _part(archive: Archive, name: str) -> Part:
    member = archive.get(name)
    if member is None:
        raise refused(name, 0, NOT_THERE)
    return Part(archive.held(member), name, member.start)


def _fresh(space: str) -> Part:
    return Part(
        f'{_DECLARATION}<Relationships xmlns="{space}"></Relationships>'.encode(), "rels", 0
    )


def _in_order(part: Part) -> list[Element]:
    return sorted(part.elements, key=lambda one: one.start)


def _children(part: Part) -> list[Element]:
    return [one for one in _in_order(part) if one.depth == 2]  # noqa: PLR2004 - below the root


def _relations_of(name: str) -> str:
    return join(dirname(name), "_rels", basename(name) + ".rels")


def _target(archive: Archive, name: str, element: Element, names: _Names) -> str:
    """Return the name of the part that an element of ``name`` refers to."""
    number = element.attributes.get(f"{names.relations}{_SEPARATOR}id", "")
    beside = _relations_of(name)
    for one in _children(_part(archive, beside)):
        if one.attributes.get("Id") == number and one.attributes.get("TargetMode") != "External":
            return normpath("/" + join(dirname(name), one.attributes.get("Target", ""))).lstrip("/")
    raise refused(beside, 0, NOT_THERE)


def _has_notice(part: Part) -> bool:
    return any(one.name == "cNvPr" and one.attributes.get("name") == NAME for one in part.elements)


def _next_id(part: Part) -> int:
    used = (one.attributes.get("id", "") for one in part.elements if one.name == "cNvPr")
    return max([1, *(int(one) for one in used if one.isdecimal() and len(one) < 10)]) + 1  # noqa: PLR2004 - digits of 32 bits


def _whole(element: Element | None, name: str, default: int) -> int:
    text = element.attributes.get(name, "") if element is not None else ""
    return int(text) if text.isdecimal() and 0 < len(text) < 10 and int(text) else default  # noqa: PLR2004 - as above


def _free_name(archive: Archive, pattern: str) -> str:
    number = 1
    while archive.get(pattern.format(number)) is not None:
        number += 1
    return pattern.format(number)


def _known(archive: Archive, name: str) -> str:
    member = archive.get(name)
    return member.name if member else name


def _inside(part: Part, element: Element, new: bytes) -> Change:
    """Return the change that puts ``new`` at the end of an element, before what extends it."""
    if element.end == element.tag_end:
        raise refused(element.name, element.start, INCONSISTENT)
    end = part.data.rindex(b"</", element.tag_end, element.end)
    depth = element.depth + 1
    for one in part.elements:
        inside = element.start < one.start < element.end
        if inside and one.depth == depth and one.name == "extLst":
            end = one.start
    return Change(end, end, new)


def _edited(part: Part, changes: list[Change]) -> bytes:
    return joined(Memory(part.data), spliced(len(part.data), changes))
