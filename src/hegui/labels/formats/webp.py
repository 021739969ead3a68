"""WebP: the label in the XMP packet of the chunk ``XMP `` (TC260-PG-20259A; RFC 9649)."""

from collections.abc import Iterator
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels import exif, riff, xmp
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    exactly,
    refused,
)
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_XMP, _EXIF, _EXTENDED, _LOSSY, _LOSSLESS = b"XMP ", b"EXIF", b"VP8X", b"VP8 ", b"VP8L"
_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
_MOST: Final = 0xFFFF_FFFE
_FIRST: Final = 12  # where the first chunk stands


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    length: int
    end: int

    @property
    def body(self) -> int:
        return self.start + 8


class _Webp:
    name = "webp"
    suffixes = (".webp",)
    mime = ("image/webp",)
    place = Words(
        en="the property TC260:AIGC of the XMP packet in the chunk XMP (TC260-PG-20259A)",
        zh="XMP 数据块 XMP 数据包中的 TC260:AIGC 属性（TC260-PG-20259A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:4] == b"RIFF" and head[8:12] == b"WEBP"

    def read(self, source: Source) -> list[Found]:
        found: list[Found] = []
        chunks, source = _chunks(source), Bounded(source)
        for chunk in chunks:
            if chunk.kind == _XMP:
                found += xmp.found(_held(source, chunk), "webp-xmp", chunk.start)
            elif chunk.kind == _EXIF:
                block, _ = _exif(source, chunk)
                found += exif.found(block, "webp", chunk.start)
        return found

    def write(self, source: Source, inner: str) -> Splice:
        chunks, source = _chunks(source), Bounded(source)
        end = chunks[-1].end
        changes = [_extended(source, chunks[0])]
        for chunk in chunks:
            if chunk.kind == _EXIF:
                block, at = _exif(source, chunk)
                new = exif.vacated(block, at)
                if new is not block:
                    changes.append(Change(at, at + len(block), new))
        packets = [chunk for chunk in chunks if chunk.kind == _XMP]
        old = [_held(source, chunk) for chunk in packets] or [b""]
        made = xmp.with_one_label(old, inner, [chunk.body for chunk in packets])
        changes += [Change(one.start, one.end, b"") for one in packets[:1]]
        changes += [
            Change(one.start, one.end, _made(_XMP, data))
            for one, data, before in zip(packets[1:], made[1:], old[1:], strict=False)
            if data != before
        ]
        last = chunks[-1]
        missing = last.length & 1 and last.end == last.body + last.length
        pad = b"\0" if missing and last not in packets[:1] else b""
        changes.append(Change(end, end, pad + _made(_XMP, made[0])))
        size = end - 8 + sum(len(one.new) - (one.end - one.start) for one in changes)
        if size > _MOST:
            raise refused("WebP", 4, TOO_LARGE)
        return spliced(source.size, [Change(4, 8, pack("<I", size)), *changes])

    def payload(self, source: Source) -> Iterator[Slice]:
        chunks = _chunks(source)
        kept = [
            (one.start, one.body + one.length)
            for one in chunks
            if one.kind not in (_EXTENDED, _XMP, _EXIF, riff.MANIFEST)
        ]
        return stretches([*kept, (chunks[-1].end, source.size)])


def _chunks(source: Source) -> list[_Chunk]:
    head = source.read(0, _FIRST)
    if len(head) < _FIRST or head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise refused("WebP", 0, INCONSISTENT)
    past = 8 + int(unpack("<I", head[4:8])[0])
    if past > source.size:
        raise refused("WebP", 4, CUT_SHORT)
    there: list[_Chunk] = []
    at = _FIRST
    while at < past:
        head = source.read(at, 8)
        if len(head) < 8:  # noqa: PLR2004 - type and length
            raise refused("WebP chunk", at, CUT_SHORT)
        kind, length = unpack("<4sI", head)
        if at + 8 + length > past:
            raise refused("WebP chunk", at, INCONSISTENT)
        end = min(at + 8 + length + (length & 1), past)
        if len(there) >= MOST_PARTS:
            raise refused("WebP chunk", at, TOO_MANY)
        there.append(_Chunk(kind, at, length, end))
        at = end
    if not there or there[0].kind not in (_EXTENDED, _LOSSY, _LOSSLESS):
        raise refused("WebP", _FIRST, NO_PICTURE)
    return there


def _held(source: Source, chunk: _Chunk) -> bytes:
    return exactly(source, chunk.body, chunk.length, "WebP chunk")


def _exif(source: Source, chunk: _Chunk) -> tuple[bytes, int]:
    """Return the EXIF block, and where it stands; some write JPEG's name before it."""
    data = _held(source, chunk)
    named = len(exif.HEAD) if data.startswith(exif.HEAD) else 0
    return data[named:], chunk.body + named


def _extended(source: Source, first: _Chunk) -> Change:
    """Return the change that lets the file hold XMP: a flag, or the chunk that has the flag."""
    head = exactly(source, first.body, min(first.length, 10), "WebP chunk")
    if len(head) < 10:  # noqa: PLR2004 - what all three kinds hold at least
        raise refused("WebP chunk", first.start, INCONSISTENT)
    if first.kind == _EXTENDED:
        return Change(first.body, first.body + 1, bytes([head[0] | _HAS_XMP]))
    if first.kind == _LOSSY:
        start, width, height = unpack("<3sHH", head[3:10])
        if start != b"\x9d\x01\x2a":
            raise refused("VP8", first.body, INCONSISTENT)
        flags, width, height = _HAS_XMP, width & 0x3FFF, height & 0x3FFF
    else:
        if head[0] != 0x2F:  # noqa: PLR2004 - the sign of VP8L
            raise refused("VP8L", first.body, INCONSISTENT)
        bits = unpack("<I", head[1:5])[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _HAS_XMP | (_HAS_ALPHA if bits >> 28 & 1 else 0)
    if not (width and height):
        raise refused("WebP", first.body, INCONSISTENT)
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return Change(_FIRST, _FIRST, _made(_EXTENDED, bytes([flags, 0, 0, 0]) + canvas))


def _made(kind: bytes, held: bytes) -> bytes:
    return kind + pack("<I", len(held)) + held + b"\0" * (len(held) & 1)


NO_PICTURE: Final = Words(en="its first chunk is no picture", zh="首个数据块不是图像数据")
WEBP: Final[Format] = _Webp()
FORMATS: Final = (WEBP,)
