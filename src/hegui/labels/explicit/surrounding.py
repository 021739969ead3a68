"""What a picture's file holds beside its pixels, put around pixels that were drawn upon.

Pillow writes a part of it only: a JPEG would lose its captions (IPTC), extended XMP and comments, a
PNG what says which colours its numbers mean.
"""

import zlib
from collections.abc import Iterator
from struct import pack, unpack
from typing import Final

from hegui.labels.container import Memory
from hegui.labels.formats.jpeg_segments import is_picture, segments

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
FORM: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"bKGD", b"sBIT", b"hIST", b"acTL", b"fcTL", b"IDAT", b"fdAT"}
    | {b"IEND", b"sPLT"}
)
"""Chunks of a PNG that say how the pixels are stored."""
_SAME_COLOURS: Final = frozenset({b"bKGD", b"sBIT"})
_COLOURS: Final = slice(24, 26)  # bits and colour type in IHDR
_JFIF: Final = (b"JFIF\0", b"JFXX\0")


def jpeg(new: bytes, old: bytes) -> bytes:
    """Return ``new``, as Pillow wrote it without metadata, with all that ``old`` held beside.

    Not the table of further pictures (MPF), which points into the old file, nor JFIF's own head and
    thumbnail. Raises ``BadRequest`` where a file does not hold together.
    """
    made, came = segments(Memory(new)), segments(Memory(old))
    head = [one for one in made if not is_picture(one)]
    kept = [
        old[one.start : one.end]
        for one in came
        if not is_picture(one)
        and one.kind != "mpf"
        and not old.startswith(_JFIF, one.body, one.end)
    ]
    first = [new[one.start : one.end] for one in head]
    rest = [new[one.start : one.end] for one in made if is_picture(one)]
    return b"".join([new[:2], *first, *kept, *rest, new[made[-1].end :]])


def png(new: bytes, old: bytes) -> bytes:
    """Return ``new``, as Pillow wrote it, with all chunks of ``old`` that are not its pixels'."""
    same = new[_COLOURS] == old[_COLOURS]
    there = list(chunks(old))
    first = next((n for n, (kind, _) in enumerate(there) if kind == b"IDAT"), len(there))
    kept = [
        (n < first, chunk(kind, held))
        for n, (kind, held) in enumerate(there)
        if kind not in FORM or (same and kind in _SAME_COLOURS)
    ]
    parts = [chunk(*one) for one in chunks(new) if one[0] in FORM]
    before, after = ([one for early, one in kept if early is wanted] for wanted in (True, False))
    return b"".join([SIGNATURE, parts[0], *before, *parts[1:-1], *after, parts[-1]])


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the chunks of a PNG, as far as they are whole: what each is, and what it holds."""
    at = 8
    while at + 12 <= len(data):
        (length,) = unpack(">I", data[at : at + 4])
        if at + 12 + length > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def chunk(kind: bytes, held: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return pack(">I", len(held)) + kind + held + pack(">I", zlib.crc32(kind + held))
