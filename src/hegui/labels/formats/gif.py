"""GIF: the label in the XMP packet of an application extension (TC260-PG-20259A; GIF89a, 26).

The packet stands there as it is, not in blocks of 255 bytes; 258 bytes behind it bring a reader
that follows block lengths safely past (XMP part 3, 1.1.2).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from hegui.labels import xmp
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
)
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_LOOPS: Final = (b"\x21\xff\x0bNETSCAPE2.0", b"\x21\xff\x0bANIMEXTS1.0")
MANIFEST: Final = b"\x21\xff\x0bC2PA_GIF\x01\0\0"  # no content (C2PA 2.2, A.3.6)
_NAMED: Final = len(_XMP)
_TRAILER: Final = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_WINDOW: Final = 1 << 18


class _Block(NamedTuple):
    name: bytes
    start: int
    end: int


class _Gif:
    name = "gif"
    suffixes = (".gif",)
    mime = ("image/gif",)
    place = Words(
        en="the property TC260:AIGC of the XMP packet in an application extension"
        " (TC260-PG-20259A)",
        zh="应用扩展块 XMP 数据包中的 TC260:AIGC 属性（TC260-PG-20259A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:6] in (b"GIF87a", b"GIF89a")

    def read(self, source: Source) -> list[Found]:
        found: list[Found] = []
        blocks, source = Walk(source).blocks(), Bounded(source)
        for block in blocks:
            if block.name == _XMP:
                found += xmp.found(_packet(source, block), "gif-xmp", block.start)
        return found

    def write(self, source: Source, inner: str) -> Splice:
        blocks, source = Walk(source).blocks(), Bounded(source)
        place = blocks[0].end
        if blocks[1].name in _LOOPS:
            place = blocks[1].end
        packets = [block for block in blocks if block.name == _XMP]
        old = [_packet(source, block) for block in packets] or [b""]
        made = xmp.with_one_label(old, inner, [block.start + _NAMED for block in packets])
        changes = [Change(3, 6, b"89a"), Change(place, place, _made(made[0]))]
        changes += [Change(one.start, one.end, b"") for one in packets[:1]]
        changes += [
            Change(one.start, one.end, _made(data))
            for one, data, before in zip(packets[1:], made[1:], old[1:], strict=False)
            if data != before
        ]
        return spliced(source.size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        blocks = Walk(source).blocks()
        kept = [(one.start, one.end) for one in blocks if one.name not in (_XMP, MANIFEST)]
        return stretches([*kept, (blocks[-1].end, source.size)])


def _packet(source: Source, block: _Block) -> bytes:
    """Return the packet of an extension."""
    start = block.start + _NAMED
    held = exactly(source, start, block.end - start, "GIF extension")
    if held.endswith(_TRAILER):
        return held[: -len(_TRAILER)]
    parts, at = [], 0
    while at < len(held) and held[at]:  # some write it in blocks after all
        parts.append(held[at + 1 : at + 1 + held[at]])
        at += 1 + held[at]
    return b"".join(parts)


def _made(packet: bytes) -> bytes:
    return _XMP + packet + _TRAILER


class Walk:
    """Follows a GIF's blocks through a window, so that a large file needs no memory."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._data = b""
        self._at = 0

    def blocks(self) -> list[_Block]:
        """Return the head (screen and colours; named ``GIF``) and every block to the trailer.

        Some files end without one, directly after a picture: every program opens them.
        """
        if self._bytes(0, 6) not in (b"GIF87a", b"GIF89a"):
            raise refused("GIF", 0, INCONSISTENT)
        at = 13 + _colours(self._bytes(0, 13)[10])
        there = [_Block(b"GIF", 6, at)]
        kind = 0
        while kind != _END and not (kind == _IMAGE and at == self._source.size):
            if len(there) >= MOST_PARTS:
                raise refused("GIF block", at, TOO_MANY)
            kind = self._bytes(at, 1)[0]
            there.append(self._block(kind, at))
            at = there[-1].end
        return there

    def _block(self, kind: int, at: int) -> _Block:
        if kind == _END:
            return _Block(b"", at, at + 1)
        if kind == _IMAGE:
            colours = _colours(self._bytes(at, 10)[9])
            return _Block(b"", at, self._past(at + 11 + colours))
        if kind != _EXTENSION:
            raise refused("GIF block", at, NO_BLOCK)
        name = self._source.read(at, _NAMED) if self._bytes(at, 2)[1] == 0xFF else b""  # noqa: PLR2004 - an application's
        if name in (_XMP, MANIFEST, *_LOOPS):
            return _Block(name, at, self._past(at + _NAMED))
        return _Block(b"", at, self._past(at + 2))

    def _past(self, at: int) -> int:
        """Return where the data blocks that begin at ``at`` end, the empty one counted in."""
        start = at
        while at < self._source.size:
            self._load(at, 1)
            data, one = self._data, at - self._at
            last = len(data)
            while one < last:
                step = data[one]
                if not step:
                    return self._at + one + 1
                one += step + 1
            at = self._at + one
        raise refused("GIF block", start, CUT_SHORT)

    def _bytes(self, at: int, count: int) -> bytes:
        self._load(at, count)
        data = self._data[at - self._at : at - self._at + count]
        if len(data) < count:
            raise refused("GIF block", at, CUT_SHORT)
        return data

    def _load(self, at: int, count: int) -> None:
        if not self._at <= at <= at + count <= self._at + len(self._data):
            self._data, self._at = self._source.read(at, _WINDOW), at


def _colours(flags: int) -> int:
    """Return how many bytes of colours follow, by the flags of a screen or an image."""
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


NO_BLOCK: Final = Words(en="no block begins there", zh="该处没有数据块")
GIF: Final[Format] = _Gif()
FORMATS: Final = (GIF,)
