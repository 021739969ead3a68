"""What a HEIC holds beside its picture: all that encoding anew would lose is a refusal.

A list of what is kept, not of what is lost: a box, an item, a reference or a property that is not
named here (ISO/IEC 23008-12, ISO/IEC 14496-12) is refused, whatever it is.
"""

from collections.abc import Iterator
from struct import unpack
from typing import Final, NamedTuple

from hegui.labels.boxes import Box, Boxes, named, only
from hegui.labels.container import INCONSISTENT, Memory, refused
from hegui.labels.heif_items import Picture, entry
from hegui.labels.manifests import C2PA_BOX
from hegui.terms import BadRequest, Words

_TOPS: Final = frozenset({b"ftyp", b"meta", b"mdat", b"free", b"skip"})
_INSIDE: Final = frozenset(
    {b"hdlr", b"dinf", b"iloc", b"iinf", b"pitm", b"iprp", b"iref", b"idat", b"free", b"skip"}
)
_SHOWN: Final = frozenset({b"hvc1", b"grid"})
_ITEMS: Final = _SHOWN | {b"Exif", b"mime"}
_REFERENCES: Final = frozenset({b"dimg", b"thmb", b"auxl", b"cdsc"})
_PROPERTIES: Final = frozenset(
    {b"hvcC", b"ispe", b"pixi", b"colr", b"pasp", b"clap", b"irot", b"imir", b"auxC", b"free"}
    | {b"clli", b"mdcv", b"amve", b"ndwt", b"skip"}
)
_ALPHA: Final = frozenset(
    {b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"}
)


class Nclx(NamedTuple):
    """Colours by number (ISO/IEC 23091-2), as a box ``colr`` has them."""

    primaries: int
    transfer: int
    matrix: int
    full: bool


class Parts(NamedTuple):
    """What is to be kept: the boxes of colours, and what the one by numbers says."""

    colours: frozenset[bytes]
    nclx: Nclx | None


def parts_of(data: bytes) -> Parts:
    """Return what is kept of a HEIC; one that holds more than that is a ``BadRequest``.

    It holds one picture, in one piece or in tiles, with its transparency, its thumbnails, one block
    of EXIF and one of XMP.
    """
    boxes = Boxes(Memory(data))
    tops = boxes.top()
    for box in tops:
        manifest = box.kind == b"uuid" and data[box.body : box.body + len(C2PA_BOX)] == C2PA_BOX
        if box.kind not in _TOPS and not manifest:  # what a manifest bound, the doors judge
            raise _more(box.kind)
    picture = Picture(boxes, tops)
    for box in picture.inside:
        if box.kind not in _INSIDE:
            raise _more(box.kind)
    _require_one(picture, boxes)
    _require_own(picture)
    return _colours(boxes, only(picture.inside, b"iprp"))


def _require_one(picture: Picture, boxes: Boxes) -> None:
    """Refuse a file of several pictures, or of items that are none of a picture's."""
    kinds = dict(_kinds(picture, boxes))
    parts: set[int] = {picture.primary}
    for kind, number, others in _references(picture, boxes):
        if kind not in _REFERENCES:
            raise _more(kind)
        if kind in (b"thmb", b"auxl"):
            parts.add(number)
        elif kind == b"dimg":
            parts.update(others)
    for number, kind in kinds.items():
        if kind not in _ITEMS:
            raise _more(kind)
        if kind in _SHOWN and number not in parts:
            raise BadRequest(_SEVERAL, code="heic_parts", param="explicit")


def _require_own(picture: Picture) -> None:
    """Refuse metadata that is not the picture's, or more of it than one block of each kind."""
    there: set[bool] = set()
    for item in picture.items:
        if item.xmp in there or item.packed or picture.primary not in item.of:
            raise _more(b"XMP" if item.xmp else b"Exif")
        there.add(item.xmp)


def _kinds(picture: Picture, boxes: Boxes) -> Iterator[tuple[int, bytes]]:
    for box in boxes.children(picture.iinf, 8 if picture.wide_count else 6):
        if box.kind == b"infe":
            number, kind, rest = entry(boxes.held(box), box)
            mime = rest.partition(b"\0")[2].partition(b"\0")[0].lower()
            if kind == b"mime" and mime != b"application/rdf+xml":
                kind = mime[:40] or kind
            yield number, kind


def _references(picture: Picture, boxes: Boxes) -> Iterator[tuple[bytes, int, list[int]]]:
    """Give each reference: its kind, from which item, to which others."""
    if picture.iref is None:
        return
    width = 4 if boxes.head(picture.iref, 4)[0] else 2
    for box in boxes.children(picture.iref, 4):
        data = boxes.held(box)
        numbers = [
            int.from_bytes(data[at : at + width], "big")
            for at in range(width + 2, len(data) - width + 1, width)
        ]
        yield box.kind, int.from_bytes(data[:width], "big"), numbers


def _colours(boxes: Boxes, properties: Box) -> Parts:
    """Return the colours among the properties, of which none may be unknown."""
    found: set[bytes] = set()
    deep = False
    for box in boxes.children(only(boxes.children(properties), b"ipco")):
        if box.kind not in _PROPERTIES:
            raise _more(box.kind)
        held = boxes.held(box)
        if box.kind == b"colr":
            found.add(held)
        elif box.kind == b"auxC" and held[4:].partition(b"\0")[0] not in _ALPHA:
            raise _more(held[4:].partition(b"\0")[0][:60])
        elif box.kind == b"pixi":
            deep = deep or max(held[5:], default=0) > 8  # noqa: PLR2004 - bits of a byte
    numbered = [one for one in found if one.startswith(b"nclx")]
    if len(found) > 1 or (deep and not found):  # libheif writes one of two, and guesses where none
        raise _more(b"colr")
    if numbered and len(numbered[0]) < 11:  # noqa: PLR2004 - four numbers behind its name
        raise refused(named(properties), properties.start, INCONSISTENT)
    return Parts(frozenset(found), _nclx(numbered[0]) if numbered else None)


def _nclx(held: bytes) -> Nclx:
    primaries, transfer, matrix = unpack(">3H", held[4:10])
    return Nclx(primaries, transfer, matrix, full=bool(held[10] & 0x80))


def _more(kind: bytes) -> BadRequest:
    shown = "".join(chr(one) if 0x20 <= one < 0x7F else "?" for one in kind)  # noqa: PLR2004 - ASCII
    return BadRequest(_MORE.fill(what=shown), code="heic_parts", param="explicit")


_MORE: Final = Words(
    en="This HEIC holds more than a picture with its metadata ({what}), which encoding it anew for"
    " a notice would lose: depth or gain maps, a film, a second block. Convert it to JPEG or PNG"
    " first, or say that it shows its notice: --explicit present.",
    zh="该 HEIC 除图片及其元数据外还含有其他内容（{what}），为添加标识重新编码会丢失这些内容，"
    "例如深度图、增益图、动态影像或重复的元数据。请先转换为 JPEG 或 PNG；"
    "已显示标识的，使用 --explicit present。",
)
_SEVERAL: Final = Words(
    en="This HEIC holds several pictures; hegui draws on single ones. If each shows the notice, say"
    " so: --explicit present.",
    zh="该 HEIC 含多幅图像，hegui 仅支持单幅图片。各幅均已显示标识的，使用 --explicit present。",
)
