"""Documents as DOCX, to be worked on: East Asian fonts are set, so that Word picks none itself."""

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hegui.filing.package.blocks import Block, Document, Heading, Para, Table
from hegui.filing.package.typesetting import DAY, DRAFT, NOT_INSTALLED
from hegui.terms import Lang, Misconfigured, Words

if TYPE_CHECKING:
    from docx.document import Document as Word

_LATIN: Final = "Times New Roman"
_BODY: Final = "SimSun"
_HEADING: Final = "SimHei"
_NOT_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)


def docx(document: Document, foot: Words, as_of: int, lang: Lang) -> bytes:
    """Return a document in one language. Same document and date: same bytes."""
    try:
        import docx as word
        from docx.shared import Mm, RGBColor
    except ImportError:
        raise Misconfigured(NOT_INSTALLED) from None
    made = word.Document()
    _styles(made)
    at = datetime.fromtimestamp(as_of // 1_000, UTC).replace(tzinfo=None)
    about = made.core_properties
    about.title, about.author, about.comments = clean(document.title.say(lang)), "", ""
    about.created = about.modified = at
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    draft = section.header.paragraphs[0].add_run(DRAFT.say(lang))
    draft.font.color.rgb = RGBColor(0xA0, 0, 0)
    section.footer.paragraphs[0].add_run(clean(foot.say(lang)))
    made.add_heading(clean(document.title.say(lang)), 0)
    for block in document.blocks:
        _add(made, block, lang)
    saved = io.BytesIO()
    made.save(saved)
    return still(saved.getvalue())


def still(data: bytes) -> bytes:
    """Return a zip archive with the times in it set to one day, and nothing else changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for info in given.infolist():
            entry = zipfile.ZipInfo(info.filename, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            made.writestr(entry, given.read(info))
    return out.getvalue()


def _styles(made: "Word") -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    for name, face, size in (
        ("Normal", _BODY, 10.5),
        ("Title", _HEADING, 20),
        ("Heading 1", _HEADING, 14),
        ("Heading 2", _HEADING, 12),
    ):
        style: Any = made.styles[name]
        style.font.name, style.font.size = _LATIN, Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), face)
        fonts.set(qn("w:hAnsi"), _LATIN)


def _add(made: "Word", block: Block, lang: Lang) -> None:
    if isinstance(block, Heading):
        made.add_heading(clean(block.text.say(lang)), block.level)
    elif isinstance(block, Para):
        run = made.add_paragraph().add_run(clean(block.text.say(lang)))
        run.bold = block.slot
    elif isinstance(block, Table):
        _table(made, block, lang)
    else:
        line = "_" * 24
        made.add_paragraph(f"{clean(block.role.say(lang))}  {line}    {DAY.say(lang)} {line[:14]}")


def _table(made: "Word", block: Table, lang: Lang) -> None:
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement
    from docx.shared import Mm, Pt

    table = made.add_table(rows=0, cols=len(block.head), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    share = 170 / sum(block.widths)
    for column, width in zip(table.columns, block.widths, strict=True):
        column.width = Mm(share * width)
    for row in (block.head, *block.rows):
        cells = table.add_row().cells
        for cell, words, width in zip(cells, row, block.widths, strict=True):
            cell.width = Mm(share * width)
            space = cell.paragraphs[0].paragraph_format
            space.space_before = space.space_after = Pt(2)
            run = cell.paragraphs[0].add_run(clean(words.say(lang)))
            run.font.size = Pt(9)
            run.bold = row is block.head
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(head)  # noqa: SLF001 - python-docx has no way of its own to repeat a head row


def clean(text: str) -> str:
    """Return a text that XML can hold: what it cannot is written as its number."""
    return _NOT_XML.sub(lambda found: f"〔U+{ord(found[0]):04X}〕", text)
