"""HEIC, HEIF and AVIF: the label in the XMP item that describes the picture.

TC260-PG-20259A refers to ISO/IEC 23008-12: an item of type ``mime``, ``application/rdf+xml``, with
a reference ``cdsc`` to the picture. AVIF is not named there; it is the same container. A packet
that is there is replaced where it stands; a new one gets a box ``mdat`` at the end of the file.
"""

from collections.abc import Iterator, Sequence
from struct import pack
from typing import Final

from hegui.labels import exif, xmp
from hegui.labels.box_moves import Moves, followed
from hegui.labels.boxes import Box, Boxes, Edits, made, named
from hegui.labels.container import (
    INCONSISTENT,
    TOO_LARGE,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    refused,
)
from hegui.labels.heif_items import Described, Picture
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_HEIC: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
    | {b"mif1", b"mif2", b"msf1", b"miaf"}
)
_GENERAL: Final = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_AVIF: Final = frozenset({b"avif", b"avis"})
_TIFF_AT: Final = 4  # bytes before an EXIF block that say how far it is off


class _Heif:
    def __init__(
        self, name: str, suffixes: Sequence[str], mime: Sequence[str], place: Words
    ) -> None:
        self.name, self.suffixes, self.mime, self.place = name, suffixes, mime, place

    def matches(self, head: bytes) -> bool:
        return _kind(head) == self.name

    def read(self, source: Source) -> list[Found]:
        boxes = Boxes(source)
        picture = Picture(boxes, boxes.top())
        found: list[Found] = []
        for item in picture.items:
            at = item.spans[0].start if item.spans else 0
            if item.xmp:
                own = picture.describes(item)
                labels = xmp.found(item.data, "heif-xmp", at)
                found += [one._replace(guide=one.guide and own) for one in labels]
            else:
                block, _ = _exif(item)
                found += exif.found(block, "heif", at)
        return sorted(found, key=_offset)

    def write(self, source: Source, inner: str) -> Splice:
        boxes = Boxes(source)
        tops = boxes.top()
        picture = Picture(boxes, tops)
        packets = [item for item in picture.items if item.xmp and item.spans]
        for item in packets:
            if item.packed:
                raise refused("item", item.spans[0].start, COMPRESSED)
        own = next((item for item in packets if picture.describes(item)), None)
        others = [item for item in packets if item is not own]
        old = [own.data if own else b"", *(item.data for item in others)]
        at = [item.spans[0].start for item in packets if item is own]
        at = [*(at or [0]), *(item.spans[0].start for item in others)]
        made_ = xmp.with_one_label(old, inner, at)
        edits = Edits()
        for item, data in zip(others, made_[1:], strict=True):
            _fill(picture, edits, item, data.ljust(len(item.data)))
        for item in picture.items:
            if not item.xmp and item.spans:
                block, start = _exif(item)
                new = exif.vacated(block, item.spans[0].start)
                _fill(picture, edits, item, item.data[:start] + new)
        number = _placed(picture, edits, own, made_[0])
        return spliced(source.size, _followed(boxes, picture, edits, number, len(made_[0])))

    def payload(self, source: Source) -> Iterator[Slice]:
        boxes = Boxes(source)
        tops = boxes.top()
        picture = Picture(boxes, tops)
        there = [box for box in tops if box.kind == b"mdat"]
        there += [picture.idat] if picture.idat else []
        out = sorted(span for item in picture.items for span in item.spans)
        return stretches(_without([(box.body, box.end) for box in there], out))


def _placed(picture: Picture, edits: Edits, own: Described | None, packet: bytes) -> int:
    """Put the packet in its place, and return the number of its item."""
    if own is not None:
        picture.kept_apart(own)
        for n, span in enumerate(own.spans):
            new = packet if not n else b""
            edits.put(picture.path(span), Change(span.start, span.end, new))
        if not own.of:
            edits.put(*picture.referred(own.number))
        return own.number
    number = picture.free_number()
    for path, change in picture.named(number):
        edits.put(path, change)
    edits.put(*picture.referred(number))
    last = picture.tops[-1]
    if last.open and last is not picture.meta:
        edits.put((), _closed(last))
    elif last.open:
        raise refused(named(last), last.start, INCONSISTENT)
    edits.put((), Change(last.end, last.end, made(b"mdat", packet)))
    return number


