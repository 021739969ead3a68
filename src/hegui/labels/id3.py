"""The label in an ID3v2 tag: a frame TXXX (TXX in 2.2) described as ``AIGC`` (TC260-PG-202510A).

All frames but the label stay byte for byte, as do flags, padding and an extended header, whose
checksum is reckoned anew (ID3v2.2, 2.3 and 2.4 informal standards, id3.org).
"""

import re
import zlib
from collections.abc import Iterator
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_METADATA,
    TOO_LARGE,
    Found,
    Source,
    exactly,
    refused,
)
from hegui.labels.value import MOST, parsed
from hegui.terms import BadRequest, Words

HEAD: Final = 10  # bytes of a header, and of a footer
_UNSYNC, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_NEVER: Final = 0xFF  # no version has it
_SYNCSAFE_LIMIT: Final = 1 << 28
_NAME = {2: re.compile(rb"[A-Z0-9]{3}"), 3: re.compile(rb"[A-Z0-9]{3}[A-Z0-9 \0]")}
_UNSAFE: Final = re.compile(rb"\xff(?=[\xe0-\xff\x00])")
_MADE_SAFE: Final = re.compile(rb"\xff\x00")
_ENCODINGS: Final = ("latin-1", "utf-16", "utf-16-be", "utf-8")


class Tag(NamedTuple):
    """A tag: where it stands in the file with all that belongs to it, and its frames."""

    start: int
    end: int
    head: bytes
    extended: bytes
    frames: tuple["Frame", ...]
    padding: bytes
    plain_sizes: bool

    @property
    def version(self) -> int:
        """The number after ``2.``."""
        return self.head[3]


class Frame(NamedTuple):
    """One frame as it is stored; ``raw`` is None where it is no label."""

    data: bytes
    name: str
    raw: str | None


def length_at(head: bytes) -> int:
    """Return how long the tag is that begins with the ten bytes ``head``; 0 where none does."""
    if len(head) < HEAD or head[:3] != b"ID3" or _NEVER in head[3:5]:
        return 0
    if any(one & 0x80 for one in head[6:HEAD]):
        return 0
    footer = HEAD if head[3] > 3 and head[5] & _FOOTER else 0  # noqa: PLR2004 - since 2.4
    return HEAD + _syncsafe(head[6:HEAD]) + footer


def tags(source: Source, at: int = 0) -> list[Tag]:
    """Return the tags that stand one after another from ``at``; mostly none or one."""
    there: list[Tag] = []
    left = MOST_METADATA
    while length := length_at(source.read(at, HEAD)):
        if length > left:
            raise refused("ID3 tag", at, TOO_LARGE)
        left -= length
        there.append(tag(exactly(source, at, length, "ID3 tag"), at))
        at += length
    return there


def tag(data: bytes, at: int) -> Tag:
    """Return the tag that ``data`` is; ``at`` is where it stands in the file."""
    if length_at(data[:HEAD]) != len(data):
        raise refused("ID3 tag", at, INCONSISTENT)
    head, version = data[:HEAD], data[3]
    if version not in (2, 3, 4) or (version == 2 and head[5] & _EXTENDED):  # noqa: PLR2004 - 2.2
        raise refused("ID3 tag", at, UNKNOWN)
    body = data[HEAD : HEAD + _syncsafe(head[6:])]
    if version < 4 and head[5] & _UNSYNC:  # noqa: PLR2004 - 2.4 does it frame by frame
        body = _MADE_SAFE.sub(b"\xff", body)
    extended = _extended(head, body, at)
    rest = body[len(extended) :]
    plain = False
    try:
        frames, past = _frames(head, rest, at, plain=version == 3)  # noqa: PLR2004 - 2.3
    except BadRequest:
        if version != 4:  # noqa: PLR2004 - some write 2.4 with the sizes of 2.3
            raise
        frames, past = _frames(head, rest, at, plain=True)
        plain = True
    return Tag(at, at + len(data), head, extended, tuple(frames), rest[past:], plain)


def found(tag_: Tag, form: str) -> Iterator[Found]:
    """Give the labels of a tag."""
    for frame in tag_.frames:
        if frame.raw is not None:
            yield Found(form, tag_.start, frame.raw, frame.name == "AIGC", parsed(frame.raw))


def fresh(inner: str) -> bytes:
    """Return a tag that holds nothing but the label (ID3v2.3)."""
    return with_label(Tag(0, 0, b"ID3\3\0\0\0\0\0\0", b"", (), b"", plain_sizes=False), inner)


def with_label(tag_: Tag, inner: str | None) -> bytes:
    """Return the tag with ``inner`` as its only label; None where it stands elsewhere."""
    frames = [frame.data for frame in tag_.frames if frame.raw is None]
    if inner is not None:
        frames.insert(0, _frame(tag_, inner))
    held = b"".join(frames)
    body = _checked(tag_, held) + held + tag_.padding
    if tag_.version < 4 and tag_.head[5] & _UNSYNC:  # noqa: PLR2004 - 2.4 does it frame by frame
        body = _UNSAFE.sub(b"\xff\x00", body)
        body += b"\0" if body[-1:] == b"\xff" else b""
    if len(body) >= _SYNCSAFE_LIMIT:
        raise refused("ID3 tag", tag_.start, TOO_LARGE)
    head = tag_.head[:6] + _as_syncsafe(len(body))
    footer = b"3DI" + head[3:] if tag_.version > 3 and head[5] & _FOOTER else b""  # noqa: PLR2004 - since 2.4
    return head + body + footer


