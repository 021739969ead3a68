"""The frames of a FLAC stream: found, checked, and numbered anew (RFC 9639, section 9).

A frame does not say how long it is. It ends where the next one begins: at a head with the number
that is due, whose own checksum is right, and up to which the checksum of the whole frame is right.
So no sample is decoded, and what is wrong is refused, not repaired.
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    refused,
)
from hegui.labels.ogg import CHECKSUM
from hegui.labels.splicing import Change
from hegui.terms import Words

_LEAST: Final = 6  # bytes of a head: mark, two of codes, a number, its checksum
LONGEST: Final = 16
"""Bytes of a head at most."""
_FOOT: Final = 2
_MOST: Final = 0xFF_FFFF  # bytes of a frame: STREAMINFO has 24 bits for it
_MOST_MARKS: Final = 200_000  # that turn out to be no frame's
_MOST_DOUBTS: Final = 32  # heads that look right where no frame ends
_ZEROS, _ZEROS_LAST = 6, 3
"""So many zeros before a frame's end are none of its own: they would leave its checksum right."""
_BITS: Final = {1: 7, 2: 11, 3: 16, 4: 21, 5: 26, 6: 31, 7: 36}
"""How many bits a number of so many bytes holds (9.1.5)."""
_CHANNELS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 2, 2, 2)
_BLOCKS: Final = (0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384)
_SHORT: Final = 64  # bytes for which a loop is faster than a table of tables


class Head(NamedTuple):
    """A frame's head. ``number`` counts frames, or samples where blocks vary in length."""

    start: int
    end: int
    number: int
    past: int
    """Where the number ends."""
    block: int
    """Samples of each channel."""
    codes: tuple[int, int, int]
    """How it tells the rate, the number of channels, and the code of their bits."""
    rate: bytes
    """What it says of the rate behind the number."""


class Frame(NamedTuple):
    """A frame: its head, and where it ends."""

    head: Head
    end: int


def head_at(data: bytes | bytearray, at: int) -> Head | None:
    """Return the head that stands at ``at``; None where there is none."""
    head = bytes(data[at : at + LONGEST])
    if len(head) < _LEAST or head[0] != 0xFF or head[1] & 0xFE != 0xF8:  # noqa: PLR2004 - the mark
        return None
    block, rate, channels, bits = head[2] >> 4, head[2] & 15, head[3] >> 4, head[3] >> 1 & 7
    if not block or rate == 15 or channels >= len(_CHANNELS) or bits == 3 or head[3] & 1:  # noqa: PLR2004 - reserved
        return None
    number, width = _number(head[4:])
    past = 4 + width
    more = {6: 1, 7: 2}.get(block, 0)
    tail = {12: 1, 13: 2, 14: 2}.get(rate, 0)
    end = past + more + tail + 1
    if not width or len(head) < end or crc8(head[: end - 1]) != head[end - 1]:
        return None
    length = int.from_bytes(head[past : past + more]) + 1 if more else _length(block)
    told = head[past + more : end - 1]
    codes = rate, _CHANNELS[channels], bits
    return Head(at, at + end, number, at + past, length, codes, told)


def frames(data: bytes, start: int, end: int) -> list[Frame]:
    """Return the frames from ``start`` on, which must follow one another up to ``end``."""
    head = head_at(data, start)
    if head is None or head.number:
        raise refused("FLAC frame", start, NO_FIRST if head else INCONSISTENT)
    there: list[Frame] = []
    left = doubts()
    while (found := following(data, head, left, (head.end, end))) is not None:
        there.append(Frame(head, found.start))
        if len(there) >= MOST_PARTS:
            raise refused("FLAC frame", found.start, TOO_MANY)
        head = found
    return [*there, last(data, head, end)]


def doubts() -> list[int]:
    """Return what ``following`` counts down: marks, and heads, that turn out to be no frame's."""
    return [_MOST_MARKS, _MOST_DOUBTS]


def last(data: bytes | bytearray, head: Head, end: int) -> Frame:
    """Return the last frame, which must reach to ``end``."""
    if end - head.start > _MOST or crc16(data[head.start : end]):
        raise refused("FLAC frame", head.start, CHECKSUM)
    if not data[end - _ZEROS_LAST : end].strip(b"\0"):
        raise refused("FLAC frame", head.start, INCONSISTENT)
    return Frame(head, end)


def varies(data: bytes | bytearray, head: Head) -> bool:
    """Whether blocks vary in length, so that heads count samples."""
    return bool(data[head.start + 1] & 1)


def renumbered(data: bytes, frame: Frame, by: int) -> list[Change]:
    """Return the changes by which a frame's number is larger by ``by``; both checksums follow."""
    old = frame.head
    if frame.end - old.end < _FOOT:
        raise refused("FLAC frame", old.start, CUT_SHORT)
    mark = data[old.start : old.start + 4]
    most = _BITS[7] if varies(data, old) else _BITS[6]
    if (old.number + by) >> most:
        raise refused("FLAC frame", old.start, TOO_LARGE)
    new = mark + coded(old.number + by) + data[old.past : old.end - 1]
    new += bytes([crc8(new)])
    foot = int.from_bytes(data[frame.end - _FOOT : frame.end])
    # the checksum is linear: it changes by that of the heads, moved to where they stand
    apart = crc16(new) ^ crc16(data[old.start : old.end])
    foot ^= _times(apart, frame.end - _FOOT - old.end)
    return [
        Change(old.start, old.end, new),
        Change(frame.end - _FOOT, frame.end, foot.to_bytes(_FOOT)),
    ]


