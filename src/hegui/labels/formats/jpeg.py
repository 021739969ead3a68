"""JPEG: the label in the XMP packet of an APP1 segment, after JFIF and EXIF (TC260-PG-20259A)."""

from collections.abc import Iterator
from hashlib import md5
from typing import Final

from hegui.labels import exif, xmp
from hegui.labels.bounded import Bounded
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
from hegui.labels.formats.jpeg_pictures import followed
from hegui.labels.formats.jpeg_segments import (
    EXTENSION_HEAD,
    XMP_HEAD,
    Extension,
    Segment,
    bare,
    content,
    extensions,
    is_picture,
    leads,
    made,
    segments,
)
from hegui.labels.splicing import Change, spliced, stretches
from hegui.labels.value import parsed
from hegui.terms import Words

_ROOM: Final = 65_502  # bytes of a packet in one segment (XMP part 3, 1.1.3)
_PART: Final = 65_400  # bytes of an extended packet in one segment


class _Jpeg:
    name = "jpeg"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif")
    mime = ("image/jpeg", "image/jpg", "image/pjpeg")
    place = Words(
        en="the property TC260:AIGC of the XMP packet in an APP1 segment (TC260-PG-20259A)",
        zh="APP1 段 XMP 数据包中的 TC260:AIGC 属性（TC260-PG-20259A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:3] == b"\xff\xd8\xff"

    def read(self, source: Source) -> list[Found]:
        there, source = segments(source), Bounded(source)
        found: list[Found] = []
        for one in there:
            if one.kind == "xmp":
                found += xmp.found(content(source, one), "jpeg-xmp", one.start)
            elif one.kind == "exif":
                found += exif.found(content(source, one), "jpeg", one.start)
            elif one.kind == "bare" and (raw := bare(source, one)) is not None:
                found.append(Found("jpeg-app", one.start, raw, guide=False, parsed=parsed(raw)))
        for extension in extensions(source, there):
            at = extension.segments[0].start
            labels = xmp.found(extension.held, "jpeg-extended-xmp", at)
            found += [one._replace(guide=False) for one in labels]
        return sorted(found, key=_place)

    def write(self, source: Source, inner: str) -> Splice:
        there, source = segments(source), Bounded(source)
        changes = [*_packets(source, there, inner), *_others(source, there)]
        changes += followed(source, there, changes)
        return spliced(source.size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        there = segments(source)
        kept = [(one.start, one.end) for one in there if is_picture(one)]
        return stretches([*kept, (there[-1].end, source.size)])


def _place(found: Found) -> int:
    return found.offset


def _others(source: Source, there: list[Segment]) -> Iterator[Change]:
    """Give the changes to labels outside XMP: their room is blank, or gone with its segment."""
    for one in there:
        if one.kind == "bare" and bare(source, one) is not None:
            yield Change(one.start, one.end, b"")
        elif one.kind == "exif":
            block = content(source, one)
            new = exif.vacated(block, one.end - len(block))
            if new is not block:
                yield Change(one.end - len(block), one.end, new)


def _packets(source: Source, there: list[Segment], inner: str) -> list[Change]:
    """Return the changes to the XMP packets: the first holds the label, at its place."""
    mains = [one for one in there if one.kind == "xmp"]
    more = extensions(source, there)
    old = [content(source, one) for one in mains] or [b""]
    extra = [one.packet for one in more if one.packet is not None]
    for one in more:
        if one.packet is None and xmp.labels_in(one.held):
            raise refused("extended XMP", one.segments[0].start, INCONSISTENT)
    at = [one.end - len(data) for one, data in zip(mains, old, strict=False)] or [0]
    new = xmp.with_one_label([*old, *extra], inner, [*at, *[0] * len(extra)])
    changes = [
        Change(one.start, one.end, made(XMP_HEAD, data))
        for one, data, before in zip(mains[1:], new[1:], old[1:], strict=False)
        if data != before
    ]
    main, whole = new[0], iter(new[len(old) :])
    for one in more:
        packet = None if one.packet is None else next(whole)
        if packet is not None and packet != one.packet:
            guid, parts = _parts(packet)
            main = main.replace(one.guid.encode(), guid.encode())
            changes += _exchanged(one, parts)
    place = _after_leading(there)
    changes += [Change(one.start, one.end, b"") for one in mains[:1]]
    return [Change(place, place, _fitted(main, old[0], inner, place, alone=not more)), *changes]


def _after_leading(there: list[Segment]) -> int:
    """Return where XMP belongs: after JFIF's and EXIF's segments at the file's beginning."""
    place = there[0].start
    for one in there:
        if leads(one):
            place = one.end
        elif one.kind != "xmp":
            break
    return place


def _fitted(main: bytes, old: bytes, inner: str, at: int, *, alone: bool) -> bytes:
    """Return the segments for a packet; one that is too long becomes an extended packet's."""
    if len(main) > _ROOM:
        main = xmp.tightened(main)
    if len(main) <= _ROOM:
        return made(XMP_HEAD, main)
    if not alone:
        raise refused("XMP packet", at, TOO_LARGE)
    _, rest = xmp.with_one_label([b"", old], inner)
    guid, parts = _parts(xmp.extended(rest))
    return made(XMP_HEAD, xmp.pointing_to(guid, inner)) + parts


def _parts(packet: bytes) -> tuple[str, bytes]:
    """Return the digest that names an extended packet, and its segments."""
    guid = md5(packet, usedforsecurity=False).hexdigest().upper()
    size = len(packet).to_bytes(4, "big")
    return guid, b"".join(
        made(EXTENSION_HEAD, guid.encode() + size + at.to_bytes(4, "big") + packet[at : at + _PART])
        for at in range(0, len(packet), _PART)
    )


def _exchanged(old: Extension, parts: bytes) -> list[Change]:
    first, *others = old.segments
    gone = [Change(one.start, one.end, b"") for one in others]
    return [Change(first.start, first.end, parts), *gone]


JPEG: Final[Format] = _Jpeg()
FORMATS: Final = (JPEG,)
