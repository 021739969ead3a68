"""Where the elements of a small XML part stand, in bytes, so that it can be edited as bytes.

Expat reads, nothing is expanded: a part with a DTD is refused (ECMA-376-2, 8.1.4 forbids one), so
that entities cannot grow. Depth and the number of elements are bounded.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from xml.parsers import expat

from hegui.labels.container import MOST_PARTS, TOO_MANY, refused
from hegui.labels.splicing import Change
from hegui.labels.xmp_scan import HAS_DTD, NOT_WELL_FORMED, TOO_DEEP
from hegui.terms import Words

_SEPARATOR: Final = "\x1f"
_DEEPEST: Final = 100
_TAG: Final = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_DECLARED: Final = re.compile(r"^\ufeff?\s*<\?xml\b[^>]*\?>")


class Element(NamedTuple):
    """An element: the stretch that holds it, its depth (the root: 1), and all text inside."""

    namespace: str
    name: str
    attributes: Mapping[str, str]
    start: int
    tag_end: int
    end: int
    depth: int
    text: str


class Part:
    """A part as UTF-8, and its elements in order of their ends: the root is the last."""

    def __init__(self, data: bytes, what: str, at: int) -> None:
        self._what, self._at = what, at
        self.data = self._utf8(data)
        self.elements: list[Element] = []
        self._open: list[tuple[str, Mapping[str, str], int, int]] = []
        self._text: list[str] = []
        self._count = 0
        self._parser = parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse(self.data, True)  # noqa: FBT003 - expat's own signature
        except expat.ExpatError:
            raise self._refused(NOT_WELL_FORMED) from None

    @property
    def root(self) -> Element:
        """The outermost element."""
        return self.elements[-1]

    def appended(self, new: bytes) -> Change:
        """Return the change that puts ``new`` at the end of the root."""
        root = self.root
        if root.end == root.tag_end and self.data[root.tag_end - 2 : root.tag_end] == b"/>":
            name = re.split(rb"[\s/>]", self.data[root.start + 1 : root.tag_end], maxsplit=1)[0]
            return Change(root.tag_end - 2, root.tag_end, b">" + new + b"</" + name + b">")
        end = self.data.rindex(b"</", 0, root.end)
        return Change(end, end, new)

    def _refused(self, why: Words) -> Exception:
        return refused(self._what, self._at, why)

    def _utf8(self, data: bytes) -> bytes:
        if data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            return data
        try:
            return _DECLARED.sub("", data.decode("utf-16")).encode()
        except UnicodeDecodeError:
            raise self._refused(NOT_WELL_FORMED) from None

    def _doctype(self, *_: object) -> None:
        raise self._refused(HAS_DTD)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise self._refused(TOO_MANY)
        if len(self._open) >= _DEEPEST:
            raise self._refused(TOO_DEEP)
        self._open.append((name, attributes, self._parser.CurrentByteIndex, len(self._text)))

    def _end(self, _: str) -> None:
        name, attributes, start, first = self._open.pop()
        tag = _TAG.match(self.data, start)
        if tag is None:
            raise self._refused(NOT_WELL_FORMED)
        end, place = tag.end(), self._parser.CurrentByteIndex
        if not tag.group().endswith(b"/>"):
            end = self.data.index(b">", place) + 1
        namespace, _, local = name.rpartition(_SEPARATOR)
        depth, text = len(self._open) + 1, "".join(self._text[first:]) if len(self._open) else ""
        self.elements.append(
            Element(namespace, local, attributes, start, tag.end(), end, depth, text)
        )