def coded(number: int) -> bytes:
    """Return a number as heads write it: as UTF-8 does, in up to seven bytes."""
    if number < 0x80:  # noqa: PLR2004 - one byte
        return bytes([number])
    width = next(width for width, bits in _BITS.items() if not number >> bits)
    shifts = range(6 * (width - 1), -1, -6)
    first, *rest = [number >> shift & 0x3F for shift in shifts]
    return bytes([(0xFF00 >> width & 0xFF) | first, *(0x80 | one for one in rest)])


def crc8(data: bytes) -> int:
    """Return the checksum of a head: x^8 + x^2 + x + 1, from zero (9.1.8)."""
    value = 0
    for one in data:
        value = _EIGHT[value ^ one]
    return value


def crc16(data: bytes | bytearray) -> int:
    """Return the checksum of a frame: x^16 + x^15 + x^2 + 1, from zero (9.3).

    Of a whole frame with its own checksum it is 0.
    """
    if len(data) < _SHORT:
        value = 0
        for one in data:
            value = (value << 8 & 0xFFFF) ^ _SIXTEEN[value >> 8 ^ one]
        return value
    # zeros in front change nothing; halves of the words are joined, and halves of those, …
    words = np.frombuffer(b"\0" * (len(data) & 1) + data, ">u2").astype(np.uint16)
    level = 0
    while len(words) > 1:
        if len(words) & 1:
            words = np.concatenate([np.zeros(1, np.uint16), words])
        words = _table(level)[words[::2]] ^ words[1::2]
        level += 1
    return int(_table(0)[words[0]])


def following(
    data: bytes | bytearray, head: Head, left: list[int], where: tuple[int, int]
) -> Head | None:
    """Return the head of the frame after ``head``'s, whose mark stands in ``where``.

    ``left`` bounds what is looked at in vain.
    """
    at, end = where
    mark = data[head.start : head.start + 2]
    due = head.number + (head.block if varies(data, head) else 1)
    while (at := data.find(mark, at, end)) >= 0:
        found = head_at(data, at)
        if found and found.codes == head.codes:
            if at - head.start > _MOST:
                raise refused("FLAC frame", head.start, TOO_LARGE)
            if not crc16(data[head.start : at]):
                if found.number != due or not data[at - _ZEROS : at].strip(b"\0"):
                    raise refused("FLAC frame", at, INCONSISTENT)
                return found
            left[1] -= 1
        left[0] -= 1
        if min(left) < 0:
            raise refused("FLAC frame", head.start, CHECKSUM)
        at += 1
    return None


def _number(data: bytes) -> tuple[int, int]:
    """Return the number at the beginning of ``data``, and its bytes: 0 where there is none."""
    first = data[0]
    if first < 0x80:  # noqa: PLR2004 - one byte
        return first, 1
    width = 8 - (first ^ 0xFF).bit_length()
    if width not in _BITS or width == 1 or len(data) < width:
        return 0, 0
    number = first & (0x7F >> width)
    for one in data[1:width]:
        if one & 0xC0 != 0x80:  # noqa: PLR2004 - goes on
            return 0, 0
        number = number << 6 | one & 0x3F
    return number, width


def _length(code: int) -> int:
    return 32_768 if code == 15 else _BLOCKS[code]  # noqa: PLR2004 - the last code


def _times(value: int, count: int) -> int:
    """Return a remainder, moved to the left by ``count`` bytes."""
    if count & 1:
        value = (value << 8 & 0xFFFF) ^ _SIXTEEN[value >> 8]
    words, level = count >> 1, 0
    while words:
        if words & 1:
            value = int(_table(level)[value])
        words, level = words >> 1, level + 1
    return value


@cache
def _table(level: int) -> NDArray[np.uint16]:
    """Return what each word becomes when it is moved to the left by 2^``level`` words."""
    if level:
        before = _table(level - 1)
        return before[before]
    value = np.arange(1 << 16, dtype=np.uint32)
    for _ in range(16):
        value = value << np.uint32(1) ^ (value >> np.uint32(15)) * np.uint32(0x18005)
    return value.astype(np.uint16)


def _bytewise(bits: int, polynomial: int) -> tuple[int, ...]:
    found = []
    for one in range(256):
        value = one << bits - 8
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> bits - 1 else 0)
        found.append(value & (1 << bits) - 1)
    return tuple(found)


_EIGHT: Final = _bytewise(8, 0x107)
_SIXTEEN: Final = _bytewise(16, 0x18005)
NO_FIRST: Final = Words(
    en="the stream does not begin with its first frame: it was cut out of another",
    zh="流的开头不是第一帧：该文件是从其他流中截取的",
)