def _followed(
    boxes: Boxes, picture: Picture, edits: Edits, number: int, length: int
) -> list[Change]:
    """Return all changes: those of ``edits``, and of every offset that follows."""
    iloc = picture.iloc
    place = picture.places.get(number)
    spans = picture.spans(place) if place else ()
    length_of_iloc = len(picture.located(Moves(()), number, 0, length))
    # what the box grows by is known before what it holds
    sized = [*edits.changes(), Change(iloc.body, iloc.end, bytes(length_of_iloc))]
    moves = Moves(sized)
    if spans:
        at = spans[0].start + moves.by(spans[0].start)
    else:
        end = picture.tops[-1].end
        grown = sum(len(one.new) - (one.end - one.start) for one in sized if one.start < end)
        at = end + grown + 8
    held = picture.located(moves, number, at, length)
    edits.put((picture.meta, iloc), Change(iloc.body, iloc.end, held))
    changes = edits.changes()
    return [*changes, *followed(boxes, picture.tops, changes)]


def _fill(picture: Picture, edits: Edits, item: Described, data: bytes) -> None:
    changes = list(item.filled(data))
    if changes:
        picture.kept_apart(item)
    for change in changes:
        edits.put((), change)


def _exif(item: Described) -> tuple[bytes, int]:
    """Return the EXIF block of an item, and where it begins in it."""
    skip = int.from_bytes(item.data[:_TIFF_AT], "big") + _TIFF_AT
    start = skip if skip <= len(item.data) else _TIFF_AT
    return item.data[start:], start


def _closed(box: Box) -> Change:
    """Return the change that gives the size of a box that reached to the end of the file."""
    size = box.end - box.start
    if size >> 32:
        raise refused(named(box), box.start, TOO_LARGE)
    return Change(box.start, box.start + 4, pack(">I", size))


def _without(
    kept: Sequence[tuple[int, int]], out: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Give what is left of the stretches ``kept`` without those of ``out`` (sorted)."""
    for start, end in sorted(kept):
        at = start
        for one, last in out:
            if one < end and last > at:
                yield at, max(at, one)
                at = max(at, last)
        yield at, max(at, end)


def _kind(head: bytes) -> str:
    """Return the name of the format of a file that begins with ``head``."""
    if head[4:8] != b"ftyp":
        return ""
    major, size = head[8:12], int.from_bytes(head[:4], "big")
    also = {head[at : at + 4] for at in range(16, min(size, len(head)), 4)}
    if major in _AVIF or (major in _GENERAL and also & _AVIF):
        return "avif"
    return "heic" if major in _HEIC else ""


def _offset(found: Found) -> int:
    return found.offset


COMPRESSED: Final = Words(en="its XMP packet is compressed", zh="其 XMP 数据包经过压缩")
_EN = "the property TC260:AIGC of the XMP item (mime, application/rdf+xml) that describes the image"
_ZH = "描述图像的 XMP 项目（mime，application/rdf+xml）中的 TC260:AIGC 属性"
_HEIC_PLACE: Final = Words(
    en=f"{_EN} (TC260-PG-20259A, ISO/IEC 23008-12)",
    zh=f"{_ZH}（TC260-PG-20259A，ISO/IEC 23008-12）",
)
_AVIF_PLACE: Final = Words(
    en=f"{_EN} (as in HEIF: no guide names AVIF)",
    zh=f"{_ZH}（与 HEIF 相同：指南未列明 AVIF）",
)
HEIC: Final[Format] = _Heif(
    "heic", (".heic", ".heif", ".hif"), ("image/heic", "image/heif"), _HEIC_PLACE
)
AVIF: Final[Format] = _Heif("avif", (".avif",), ("image/avif",), _AVIF_PLACE)
FORMATS: Final = (HEIC, AVIF)
