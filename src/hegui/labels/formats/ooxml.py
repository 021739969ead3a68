"""Word, Excel and PowerPoint: the custom property ``AIGC`` (TC260-PG-20258A, 6.1; ECMA-376).

It stands in the part for custom properties, which the package's relationships and content types
must name. Only these three parts are written anew; every other member's bytes stay as they are.
"""

from collections.abc import Iterator
from posixpath import normpath
from typing import Final, NamedTuple

from hegui.labels.container import (
    INCONSISTENT,
    Format,
    Found,
    Memory,
    Slice,
    Source,
    Splice,
    refused,
)
from hegui.labels.formats.xml_elements import Element, Part
from hegui.labels.formats.zip_archive import LOCAL, Archive, others
from hegui.labels.markup import escape, quoteattr
from hegui.labels.splicing import Change, joined, spliced, stretches
from hegui.labels.value import parsed
from hegui.terms import BadRequest, Words

_TYPES, _RELATIONS, _CUSTOM = "[Content_Types].xml", "_rels/.rels", "docProps/custom.xml"
_STARTS: Final = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/", b"xl/", b"ppt/")
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/"
_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument/"
_KINDS: Final = (
    f"{_OFFICE}relationships/custom-properties",
    f"{_STRICT}relationships/customProperties",
)
_NAMESPACES: Final = ((f"{_OFFICE}custom-properties", f"{_OFFICE}docPropsVTypes"),
    (f"{_STRICT}customProperties", f"{_STRICT}docPropsVTypes"))  # fmt: skip
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_SET: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIRST_ID: Final = 2  # [MS-OLEPS]: 0 and 1 have a meaning of their own


class _Package(NamedTuple):
    archive: Archive
    relations: Part
    custom: str
    strict: bool


class _Label(NamedTuple):
    element: Element
    raw: str
    guide: bool


