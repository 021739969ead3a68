"""Small pictures of every format, made by plain code: whole files that any program opens."""

import zlib
from base64 import b64decode
from struct import pack
from typing import Final

_JPEG: Final = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
    "hbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAMABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABAX/xAAZEAACAwEAAAAA"
    "AAAAAAAAAAAAAwIEUWH/2gAIAQEAAD8AnqqcFqqcGKXHBalxw//Z"
)
_WEBP: Final = {
    "lossy": (
        "UklGRjoAAABXRUJQVlA4IC4AAACwAQCdASoQAAwAB0CWJbACdADwFo7AAP7acmSVrAgzCDa1cHsJf7BSbzZUYAAA"
    ),
    "lossless": (
        "UklGRkoAAABXRUJQVlA4TD4AAAAvA8AAAH+gkG0EiOJkXoTzBzoIBW3bsCnTKJnuDOD8twGZKIgVoiD2PCBAEACx"
        "ZsGCBZMWLFgwEtH/QFjNBw=="
    ),
    "alpha": (
        "UklGRkgAAABXRUJQVlA4TDsAAAAvA8AAEH9AqIHhrYPpH8uuihAE2bapAszh+QDNXxvcQRFogAHoPAAgCICIc+DA"
        "gU8HDhxIieh/+BqLAAA="
    ),
    "animated": (
        "UklGRuAAAABXRUJQVlA4WAoAAAACAAAAAwAAAwAAQU5JTQYAAAAAAAAAAABBTk1GVgAAAAAAAAAAAAMAAAMAAGQA"
        "AAJWUDhMPgAAAC8DwAAAf6CQbQSI4mRehPMHOggFbduwKdMome4M4Py3AZkoiBWiIPY8IEAQALFmwYIFkxYsWDAS"
        "0f9AWM0HQU5NRlYAAAAAAAAAAAADAAADAABkAAAAVlA4TD4AAAAvA8AAAH+gkG0EiOJkXoTzBzoIBW3bsCnTKJnu"
        "DOD8twGZKIgVoiD2PCBAEACxoEWLFi1atGjREdH/2FMZBA=="
    ),
}
_GIF_FRAME: Final = b"\x2c\0\0\0\0\2\0\2\0\0\2\3\x44\x34\x05\0"  # four pixels
_GIF_DELAY: Final = b"\x21\xf9\x04\0\x0a\0\0\0"
_LOOPED: Final = b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0"


def samples() -> dict[str, bytes]:
    """Return one small file of every format and form, by name."""
    files = {"jpeg": jpeg(), "png": png(), "apng": png(frames=3)}
    files |= {f"webp {kind}": webp(kind) for kind in _WEBP}
    files |= {"gif": gif(frames=1), "gif animated": gif(frames=3)}
    files["gif of 1987"] = gif(frames=1, version=b"87a")
    for order in "<>":
        files[f"tiff {order}"] = tiff(order, pages=2)
        files[f"tiff {order} large"] = tiff(order, big=True, pages=2)
    return files


def jpeg(*segments: bytes) -> bytes:
    """Return a JPEG of 16 by 12 grey pixels, with ``segments`` after its JFIF segment."""
    whole = b64decode(_JPEG)
    return whole[:20] + b"".join(segments) + whole[20:]


def jpeg_segment(marker: int, held: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return pack(">BBH", 0xFF, marker, len(held) + 2) + held


def png(*chunks: bytes, frames: int = 1) -> bytes:
    """Return a PNG of 4 by 4 pixels, an APNG for more frames; ``chunks`` stand before IDAT."""
    held = zlib.compress(b"".join(b"\0" + bytes(range(12)) for _ in range(4)))
    parts = [b"\x89PNG\r\n\x1a\n", png_chunk(b"IHDR", pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))]
    if frames > 1:
        parts.append(png_chunk(b"acTL", pack(">II", frames, 0)))
    parts += chunks
    number = 0
    for frame in range(frames):
        if frames > 1:
            fields = pack(">IIIIIHHBB", number, 4, 4, 0, 0, 1, 10, 0, 0)
            parts.append(png_chunk(b"fcTL", fields))
            number += 1
        if frame:
            parts.append(png_chunk(b"fdAT", pack(">I", number) + held))
            number += 1
        else:
            parts.append(png_chunk(b"IDAT", held))
    return b"".join([*parts, png_chunk(b"IEND", b"")])


