"""The segments of a JPEG before its first scan (ITU-T T.81, B.1), and what metadata each holds."""

from typing import Final, NamedTuple

from hegui.labels import exif
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Source,
    exactly,
    refused,
    walked_once,
)
from hegui.labels.value import parsed
from hegui.terms import Words

XMP_HEAD: Final = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION_HEAD: Final = b"http://ns.adobe.com/xmp/extension/\0"
MPF_HEAD: Final = b"MPF\0"
_BARE: Final = b"AIGC"
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_COM: Final = 0xFE
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
_NO_SEGMENT: Final = _ALONE | {0, _SOI, _EOI}
_HEADS: Final = {
    _APP1: ((XMP_HEAD, "xmp"), (EXTENSION_HEAD, "extension"), (exif.HEAD, "exif")),
    _APP2: ((MPF_HEAD, "mpf"),),
}
_LOOKED: Final = 4 + len(EXTENSION_HEAD)  # bytes of a segment that tell what it is
_LONGEST: Final = 65_533  # bytes that a segment holds
_GUID, _FIXED = 32, 40  # an extension's digest; with its whole length and its own offset


class Segment(NamedTuple):
    """One segment: ``body`` is where what it holds begins, ``kind`` what that is."""

    marker: int
    start: int
    body: int
    end: int
    kind: str


class Extension(NamedTuple):
    """An extended XMP packet; ``packet`` is None where its parts do not make a whole."""

    guid: str
    segments: list[Segment]
    packet: bytes | None
    held: bytes


@walked_once
def segments(source: Source) -> list[Segment]:
    """Return the segments from after SOI to SOS itself, which is the last."""
    if source.read(0, 2) != b"\xff\xd8":
        raise refused("JPEG", 0, INCONSISTENT)
    there: list[Segment] = []
    at = 2
    while not there or there[-1].marker != _SOS:
        if len(there) >= MOST_PARTS:
            raise refused("JPEG segment", at, TOO_MANY)
        there.append(_segment(source, at))
        at = there[-1].end
    return there


def content(source: Source, segment: Segment) -> bytes:
    """Return what a segment holds, without the name it begins with."""
    name = len(next((head for head, kind in _HEADS[segment.marker] if kind == segment.kind), b""))
    return exactly(source, segment.body + name, segment.end - segment.body - name, "JPEG segment")


def bare(source: Source, segment: Segment) -> str | None:
    """Return the label that a segment holds without any wrapping, as some tools write it."""
    text = exactly(source, segment.body, segment.end - segment.body, "JPEG segment")
    raw = text.decode("utf-8", "replace")
    return raw if parsed(raw) is not None else None


def is_picture(segment: Segment) -> bool:
    """Whether a segment is needed for the picture: all but APPn and comments; Adobe's is."""
    app = _APP0 <= segment.marker <= _APP0 + 15 and segment.marker != _APP14
    return not app and segment.marker != _COM


def leads(segment: Segment) -> bool:
    """Whether a segment may stand before XMP: JFIF's and EXIF's must be first by their rules."""
    return (segment.marker == _APP0 and segment.kind != "bare") or segment.kind == "exif"


def made(head: bytes, held: bytes) -> bytes:
    """Return an APP1 segment that holds ``held`` under the name ``head``."""
    if len(head) + len(held) > _LONGEST:
        raise refused("JPEG segment", 0, TOO_LARGE)
    return b"\xff\xe1" + (len(head) + len(held) + 2).to_bytes(2, "big") + head + held


def extensions(source: Source, there: list[Segment]) -> list[Extension]:
    """Return the extended packets, each put together from its segments (XMP part 3, 1.1.3.1)."""
    parts: dict[bytes, list[tuple[Segment, bytes]]] = {}
    for segment in there:
        if segment.kind == "extension":
            data = content(source, segment)
            parts.setdefault(data[:_GUID], []).append((segment, data))
    return [_extension(guid, one) for guid, one in parts.items()]


def _extension(guid: bytes, parts: list[tuple[Segment, bytes]]) -> Extension:
    placed = sorted((data[_GUID + 4 : _FIXED], data) for _, data in parts)
    whole, size = b"".join(data[_FIXED:] for _, data in placed), placed[0][1][_GUID : _GUID + 4]
    at, fits = 0, len(whole) == int.from_bytes(size, "big") and len(size) == 4  # noqa: PLR2004 - a length's own
    for place, data in placed:
        fits &= int.from_bytes(place, "big") == at and data[_GUID : _GUID + 4] == size
        at += len(data) - _FIXED
    name = guid.decode("ascii", "replace")
    return Extension(name, [one for one, _ in parts], whole if fits else None, whole)


def _segment(source: Source, start: int) -> Segment:
    at = start
    head = source.read(at, _LOOKED)
    while head[:2] == b"\xff\xff":  # fill bytes
        at += 1
        if at - start > MOST_PARTS:
            raise refused("JPEG segment", start, TOO_LARGE)
        head = source.read(at, _LOOKED)
    if len(head) < 2:  # noqa: PLR2004 - a marker's two bytes
        raise refused("JPEG segment", start, CUT_SHORT)
    marker = head[1]
    if head[0] != 0xFF or marker in _NO_SEGMENT:  # noqa: PLR2004 - what every marker begins with
        if head[0] == 0xFF and marker in _ALONE:  # noqa: PLR2004 - the same
            return Segment(marker, start, at + 2, at + 2, "")
        if head[0] == 0xFF and marker:  # noqa: PLR2004 - the same
            raise refused("JPEG", at, NO_PICTURE)
        raise refused("JPEG segment", at, NO_MARKER)
    length = int.from_bytes(head[2:4], "big")
    if len(head) >= 4 and length < 2:  # noqa: PLR2004 - a length counts itself
        raise refused("JPEG segment", at, INCONSISTENT)
    end = at + 2 + length
    if len(head) < 4 or end > source.size:  # noqa: PLR2004 - marker and length
        raise refused("JPEG segment", start, CUT_SHORT)
    tells = _APP0 <= marker < _APP0 + 16 or marker == _COM
    return Segment(marker, start, at + 4, end, _kind(marker, head[4 : end - at]) if tells else "")


def _kind(marker: int, head: bytes) -> str:
    if head.startswith(_BARE):
        return "bare"
    return next((kind for name, kind in _HEADS.get(marker, ()) if head.startswith(name)), "")


NO_MARKER: Final = Words(en="no marker stands there", zh="该处没有标记")
NO_PICTURE: Final = Words(en="it holds no picture", zh="其中没有图像数据")