class _Ooxml:
    name = "ooxml"
    suffixes = (
        *(".docx", ".xlsx", ".pptx", ".dotx", ".xltx", ".potx", ".ppsx"),
        *(".docm", ".xlsm", ".pptm", ".dotm", ".xltm", ".potm", ".ppsm"),
    )
    mime = tuple(
        f"application/vnd.openxmlformats-officedocument.{one}"
        for one in (
            "wordprocessingml.document",
            "spreadsheetml.sheet",
            "presentationml.presentation",
            "wordprocessingml.template",
            "spreadsheetml.template",
            "presentationml.template",
            "presentationml.slideshow",
        )
    )
    place = Words(
        en="the custom property AIGC in docProps/custom.xml (TC260-PG-20258A, 6.1)",
        zh="docProps/custom.xml 中名为 AIGC 的自定义属性（TC260-PG-20258A 第6.1条）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:4] == LOCAL and head[30:].startswith(_STARTS)

    def read(self, source: Source) -> list[Found]:
        package = _package(source)
        member = package.archive.get(package.custom)
        if member is None:
            return []
        part = _part(package.archive, package.custom)
        return [
            Found("ooxml-property", member.start, one.raw, one.guide, parsed(one.raw))
            for one in _labels(part)
        ]

    def write(self, source: Source, inner: str) -> Splice:
        package = _package(source)
        archive, new = package.archive, {}
        there = archive.get(package.custom)
        name = there.name if there else package.custom
        part = _part(archive, package.custom) if there else _fresh(strict=package.strict)
        new[name] = _with_label(part, inner, strict=package.strict)
        if (types := _with_type(_part(archive, _TYPES), name)) is not None:
            new[_name(archive, _TYPES)] = types
        if (relations := _with_relation(package, name)) is not None:
            new[_name(archive, _RELATIONS)] = relations
        return archive.with_members(new)

    def payload(self, source: Source) -> Iterator[Slice]:
        package = _package(source)
        ours = {one.lower() for one in (_TYPES, _RELATIONS, package.custom)}
        return stretches(sorted(others(package.archive, ours)))


class _Ole:
    """What an encrypted document is wrapped in, and the formats of before 2007."""

    name = "ole"
    suffixes = (".doc", ".xls", ".ppt")
    mime = ("application/x-ole-storage", "application/msword", "application/vnd.ms-excel")
    place = Words(en="none: no guide names one", zh="无：现有指南未规定")

    def matches(self, head: bytes) -> bool:
        return head.startswith(_OLE)

    def read(self, source: Source) -> list[Found]:  # noqa: ARG002 - there is no way to look
        raise BadRequest(_NO_PLACE, code="no_place")

    def write(self, source: Source, inner: str) -> Splice:  # noqa: ARG002 - there is no place
        raise BadRequest(_NO_PLACE, code="no_place")

    def payload(self, source: Source) -> Iterator[Slice]:
        yield Slice(0, source.size)


def _package(source: Source) -> _Package:
    archive = Archive(source)
    if archive.get(_TYPES) is None:
        raise BadRequest(_NO_DOCUMENT, code="file_unknown")
    relations = _part(archive, _RELATIONS)
    targets, strict = [], False
    for one in _children(relations, f"{_PACKAGE}relationships", "Relationship"):
        kind = one.attributes.get("Type", "")
        strict = strict or kind.startswith(_STRICT)
        if kind in _KINDS:
            targets.append(one.attributes.get("Target", ""))
    if len(targets) > 1:
        raise refused(_RELATIONS, 0, INCONSISTENT)
    custom = normpath("/" + targets[0]).lstrip("/") if targets else _CUSTOM
    if targets and archive.get(custom) is None:
        raise refused(_RELATIONS, 0, NOT_THERE)
    return _Package(archive, relations, custom, strict)


def main_part(source: Source) -> str:
    """Return the name of the part that holds the document itself."""
    package = _package(source)
    kinds = (f"{_OFFICE}relationships/officeDocument", f"{_STRICT}relationships/officeDocument")
    for one in _children(package.relations, f"{_PACKAGE}relationships", "Relationship"):
        if one.attributes.get("Type") in kinds:
            return normpath("/" + one.attributes.get("Target", "")).lstrip("/")
    raise refused(_RELATIONS, 0, NOT_THERE)


def _part(archive: Archive, name: str) -> Part:
    member = archive.get(name)
    if member is None:
        raise refused(name, 0, NOT_THERE)
    return Part(archive.held(member), name, member.start)


def _name(archive: Archive, name: str) -> str:
    member = archive.get(name)
    return member.name if member else name


def _children(part: Part, namespace: str, name: str) -> list[Element]:
    return [
        one
        for one in part.elements
        if one.depth == 2 and one.name == name and one.namespace == namespace  # noqa: PLR2004 - below the root
    ]


def _properties(part: Part) -> list[Element]:
    return [one for space, _ in _NAMESPACES for one in _children(part, space, "property")]


def _labels(part: Part) -> list[_Label]:
    """Return the property of the guide's name, and those whose name holds it and that are one."""
    found = []
    for one in sorted(_properties(part), key=lambda element: element.start):
        name = one.attributes.get("name", "").upper()
        if name == "AIGC" or ("AIGC" in name and parsed(one.text) is not None):
            guide = one.attributes.get("name") == "AIGC"
            found.append(_Label(one, one.text.strip(), guide))
    return found


def _fresh(*, strict: bool) -> Part:
    space, types = _NAMESPACES[strict]
    root = f'<Properties xmlns="{space}" xmlns:vt="{types}"></Properties>'
    return Part(_DECLARATION + root.encode(), _CUSTOM, 0)


def _with_label(part: Part, inner: str, *, strict: bool) -> bytes:
    space, types = _NAMESPACES[strict]
    if (part.root.name, part.root.namespace) not in [("Properties", one) for one, _ in _NAMESPACES]:
        raise refused(_CUSTOM, 0, INCONSISTENT)
    if part.root.namespace != space:
        space, types = _NAMESPACES[not strict]
    old = _labels(part)
    kept = [one for one in _properties(part) if one not in [label.element for label in old]]
    used = [
        int(one)
        for one in (e.attributes.get("pid", "") for e in kept)
        if one.isdecimal() and len(one) < 10  # noqa: PLR2004 - digits of 32 bits
    ]
    number = max([_FIRST_ID - 1, *used]) + 1
    new = (
        f'<property xmlns="{space}" fmtid="{_SET}" pid="{number}" name="AIGC">'
        f'<vt:lpwstr xmlns:vt="{types}">{escape(inner)}</vt:lpwstr></property>'
    )
    cuts = [Change(one.element.start, one.element.end, b"") for one in old]
    return _edited(part, [*cuts, part.appended(new.encode())])


def _with_type(part: Part, custom: str) -> bytes | None:
    """Return the content types with the part's own, None if it is there."""
    space = f"{_PACKAGE}content-types"
    named = f"/{custom}"
    old = [
        one
        for one in _children(part, space, "Override")
        if one.attributes.get("PartName", "").lower() == named.lower()
    ]
    if [one.attributes.get("ContentType") for one in old] == [_TYPE]:
        return None
    new = f'<Override xmlns="{space}" PartName={quoteattr(named)} ContentType="{_TYPE}"/>'
    cuts = [Change(one.start, one.end, b"") for one in old]
    return _edited(part, [*cuts, part.appended(new.encode())])


def _with_relation(package: _Package, custom: str) -> bytes | None:
    """Return the package's relationships with the part's own, None if it is there."""
    part, space = package.relations, f"{_PACKAGE}relationships"
    there = _children(part, space, "Relationship")
    if any(one.attributes.get("Type") in _KINDS for one in there):
        return None
    ids = {one.attributes.get("Id") for one in there}
    name = next(one for n in range(len(ids) + 1) if (one := f"rIdAigc{n or ''}") not in ids)
    kind = _KINDS[package.strict]
    new = f'<Relationship xmlns="{space}" Id="{name}" Type="{kind}" Target={quoteattr(custom)}/>'
    return _edited(part, [part.appended(new.encode())])


def _edited(part: Part, changes: list[Change]) -> bytes:
    return joined(Memory(part.data), spliced(len(part.data), changes))


NOT_THERE: Final = Words(en="it is not in the package", zh="文档包中缺少该部分")
_NO_DOCUMENT: Final = Words(
    en="This ZIP archive is no Office document: [Content_Types].xml is missing."
    " It was not changed.",
    zh="该 ZIP 压缩包不是 Office 文档：缺少 [Content_Types].xml。文件未作任何改动。",
)
_NO_PLACE: Final = Words(
    en="The file is an OLE container: an encrypted Office document, or one of before 2007 (.doc,"
    " .xls, .ppt), for which no guide names a place for a label. Save it without a password as"
    " .docx, .xlsx or .pptx and label that. It was not changed.",
    zh="该文件是 OLE 复合文档：可能是加密的 Office 文档，或 2007 年之前的格式（.doc、.xls、.ppt），"
    "现有指南未规定其标识位置。请去除密码并另存为 .docx、.xlsx 或 .pptx 后再写入标识。"
    "文件未作任何改动。",
)
OOXML: Final[Format] = _Ooxml()
OLE: Final[Format] = _Ole()
FORMATS: Final = (OOXML, OLE)
