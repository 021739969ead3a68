"""Files that are meant to harm whoever reads them, of every format and every kind of harm.

A table of makers and of reasons: each format either has files of a kind, or it is said why there
are none. A format that is new and in neither fails a test of the house.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from struct import pack
from typing import Final

from hegui.labels.boxes import full
from hegui.labels.boxes import made as box
from hegui.labels.container import Memory
from hegui.labels.formats.jpeg_segments import XMP_HEAD
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing import documents, films, matroska, pictures, sounds, stills
from hegui.testing.labelled import OTHER, labelled
from hegui.testing.samples import Sample, samples, smallest

_DEEP: Final = 5_000
_MUCH: Final = 40 << 20
_HUGE: Final = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4))
_PICTURES: Final = ("jpeg", "png", "webp", "gif", "tiff", "heic", "avif")
_FILMS: Final = ("mp4", "mov", "m4a")
_BRANDS: Final = {"mp4": b"isom", "mov": b"qt  ", "m4a": b"M4A "}
_TEXTS: Final = ("html", "csv", "json", "txt")
_LAUGHS: Final = "".join(
    f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10 if n else "ha"}">' for n in range(9)
)
_ENTITIES: Final = f"<!DOCTYPE x [{_LAUGHS}]><AIGC>&i;</AIGC>".encode()
_OUTSIDE: Final = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><AIGC>&a;</AIGC>'
_BRACKETS: Final = b'{"AIGC":' * 2_000

Made = Callable[[str], list[bytes]]


def files(kind: str, form: str) -> list[bytes]:
    """Return the files of a kind of harm for a format; none where there is a reason for it."""
    return MADE[kind](form) if form not in REASONS[kind] else []


def cut(sample: Sample, step: int = 1) -> Iterator[bytes]:
    """Give every beginning of a file, and of the same file with a label; or every ``step``-th."""
    for whole in (sample.data, *_labelled(sample)):
        yield from (whole[:end] for end in range(0, len(whole), step))


def lying(sample: Sample, step: int = 1) -> Iterator[bytes]:
    """Give a file with a length of 2 to 4 GB, or none, at every place; or every ``step``-th."""
    for whole in (sample.data, *_labelled(sample)):
        for at in range(0, len(whole) - 3, step):
            yield from (whole[:at] + huge + whole[at + 4 :] for huge in _HUGE)


def _labelled(sample: Sample) -> Iterator[bytes]:
    try:
        yield labelled(sample.form, sample.data, OTHER)
    except BadRequest:
        return  # a format without a place


def _nested(form: str) -> list[bytes]:
    """Return files whose parts lie in one another, thousands deep."""
    if form in _PICTURES and form not in ("heic", "avif"):
        return _packets(form, b"<a>" * _DEEP)
    deep = b""
    if form in _FILMS:
        for _ in range(_DEEP):
            deep = box(b"udta", deep)
        meta = full(b"meta", 0, deep)
        brand = _BRANDS[form]
        return [films.film(brand=brand, inside=[deep]), films.film(brand=brand, inside=[meta])]
    if form in ("heic", "avif"):
        for _ in range(_DEEP):
            deep = box(b"meta", bytes(4), deep)
        return [stills.still(brand=form.encode()) + deep, _still(form, b"<a>" * _DEEP)]
    return _NESTED[form]()


def _bombs(form: str) -> list[bytes]:
    """Return files that say little and grow to much when they are decompressed."""
    packed = _packed()
    if form in _FILMS:
        cmov = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", pack(">I", _MUCH), packed))
        return [films.film(brand=_BRANDS[form], inside=[cmov])]
    if form in ("heic", "avif"):
        return [_still(form, packed, b"deflate\0")]
    frame = sounds.id3_frame(b"TXXX", pack(">I", _MUCH) + packed, 0x0080)
    tag = sounds.id3_tag(frame)
    if form in ("mp3", "aac"):
        return [tag + one.data for one in samples() if one.form.name == form]
    return {
        "png": [
            pictures.png(pictures.png_chunk(b"zTXt", b"AIGC\0\0" + packed)),
            pictures.png(
                pictures.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed),
            ),
        ],
        "wav": [sounds.wav(sounds.riff_chunk(b"id3 ", tag))],
        "pdf": [_packed_pdf(packed)],
        "ooxml": [documents.docx(" " * _MUCH)],
    }[form]


@cache
def _packed() -> bytes:
    return zlib.compress(bytes(_MUCH), 9)


def _packed_pdf(packed: bytes) -> bytes:
    """Return a PDF whose cross-references are ``packed``."""
    data = documents.pdf_packed(b"")
    start = data.rindex(b"9 0 obj")
    head = b"9 0 obj\n<< /Type /XRef /Size 10 /W [1 4 1] /Root 1 0 R /Filter /FlateDecode"
    made = head + b" /Length %d >>\nstream\n" % len(packed) + packed
    return data[:start] + made + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % start


def _entities(form: str) -> list[bytes]:
    """Return files whose XML expands to a billion words, or asks for a file from outside."""
    return [one for packet in (_ENTITIES, _OUTSIDE) for one in _packets(form, packet)]


def _packets(form: str, packet: bytes) -> list[bytes]:
    """Return files that hold ``packet`` where XMP stands, or other XML."""
    if form in _FILMS:
        place = box(b"udta", box(b"XMP_", packet))
        return [films.film(brand=_BRANDS[form], inside=[place])]
    if form in ("heic", "avif"):
        return [_still(form, packet)]
    return {
        "jpeg": lambda: [pictures.jpeg(pictures.jpeg_segment(0xE1, XMP_HEAD + packet))],
        "png": lambda: [
            pictures.png(pictures.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
        ],
        "webp": lambda: [pictures.webp("alpha", pictures.riff_chunk(b"XMP ", packet), flags=4)],
        "gif": lambda: [
            pictures.gif(b"\x21\xff\x0bXMP DataXMP" + packet + b"\1" + bytes(range(255, -1, -1)))
        ],
        "tiff": lambda: [pictures.tiff(order, fields={700: packet}) for order in "<>"],
        "pdf": lambda: [documents.pdf(packet=packet), documents.pdf_packed(packet=packet)],
        "ooxml": lambda: [documents.docx(packet.decode())],
    }[form]()


def _still(form: str, packet: bytes, encoding: bytes = b"") -> bytes:
    return stills.still(
        [stills.Held(b"mime", packet, encoding=encoding)], brand=form.encode(), also=b"mif1"
    )


def _polyglots(form: str) -> list[bytes]:
    """Return files that are of this format and of others too."""
    others = [one.data for one in smallest() if one.form.name != form]
    script = b"<script>alert(1)</script>" + documents.docx()
    found = []
    for one in smallest():
        if one.form.name == form:
            found += [one.data + other for other in (*others, script)]
            found += [other + one.data for other in others]
    return found


def _deep_values(form: str) -> list[bytes]:
    """Return files whose label is JSON that is nested thousands of times."""
    found = []
    for one in smallest():
        if one.form.name == form:
            source = Memory(one.data)
            found.append(joined(source, one.form.write(source, _BRACKETS.decode())))
    return found


def _deep_tags() -> list[bytes]:
    inside = b""
    for _ in range(_DEEP):
        inside = matroska.simple("AIGC", "", inside)
    return [matroska.film(behind=matroska.tags(matroska.tag("AIGC", "", inside=inside)))]


def _deep_lists() -> bytes:
    deep = b""
    for _ in range(_DEEP):
        deep = sounds.riff_chunk(b"LIST", b"INFO" + deep)
    return deep


def _deep_script() -> bytes:
    """Return an onMetaData whose object holds an object, and so on."""
    opened = sounds.amf_property(b"a", b"\3") * _DEEP
    return sounds.flv_metadata(opened + b"\0\0\x09" * _DEEP)


_NESTED: Final[Mapping[str, Callable[[], list[bytes]]]] = {
    "mkv": _deep_tags,
    "webm": lambda: [one.replace(b"matroska", b"webm\0\0\0\0") for one in _deep_tags()],
    "avi": lambda: [sounds.avi(_deep_lists()), sounds.avi(after=(_deep_lists(),))],
    "wav": lambda: [sounds.wav(_deep_lists())],
    "flv": lambda: [sounds.flv(_deep_script())],
    "pdf": lambda: [documents.pdf(b"[" * _DEEP), documents.pdf(b"<< /A " * _DEEP)],
    "ooxml": lambda: [documents.docx("<a>" * _DEEP)],
    "markdown": lambda: [
        b"---\nAIGC: " + b"[" * _DEEP + b"\n---\n",
        b"---\n" + b"".join(b" " * n + b"a:\n" for n in range(1_000)) + b"---\n",
    ],
}

MADE: Final[Mapping[str, Made]] = {
    "nested": _nested,
    "bomb": _bombs,
    "entities": _entities,
    "polyglot": _polyglots,
    "deep value": _deep_values,
}
"""Makers by the kind of harm; ``cut`` and ``lying`` are made of every sample."""


def _because(reason: str, *forms: str) -> dict[str, str]:
    return dict.fromkeys(forms, reason)


_NOT_READ: Final = "its content is not read: nobody names a place in it"
_FLAT: Final = "it is a row of frames or blocks, none inside another"
REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "nested": _because(_NOT_READ, "bmp", "ole", *_TEXTS)
    | _because(_FLAT, "mp3", "aac", "flac", "ogg", "opus"),
    "bomb": _because(_NOT_READ, "bmp", "ole", *_TEXTS)
    | _because(
        "nothing in it is decompressed",
        *("jpeg", "webp", "gif", "tiff", "mkv", "webm", "avi", "flac", "ogg", "opus", "flv"),
        "markdown",
    ),
    "entities": _because(_NOT_READ, "bmp", "ole", *_TEXTS)
    | _because(
        "no XML is read in it",
        *("mkv", "webm", "avi", "wav", "mp3", "aac", "flac", "ogg", "opus", "flv", "markdown"),
    ),
    "polyglot": {},
    "deep value": _because(_NOT_READ, "bmp", "ole", *_TEXTS)
    | _because("its label is a map, not JSON: see nested", "markdown"),
}
"""Why a format has no files of a kind of harm."""
