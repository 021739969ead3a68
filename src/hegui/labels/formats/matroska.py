"""Matroska and WebM: the label in the tag ``AIGC`` (TC260-PG-20257A, Appendix C).

Nothing moves in a file whose places are listed (``SeekHead``, ``Cues``): tags that do not fit in
their old room go to the end, and the list follows. A live stream has no such list: there the tags
stand before the first cluster, so that they are there when playing begins.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from hegui.labels.container import (
    INCONSISTENT,
    TOO_MANY,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    refused,
)
from hegui.labels.ebml import (
    CLUSTER,
    CRC,
    CUES,
    HEADER,
    SEEK_HEAD,
    SEGMENT,
    TAGS,
    VOID,
    Element,
    Elements,
    filling,
    made,
    resized,
    void,
)
from hegui.labels.matroska_tags import Tags, fresh, labelled, summed
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_MAGIC: Final = HEADER.to_bytes(4, "big")
_TAGS_ID: Final = TAGS.to_bytes(4, "big")
_MOST_HEADS: Final = 16  # RFC 9559 allows two


class _File(NamedTuple):
    elements: Elements
    segment: Element
    parts: list[Element]

    def of(self, kind: int) -> list[Element]:
        return [one for one in self.parts if one.kind == kind]


class _Matroska:
    def __init__(self, name: str, suffixes: Sequence[str], mime: Sequence[str]) -> None:
        self.name, self.suffixes, self.mime, self.place = name, suffixes, mime, _PLACE

    def matches(self, head: bytes) -> bool:
        web = b"webm" in head[4:64]
        return head[:4] == _MAGIC and web == (self.name == "webm")

    def read(self, source: Source) -> list[Found]:
        file = _opened(source)
        tags = (Tags(file.elements, one) for one in file.of(TAGS))
        return [found for one in tags for found in one.found()]

    def write(self, source: Source, inner: str) -> Splice:
        file = _opened(source)
        tags = [Tags(file.elements, one) for one in file.of(TAGS)]
        changes = [_shrunk(one) for one in tags[1:] if one.hits]
        listed = bool(file.of(SEEK_HEAD) or file.of(CUES))
        changes += (_listed if listed else _live)(file, tags[0] if tags else None, inner)
        for crc in file.of(CRC):  # a sum of the whole segment no longer holds
            changes.append(Change(crc.start, crc.end, void(crc.end - crc.start)))
        more = sum(len(one.new) - (one.end - one.start) for one in changes)
        if file.segment.known and more:
            changes.append(Change(*resized(file.segment, more)))
        return spliced(source.size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        return stretches((one.start, one.end) for one in _opened(source).of(CLUSTER))


def _opened(source: Source) -> _File:
    elements = Elements(source)
    header = elements.at(0, source.size)
    if header.kind != HEADER or not header.known:
        raise refused("Matroska", 0, INCONSISTENT)
    at = header.end
    segment = elements.at(at, source.size)
    while segment.kind in (VOID, CRC):
        segment = elements.at(segment.end, source.size)
    if segment.kind != SEGMENT:
        raise refused("Matroska", segment.start, INCONSISTENT)
    parts = list(elements.within(segment.body, segment.end))
    for one in parts:
        if one.kind in (HEADER, SEGMENT):
            raise refused("Matroska", one.start, SECOND)
    for one in elements.within(segment.end, source.size):
        if one.kind in (HEADER, SEGMENT):
            raise refused("Matroska", one.start, SECOND)
    return _File(elements, segment, parts)


def _shrunk(tags: Tags) -> Change:
    """Return the change that takes the labels out of further tags, in their room."""
    room = tags.element.end - tags.element.start
    new = filling(TAGS, tags.without(), room)
    if new is None:
        raise refused("Tags", tags.element.start, INCONSISTENT)
    return Change(tags.element.start, tags.element.end, new)


def _live(file: _File, tags: Tags | None, inner: str) -> Iterator[Change]:
    """Give the change of a file in which no place is listed: the tags grow where they are."""
    if tags is not None:
        held = labelled(tags.without(), inner)
        yield Change(tags.element.start, tags.element.end, made(TAGS, held))
    else:
        clusters = file.of(CLUSTER)
        at = clusters[0].start if clusters else file.segment.end
        yield Change(at, at, fresh(inner))


def _listed(file: _File, tags: Tags | None, inner: str) -> Iterator[Change]:
    """Give the changes of a file in which places are listed: in the old room, or at the end."""
    end = file.segment.end
    if tags is None:
        yield from _sought(file, end, None)
        yield Change(end, end, fresh(inner))
        return
    old, held = tags.element, labelled(tags.without(), inner)
    if old.end == end:
        yield Change(old.start, end, made(TAGS, held))
        return
    room = _room(file, old)
    if (new := filling(TAGS, held, room - old.start)) is not None:
        yield Change(old.start, room, new)
        return
    yield from _sought(file, end, Element(old.kind, old.start, old.size_at, old.body, room))
    yield Change(end, end, made(TAGS, held))


def _sought(file: _File, to: int, old: Element | None) -> Iterator[Change]:
    """Give the changes by which the tags at ``to`` are listed, and the old ones are void.

    If the list has no room, a second one stands in the room of the old tags.
    """
    place = (to - file.segment.body).to_bytes(8, "big")
    seek = made(_SEEK, made(_SEEK_ID, _TAGS_ID) + made(_SEEK_POSITION, place))
    done, heads = False, file.of(SEEK_HEAD)
    if len(heads) > _MOST_HEADS:
        raise refused("SeekHead", heads[-1].start, TOO_MANY)
    for one in heads:
        data, room = file.elements.held(one), _room(file, one)
        kept = _kept(file, one)
        more = b"" if done else seek
        new = filling(SEEK_HEAD, summed(kept + more, data), room - one.start)
        if new is None:
            new = filling(SEEK_HEAD, summed(kept, data), room - one.start)
        else:
            done = True
        if new is None:
            raise refused("SeekHead", one.start, INCONSISTENT)
        yield Change(one.start, room, new)
    if old is not None:
        length = old.end - old.start
        second = None if done else filling(SEEK_HEAD, seek, length)
        yield Change(old.start, old.end, second or _nothing(file, old.start, length))


def _nothing(file: _File, at: int, length: int) -> bytes:
    """Return what says nothing in the room of tags that went elsewhere.

    A cluster of no stated size goes on over a void element: behind one stand tags that are empty.
    """
    before = next((one for one in file.parts if one.end == at), None)
    if before is None or before.known:
        return void(length)
    return filling(TAGS, b"", length) or void(length)


def _kept(file: _File, head: Element) -> bytes:
    """Return the entries of a list, but for that of the first tags; a checksum is none."""
    further = {one.start - file.segment.body for one in file.of(TAGS)[1:]}
    out = []
    for entry in file.elements.within(head.body, head.end):
        data = file.elements.held(entry)
        if entry.kind == _SEEK and _TAGS_ID in data:
            inside = list(file.elements.within(entry.body, entry.end))
            places = [file.elements.held(one) for one in inside if one.kind == _SEEK_POSITION]
            if not further.intersection(int.from_bytes(one, "big") for one in places):
                continue
        if entry.kind != CRC:
            out.append(made(entry.kind, data))
    return b"".join(out)


def _room(file: _File, element: Element) -> int:
    """Return where the void behind an element ends."""
    number = file.parts.index(element) + 1
    while number < len(file.parts) and file.parts[number].kind == VOID:
        element = file.parts[number]
        number += 1
    return element.end


_PLACE: Final = Words(
    en="the tag AIGC in Segment, Tags, Tag, SimpleTag (TC260-PG-20257A, Appendix C)",
    zh="Segment.Tags.Tag.SimpleTag 中的标签 AIGC（TC260-PG-20257A 附录 C）",
)
SECOND: Final = Words(
    en="a second film follows: label each by itself", zh="其后还有第二个视频：请分别标识"
)
MKV: Final[Format] = _Matroska(
    "mkv", (".mkv", ".mka", ".mk3d"), ("video/x-matroska", "audio/x-matroska", "video/matroska")
)
WEBM: Final[Format] = _Matroska("webm", (".webm",), ("video/webm", "audio/webm"))
FORMATS: Final = (MKV, WEBM)
