"""The items of a HEIF picture (ISO/IEC 23008-12) that hold metadata: XMP and EXIF.

An item is named in ``iinf``, lies where ``iloc`` says (in the file, or in ``idat``), and describes
the picture that its reference ``cdsc`` in ``iref`` names.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.box_items import IN_IDAT, Extent, Item, Locations
from hegui.labels.box_moves import Moves
from hegui.labels.boxes import MISSING, Box, Boxes, full, made, named, only, skipped
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_METADATA,
    TOO_LARGE,
    TOO_MANY,
    exactly,
    refused,
)
from hegui.labels.splicing import Change
from hegui.terms import Words

XMP_TYPE: Final = b"application/rdf+xml"
_MOST_ID: Final = 0xFFFF
_MOST_SPANS: Final = 256  # items of metadata, and their extents
_TYPED: Final = 2  # the version of ``infe`` from which on items have a type
_OPEN: Final = 4  # bytes of an offset or a length that we write


class Span(NamedTuple):
    """A stretch of the file."""

    start: int
    end: int


class Described(NamedTuple):
    """An item of metadata: its number, what it is, and where its bytes stand."""

    number: int
    xmp: bool
    spans: tuple[Span, ...]
    data: bytes
    packed: bool
    """Whether its bytes are compressed."""
    of: frozenset[int]
    """The items that it describes."""

    def filled(self, data: bytes) -> Iterator[Change]:
        """Give the changes that put as many other bytes in the place of its own."""
        at = 0
        for span in self.spans:
            length = span.end - span.start
            if data[at : at + length] != self.data[at : at + length]:
                yield Change(span.start, span.end, data[at : at + length])
            at += length


class Picture:
    """The box ``meta`` of a picture, and its items."""

    def __init__(self, boxes: Boxes, tops: Sequence[Box]) -> None:
        self._boxes, self.tops = boxes, tops
        self._starts = [box.start for box in tops]
        self.meta = only(tops, b"meta")
        self.inside = boxes.children(self.meta, skipped(boxes, self.meta))
        self.iinf, self.iloc = only(self.inside, b"iinf"), only(self.inside, b"iloc")
        self.iref = next((box for box in self.inside if box.kind == b"iref"), None)
        self.idat = next((box for box in self.inside if box.kind == b"idat"), None)
        pitm = only(self.inside, b"pitm")
        wide = boxes.head(pitm, 4)[0]
        self.primary = int.from_bytes(boxes.head(pitm, 8 if wide else 6)[4:], "big")
        self.locations = Locations(boxes.held(self.iloc), self.iloc.body)
        self.places = {item.number: item for item in self.locations.items}
        if len(self.places) != len(self.locations.items):
            raise refused(named(self.iloc), self.iloc.start, INCONSISTENT)
        self.numbers: set[int] = set(self.places)
        self.wide_count = bool(boxes.head(self.iinf, 4)[0])
        # where the last of them ends: zeros may fill up what is left of a box
        self._named_to = self._referred_to = 0
        self._described = self._references()
        self.items = list(self._items())
        if self.primary not in self.numbers:
            raise refused(named(pitm), pitm.start, MISSING)

    def describes(self, item: Described) -> bool:
        """Whether an item is the picture's own: it describes it, or nothing at all."""
        return self.primary in item.of or not item.of

    def spans(self, item: Item) -> tuple[Span, ...]:
        """Return where the bytes of an item stand; those of other files or items are none."""
        base, size = item.base, self._boxes.source.size
        if item.method & 15 == IN_IDAT and not item.elsewhere:
            if self.idat is None:
                raise refused(named(self.iloc), self.iloc.start, INCONSISTENT)
            base, size = base + self.idat.body, self.idat.end
        elif not item.in_file:
            return ()
        spans = [
            Span(base + one.offset, base + one.offset + one.length if one.length else size)
            for one in item.extents
        ]
        if any(not 0 <= one.start <= one.end <= size for one in spans):
            raise refused("item", max(one.end for one in spans), CUT_SHORT)
        return tuple(spans)

    def path(self, span: Span) -> tuple[Box, ...]:
        """Return the boxes around a stretch, the outermost first."""
        idat = self.idat
        if idat is not None and idat.body <= span.start and span.end <= idat.end:
            return self.meta, idat
        box = self.tops[max(0, bisect_right(self._starts, span.start) - 1)]
        if box is self.meta or span.start < box.body or span.end > box.end:
            raise refused("item", span.start, INCONSISTENT)
        return (box,)

    def kept_apart(self, item: Described) -> None:
        """Refuse a file in which the bytes of an item of metadata are another's, too."""
        for other in self.places.values():
            if other.number != item.number:
                for one in self.spans(other):
                    if any(one.start < span.end and span.start < one.end for span in item.spans):
                        raise refused("item", one.start, SHARED)
        if any(one.end > two.start for one, two in zip(item.spans, item.spans[1:], strict=False)):
            raise refused("item", item.spans[0].start, SHARED)

    def free_number(self) -> int:
        """Return a number for a new item."""
        number = max(self.numbers) + 1
        if number > _MOST_ID:
            number = next((n for n in range(1, _MOST_ID + 1) if n not in self.numbers), 0)
        if not number:
            raise refused(named(self.iinf), self.iinf.start, TOO_MANY)
        return number

    def named(self, number: int) -> Iterator[tuple[tuple[Box, ...], Change]]:
        """Give the changes of ``iinf`` by which there is a new item with XMP."""
        new = pack(">HH4sB", number, 0, b"mime", 0) + XMP_TYPE + b"\0"
        where, width = self.iinf.body + 4, 4 if self.wide_count else 2
        count = int.from_bytes(self._boxes.head(self.iinf, 4 + width)[4:], "big") + 1
        if count >> (8 * width):
            raise refused(named(self.iinf), self.iinf.start, TOO_MANY)
        yield (), Change(where, where + width, count.to_bytes(width, "big"))
        end = self._named_to
        # flag 1: the item is not shown
        yield (self.meta, self.iinf), Change(end, end, full(b"infe", 2, new, flags=1))

    def referred(self, number: int) -> tuple[tuple[Box, ...], Change]:
        """Return the change by which an item describes the picture."""
        wide = self._boxes.head(self.iref, 4)[0] if self.iref else self.primary > _MOST_ID
        if not wide and max(number, self.primary) > _MOST_ID:
            raise refused("box 'iref'", self.meta.start, TOO_LARGE)
        held = pack(">IHI" if wide else ">HHH", number, 1, self.primary)
        reference = made(b"cdsc", held)
        if self.iref is not None:
            at = self._referred_to
            return (self.meta, self.iref), Change(at, at, reference)
        end = self.iinf.end
        return (self.meta,), Change(end, end, full(b"iref", 1 if wide else 0, reference))

    def located(self, moves: Moves, number: int, at: int, length: int) -> bytes:
        """Return what ``iloc`` is to hold: everything moved, and ``number`` at ``at``."""
        old = self.locations
        offset, size, base, index = old.widths
        widths = (max(offset, _OPEN), max(size, _OPEN), base, index)
        items = [self._moved(item, moves) for item in old.items if item.number != number]
        new = Item(number, 0, 0, 0, (Extent(0, at, length),))
        place = next((n for n, one in enumerate(old.items) if one.number == number), len(items))
        items.insert(place, new)
        return old.packed(items, widths)

    def _moved(self, item: Item, moves: Moves) -> Item:
        """Return an item where it is after the moves; its lengths are given, not left open."""
        spans = self.spans(item)
        if not spans:
            return item
        for span in spans:
            self.path(span)
        if item.in_file:
            starts = [one.start + moves.by(one.start) - item.base for one in spans]
        else:
            start = self.idat.body if self.idat else 0
            zero = start + moves.by(start) + item.base
            starts = [one.start + moves.by(one.start) - zero for one in spans]
        base = item.base
        if min(starts) < 0:  # bytes were taken out before the base
            base, starts = base + min(starts), [one - min(starts) for one in starts]
        extents = [
            one._replace(offset=start, length=span.end - span.start)
            for one, start, span in zip(item.extents, starts, spans, strict=True)
        ]
        return item._replace(base=base, extents=tuple(extents))

    def _items(self) -> Iterator[Described]:
        many, skip = 0, 8 if self.wide_count else 6
        there = self._boxes.children(self.iinf, skip)
        self._named_to = there[-1].end if there else self.iinf.body + skip
        for box in there:
            if box.kind != b"infe":
                continue
            data = self._boxes.held(box)
            number, kind, rest = entry(data, box)
            self.numbers.add(number)
            _, _, more = rest.partition(b"\0")
            content, _, encoding = more.partition(b"\0")
            xmp = kind == b"mime" and content.lower() == XMP_TYPE
            if number not in self.places or not (xmp or kind == b"Exif"):
                continue
            spans = self.spans(self.places[number])
            many += 1 + len(spans)
            if many > _MOST_SPANS:
                raise refused(named(self.iinf), box.start, TOO_MANY)
            if sum(one.end - one.start for one in spans) > MOST_METADATA:
                raise refused("item", box.start, TOO_LARGE)
            parts = [
                exactly(self._boxes.source, one.start, one.end - one.start, "item") for one in spans
            ]
            packed = bool(encoding.strip(b"\0"))
            of = frozenset(self._described.get(number, ()))
            yield Described(number, xmp, spans, b"".join(parts), packed, of)

    def _references(self) -> dict[int, list[int]]:
        """Return which items each describes."""
        if self.iref is None:
            return {}
        wide = self._boxes.head(self.iref, 4)[0]
        width, found = 4 if wide else 2, dict[int, list[int]]()
        there = self._boxes.children(self.iref, 4)
        self._referred_to = there[-1].end if there else self.iref.body + 4
        for box in there:
            if box.kind == b"cdsc":
                data = self._boxes.held(box)
                count = int.from_bytes(data[width : width + 2], "big")
                ends = width + 2 + count * width
                if len(data) < ends:
                    raise refused(named(box), box.start, INCONSISTENT)
                item = int.from_bytes(data[:width], "big")
                found.setdefault(item, []).extend(
                    int.from_bytes(data[at : at + width], "big")
                    for at in range(width + 2, ends, width)
                )
        return found


def entry(data: bytes, box: Box) -> tuple[int, bytes, bytes]:
    """Return an item's number, its type, and what follows: its name, and more."""
    version = data[0] if data else 0
    width = 4 if version > _TYPED else 2
    head = 4 + width + 2
    if len(data) < head + (4 if version >= _TYPED else 0):
        raise refused(named(box), box.start, INCONSISTENT)
    number = int.from_bytes(data[4 : 4 + width], "big")
    if version < _TYPED:
        return number, b"mime", data[head:]
    (kind,) = unpack(">4s", data[head : head + 4])
    return number, kind, data[head + 4 :]


SHARED: Final = Words(
    en="its bytes are also those of another item",
    zh="其数据与另一项目重叠",
)