def _extended(head: bytes, body: bytes, at: int) -> bytes:
    if not head[5] & _EXTENDED:
        return b""
    size = body[:4]
    if len(size) < 4:  # noqa: PLR2004 - its length
        raise refused("ID3 extended header", at, CUT_SHORT)
    length = int(unpack(">I", size)[0]) + 4 if head[3] == 3 else _syncsafe(size)  # noqa: PLR2004 - 2.3
    if not 6 <= length <= len(body):  # noqa: PLR2004 - the shortest
        raise refused("ID3 extended header", at, INCONSISTENT)
    return body[:length]


def _checked(tag_: Tag, held: bytes) -> bytes:
    """Return the extended header with the checksum of the new frames, where it has one."""
    extended = tag_.extended
    if tag_.version == 3 and len(extended) >= 14 and extended[4] & 0x80:  # noqa: PLR2004 - with CRC
        return extended[:10] + pack(">I", zlib.crc32(held)) + extended[14:]
    if tag_.version == 4 and len(extended) > 6 and extended[5] & 0x20:  # noqa: PLR2004 - with CRC
        at = 6 + (1 if extended[5] & 0x40 else 0)
        if len(extended) < at + 6 or extended[at] != 5:  # noqa: PLR2004 - bytes of 35 bits
            raise refused("ID3 extended header", tag_.start, INCONSISTENT)
        value = zlib.crc32(held + tag_.padding)
        made = bytes(value >> shift & 0x7F for shift in (28, 21, 14, 7, 0))
        return extended[: at + 1] + made + extended[at + 6 :]
    return extended


def _frames(head: bytes, body: bytes, at: int, *, plain: bool) -> tuple[list[Frame], int]:
    """Return the frames, and where the padding begins."""
    version = head[3]
    name, long = (3, 6) if version == 2 else (4, 10)  # noqa: PLR2004 - 2.2 has short ones
    frames: list[Frame] = []
    past = 0
    while past < len(body) and body[past]:
        start = body[past : past + long]
        if len(start) < long or not _NAME[min(version, 3)].fullmatch(start[:name]):
            raise refused("ID3 frame", at, INCONSISTENT)
        size = start[name : name + (3 if version == 2 else 4)]  # noqa: PLR2004 - 2.2
        if version == 4 and not plain and any(one & 0x80 for one in size):  # noqa: PLR2004 - 2.4
            raise refused("ID3 frame", at, INCONSISTENT)
        length = int.from_bytes(size) if plain or version == 2 else _syncsafe(size)  # noqa: PLR2004 - 2.2
        end = past + long + length
        if end > len(body):
            raise refused("ID3 frame", at, INCONSISTENT)
        label = None
        if start[:name] in (b"TXX", b"TXXX"):
            label = _label(version, start, body[past + long : end])
        frames.append(Frame(body[past:end], *(label or ("", None))))
        past = end
    return frames, past


def _label(version: int, start: bytes, held: bytes) -> tuple[str, str] | None:
    """Return a frame's description and text if it is a label; None if not."""
    content = _content(version, start, held)
    if not content or content[0] >= len(_ENCODINGS):
        return None
    wide = content[0] in (1, 2)
    text = content[1:]
    end = text.find(b"\0")
    if wide:
        end = next((n for n in range(0, min(len(text), 512), 2) if not any(text[n : n + 2])), -1)
    if end < 0:
        return None
    code = _ENCODINGS[content[0]]
    name = text[:end].decode(code, "replace").strip("\ufeff")
    raw = text[end + (2 if wide else 1) :][: MOST * 2].decode(code, "replace").strip("\ufeff\0")
    if name.upper() == "AIGC" or ("AIGC" in name.upper() and parsed(raw) is not None):
        return name, raw
    return None


def _content(version: int, start: bytes, held: bytes) -> bytes:
    """Return what a frame holds: without numbers before it, unpacked; empty if encrypted."""
    if version == 2:  # noqa: PLR2004 - 2.2 has no flags
        return held
    flags = start[9]
    if version == 3:  # noqa: PLR2004 - 2.3
        skip, packed, locked = 0, flags & 0x80, flags & 0x40
        skip += (4 if packed else 0) + (1 if flags & 0x20 else 0)
    else:
        packed, locked = flags & 0x08, flags & 0x04
        skip = (1 if flags & 0x40 else 0) + (4 if flags & 0x01 else 0)
        if flags & 0x02:
            held = _MADE_SAFE.sub(b"\xff", held)
    if locked:
        return b""
    held = held[skip:]
    if not packed:
        return held
    try:
        return zlib.decompressobj().decompress(held, MOST * 2)
    except zlib.error:
        return b""


def _frame(tag_: Tag, inner: str) -> bytes:
    held = b"\0AIGC\0" + inner.encode("ascii")
    if tag_.version == 2:  # noqa: PLR2004 - 2.2
        return b"TXX" + len(held).to_bytes(3) + held
    if tag_.version == 3 or tag_.plain_sizes:  # noqa: PLR2004 - 2.3
        size = pack(">I", len(held))
    else:
        size = _as_syncsafe(len(held))
    unsync = tag_.version == 4 and tag_.head[5] & _UNSYNC  # noqa: PLR2004 - then said of every frame
    return b"TXXX" + size + (b"\0\2" if unsync else b"\0\0") + held


def _syncsafe(data: bytes) -> int:
    return (data[0] & 127) << 21 | (data[1] & 127) << 14 | (data[2] & 127) << 7 | data[3] & 127


def _as_syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


UNKNOWN: Final = Words(
    en="it is of a version or a form that is not known", zh="其版本或形式无法识别"
)
