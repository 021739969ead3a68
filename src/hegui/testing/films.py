"""Small films and recordings as ISO base media files, made by plain code."""

from collections.abc import Sequence
from struct import pack, unpack
from typing import Final

from hegui.labels.boxes import full, made

SOUND: Final = bytes(range(256)) * 3  # 384 samples of 16 bits
_CHUNKS: Final = (0, 256, 512)
_UNITY: Final = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def samples() -> dict[str, bytes]:
    """Return one file of every layout, by name."""
    return {
        "mp4": film(),
        "mp4 fast": film(fast=True),
        "mp4 large": film(fast=True, co64=True, large=True),
        "mp4 open": film(fast=True, unclosed=True),
        "mp4 fragments": fragments(),
        "mp4 fragments of old": fragments(based=True, wide=True),
        "mov": film(brand=b"qt  ", co64=True, large=True),
        "mov of old": film(brand=b"", fast=True),
        "m4a": film(brand=b"M4A ", fast=True, inside=[udta(itunes([item(b"\xa9nam", b"a")]))]),
    }


def film(  # noqa: PLR0913 - what a file can be like
    *,
    brand: bytes = b"isom",
    fast: bool = False,
    co64: bool = False,
    large: bool = False,
    unclosed: bool = False,
    inside: Sequence[bytes] = (),
    around: Sequence[bytes] = (),
    track: Sequence[bytes] = (),
) -> bytes:
    """Return a file of one PCM track in three chunks.

    ``inside`` stands at the end of ``moov``, ``track`` of its track, ``around`` before ``mdat``.
    """
    head = brands(brand) if brand else b""
    before = b"".join(around)
    mdat_head = 16 if large else 8
    length = len(movie((0, 0, 0), co64=co64, inside=inside, track=track))
    at = len(head) + len(before) + mdat_head + (length if fast else 0)
    moov = movie([at + one for one in _CHUNKS], co64=co64, inside=inside, track=track)
    size = mdat_head + len(SOUND)
    mdat = pack(">I4sQ", 1, b"mdat", size) if large else pack(">I4s", size, b"mdat")
    if unclosed:
        mdat = pack(">I", 0) + mdat[4:]
    mdat += SOUND
    return head + (moov + before + mdat if fast else before + mdat + moov)


def fragments(*, based: bool = False, wide: bool = False, inside: Sequence[bytes] = ()) -> bytes:
    """Return a file of three fragments, an index before the movie, and one of fragments behind."""
    head, moov = brands(b"iso5"), movie((), inside=[made(b"mvex", _trex()), *inside])
    parts: list[bytes] = []
    index_size = 12 + 8 + (16 if wide else 8) + 4 + 36
    at = len(head) + index_size + len(moov)
    places = []
    for number, offset in enumerate(_CHUNKS):
        mdat = made(b"mdat", SOUND[offset : offset + 256])
        moof = _moof(number + 1, at if based else None)
        places.append(at)
        parts.append(moof + mdat)
        at += len(moof) + len(mdat)
    index = _sidx(len(moov), [len(one) for one in parts], wide=wide)
    return head + index + moov + b"".join(parts) + _mfra(places, wide=wide)


def sounds(data: bytes) -> bytes:
    """Return the samples of a file, as its own offsets lead to them."""
    found = []
    for kind, width in ((b"stco", 4), (b"co64", 8)):
        at = data.find(kind)
        if at >= 0:
            (count,) = unpack(">I", data[at + 8 : at + 12])
            for n in range(count):
                one = at + 12 + n * width
                start = int.from_bytes(data[one : one + width], "big")
                found.append(data[start : start + 256])
    at = data.find(b"moof")
    while at >= 0:
        flags = data[data.index(b"tfhd", at) + 7]
        base = data.index(b"tfhd", at) + 12
        start = unpack(">Q", data[base : base + 8])[0] if flags & 1 else at - 4
        trun = data.index(b"trun", at) + 12
        start += unpack(">i", data[trun : trun + 4])[0]
        found.append(data[start : start + 256])
        at = data.find(b"moof", at + 4)
    return b"".join(found)


def brands(major: bytes) -> bytes:
    """Return the box that says what the file is."""
    return made(b"ftyp", major, pack(">I", 512), major)


