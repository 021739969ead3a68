"""Ogg Vorbis and Opus: the label in the comment header (TC260-PG-202510A; RFC 7845, 5.2).

The header keeps as many pages as it had, so that no other page changes; only where it needs one
more are the later ones numbered anew. Of streams that are chained the first holds the label.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from hegui.labels import comments, ogg
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
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
from hegui.labels.ogg import Page
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

# what the first packet begins with, and the packets that follow it
_KINDS: Final = {
    "ogg": (b"\1vorbis", (b"\3vorbis", b"\5vorbis")),
    "opus": (b"OpusHead", (b"OpusTags",)),
}
_LONGEST: Final = 512  # bytes of a first packet that are looked at


class Link(NamedTuple):
    """One stream: its first page, the pages of its other headers, and their packets."""

    first: Page
    pages: list[Page]
    packets: list[list[Slice]]
    mark: bytes
    held: comments.Comments

    @property
    def start(self) -> int:
        """Where the page of its comments begins."""
        return self.pages[0].start

    @property
    def end(self) -> int:
        """Where its headers end."""
        return self.pages[-1].end


class _Ogg:
    """Ogg with one kind of sound in it."""

    def __init__(
        self, name: str, suffixes: tuple[str, ...], mime: tuple[str, ...], place: Words
    ) -> None:
        self.name, self.suffixes, self.mime, self.place = name, suffixes, mime, place

    def matches(self, head: bytes) -> bool:
        if head[:4] != b"OggS" or len(head) < ogg.HEAD:
            return False
        # what is neither is refused as Ogg, with what it is not
        is_opus = head[ogg.HEAD + head[26] :].startswith(b"OpusHead")
        return is_opus is (self.name == "opus")

    def read(self, source: Source) -> list[Found]:
        form = f"{self.name}-comment"
        return [
            one for link in links(source) for one in comments.found(link.held, form, link.start)
        ]

    def write(self, source: Source, inner: str) -> Splice:
        bounded = Bounded(source)
        changes: list[Change] = []
        moved: dict[int, int] = {}  # where a stream's headers end, by how many pages it grew
        for number, link in enumerate(links(source)):
            if number and not comments.is_labelled(link.held):
                continue
            new = relabelled(bounded, link, None if number else inner)
            changes.append(Change(link.start, link.end, new))
            if by := counted(new) - len(link.pages):
                moved[link.end] = by
        return spliced(source.size, [*changes, *_renumbered(source, moved)])

    def payload(self, source: Source) -> Iterator[Slice]:
        return stretches(_content(source))


def links(source: Source) -> list[Link]:
    """Return the streams of sound, one after another; the first must be one that is known."""
    read = ogg.pages(source)
    bounded = Bounded(source)
    there: list[Link] = []
    for page in read:
        if not page.flags & ogg.FIRST:
            if not there:
                raise refused("Ogg", page.start, INCONSISTENT)
            continue
        body = source.read(page.body, min(page.end - page.body, _LONGEST))
        marks = next((after for mark, after in _KINDS.values() if body.startswith(mark)), None)
        if marks is not None:
            there.append(_link(bounded, page, read, marks))
        elif not there:
            raise refused("Ogg", page.start, NEITHER)
        if len(there) > MOST_PARTS:
            raise refused("Ogg", page.start, TOO_MANY)
    if not there:
        raise refused("Ogg", 0, INCONSISTENT)
    return there


def relabelled(source: Source, link: Link, inner: str | None) -> bytes:
    """Return the pages of a stream's headers with the label; None where it stands elsewhere."""
    for page in link.pages:
        ogg.checked(source, page)
    held = [link.mark + comments.with_label(link.held, inner)]
    held += [b"".join(_taken(source, packet)) for packet in link.packets[1:]]
    return ogg.paged(held, link.pages)


def counted(data: bytes) -> int:
    """Return how many pages ``data`` holds."""
    at = count = 0
    while (page := ogg.page_in(data[at : at + ogg.HEAD + 255], at)) is not None:
        at, count = page.end, count + 1
    return count


def _link(source: Bounded, first: Page, read: Iterator[Page], marks: tuple[bytes, ...]) -> Link:
    whole = first.segments[-1:] != b"\xff" and sum(one < 255 for one in first.segments) == 1  # noqa: PLR2004 - one packet ends
    if not whole:
        raise refused("Ogg header", first.start, INCONSISTENT)
    pages, packets = ogg.packets(read, len(marks), first.end)
    if pages[0].serial != first.serial:
        raise refused("Ogg header", pages[0].start, ogg.SEVERAL)
    data = b"".join(_taken(source, packets[0]))
    for packet, mark in zip(packets, marks, strict=True):
        begins = b"".join(source.read(*one) for one in packet[:1])
        if not begins.startswith(mark):
            raise refused("Ogg header", packet[0].offset, INCONSISTENT)
    at = packets[0][0].offset + len(marks[0])
    return Link(first, pages, packets, marks[0], comments.read(data[len(marks[0]) :], at))


def _taken(source: Source, packet: list[Slice]) -> Iterator[bytes]:
    for one in stretches((part.offset, part.offset + part.length) for part in packet):
        yield exactly(source, one.offset, one.length, "Ogg header")


def _renumbered(source: Source, moved: dict[int, int]) -> list[Change]:
    """Return the changes of the pages that follow headers which grew, to the next stream."""
    changes: list[Change] = []
    if not moved:
        return changes
    by, serial = 0, -1
    for page in ogg.pages(source):
        if page.flags & ogg.FIRST:
            by = 0
        if page.start in moved:
            by, serial = moved[page.start], page.serial
        if by and page.serial == serial and not page.flags & ogg.FIRST:
            changes.append(Change(page.start + 18, page.start + 26, ogg.renumbered(page, by)))
        if len(changes) > MOST_PARTS:
            raise refused("Ogg", page.start, TOO_LARGE)
    return changes


def _content(source: Source) -> Iterator[tuple[int, int]]:
    """Give the stretches of the packets, the comments left out."""
    ends = {link.start: link for link in links(source)}
    past = end = 0
    for page in ogg.pages(source):
        end = page.end
        if (link := ends.get(page.start)) is not None:
            for packet in link.packets[1:]:
                yield from ((one.offset, one.offset + one.length) for one in packet)
            past = link.end
        elif page.start >= past:
            yield page.body, page.end
    yield end, source.size


NEITHER: Final = Words(
    en="its first stream is neither Vorbis nor Opus", zh="其首个流既不是 Vorbis 也不是 Opus"
)
_PLACE: Final = Words(
    en="the comment AIGC in the stream's comment header (TC260-PG-202510A)",
    zh="流注释头中名为 AIGC 的注释（TC260-PG-202510A）",
)
OGG: Final[Format] = _Ogg(
    "ogg", (".ogg", ".oga"), ("audio/ogg", "application/ogg", "audio/vorbis"), _PLACE
)
OPUS: Final[Format] = _Ogg("opus", (".opus",), ("audio/ogg", "audio/opus"), _PLACE)
FORMATS: Final = (OGG, OPUS)
