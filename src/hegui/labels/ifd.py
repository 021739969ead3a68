"""Directories of a TIFF (TIFF 6.0; BigTIFF): in a file, and in the EXIF block of other formats."""

from collections.abc import Iterator
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_METADATA,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Source,
    exactly,
    refused,
)
from hegui.terms import BadRequest, Words

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES: Final = {16: 8, 17: 8, 18: 8}
_CODES: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # of integers
_MOST_DIRECTORIES: Final = 10_000
UNDEFINED: Final = 7
IMAGE_DESCRIPTION: Final = 0x010E
XMP: Final = 0x02BC
SUB_DIRECTORIES: Final = 0x014A
EXIF: Final = 0x8769
USER_COMMENT: Final = 0x9286


class Entry(NamedTuple):
    """A field: where it stands, and where its value does."""

    tag: int
    kind: int
    values: int
    at: int
    offset: int
    length: int


class Directory(NamedTuple):
    """One directory, and the offset of the next (0: it is the last)."""

    at: int
    entries: list[Entry]
    next: int


class Tiff:
    """The directories of a TIFF; ``shift`` is where an EXIF block stands in its file."""

    def __init__(self, source: Source, shift: int = 0) -> None:
        self.source = source
        self._shift = shift
        self._left = MOST_PARTS  # fields
        head = exactly(source, 0, 8, "TIFF header")
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        magic = unpack(self.order + "H", head[2:4])[0] if self.order else 0
        if magic not in (42, 43):
            raise self.refused("TIFF header", 0, NOT_TIFF)
        self.big = magic == 43  # noqa: PLR2004 - BigTIFF's number
        self.pointer = 8 if self.big else 4
        self.first_at = 8 if self.big else 4  # where the first directory's offset stands
        if self.big:
            head = exactly(source, 0, 16, "TIFF header")
            if unpack(self.order + "HH", head[4:8]) != (8, 0):
                raise self.refused("TIFF header", 4, NOT_TIFF)
        self.first = self._number(head[self.first_at : self.first_at + self.pointer])

    def refused(self, what: str, offset: int, why: Words) -> BadRequest:
        """Return the error for what does not hold together at ``offset``."""
        return refused(what, self._shift + offset, why)

    def number(self, value: int) -> bytes:
        """Return an offset or a count as this file writes it."""
        if value >= 1 << (8 * self.pointer):
            raise self.refused("TIFF", 0, TOO_LARGE)
        return pack(self.order + ("Q" if self.big else "I"), value)

    def entry(self, tag: int, kind: int, count: int, offset: int) -> bytes:
        """Return the bytes of a field whose value stands at ``offset``."""
        return pack(self.order + "HH", tag, kind) + self.number(count) + self.number(offset)

    @property
    def head(self) -> int:
        """How many bytes the count of fields takes, before the fields."""
        return 8 if self.big else 2

    @property
    def width(self) -> int:
        """How many bytes a field takes."""
        return 20 if self.big else 12

    def table(self, count: int) -> bytes:
        """Return the count of fields as it stands before them."""
        return pack(self.order + ("Q" if self.big else "H"), count)

    def chain(self) -> Iterator[Directory]:
        """Give the directories of the pages, in order; a loop is refused."""
        offset, seen = self.first, set[int]()
        while offset:
            if offset in seen:
                raise self.refused("TIFF directory", offset, INCONSISTENT)
            seen.add(offset)
            if len(seen) > _MOST_DIRECTORIES:
                raise self.refused("TIFF directory", offset, TOO_MANY)
            directory = self.directory(offset)
            yield directory
            offset = directory.next

    def directory(self, at: int) -> Directory:
        """Return the directory at ``at``."""
        head = exactly(self.source, at, self.head, "TIFF directory")
        count = unpack(self.order + ("Q" if self.big else "H"), head)[0]
        if count > self._left:
            raise self.refused("TIFF directory", at, TOO_MANY)
        self._left -= count
        size = self.width * count
        body = exactly(self.source, at + self.head, size + self.pointer, "TIFF directory")
        entries = [
            self._entry(body[one : one + self.width], at + self.head + one)
            for one in range(0, size, self.width)
        ]
        return Directory(at, entries, self._number(body[size:]))

    def end(self, directory: Directory) -> int:
        """Return where a directory ends, with the offset of the next."""
        return directory.at + self.head + len(directory.entries) * self.width + self.pointer

    def value(self, entry: Entry) -> bytes:
        """Return the bytes of a field's value."""
        return exactly(self.source, entry.offset, entry.length, f"TIFF tag {entry.tag}")

    def numbers(self, entry: Entry) -> list[int]:
        """Return a field's value as whole numbers; nothing where it has none."""
        code = _CODES.get(entry.kind)
        if code is None:
            return []
        if entry.values > MOST_PARTS:
            raise self.refused(f"TIFF tag {entry.tag}", entry.at, TOO_MANY)
        return list(unpack(f"{self.order}{entry.values}{code}", self.value(entry)))

    def under(self, directory: Directory, tag: int) -> Iterator[Directory]:
        """Give the directories that a field points to."""
        for entry in directory.entries:
            if entry.tag == tag:
                if entry.values > _MOST_DIRECTORIES:
                    raise self.refused("TIFF directory", entry.at, TOO_MANY)
                for offset in self.numbers(entry):
                    yield self.directory(offset)

    def _number(self, data: bytes) -> int:
        return int(unpack(self.order + ("Q" if self.big else "I"), data)[0])

    def _entry(self, data: bytes, at: int) -> Entry:
        tag, kind = unpack(self.order + "HH", data[:4])
        count = self._number(data[4 : 4 + self.pointer])
        length = count * (_SIZES.get(kind) or _BIG_SIZES.get(kind, 1))
        if length <= self.pointer:
            return Entry(tag, kind, count, at, at + 4 + self.pointer, length)
        return Entry(tag, kind, count, at, self._number(data[4 + self.pointer :]), length)


def whole(tiff: Tiff, entry: Entry) -> Entry:
    """Return ``entry`` if its value lies inside the file and is not too long; else refuse it."""
    if entry.length > MOST_METADATA:
        raise tiff.refused(f"TIFF tag {entry.tag}", entry.at, TOO_LARGE)
    if entry.offset + entry.length > tiff.source.size:
        raise tiff.refused(f"TIFF tag {entry.tag}", entry.at, CUT_SHORT)
    return entry


NOT_TIFF: Final = Words(en="it does not begin as a TIFF does", zh="开头不是 TIFF 文件头")
