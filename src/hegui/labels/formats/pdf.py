"""PDF: the label as the key ``AIGC`` of the information dictionary (TC260-PG-20258A, 6.3).

Written as an incremental update (ISO 32000-1, 7.5.6): every byte of the file stays, so signatures
in it still verify over what they signed. (A viewer may say that the file was changed afterwards:
it was.) A label in the XMP packet is read, and goes when the file is labelled; of earlier updates
only what the newest leaves in force counts.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from hegui.labels import xmp
from hegui.labels.container import (
    Format,
    Found,
    Slice,
    Source,
    Splice,
    refused,
)
from hegui.labels.formats.pdf_file import HEADER, Pdf, Section
from hegui.labels.formats.pdf_syntax import EMPTY, Dictionary, Ref, Word, literal, text_of
from hegui.labels.formats.pdf_update import Object, updated
from hegui.labels.value import parsed
from hegui.terms import Words

_FROM: Final = b"XXHeguiLabelFrom"  # a private key (ISO 32000-1, Annex E): where our update begins
_LABEL: Final = b"AIGC"


class _Info(NamedTuple):
    """The information dictionary, and the reference to it (None: it has none of its own)."""

    ref: Ref | None
    held: Dictionary
    offset: int


class _Packet(NamedTuple):
    """The XMP packet of the whole document."""

    ref: Ref
    about: Dictionary
    data: bytes
    offset: int


class _Pdf:
    name = "pdf"
    suffixes = (".pdf",)
    mime = ("application/pdf",)
    place = Words(
        en="the key AIGC of the information dictionary (TC260-PG-20258A, 6.3)",
        zh="文档信息字典的 AIGC 键（TC260-PG-20258A 第6.3条）",
    )

    def matches(self, head: bytes) -> bool:
        return HEADER in head[:1024]

    def read(self, source: Source) -> list[Found]:
        pdf = Pdf(source)
        info, found = _info(pdf), []
        for entry in info.held.entries:
            if entry.key == _LABEL:
                value = pdf.resolved(entry.value)
                raw = text_of(value) if isinstance(value, bytes) else ""
                found.append(Found("pdf-info", info.offset, raw, True, parsed(raw)))  # noqa: FBT003 - a tuple's field
        packet = _packet(pdf)
        if packet is not None:
            found += [
                one._replace(guide=False)
                for one in xmp.found(packet.data, "pdf-xmp", packet.offset)
            ]
        return sorted(found, key=lambda one: one.offset)

    def write(self, source: Source, inner: str) -> Splice:
        pdf = Pdf(source)
        info, packet, number = _info(pdf), _packet(pdf), pdf.next_number
        ref = info.ref
        if ref is None:
            ref = Ref(number, 0)
        number = max(number, ref.number + 1)
        label = b"/AIGC " + literal(inner)
        objects = [Object(ref, info.held.edited(frozenset({_LABEL}), label))]
        if packet is not None and b"AIGC" in packet.data:
            _, new = xmp.with_one_label([b"", packet.data], inner, [0, packet.offset])
            if new != packet.data:
                objects.append(Object(packet.ref, _stream(packet.about, new)))
        more = b"/Info %d %d R /%b %d" % (*ref, _FROM, pdf.size)
        return updated(pdf, source, objects, number, more, frozenset({_FROM, b"Info"}))

    def payload(self, source: Source) -> Iterator[Slice]:
        pdf, end = Pdf(source), source.size
        numbers = {_number(pdf.trailer.get(b"Info"))}
        packet = _packet(pdf)
        if packet is not None:
            numbers.add(packet.ref.number)
        for section in pdf.sections:
            before = _before(section, numbers, pdf.shift)
            if before is None or before >= end:
                break
            end = before
        yield Slice(0, end)


def _before(section: Section, numbers: set[int], shift: int) -> int | None:
    """Return where the file ended before a section that holds a label of ours and nothing else."""
    start = section.trailer.get(_FROM)
    if type(start) is not int or not 0 < start <= section.at + shift:
        return None
    if not section.table:
        numbers = numbers | {one.first for one in section.groups[-1:]}  # the section itself
    if any(one.first not in numbers or one.rows != 1 for one in section.groups):
        return None
    return start


def _info(pdf: Pdf) -> _Info:
    value = pdf.trailer.get(b"Info")
    held = pdf.resolved(value)
    if held in (None, Word(b"null")):
        # a reference to nothing is taken up: the number of the information never changes
        return _Info(value if isinstance(value, Ref) and value.number else None, EMPTY, 0)
    if not isinstance(held, Dictionary):
        raise refused("PDF information", pdf.offset(pdf.start), NO_DICTIONARY)
    if not isinstance(value, Ref):
        return _Info(None, held, pdf.offset(pdf.start))
    place = pdf.place(value.number)
    return _Info(value, held, 0 if place is None or place.packed else pdf.offset(place.where))


def _packet(pdf: Pdf) -> _Packet | None:
    root = pdf.resolved(pdf.trailer.get(b"Root"))
    if not isinstance(root, Dictionary):
        raise refused("PDF catalog", pdf.offset(pdf.start), NO_CATALOG)
    ref = root.get(b"Metadata")
    held = pdf.stream(ref) if isinstance(ref, Ref) else None
    if held is None or not isinstance(ref, Ref):
        return None
    place = pdf.place(ref.number)
    return _Packet(ref, held.about, held.data, pdf.offset(place.where) if place else 0)


def _number(value: Any) -> int:
    return value.number if isinstance(value, Ref) else -1


def _stream(about: Dictionary, data: bytes) -> bytes:
    gone = frozenset({b"Length", b"Filter", b"DecodeParms"})
    head = about.edited(gone, b"/Length %d" % len(data))
    return head + b"\nstream\n" + data + b"\nendstream"


NO_DICTIONARY: Final = Words(en="it is no dictionary", zh="不是字典对象")
NO_CATALOG: Final = Words(en="there is no catalog", zh="缺少文档目录")
PDF: Final[Format] = _Pdf()
FORMATS: Final = (PDF,)
