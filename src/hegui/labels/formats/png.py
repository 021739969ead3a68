"""PNG and APNG: the label in the XMP packet of an iTXt chunk after IHDR (TC260-PG-20259A)."""

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from hegui.labels import exif, xmp
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_MANY,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    exactly,
    refused,
    walked_once,
)
from hegui.labels.splicing import Change, spliced, stretches
from hegui.labels.value import parsed
from hegui.terms import Words

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DATA: Final = b"IDAT"
_HEAD: Final = Struct(">I4s").unpack
_XMP: Final = b"XML:com.adobe.xmp"
_LABEL: Final = b"AIGC"
_TEXTS: Final = {b"tEXt": "png-text", b"zTXt": "png-ztxt", b"iTXt": "png-itxt"}
MANIFEST: Final = b"caBX"  # no content (C2PA 2.2, A.3.2)
_METADATA: Final = frozenset((*_TEXTS, b"eXIf", b"tIME", MANIFEST))
_KEYWORD: Final = 80  # bytes of a keyword and the zero after it, at most
_FRAME: Final = 12  # bytes around what a chunk holds: length, type, checksum


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int

    @property
    def body(self) -> int:
        return self.start + 8

    @property
    def length(self) -> int:
        return self.end - self.start - _FRAME


class _Text(NamedTuple):
    """A text chunk that holds a label or an XMP packet."""

    chunk: _Chunk
    form: str
    data: bytes
    packed: bool