def png_chunk(kind: bytes, held: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return pack(">I", len(held)) + kind + held + pack(">I", zlib.crc32(kind + held))


def webp(kind: str = "lossy", *chunks: bytes, flags: int = 0) -> bytes:
    """Return a WebP: ``lossy``, ``lossless``, ``alpha`` or ``animated``, ``chunks`` at its end."""
    whole = bytearray(b64decode(_WEBP[kind]) + b"".join(chunks))
    whole[4:8] = pack("<I", len(whole) - 8)
    if flags:
        whole[20] |= flags
    return bytes(whole)


def riff_chunk(kind: bytes, held: bytes) -> bytes:
    """Return a chunk of a RIFF file."""
    return kind + pack("<I", len(held)) + held + b"\0" * (len(held) & 1)


def gif(*extensions: bytes, frames: int = 2, version: bytes = b"89a") -> bytes:
    """Return a GIF of 2 by 2 pixels, ``extensions`` before its first frame."""
    colours = bytes((0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255))
    head = b"GIF" + version + pack("<HHBBB", 2, 2, 0x91, 0, 0) + colours
    if frames == 1:
        return head + b"".join(extensions) + _GIF_FRAME + b"\x3b"
    return head + _LOOPED + b"".join(extensions) + (_GIF_DELAY + _GIF_FRAME) * frames + b"\x3b"


def tiff(
    order: str = "<", *, big: bool = False, pages: int = 1, fields: dict[int, bytes] | None = None
) -> bytes:
    """Return a TIFF of 4 by 4 grey pixels a page; ``fields`` are added to the first page.

    Their values are bytes: text for tag 270, what is undefined for all others.
    """
    whole = bytearray({"<": b"II", ">": b"MM"}[order] + pack(order + "H", 43 if big else 42))
    link = 8 if big else 4
    whole += pack(order + "HHQ", 8, 0, 0) if big else pack(order + "I", 0)
    for page in range(pages):
        pixels = len(whole)
        whole += bytes((page * 16 + n) & 255 for n in range(16))
        given = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
        given += [(273, 4, 1, pixels), (277, 3, 1, 1), (278, 3, 1, 4), (279, 4, 1, 16)]
        for tag, value in (fields or {}).items() if page == 0 else ():
            given.append((tag, 2 if tag == 270 else 7, len(value), len(whole)))  # noqa: PLR2004 - ImageDescription
            whole += value + b"\0" * (len(value) & 1)
        whole[link : link + (8 if big else 4)] = pack(order + ("Q" if big else "I"), len(whole))
        whole += pack(order + ("Q" if big else "H"), len(given))
        for tag, kind, count, value_ in sorted(given):
            whole += pack(order + ("HHQ" if big else "HHI"), tag, kind, count)
            code = {3: "H", 4: "I"}.get(kind, "Q" if big else "I")
            whole += pack(order + code, value_).ljust(8 if big else 4, b"\0")
        link = len(whole)
        whole += bytes(8 if big else 4)
    return bytes(whole)


def exif_block(order: str, tag: int, value: bytes) -> bytes:
    """Return an EXIF block with one text: ImageDescription (0x010E), or UserComment (0x9286)."""
    head = {"<": b"II", ">": b"MM"}[order] + pack(order + "HI", 42, 8)
    if tag == 0x010E:  # noqa: PLR2004 - the tag as it is known
        return head + pack(order + "HHHIII", 1, tag, 2, len(value), 26, 0) + value
    first = pack(order + "HHHIII", 1, 0x8769, 4, 1, 26, 0)
    return head + first + pack(order + "HHHIII", 1, tag, 7, len(value), 44, 0) + value


def bmp() -> bytes:
    """Return a BMP of 1 by 1 pixel."""
    return b"BM" + pack("<IIIIIIHHIIIIII", 58, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + bytes(4)
