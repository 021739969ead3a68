"""The elements of a Matroska file (RFC 8794, RFC 9559), walked in place: only heads are read."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Source,
    exactly,
    refused,
)

HEADER, SEGMENT, CLUSTER, CUES = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1C53BB6B
SEEK_HEAD, TAGS, VOID, CRC = 0x114D9B74, 0x1254C367, 0xEC, 0xBF
_INFO, _TRACKS, _CHAPTERS, _ATTACHMENTS = 0x1549A966, 0x1654AE6B, 0x1043A770, 0x1941A469
_ENDS: Final = frozenset(
    {HEADER, SEGMENT, CLUSTER, CUES, SEEK_HEAD, TAGS, _INFO, _TRACKS, _CHAPTERS, _ATTACHMENTS}
)
_HEAD: Final = 12  # bytes of the longest head
_LONGEST_ID, _LONGEST_SIZE = 4, 8


class Element(NamedTuple):
    """An element: where it starts, where its size stands, where what it holds starts and ends."""

    kind: int
    start: int
    size_at: int
    body: int
    end: int
    known: bool = True
    """Whether its size is given; a live stream's is not."""


class Elements:
    """The elements of one file: at most ``MOST_PARTS`` are walked, within the metadata's bound."""

    def __init__(self, source: Source) -> None:
        self.source = Bounded(source)
        self._whole = source
        self._walked = 0

    def within(self, start: int, end: int) -> Iterator[Element]:
        """Give the elements from ``start`` to ``end``, which they must fill."""
        while start < end:
            element = self.at(start, end)
            yield element
            start = element.end

    def at(self, start: int, end: int) -> Element:
        """Return the element at ``start``, which must end by ``end``."""
        self._walked += 1
        if self._walked > MOST_PARTS:
            raise refused("element", start, TOO_MANY)
        head = self._whole.read(start, min(_HEAD, end - start))
        width = _width(head, 0)
        sized = _width(head, width)
        if not 0 < width <= _LONGEST_ID or not 0 < sized <= _LONGEST_SIZE:
            raise refused("element", start, CUT_SHORT if len(head) < _HEAD else INCONSISTENT)
        if len(head) < width + sized:
            raise refused("element", start, CUT_SHORT)
        kind, body = int.from_bytes(head[:width], "big"), start + width + sized
        most = (1 << (7 * sized)) - 1
        size = int.from_bytes(head[width : width + sized], "big") & most
        if size == most:
            last = self._end(kind, body, end)
            return Element(kind, start, start + width, body, last, known=False)
        if body + size > end:
            whole = end == self._whole.size
            raise refused("element", start, CUT_SHORT if whole else INCONSISTENT)
        return Element(kind, start, start + width, body, body + size)

    def held(self, element: Element) -> bytes:
        """Return what an element holds."""
        return exactly(self.source, element.body, element.end - element.body, "element")

    def _end(self, kind: int, start: int, end: int) -> int:
        """Return where an element of unknown size ends."""
        if kind == SEGMENT:
            return end
        if kind != CLUSTER:
            raise refused("element", start, INCONSISTENT)
        while start < end:
            if int.from_bytes(self._whole.read(start, 4), "big") in _ENDS:
                break
            inner = self.at(start, end)
            if not inner.known:
                raise refused("element", start, INCONSISTENT)
            start = inner.end
        return start


def _width(head: bytes, at: int) -> int:
    """Return how many bytes a number takes, by the zeros that its first byte begins with."""
    return 9 - head[at].bit_length() if at < len(head) and head[at] else 0


def size(number: int, width: int = 0) -> bytes:
    """Return a size, in ``width`` bytes, or in as few as can hold it."""
    width = width or next(
        one for one in range(1, _LONGEST_SIZE + 1) if number < (1 << (7 * one)) - 1
    )
    return (1 << (7 * width) | number).to_bytes(width, "big")


def made(kind: int, held: bytes, width: int = 0) -> bytes:
    """Return an element."""
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + size(len(held), width) + held


def void(length: int) -> bytes:
    """Return an element of ``length`` bytes (2 at least) that says nothing."""
    if length - 2 < 127:  # noqa: PLR2004 - what one byte can say
        return made(VOID, bytes(length - 2))
    return made(VOID, bytes(length - 9), _LONGEST_SIZE)


def filling(kind: int, held: bytes, room: int) -> bytes | None:
    """Return an element, and a void one behind it, that take ``room`` bytes; None if too long."""
    data = made(kind, held)
    left = room - len(data)
    if left < 0:
        return None
    if left == 1:
        width = len(size(len(held))) + 1
        return made(kind, held, width) if width <= _LONGEST_SIZE else None
    return data + (void(left) if left else b"")


def resized(element: Element, more: int) -> tuple[int, int, bytes]:
    """Return the change of the size of an element that grows: from, to, and the new bytes."""
    number = element.end - element.body + more
    width = element.body - element.size_at
    if number >= (1 << (7 * _LONGEST_SIZE)) - 1:
        raise refused("element", element.start, TOO_LARGE)
    if number >= (1 << (7 * width)) - 1:
        width = _LONGEST_SIZE
    return element.size_at, element.body, size(number, width)
