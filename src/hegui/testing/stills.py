"""Small HEIF and AVIF files, made by plain code: every version of their boxes.

Their boxes are whole; what they show is not: it stands for a picture's bytes.
"""

from collections.abc import Sequence
from struct import pack
from typing import Final, NamedTuple

from hegui.labels.boxes import full, made

SHOWN: Final = bytes(range(200))


class Held(NamedTuple):
    """An item: its type, its bytes, whether they lie in ``idat``, and what it describes."""

    kind: bytes
    data: bytes
    inside: bool = False
    of: Sequence[int] = (1,)
    pieces: int = 1
    encoding: bytes = b""


def samples() -> dict[str, bytes]:
    """Return a file of every layout, by name."""
    exif = Held(b"Exif", bytes(4) + b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    return {
        "heic": still(),
        "heic exif": still([exif]),
        "heic 0": still([exif], version=0, wide=False),
        "heic 2": still([exif], version=2, wide=True),
        "heic base": still([exif], base=True),
        "heic idat": still([Held(b"Exif", exif.data, inside=True)]),
        "heic behind": still([exif], behind=True),
        "heic open": still(unclosed=True),
        "avif": still(brand=b"avif"),
        "avif too": still(brand=b"mif1", also=b"avif"),
    }


def still(  # noqa: PLR0913 - what a file can be like
    items: Sequence[Held] = (),
    *,
    brand: bytes = b"heic",
    also: bytes = b"mif1",
    version: int = 1,
    wide: bool = False,
    base: bool = False,
    behind: bool = False,
    unclosed: bool = False,
) -> bytes:
    """Return a file of one picture and ``items``; ``meta`` stands ``behind`` the data or before.

    ``version`` is that of ``iloc``; ``wide`` numbers have 32 bits; ``base`` has base offsets.
    """
    head = made(b"ftyp", brand, pack(">I", 0), brand, also)
    every = [Held(b"hvc1" if brand == b"heic" else b"av01", SHOWN, of=()), *items]
    size = len(_meta(every, 0, version=version, wide=wide, base=base))
    at = len(head) + 8 + (0 if behind else size)
    meta = _meta(every, at, version=version, wide=wide, base=base)
    mdat = made(b"mdat", *(one.data for one in every if not one.inside))
    if unclosed:
        mdat = bytes(4) + mdat[4:]
    return head + (mdat + meta if behind else meta + mdat)


def _meta(items: Sequence[Held], at: int, *, version: int, wide: bool, base: bool) -> bytes:
    number = ">I" if wide else ">H"
    named = b"".join(_named(n + 1, one, wide=wide) for n, one in enumerate(items))
    iinf = full(b"iinf", 1 if wide else 0, pack(number, len(items)), named)
    references = b"".join(
        made(
            b"cdsc",
            pack(number, n + 1),
            pack(">H", len(one.of)),
            *(pack(number, x) for x in one.of),
        )
        for n, one in enumerate(items)
        if one.of
    )
    iref = full(b"iref", 1 if wide else 0, references) if references else b""
    idat = b"".join(one.data for one in items if one.inside)
    return full(
        b"meta",
        0,
        full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
        full(b"pitm", 1 if wide else 0, pack(number, 1)),
        _places(items, at, version=version, base=base),
        iinf,
        iref,
        made(b"iprp", made(b"ipco"), full(b"ipma", 0, bytes(4))),
        made(b"idat", idat) if idat else b"",
    )


def _named(number: int, one: Held, *, wide: bool) -> bytes:
    head = pack(">IH" if wide else ">HH", number, 0) + one.kind + b"\0"
    if one.kind == b"mime":
        head += b"application/rdf+xml\0" + one.encoding
    return full(b"infe", 3 if wide else 2, head)


def _places(items: Sequence[Held], at: int, *, version: int, base: bool) -> bytes:
    number = ">I" if version > 1 else ">H"
    out, inside = [pack(">BB", 0x44, 0x40 if base else 0), pack(number, len(items))], 0
    for n, one in enumerate(items):
        start = inside if one.inside else at
        out.append(pack(number, n + 1))
        if version:
            out.append(pack(">H", 1 if one.inside else 0))
        out.append(pack(">H", 0) + (pack(">I", start) if base else b""))
        out.append(pack(">H", one.pieces))
        left, offset = len(one.data), 0 if base else start
        for piece in range(one.pieces):
            length = left if piece == one.pieces - 1 else len(one.data) // one.pieces
            out.append(pack(">II", offset, length))
            offset, left = offset + length, left - length
        if one.inside:
            inside += len(one.data)
        else:
            at += len(one.data)
    return full(b"iloc", version, *out)
