"""TIFF and BigTIFF: the label in the XMP packet of IFD0's tag 0x2BC, type 7 (TC260-PG-20259A).

Nothing moves: offsets in a TIFF count from its beginning, and private tags hold some that nobody
can find. What does not fit in the room of the old packet is put at the end.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from hegui.labels import exif, ifd, xmp
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    refused,
)
from hegui.labels.ifd import Directory, Entry, Tiff, whole
from hegui.labels.splicing import Change, spliced, stretches
from hegui.labels.value import parsed
from hegui.terms import Words

_DATA: Final = ((273, 279), (324, 325), (513, 514))  # strips, tiles, JPEG: offsets and lengths
_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class _Place(NamedTuple):
    """A field that holds a packet."""

    entry: Entry
    packet: bytes
    first: bool


class _Tiff:
    name = "tiff"
    suffixes = (".tif", ".tiff")
    mime = ("image/tiff", "image/tiff-fx")
    place = Words(
        en="the property TC260:AIGC of the XMP packet in IFD0, tag 0x2BC, type 7 (TC260-PG-20259A)",
        zh="IFD0 标签 0x2BC（类型 7）XMP 数据包中的 TC260:AIGC 属性（TC260-PG-20259A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:4] in _MAGIC

    def read(self, source: Source) -> list[Found]:
        tiff = Tiff(Bounded(source))
        found: list[Found] = []
        pages = list(_pages(tiff))
        for place in _packets(tiff, pages):
            guide = place.first and place.entry.kind == ifd.UNDEFINED
            labels = xmp.found(place.packet, "tiff-xmp", place.entry.offset)
            found += [one._replace(guide=one.guide and guide) for one in labels]
        for text in _texts(tiff, pages):
            comment = text.tag == ifd.USER_COMMENT
            form = "tiff-exif" if comment else "tiff-description"
            found.append(Found(form, text.offset, text.raw, comment, parsed(text.raw)))
        return sorted(found, key=_offset)

    def write(self, source: Source, inner: str) -> Splice:
        tiff = Tiff(Bounded(source))
        pages = list(_pages(tiff))
        if not pages:
            raise tiff.refused("TIFF", tiff.first_at, NO_PAGE)
        changes = [
            Change(one.offset, one.offset + one.length, exif.blank(one))
            for one in _texts(tiff, pages)
        ]
        places = _packets(tiff, pages)
        first, others = places[:1], places[1:]
        if not (places and places[0].first):
            first, others = [], places
        known = [*first, *others]
        old = [one.packet for one in known] if first else [b"", *(one.packet for one in known)]
        at = [one.entry.offset for one in known]
        made = xmp.with_one_label(old, inner, at if first else [0, *at])
        changes += [
            _filled(tiff, one, data)
            for one, data in zip(others, made[1:], strict=True)
            if data != one.packet
        ]
        if first:
            changes += _updated(tiff, first[0], made[0])
        else:
            changes += _added(tiff, pages[0], made[0])
        _kept_apart(tiff, pages, changes)
        return spliced(source.size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        tiff = Tiff(Bounded(source))
        return stretches(_once(_pictures(tiff, _pages(tiff))))


def _offset(found: Found) -> int:
    return found.offset


def _pages(tiff: Tiff) -> Iterator[Directory]:
    """Give each page's directory, and the directories under it, once each."""
    seen = set[int]()
    for page in tiff.chain():
        for one in (page, *tiff.under(page, ifd.SUB_DIRECTORIES)):
            if one.at not in seen:
                seen.add(one.at)
                yield one


def _packets(tiff: Tiff, pages: list[Directory]) -> list[_Place]:
    """Return the packets, each once though pages share it; IFD0's is the first, if it has one."""
    there: dict[int, _Place] = {}
    for page in pages:
        for one in page.entries:
            if one.tag == ifd.XMP and one.offset not in there:
                first = not there and page is pages[0]
                there[one.offset] = _Place(whole(tiff, one), tiff.value(one), first)
    return list(there.values())


def _texts(tiff: Tiff, pages: list[Directory]) -> list[exif.Text]:
    """Return the labels outside XMP, each once though pages share it."""
    there = {one.offset: one for page in pages for one in exif.texts(tiff, page)}
    return list(there.values())