class _Png:
    name = "png"
    suffixes = (".png", ".apng")
    mime = ("image/png", "image/apng", "image/vnd.mozilla.apng")
    place = Words(
        en="the property TC260:AIGC of the XMP packet in an iTXt chunk (TC260-PG-20259A)",
        zh="iTXt 数据块 XMP 数据包中的 TC260:AIGC 属性（TC260-PG-20259A）",
    )

    def matches(self, head: bytes) -> bool:
        return head.startswith(_SIGNATURE)

    def read(self, source: Source) -> list[Found]:
        found: list[Found] = []
        chunks, source = chunks_of(source), Bounded(source)
        for chunk in chunks:
            if chunk.kind == b"eXIf":
                found += exif.found(_held(source, chunk), "png", chunk.start)
            elif chunk.kind in _TEXTS and (text := _text(source, chunk)) is not None:
                found += _labels(text)
        return found

    def write(self, source: Source, inner: str) -> Splice:
        chunks, size, source = chunks_of(source), source.size, Bounded(source)
        changes, packets = [], []
        for chunk in chunks:
            if chunk.kind == b"eXIf":
                block = _held(source, chunk)
                new = exif.vacated(block, chunk.body)
                if new is not block:
                    changes.append(_change(source, chunk, _made(b"eXIf", new)))
            elif chunk.kind in _TEXTS and (text := _text(source, chunk)) is not None:
                if text.form == "png-xmp":
                    packets.append(text)
                elif _labels(text):
                    changes.append(_change(source, chunk, b""))
        old = [text.data for text in packets] or [b""]
        new_packets = xmp.with_one_label(old, inner, [one.chunk.start for one in packets])
        changes += [_change(source, one.chunk, b"") for one in packets[:1]]
        changes += [
            _change(source, one.chunk, _packet(data))
            for one, data in zip(packets[1:], new_packets[1:], strict=True)
            if data != one.data
        ]
        place = next(chunk.end for chunk in chunks if chunk.kind == b"IHDR")
        changes.append(Change(place, place, _packet(new_packets[0])))
        return spliced(size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        chunks = chunks_of(source)
        kept = [(one.start, one.end) for one in chunks if one.kind not in _METADATA]
        return stretches([(0, len(_SIGNATURE)), *kept, (chunks[-1].end, source.size)])


@walked_once
def chunks_of(source: Source) -> list[_Chunk]:
    """Return the chunks to IEND; IHDR is the first (after Apple's CgBI, where that stands).

    Chunks of picture data (IDAT) that follow one another are given as one stretch: there are many.
    """
    if source.read(0, 8) != _SIGNATURE:
        raise refused("PNG", 0, INCONSISTENT)
    there: list[_Chunk] = []
    at, size, read, count = 8, source.size, source.read, 0
    kind, headed = b"", False
    begun = 0  # where the run of picture data began that goes on at ``at``
    while kind != b"IEND":
        head = read(at, 8)
        if len(head) < 8:  # noqa: PLR2004 - length and type
            raise refused("PNG chunk", at, CUT_SHORT)
        length, kind = _HEAD(head)
        end = at + length + _FRAME
        if length >> 31 or not kind.isalpha():
            raise refused("PNG chunk", at, INCONSISTENT)
        if end > size:
            raise refused("PNG chunk", at, CUT_SHORT)
        count += 1
        if count > MOST_PARTS:
            raise refused("PNG chunk", at, TOO_MANY)
        if kind == _DATA:
            begun = begun or at
        else:
            if begun:
                there.append(_Chunk(_DATA, begun, at))
                begun = 0
            there.append(_Chunk(kind, at, end))
            headed = headed or (kind == b"IHDR" and count <= 2)  # noqa: PLR2004 - after CgBI
        at = end
    if not headed:
        raise refused("PNG", 8, NO_HEADER)
    return there


def _held(source: Bounded, chunk: _Chunk) -> bytes:
    return exactly(source, chunk.body, chunk.length, "PNG chunk")


def _text(source: Bounded, chunk: _Chunk) -> _Text | None:
    """Return a text chunk if its keyword is XMP's or holds ``AIGC``; else None."""
    keyword, zero, _ = source.read(chunk.body, min(_KEYWORD, chunk.length)).partition(b"\0")
    is_xmp = keyword == _XMP and chunk.kind == b"iTXt"
    if not zero or not (is_xmp or _LABEL in keyword):
        return None
    held = _held(source, chunk)[len(keyword) + 1 :]
    packed = chunk.kind == b"zTXt"
    if packed:
        held = held[1:]  # the method
    elif chunk.kind == b"iTXt":
        packed = held[:1] == b"\1"
        held = held[2:].partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    data = _inflated(source, held, chunk) if packed else held
    return _Text(chunk, "png-xmp" if is_xmp else _TEXTS[chunk.kind], data, packed)


def _inflated(source: Bounded, data: bytes, chunk: _Chunk) -> bytes:
    packer = zlib.decompressobj()
    try:
        out = packer.decompress(data, source.left + 1)
    except zlib.error:
        raise refused("PNG chunk", chunk.start, NOT_PACKED) from None
    source.take(chunk.start, len(out))
    if not packer.eof:
        raise refused("PNG chunk", chunk.start, NOT_PACKED)
    return out


def _labels(text: _Text) -> list[Found]:
    at = text.chunk.start
    if text.form == "png-xmp":
        found = xmp.found(text.data, text.form, at)
        return [one._replace(guide=one.guide and not text.packed) for one in found]
    raw = text.data.decode("utf-8", "replace")
    if (value := parsed(raw)) is None:
        return []
    return [Found(text.form, at, raw, text.form == "png-text", value)]


def _change(source: Source, chunk: _Chunk, new: bytes) -> Change:
    """Return the change of a whole chunk; one whose checksum is wrong is not repaired."""
    whole = exactly(source, chunk.start + 4, chunk.length + 8, "PNG chunk")
    if zlib.crc32(whole[:-4]) != int.from_bytes(whole[-4:], "big"):
        raise refused("PNG chunk", chunk.start, CHECKSUM)
    return Change(chunk.start, chunk.end, new)


def _packet(data: bytes) -> bytes:
    return _made(b"iTXt", _XMP + b"\0\0\0\0\0" + data)


def _made(kind: bytes, held: bytes) -> bytes:
    whole = kind + held
    return len(held).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")


CHECKSUM: Final = Words(en="its checksum is wrong", zh="校验和有误")
NO_HEADER: Final = Words(en="IHDR is not the first chunk", zh="首个数据块不是 IHDR")
NOT_PACKED: Final = Words(en="it cannot be decompressed", zh="无法解压")
PNG: Final[Format] = _Png()
FORMATS: Final = (PNG,)
