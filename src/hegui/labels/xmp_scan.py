"""Where in an XMP packet its labels and its source type stand, in bytes.

Expat reads, nothing is expanded: a packet with a DTD is no XMP (ISO 16684-1) and ends the scan at
once, so that entities cannot grow. Depth and the number of elements are bounded.
"""

import re
from typing import Final, NamedTuple
from xml.parsers import expat

from hegui.labels.container import TOO_MANY
from hegui.terms import Words

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SEPARATOR: Final = "\x1f"  # stands in no XML, not even as a reference
_ROOT: Final = f"{_RDF}{_SEPARATOR}RDF"
_ABOUT: Final = f"{_RDF}{_SEPARATOR}about"
_DEEPEST: Final = 100
_MOST: Final = 200_000  # elements and attributes
_TAG: Final = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_ATTRIBUTE: Final = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_BEFORE: Final = -1000
_ENDED: Final = -2000
_LABEL: Final = "AIGC"
_SOURCE: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/\x1fDigitalSourceType"


class Hit(NamedTuple):
    """A property: the stretch that holds it, and its text.

    ``top`` is true for a property of the file itself, not of something nested; ``tag_end`` is
    where the element's first tag ends, 0 for an attribute.
    """

    start: int
    end: int
    raw: str
    namespace: str
    top: bool
    tag_end: int


class Edit(NamedTuple):
    """What is to stand in the place of a stretch of a packet."""

    start: int
    end: int
    new: bytes


class Broken(NamedTuple):
    """Why a packet cannot be edited, and where."""

    offset: int
    why: Words


class Packet:
    """What a scan found."""

    def __init__(self) -> None:
        self.labels: list[Hit] = []
        self.sources: list[Hit] = []
        self.about = ""
        self.rdf_is_usual = False  # the prefix rdf is bound where a description may be added
        self._end = Edit(0, 0, b"")
        self._closing = b""

    def appended(self, description: bytes) -> Edit:
        """Return the edit that puts one more description at the end of ``rdf:RDF``."""
        if not self._closing:
            return self._end._replace(new=description)
        return self._end._replace(new=b">" + description + b"</" + self._closing + b">")

    def ends(self, edit: Edit, closing: bytes) -> None:
        """Take in where ``rdf:RDF`` ends; ``closing`` is its name if its tag is empty."""
        self._end, self._closing = edit, closing


def scan(data: bytes) -> Packet | Broken:
    """Return what ``data`` (UTF-8) holds, or why it cannot be read."""
    return _Scan(data.rstrip(b"\0")).run()


class _Stop(Exception):
    def __init__(self, why: Words) -> None:
        super().__init__(why.en)
        self.why = why


class _Open(NamedTuple):
    """A property whose end has not come yet."""

    name: str
    start: int
    depth: int