def _filled(tiff: Tiff, place: _Place, packet: bytes) -> Change:
    """Return the change that puts a packet without a label in its old room."""
    room = place.entry.length
    if len(packet) > room:
        raise tiff.refused("XMP packet", place.entry.offset, TOO_LARGE)
    return Change(place.entry.offset, place.entry.offset + room, packet.ljust(room))


def _updated(tiff: Tiff, place: _Place, packet: bytes) -> Iterator[Change]:
    """Give the changes to a packet that is there: in its room, or at the end of the file."""
    entry, offset, room = place.entry, place.entry.offset, place.entry.length
    if room >= len(packet) > tiff.pointer:
        yield Change(offset, offset + room, packet.ljust(room, b"\0"))
    else:
        if room > tiff.pointer and b"AIGC" in place.packet:
            yield Change(offset, offset + room, bytes(room))  # the old label is not left lying
        end = tiff.source.size
        offset = end + (end & 1)
        yield Change(end, end, b"\0" * (end & 1) + packet)
    field = tiff.entry(ifd.XMP, ifd.UNDEFINED, len(packet), offset)
    yield Change(entry.at, entry.at + tiff.width, field)


def _added(tiff: Tiff, page: Directory, packet: bytes) -> Iterator[Change]:
    """Give the changes that put a packet at the end, and a directory that names it behind it."""
    end = tiff.source.size
    at = end + (end & 1)
    moved_to = at + len(packet) + (len(packet) & 1)
    size = tiff.width
    kept = tiff.source.read(page.at + tiff.head, len(page.entries) * size)
    fields = [(one.tag, kept[n * size : n * size + size]) for n, one in enumerate(page.entries)]
    added = (ifd.XMP, tiff.entry(ifd.XMP, ifd.UNDEFINED, len(packet), at))
    fields = sorted([*fields, added], key=_tag)
    directory = tiff.table(len(fields)) + b"".join(data for _, data in fields)
    tail = b"\0" * (end & 1) + packet + b"\0" * (len(packet) & 1)
    yield Change(end, end, tail + directory + tiff.number(page.next))
    yield Change(tiff.first_at, tiff.first_at + tiff.pointer, tiff.number(moved_to))


def _tag(field: tuple[int, bytes]) -> int:
    return field[0]


def _spans(tiff: Tiff, page: Directory) -> Iterator[tuple[int, int]]:
    """Give where the pictures of a page stand."""
    by_tag = {entry.tag: entry for entry in page.entries}
    for offsets, lengths in _DATA:
        if offsets in by_tag and lengths in by_tag:
            starts, sizes = tiff.numbers(by_tag[offsets]), tiff.numbers(by_tag[lengths])
            for start, size in zip(starts, sizes, strict=False):
                if start + size > tiff.source.size:
                    raise refused("TIFF", start, CUT_SHORT)
                yield start, start + size


def _pictures(tiff: Tiff, pages: Iterable[Directory]) -> list[tuple[int, int]]:
    """Return where the pictures of all pages stand."""
    spans: list[tuple[int, int]] = []
    for page in pages:
        spans += _spans(tiff, page)
        if len(spans) > MOST_PARTS:
            raise tiff.refused("TIFF", page.at, TOO_MANY)
    return spans


def _kept_apart(tiff: Tiff, pages: list[Directory], changes: list[Change]) -> None:
    """Refuse a file in which what changes is also a picture's, or another directory's."""
    tables = [(page.at, tiff.end(page)) for page in pages]
    fields = {one.at for page in pages for one in page.entries}
    pictures = list(_once(_pictures(tiff, pages)))
    changed = [(one.start, one.end) for one in changes if one.start < one.end]
    values = [one for one in changed if one[0] not in fields]
    for start, end in changed:
        last = bisect_left(pictures, (end, 0)) - 1  # the last that begins before it ends
        if last >= 0 and pictures[last][1] > start:
            raise tiff.refused("TIFF", start, SHARED)
    past = 0
    for start, end in sorted([*tables, *values]):
        if start < past:
            raise tiff.refused("TIFF", start, SHARED)
        past = end


def _once(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give stretches in order of place, no byte twice: pictures may share their tiles."""
    past = 0
    for start, end in sorted(spans):
        if end > past:
            yield max(start, past), end
            past = end


SHARED: Final = Words(en="two parts of it share bytes", zh="其中两部分占用了相同的字节")
NO_PAGE: Final = Words(en="it has no page", zh="其中没有图像页")
TIFF: Final[Format] = _Tiff()
FORMATS: Final = (TIFF,)
