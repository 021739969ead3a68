"""Pages of Ogg: read one after another, checked, and made anew (RFC 3533)."""

import zlib
from collections.abc import Iterator, Sequence
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    TOO_MANY,
    Slice,
    Source,
    exactly,
    refused,
)
from hegui.terms import Words

HEAD: Final = 27  # bytes of a page before its table of segments
CONTINUED, FIRST, LAST = 1, 2, 4
_FULL: Final = 255
_MOST_PAGES: Final = 2_000_000  # of 4 kB: 8 GB
_NO_GRANULE: Final = 0xFFFF_FFFF_FFFF_FFFF
_MIRRORED: Final = bytes(int(f"{one:08b}"[::-1], 2) for one in range(256))


class Page(NamedTuple):
    """A page: where it stands, and what its head says."""

    start: int
    flags: int
    serial: int
    number: int
    checksum: int
    segments: bytes
    end: int

    @property
    def body(self) -> int:
        """Where what it holds begins."""
        return self.start + HEAD + len(self.segments)


def pages(source: Source) -> Iterator[Page]:
    """Give the pages to the end; one that is cut off there is left out."""
    at = count = 0
    while at < source.size:
        page = page_in(source.read(at, HEAD + _FULL), at)
        if page is None or page.end > source.size:
            return
        if (count := count + 1) > _MOST_PAGES:
            raise refused("Ogg page", at, TOO_MANY)
        yield page
        at = page.end


def page_in(head: bytes, at: int) -> Page | None:
    """Return the page whose beginning ``head`` is; None if its head is not whole."""
    if len(head) < HEAD or len(head) < HEAD + head[26]:
        if not b"OggS".startswith(head[:4]):
            raise refused("Ogg page", at, INCONSISTENT)
        return None
    mark, version, flags, _, serial, number, checksum, count = unpack("<4sBBQIIIB", head[:HEAD])
    if mark != b"OggS" or version:
        raise refused("Ogg page", at, INCONSISTENT)
    segments = head[HEAD : HEAD + count]
    return Page(at, flags, serial, number, checksum, segments, at + HEAD + count + sum(segments))


def checksum(data: bytes) -> int:
    """Return the checksum of a page whose own field is zero: CRC-32, not mirrored, from 0."""
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def checked(source: Source, page: Page) -> bytes:
    """Return the bytes of a page; one whose checksum is wrong is refused, not repaired."""
    data = exactly(source, page.start, page.end - page.start, "Ogg page")
    if checksum(data[:22] + bytes(4) + data[26:]) != page.checksum:
        raise refused("Ogg page", page.start, CHECKSUM)
    return data


def renumbered(page: Page, by: int) -> bytes:
    """Return the eight bytes of number and checksum of a page that moves by ``by`` pages.

    The checksum is linear: it changes by that of the changed bits alone, so what the page holds
    need not be read, and a checksum that was wrong stays wrong.
    """
    number = (page.number + by) & 0xFFFF_FFFF
    rest = page.end - page.start - 22
    change = checksum(pack("<I", page.number ^ number) + bytes(rest))
    return pack("<II", number, page.checksum ^ change)


def packets(read: Iterator[Page], count: int, at: int) -> tuple[list[Page], list[list[Slice]]]:
    """Return the next pages that hold ``count`` packets and no more, and the packets' stretches."""
    used: list[Page] = []
    there: list[list[Slice]] = []
    now: list[Slice] = []
    while len(there) < count:
        page = next(read, None)
        if page is None:
            raise refused("Ogg header", at, CUT_SHORT)
        if page.flags & FIRST or (used and page.serial != used[0].serial):
            raise refused("Ogg header", page.start, SEVERAL)
        used.append(page)
        past = page.body
        for segment in page.segments:
            now.append(Slice(past, segment))
            past += segment
            if segment < _FULL:
                there.append(now)
                now = []
    if now or len(there) > count:
        raise refused("Ogg header", used[-1].start, INCONSISTENT)
    return used, there


def paged(held: Sequence[bytes], old: Sequence[Page]) -> bytes:
    """Return pages that hold ``held`` in the place of ``old``: as many, where that is possible."""
    tables = [bytes([_FULL] * (len(one) // _FULL) + [len(one) % _FULL]) for one in held]
    apart = [table[n : n + _FULL] for table in tables for n in range(0, len(table), _FULL)]
    parts = apart if len(apart) == len(old) else _tables(b"".join(tables), len(old))
    data, past, made = b"".join(held), 0, []
    continued = False
    for number, table in enumerate(parts):
        flags = (CONTINUED if continued else 0) | (
            old[-1].flags & LAST if number == len(parts) - 1 else 0
        )
        granule = _NO_GRANULE if table.strip(b"\xff") == b"" else 0
        length = sum(table)
        fields = (b"OggS", 0, flags, granule, old[0].serial, old[0].number + number, 0, len(table))
        page = pack("<4sBBQIIIB", *fields) + table + data[past : past + length]
        made.append(page[:22] + pack("<I", checksum(page)) + page[26:])
        past += length
        continued = table[-1] == _FULL
    return b"".join(made)


def _tables(table: bytes, count: int) -> list[bytes]:
    """Return a table of segments as ``count`` pages, more or fewer only where it must be."""
    count = min(max(count, -(-len(table) // _FULL)), len(table))
    parts, past = [], 0
    for left in range(count - 1, -1, -1):
        end = min(past + _FULL, len(table) - left)
        parts.append(table[past:end])
        past = end
    return parts


CHECKSUM: Final = Words(en="its checksum is wrong", zh="校验和有误")
SEVERAL: Final = Words(
    en="it holds several streams at once; only sound alone is labelled",
    zh="其中同时含有多个流；仅支持单独的音频流",
)
