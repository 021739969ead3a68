"""Labels in the tags of a Matroska file: the tag ``AIGC`` (TC260-PG-20257A, Appendix C)."""

import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

from hegui.labels.container import INCONSISTENT, Found, Memory, refused
from hegui.labels.ebml import CRC, TAGS, Element, Elements, made
from hegui.labels.value import MOST, Parsed, parsed

_TAG, _TARGETS, _SIMPLE, _NAME, _STRING = 0x7373, 0x63C0, 0x67C8, 0x45A3, 0x4487
_UIDS: Final = frozenset({0x63C5, 0x63C9, 0x63C4, 0x63C6})
_KEY: Final = "AIGC"
_DEEPEST: Final = 8
_NAMED: Final = re.compile(r'AIGC|"(?:ContentProducer|ServiceProvider)"')
_CRC_LENGTH: Final = 6


class Hit(NamedTuple):
    """A label: its tag's stretch in what ``Tags`` holds, and what it says."""

    start: int
    end: int
    raw: str
    guide: bool
    told: Parsed | None


class Tags:
    """An element ``Tags``, as it was read."""

    def __init__(self, elements: Elements, element: Element) -> None:
        self.element, self._data = element, elements.held(element)
        self._elements = Elements(Memory(self._data))
        self.hits = [hit for tag in self._within(0, len(self._data)) for hit in self._labels(tag)]
        self._starts = [hit.start for hit in self.hits]

    def found(self) -> Iterator[Found]:
        """Give the labels."""
        for hit in self.hits:
            at = self.element.body + hit.start
            yield Found("mkv-tags", at, hit.raw, hit.guide, hit.told)

    def without(self) -> bytes:
        """Return what the element holds, but for its labels; tags that held nothing else go."""
        return summed(self._kept(0, len(self._data), top=True), self._data)

    def _kept(self, start: int, end: int, *, top: bool = False) -> bytes:
        out: list[bytes] = []
        for one in self._within(start, end):
            first = bisect_left(self._starts, one.start)
            if first == len(self._starts) or self._starts[first] >= one.end:
                out.append(self._data[one.start : one.end])
            elif self._starts[first] != one.start:
                held = self._kept(one.body, one.end)
                if not top or made(_SIMPLE, b"")[:2] in held:
                    out.append(made(one.kind, summed(held, self._data[one.body : one.end])))
        return b"".join(out)

    def _labels(self, tag: Element) -> Iterator[Hit]:
        if tag.kind != _TAG:
            return
        inside = list(self._within(tag.body, tag.end))
        targets = [one for one in inside if one.kind == _TARGETS]
        every = not any(
            uid.kind in _UIDS and self._data[uid.body : uid.end].strip(b"\0")
            for one in targets
            for uid in self._within(one.body, one.end)
        )
        for one in inside:
            if one.kind == _SIMPLE:
                yield from self._simple(one, guide=every, depth=0)

    def _simple(self, tag: Element, *, guide: bool, depth: int) -> Iterator[Hit]:
        inside = list(self._within(tag.body, tag.end))
        name, raw = (
            next((self._text(one) for one in inside if one.kind == kind), "")
            for kind in (_NAME, _STRING)
        )
        told = parsed(raw) if _NAMED.search(raw) else None
        if told or name.upper() == _KEY:
            yield Hit(tag.start, tag.end, raw, guide and name == _KEY, told)
        elif depth < _DEEPEST:
            for one in inside:
                if one.kind == _SIMPLE:
                    yield from self._simple(one, guide=False, depth=depth + 1)

    def _text(self, element: Element) -> str:
        if element.end - element.body > MOST:
            return ""
        return self._data[element.body : element.end].rstrip(b"\0").decode("utf-8", "replace")

    def _within(self, start: int, end: int) -> list[Element]:
        inside = list(self._elements.within(start, end))
        for one in inside:
            if not one.known:  # it would swallow the tag that is put behind it
                raise refused("Tags", self.element.body + one.start, INCONSISTENT)
        return inside


def summed(held: bytes, old: bytes) -> bytes:
    """Return what an element holds, with a checksum before it if ``old`` began with one."""
    head = made(CRC, bytes(4))[:2]
    if not old.startswith(head):
        return held
    held = held[_CRC_LENGTH:] if held.startswith(head) else held
    return made(CRC, zlib.crc32(held).to_bytes(4, "little")) + held


def labelled(held: bytes, inner: str) -> bytes:
    """Return what an element ``Tags`` holds, with a tag for the label behind it."""
    simple = made(_NAME, _KEY.encode()) + made(_STRING, inner.encode())
    tag = made(_TAG, made(_TARGETS, b"") + made(_SIMPLE, simple))
    return summed(held + tag, held)


def fresh(inner: str) -> bytes:
    """Return an element ``Tags`` with nothing but the label."""
    return made(TAGS, labelled(b"", inner))
