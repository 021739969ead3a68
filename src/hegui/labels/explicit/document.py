"""The notice on the first page of a Word document: a paragraph before all others (5.1).

Only the member that holds the text is written anew, and in it only the paragraph is new.
"""

import re
from typing import Final
from xml.parsers import expat

from hegui.labels.container import INCONSISTENT, Source, Splice, refused
from hegui.labels.formats.ooxml import main_part
from hegui.labels.formats.zip_archive import Archive
from hegui.labels.text import notice
from hegui.labels.xmp_scan import HAS_DTD, NOT_WELL_FORMED
from hegui.terms import BadRequest, Words

_SEPARATOR: Final = "\x1f"
_TAG: Final = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_WORDS: Final = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)


def with_notice(source: Source, language: str) -> Splice:
    """Return a Word document whose first paragraph is the notice (``zh`` or ``zh+en``).

    A document that begins with it already is returned as it is. For workbooks and presentations,
    see ``office``.
    """
    archive = Archive(source)
    name = main_part(source)
    member = archive.get(name)
    if member is None:
        raise refused(name, 0, INCONSISTENT)
    data = archive.held(member)
    space, at = _Body(data, name, member.start).found()
    if space not in _WORDS:
        raise BadRequest(_NO_PAGE, code="no_place")
    made = _paragraph(space, notice(language))
    if data[at:].startswith(made):
        return archive.with_members({})
    return archive.with_members({member.name: data[:at] + made + data[at:]})


def _paragraph(space: str, words: str) -> bytes:
    text = f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'
    centred = '<w:pPr><w:jc w:val="center"/></w:pPr>'
    return f'<w:p xmlns:w="{space}">{centred}{text}</w:p>'.encode()


class _Stop(Exception):
    """The body begins, or there is a DTD."""


class _Body:
    """Finds where the body of a document begins, and reads no further."""

    def __init__(self, data: bytes, name: str, at: int) -> None:
        self._data, self._name, self._at = data, name, at
        self._space, self._place, self._dtd = "", -1, False

    def found(self) -> tuple[str, int]:
        """Return the body's namespace, and where its first paragraph stands; ("", -1) for none."""
        self._parser = parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        try:
            parser.Parse(self._data, True)  # noqa: FBT003 - expat's own signature
        except _Stop:
            pass
        except expat.ExpatError:
            raise refused(self._name, self._at, NOT_WELL_FORMED) from None
        if self._dtd:
            raise refused(self._name, self._at, HAS_DTD)
        return self._space, self._place

    def _doctype(self, *_: object) -> None:
        self._dtd = True
        raise _Stop

    def _start(self, name: str, *_: object) -> None:
        space = name.rpartition(_SEPARATOR)[0]
        if name.rpartition(_SEPARATOR)[2] != "body":
            return
        tag = _TAG.match(self._data, self._parser.CurrentByteIndex)
        if tag is None or tag.group().endswith(b"/>"):
            raise refused(self._name, self._at, NOT_WELL_FORMED)
        self._space, self._place = space, tag.end()
        raise _Stop


_NO_PAGE: Final = Words(
    en="A notice is put on the first page of Word documents, workbooks and presentations only. Put"
    " one into the content, and say so: --explicit present; or show it beside the file: --explicit"
    " interface.",
    zh="目前仅支持在 Word 文档、工作簿和演示文稿首页写入提示。请在内容中自行加入提示并使用"
    " --explicit present 声明，或由界面在文件旁显示（--explicit interface）。",
)
