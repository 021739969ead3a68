"""Labels in the metadata of a film: in boxes ``meta``, ``udta`` and ``uuid``.

The guides (TC260-PG-20257A, TC260-PG-202510A) name the key ``AIGC`` of the box ``moov.udta.meta``
with the handler ``mdta``. Read as well are keys beside it (``moov.meta``, a track's), iTunes'
list without keys, user data of QuickTime, and XMP.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels import xmp
from hegui.labels.boxes import Box, Boxes, Edits, full, made, named, skipped
from hegui.labels.container import INCONSISTENT, MOST_PARTS, TOO_MANY, Found, refused
from hegui.labels.splicing import Change
from hegui.labels.value import MOST, Parsed, parsed

XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
KEY: Final = b"AIGC"
_OURS: Final = b"mdta" + KEY
_NAMED: Final = re.compile(r'AIGC|"(?:ContentProducer|ServiceProvider)"')
_TEXT, _DATA_HEAD = 1, 8
_ROOM: Final = MOST + 64  # an item that is longer is no label
_HOLDS: Final = frozenset({b"meta", b"uuid", b"udta"})
_UTF16: Final = 2
_EMPTY: Final = frozenset({b"hdlr", b"keys", b"ilst", b"free"})


class Key(NamedTuple):
    """An entry of the box ``keys``: where it stands, its namespace and name."""

    start: int
    end: int
    name: bytes


class Entry(NamedTuple):
    """An item of the box ``ilst``; ``key`` is its index in ``keys``, from 1; 0 for none."""

    box: Box
    key: int
    name: bytes
    raw: str
    kind: int


class Meta:
    """A box ``meta``: its handler, its keys, and the items under them."""

    def __init__(self, boxes: Boxes, path: Sequence[Box]) -> None:
        self.path, self.box, self._boxes = path, path[-1], boxes
        self.boxes = boxes.children(self.box, skipped(boxes, self.box))
        self._keys = next((one for one in self.boxes if one.kind == b"keys"), None)
        self._list = next((one for one in self.boxes if one.kind == b"ilst"), None)
        self.keys = self._read_keys() if self._keys else []
        self.items = [self._item(one) for one in boxes.children(self._list)] if self._list else []
        self.guide = self._is_guide([one for one in self.boxes if one.kind == b"hdlr"])
        """Whether this is the box that the guides name."""

    def _is_guide(self, handlers: Sequence[Box]) -> bool:
        if [one.kind for one in self.path] != [b"moov", b"udta", b"meta"]:
            return False
        known = len(handlers) == 1 and self._boxes.held(handlers[0])[8:12] == b"mdta"
        return known and None not in (self._keys, self._list)

    def labels(self) -> list[tuple[Entry, Parsed | None]]:
        """Return the items that are labels."""
        said = ((one, _label(one.raw)) for one in self.items)
        return [(one, told) for one, told in said if told or one.name.endswith(KEY)]

    def found(self) -> Iterator[Found]:
        """Give the labels."""
        for one, told in self.labels():
            guide = self.guide and one.name == _OURS and one.kind == _TEXT
            yield Found(self._form(one, guide=guide), one.box.start, one.raw, guide, told)

    def edit(self, edits: Edits, inner: str = "") -> None:
        """Take out the labels; with ``inner``, put it in the place of the first, or at the end."""
        out = [one for one, _ in self.labels()]
        for one in self.items:
            if self._keys and not one.key and one.box.kind[0] == 0:
                raise refused("box 'ilst'", one.box.start, INCONSISTENT)  # of a key that is none
        kept = next((one for one in out if one.name == _OURS), None) if inner else None
        out = [one for one in out if one is not kept]
        gone_at = {one.box.start for one in out}
        stay = [one for one in self.items if one.box.start not in gone_at]
        used = {one.key for one in stay}
        gone = [n for n in sorted({one.key for one in out}) if n and n not in used]
        left = len(self.keys) - len(gone)
        if out and not inner and not left and self._bare(out):
            edits.put(self.path[:-1], Change(self.box.start, self.box.end, b""))
            return
        for one in out:
            self._put(edits, self._list, Change(one.box.start, one.box.end, b""))
        for one in stay:
            before = bisect_left(gone, one.key)
            if before:
                new = pack(">I", one.key - before)
                start = one.box.start + 4
                edits.put((), Change(start, start + 4, new))
        for n in gone:
            key = self.keys[n - 1]
            self._put(edits, self._keys, Change(key.start, key.end, b""))
        if kept is not None:
            self._put(edits, self._list, Change(kept.box.body, kept.box.end, _data(inner)), kept)
        elif inner and self._keys and self._list:
            left += 1
            end = self.keys[-1].end if self.keys else self._keys.body + 8
            entry = pack(">I", 4 + len(_OURS)) + _OURS
            self._put(edits, self._keys, Change(end, end, entry))
            end = self.items[-1].box.end if self.items else self._list.body
            item = made(pack(">I", left), _data(inner))
            self._put(edits, self._list, Change(end, end, item))
        if self._keys and left != len(self.keys):
            start = self._keys.body + 4
            edits.put((), Change(start, start + 4, pack(">I", left)))

    def _put(
        self, edits: Edits, box: Box | None, change: Change, inside: Entry | None = None
    ) -> None:
        path = [*self.path, *([box] if box else []), *([inside.box] if inside else [])]
        edits.put(path, change)

    def _bare(self, out: Sequence[Entry]) -> bool:
        return len(out) == len(self.items) and all(one.kind in _EMPTY for one in self.boxes)

    def _form(self, one: Entry, *, guide: bool) -> str:
        if guide:
            return "mp4-keys"
        if not one.key:
            return "mp4-itunes"
        inside = {b"trak": "mp4-track-keys", b"udta": "mp4-udta-keys", b"moov": "mp4-moov-keys"}
        kinds = [box.kind for box in self.path]
        return next((form for kind, form in inside.items() if kind in kinds), "mp4-meta-keys")

    def _read_keys(self) -> list[Key]:
        box = self._keys
        if box is None:
            return []
        data, keys, at = self._boxes.held(box), list[Key](), 8
        count = int.from_bytes(data[4:8], "big")
        if len(data) < at or count > MOST_PARTS:
            raise refused(named(box), box.start, TOO_MANY if len(data) >= at else INCONSISTENT)
        for _ in range(count):
            size = int.from_bytes(data[at : at + 4], "big")
            if size < 8 or at + size > len(data):  # noqa: PLR2004 - size and namespace
                raise refused(named(box), box.body + at, INCONSISTENT)
            name = data[at + 4 : at + size]
            keys.append(Key(box.body + at, box.body + at + size, name))
            at += size
        return keys

    def _item(self, box: Box) -> Entry:
        (key,) = unpack(">I", box.kind)
        known = 0 < key <= len(self.keys)
        name, raw, kind = (self.keys[key - 1].name if known else box.kind), "", 0
        if box.end - box.body > _ROOM:
            return Entry(box, key if known else 0, name, raw, kind)
        for one in self._boxes.children(box):
            held = self._boxes.held(one)
            if one.kind == b"data" and len(held) >= _DATA_HEAD and not raw:
                kind = int.from_bytes(held[:4], "big")
                raw = held[_DATA_HEAD:].decode(
                    "utf-16-be" if kind == _UTF16 else "utf-8", "replace"
                )
            elif one.kind == b"name" and box.kind == b"----":
                name = held[4:]
        return Entry(box, key if known else 0, name, raw, kind)


class Text(NamedTuple):
    """A box of ``udta`` that is a label itself."""

    path: tuple[Box, ...]
    raw: str
    told: Parsed | None

    def found(self) -> Found:
        """Return the label."""
        return Found("mp4-udta", self.path[-1].start, self.raw, guide=False, parsed=self.told)


class Packet(NamedTuple):
    """An XMP packet: the box that holds it, and where in it."""

    box: Box
    start: int
    data: bytes

    def found(self) -> list[Found]:
        """Return its labels."""
        there = xmp.found(self.data, "mp4-xmp", self.box.start)
        return [one._replace(guide=False) for one in there]

    def edit(self, edits: Edits, inner: str) -> None:
        """Take out its labels; it stays as long as it was, so that nothing moves."""
        new = xmp.with_one_label([b"", self.data], inner, [0, self.start])[1]
        if new != self.data:
            end = self.start + len(self.data)
            edits.put((), Change(self.start, end, new.ljust(len(self.data))))


class Metadata:
    """Everything in a file that may hold a label."""

    def __init__(self, boxes: Boxes, tops: Sequence[Box], moov: Box) -> None:
        self._boxes = boxes
        self.metas: list[Meta] = []
        self.texts: list[Text] = []
        self.packets: list[Packet] = []
        for box in tops:
            if box.kind in _HOLDS:
                self._known((box,))
        self.inside = boxes.children(moov)
        for box in self.inside:
            if box.kind in _HOLDS:
                self._known((moov, box))
            elif box.kind == b"trak":
                for one in boxes.children(box):
                    if one.kind in _HOLDS:
                        self._known((moov, box, one))

    def found(self) -> list[Found]:
        """Return all labels, in order of place."""
        there = [one for meta in self.metas for one in meta.found()]
        there += [text.found() for text in self.texts]
        there += [one for packet in self.packets for one in packet.found()]
        return sorted(there, key=_offset)

    def edit(self, moov: Box, inner: str) -> Edits:
        """Return the changes after which ``inner`` is the only label."""
        edits = Edits()
        target = next((meta for meta in self.metas if meta.guide), None)
        for meta in self.metas:
            meta.edit(edits, inner if meta is target else "")
        for text in self.texts:
            edits.put(text.path[:-1], Change(text.path[-1].start, text.path[-1].end, b""))
        for packet in self.packets:
            packet.edit(edits, inner)
        if target is None:
            self._add(edits, moov, inner)
        return edits

    def _add(self, edits: Edits, moov: Box, inner: str) -> None:
        udta = next((one for one in self.inside if one.kind == b"udta"), None)
        if udta is not None:
            inside = self._boxes.children(udta)
            at = inside[-1].end if inside else udta.body
            edits.put((moov, udta), Change(at, at, _meta(inner)))
        else:
            at = self.inside[-1].end if self.inside else moov.body
            edits.put((moov,), Change(at, at, made(b"udta", _meta(inner))))

    def _known(self, path: tuple[Box, ...]) -> None:
        box = path[-1]
        if box.kind == b"meta":
            self.metas.append(Meta(self._boxes, path))
        elif box.kind == b"uuid" and box.end - box.body > len(XMP_UUID):
            if self._boxes.head(box, len(XMP_UUID)) == XMP_UUID:
                self._packet(box, len(XMP_UUID))
        elif box.kind == b"udta":
            for one in self._boxes.children(box):
                if one.kind == b"XMP_":
                    self._packet(one, 0)
                elif one.kind == b"meta":
                    self._known((*path, one))
                elif one.end - one.body <= _ROOM:
                    raw = self._boxes.held(one).decode("utf-8", "replace")
                    told = _label(raw)
                    if told or one.kind == KEY:
                        self.texts.append(Text((*path, one), raw, told))

    def _packet(self, box: Box, skip: int) -> None:
        data = self._boxes.held(box, skip)
        self.packets.append(Packet(box, box.body + skip, data))


def _label(raw: str) -> Parsed | None:
    return parsed(raw) if _NAMED.search(raw) else None


def _data(inner: str) -> bytes:
    return made(b"data", pack(">II", _TEXT, 0), inner.encode())


def _meta(inner: str) -> bytes:
    handler = full(b"hdlr", 0, bytes(4), b"mdta", bytes(13))
    keys = full(b"keys", 0, pack(">II", 1, 4 + len(_OURS)), _OURS)
    return full(b"meta", 0, handler, keys, made(b"ilst", made(pack(">I", 1), _data(inner))))


def _offset(found: Found) -> int:
    return found.offset