def movie(
    offsets: Sequence[int],
    *,
    co64: bool = False,
    inside: Sequence[bytes] = (),
    track: Sequence[bytes] = (),
) -> bytes:
    """Return the box ``moov``, its chunks at ``offsets``."""
    count = len(offsets) * 128
    mvhd = (
        pack(">IIIIIH10x", 0, 0, 8000, count, 0x10000, 0x100) + _UNITY + bytes(24) + pack(">I", 2)
    )
    tkhd = pack(">IIIII8xHHHH", 0, 0, 1, 0, count, 0, 0, 0x100, 0) + _UNITY + bytes(8)
    entry = made(b"sowt", bytes(6), pack(">HHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, 8000 << 16))
    width = "Q" if co64 else "I"
    chunks = pack(f">I{len(offsets)}{width}", len(offsets), *offsets)
    stbl = [
        full(b"stsd", 0, pack(">I", 1), entry),
        full(b"stts", 0, pack(">III", 1, count, 1) if count else bytes(4)),
        full(b"stsc", 0, pack(">IIII", 1, 1, 128, 1) if count else bytes(4)),
        full(b"stsz", 0, pack(">II", 2, count)),
        full(b"co64" if co64 else b"stco", 0, chunks),
    ]
    dinf = made(b"dinf", full(b"dref", 0, pack(">I", 1), full(b"url ", 0, flags=1)))
    minf = made(b"minf", full(b"smhd", 0, bytes(4)), dinf, made(b"stbl", *stbl))
    mdhd = full(b"mdhd", 0, pack(">IIIIHH", 0, 0, 8000, count, 0x55C4, 0))
    hdlr = full(b"hdlr", 0, bytes(4), b"soun", bytes(13))
    trak = made(b"trak", full(b"tkhd", 0, tkhd, flags=7), made(b"mdia", mdhd, hdlr, minf), *track)
    return made(b"moov", full(b"mvhd", 0, mvhd), trak, *inside)


def udta(*boxes: bytes) -> bytes:
    """Return a box of user data."""
    return made(b"udta", *boxes)


def keyed(pairs: Sequence[tuple[bytes, bytes]], *, plain: bool = False) -> bytes:
    """Return a ``meta`` box with keys; QuickTime's ``plain`` one has no version."""
    names = b"".join(pack(">I", 8 + len(name)) + b"mdta" + name for name, _ in pairs)
    items = [item(pack(">I", n + 1), value) for n, (_, value) in enumerate(pairs)]
    held = [
        full(b"hdlr", 0, bytes(4), b"mdta", bytes(13)),
        full(b"keys", 0, pack(">I", len(pairs)), names),
        made(b"ilst", *items),
    ]
    return made(b"meta", *held) if plain else full(b"meta", 0, *held)


def itunes(items: Sequence[bytes]) -> bytes:
    """Return a ``meta`` box as iTunes writes it, with ``items``, and room behind them."""
    handler = full(b"hdlr", 0, bytes(4), b"mdirappl", bytes(9))
    return full(b"meta", 0, handler, made(b"ilst", *items), made(b"free", bytes(16)))


def item(kind: bytes, value: bytes) -> bytes:
    """Return an item of a list."""
    return made(kind, made(b"data", pack(">II", 1, 0), value))


def _trex() -> bytes:
    return full(b"trex", 0, pack(">IIIII", 1, 1, 1, 2, 0))


def _moof(number: int, base: int | None) -> bytes:
    flags = 0x020000 if base is None else 1
    head = full(b"tfhd", 0, pack(">I", 1), b"" if base is None else pack(">Q", base), flags=flags)
    size = 8 + 16 + 8 + len(head) + 20 + 20
    trun = full(b"trun", 0, pack(">Ii", 128, size + 8), flags=1)
    time = full(b"tfdt", 1, pack(">Q", (number - 1) * 128))
    return made(b"moof", full(b"mfhd", 0, pack(">I", number)), made(b"traf", head, time, trun))


def _sidx(skip: int, sizes: Sequence[int], *, wide: bool) -> bytes:
    entries = b"".join(pack(">III", size, 128, 0x90000000) for size in sizes)
    start = pack(">QQ" if wide else ">II", 0, skip)
    held = pack(">II", 1, 8000), start, pack(">HH", 0, len(sizes)), entries
    return full(b"sidx", 1 if wide else 0, *held)


def _mfra(places: Sequence[int], *, wide: bool) -> bytes:
    form = ">QQBBB" if wide else ">IIBBB"
    entries = b"".join(pack(form, n * 128, at, 1, 1, 1) for n, at in enumerate(places))
    table = full(b"tfra", 1 if wide else 0, pack(">III", 1, 0, len(places)), entries)
    return made(b"mfra", table, full(b"mfro", 0, pack(">I", 8 + len(table) + 16)))