class _Scan:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found = Packet()
        self._depth = self._count = 0
        self._rdf = _BEFORE  # then the depth of rdf:RDF, then _ENDED
        self._rdf_start = 0
        self._about: str | None = None
        self._open: _Open | None = None
        self._text: list[str] = []
        self._parser = parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def run(self) -> Packet | Broken:
        try:
            self._parser.Parse(self._data, True)  # noqa: FBT003 - expat's own signature
        except _Stop as stop:
            return Broken(max(self._parser.CurrentByteIndex, 0), stop.why)
        except expat.ExpatError:
            return Broken(max(self._parser.ErrorByteIndex, 0), NOT_WELL_FORMED)
        if self._rdf != _ENDED:
            return Broken(0, NO_RDF)
        return self._found

    def _doctype(self, *_: object) -> None:
        raise _Stop(HAS_DTD)

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._count += 1 + len(attributes) // 2
        if self._depth > _DEEPEST:
            raise _Stop(TOO_DEEP)
        if self._count > _MOST:
            raise _Stop(TOO_MANY)
        if self._rdf == _BEFORE and name == _ROOT:
            self._rdf, self._rdf_start = self._depth, self._parser.CurrentByteIndex
        elif self._depth == self._rdf + 1 and self._about is None:
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            self._about = given.get(_ABOUT, given.get("about", ""))
            self._found.about = self._about
        if name.endswith(_LABEL) or name == _SOURCE:
            self._property(name, attributes)
        if attributes:
            self._hits(attributes, top=self._depth == self._rdf + 1)

    def _hits(self, attributes: list[str], *, top: bool) -> None:
        hits = [
            index
            for index, one in enumerate(attributes[::2])
            if _local(one) == _LABEL or (one == _SOURCE and top)
        ]
        if hits:
            self._attributes(hits, attributes, top=top)

    def _property(self, name: str, attributes: list[str]) -> None:
        label = _local(name) == _LABEL and (self._open is None or self._open.name == _SOURCE)
        source = name == _SOURCE and self._depth == self._rdf + 2 and self._open is None
        if label or source:
            self._open = _Open(name, self._parser.CurrentByteIndex, self._depth)
            self._text = [] if label else attributes[1::2]  # the source type as rdf:resource
            self._parser.CharacterDataHandler = self._text.append

    def _attributes(self, hits: list[int], attributes: list[str], *, top: bool) -> None:
        tag = _TAG.match(self._data, self._parser.CurrentByteIndex)
        if tag is None:
            raise _Stop(NOT_WELL_FORMED)
        spans = [
            one.span()
            for one in _ATTRIBUTE.finditer(self._data, tag.start(), tag.end())
            if one.group(1) != b"xmlns" and not one.group(1).startswith(b"xmlns:")
        ]
        if 2 * len(spans) != len(attributes):
            raise _Stop(NOT_WELL_FORMED)
        for index in hits:
            name, value = attributes[2 * index : 2 * index + 2]
            self._keep(name, Hit(*spans[index], value, _namespace(name), top, tag_end=0))

    def _end(self, name: str) -> None:
        opened = self._open
        if opened is not None and opened.depth == self._depth:
            tag_end, _ = self._tag(opened.start)
            raw, top = "".join(self._text), self._depth == self._rdf + 2
            end = max(tag_end, self._after(tag_end))
            self._keep(name, Hit(opened.start, end, raw, _namespace(name), top, tag_end))
            self._open, self._parser.CharacterDataHandler = None, None
        if self._depth == self._rdf:
            self._rdf_ends()
        self._depth -= 1

    def _rdf_ends(self) -> None:
        tag_end, empty = self._tag(self._rdf_start)
        name = re.split(rb"[\s/>]", self._data[self._rdf_start + 1 : tag_end], maxsplit=1)[0]
        place = self._parser.CurrentByteIndex
        self._found.ends(
            Edit(tag_end - 2, tag_end, b"") if empty else Edit(place, place, b""),
            name if empty else b"",
        )
        self._found.rdf_is_usual = name == b"rdf:RDF"
        self._rdf = _ENDED

    def _tag(self, start: int) -> tuple[int, bool]:
        """Return where the tag that begins at ``start`` ends, and whether it is an empty one."""
        tag = _TAG.match(self._data, start)
        if tag is None:
            raise _Stop(NOT_WELL_FORMED)
        return tag.end(), tag.group().endswith(b"/>")

    def _after(self, tag_end: int) -> int:
        """Return where the element ends whose end tag expat has come to."""
        place = self._parser.CurrentByteIndex
        if place < tag_end or self._data[tag_end - 2 : tag_end] == b"/>":
            return tag_end
        return self._data.index(b">", place) + 1

    def _keep(self, name: str, hit: Hit) -> None:
        (self._found.sources if name == _SOURCE else self._found.labels).append(hit)


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _namespace(name: str) -> str:
    return name.rpartition(_SEPARATOR)[0]


NOT_WELL_FORMED: Final = Words(en="it is not well-formed XML", zh="不是格式良好的 XML")
HAS_DTD: Final = Words(en="it declares a DTD or entities", zh="其中声明了 DTD 或实体")
TOO_DEEP: Final = Words(en="it is nested too deeply", zh="嵌套层数过多")
NO_RDF: Final = Words(en="it holds no rdf:RDF element", zh="缺少 rdf:RDF 元素")
