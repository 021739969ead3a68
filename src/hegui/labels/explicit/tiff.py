"""A picture with its notice back into its TIFF: new pixels and their directory, at its end.

Everything else stays where it is, as other fields may point to it: EXIF, GPS, IPTC, profiles, what
programs keep under private tags. Where the pixels without the notice stood are zeros afterwards.
"""

import zlib
from struct import pack
from typing import TYPE_CHECKING, Final

from hegui.labels.bounded import Bounded
from hegui.labels.container import CUT_SHORT, Memory, refused
from hegui.labels.ifd import Directory, Tiff
from hegui.labels.splicing import Change, joined, spliced

if TYPE_CHECKING:
    from PIL.Image import Image

_RAW, _DEFLATE = 1, 8
_COMPRESSION, _EXTRA = 259, 338
_PIXELS: Final = ((273, 279), (324, 325), (513, 514))
_OF_PIXELS: Final = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324}
    | {325, 338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532}
)
"""Tags of how the pixels are stored (TIFF 6.0): these are written anew."""
_SHORT, _LONG = 3, 4


def with_pixels(image: "Image", data: bytes) -> bytes:
    """Return the TIFF in ``data``, of one page, with the pixels of ``image`` (L, RGB or RGBA).

    They stand upright, as Pillow gives them. Pixels that were compressed in any way are compressed
    without loss (deflate).
    """
    source = Memory(data)
    tiff = Tiff(Bounded(source))
    page = next(tiff.chain())
    there = {one.tag: one for one in page.entries}
    raw = _COMPRESSION not in there or tiff.numbers(there[_COMPRESSION]) == [_RAW]
    held = image.tobytes() if raw else zlib.compress(image.tobytes(), 6)
    bands = len(image.getbands())
    extra = tiff.numbers(there[_EXTRA])[:1] if _EXTRA in there else []
    end = len(data) + (len(data) & 1)
    bits_at = end + len(held) + (len(held) & 1)
    bits = pack(f"{tiff.order}{bands}H", *[8] * bands)
    fields = {
        256: _number(tiff, 256, _LONG, image.width),
        257: _number(tiff, 257, _LONG, image.height),
        258: _field(tiff, 258, _SHORT, bands, bits, bits_at),
        259: _number(tiff, 259, _SHORT, _RAW if raw else _DEFLATE),
        262: _number(tiff, 262, _SHORT, 1 if bands == 1 else 2),
        273: _number(tiff, 273, _LONG, end),
        277: _number(tiff, 277, _SHORT, bands),
        278: _number(tiff, 278, _LONG, image.height),
        279: _number(tiff, 279, _LONG, len(held)),
        284: _number(tiff, 284, _SHORT, 1),
    }
    if image.mode == "RGBA":
        fields[_EXTRA] = _number(tiff, _EXTRA, _SHORT, *(extra or [2]))
    for one in page.entries:
        if one.tag not in _OF_PIXELS:
            fields[one.tag] = data[one.at : one.at + tiff.width]
    table_at = bits_at + len(bits) + (len(bits) & 1)
    new = bytes(end - len(data)) + held + bytes(bits_at - end - len(held))
    new += bits.ljust(table_at - bits_at, b"\0") + tiff.table(len(fields))
    new += b"".join(fields[tag] for tag in sorted(fields)) + tiff.number(page.next)
    first = Change(tiff.first_at, tiff.first_at + tiff.pointer, tiff.number(table_at))
    changes = [first, Change(len(data), len(data), new), *_emptied(tiff, page)]
    return joined(source, spliced(len(data), changes))


def _number(tiff: Tiff, tag: int, kind: int, value: int) -> bytes:
    code = "H" if kind == _SHORT else "I"
    return _field(tiff, tag, kind, 1, pack(tiff.order + code, value), 0)


def _field(tiff: Tiff, tag: int, kind: int, count: int, value: bytes, at: int) -> bytes:
    """Return a field with its value in it, or at ``at`` where it has no room."""
    whole = tiff.entry(tag, kind, count, at)
    if len(value) > tiff.pointer:
        return whole
    return whole[: -tiff.pointer] + value.ljust(tiff.pointer, b"\0")


def _emptied(tiff: Tiff, page: Directory) -> list[Change]:
    """Return the changes that leave zeros where the pixels stood."""
    there = {one.tag: one for one in page.entries}
    spans = []
    for offsets, lengths in _PIXELS:
        if offsets in there and lengths in there:
            starts, sizes = tiff.numbers(there[offsets]), tiff.numbers(there[lengths])
            spans += [(one, one + size) for one, size in zip(starts, sizes, strict=False)]
    done, past = [], 0
    for start, stop in sorted(spans):
        if stop > tiff.source.size:
            raise refused("TIFF", start, CUT_SHORT)
        if stop > max(start, past):
            done.append(Change(max(start, past), stop, bytes(stop - max(start, past))))
            past = stop
    return done
