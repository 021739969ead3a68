"""MP3 and AAC (ADTS): the label in an ID3v2 tag before the first frame (TC260-PG-202510A)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from hegui.labels import ape, id3
from hegui.labels.container import (
    INCONSISTENT,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    exactly,
    refused,
    walked_once,
)
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_OLD_TAG: Final = 128  # bytes of an ID3v1 tag
_HEAD: Final = 4


class _WithId3:
    """A stream of frames with an ID3v2 tag before it."""

    def __init__(
        self, name: str, suffixes: tuple[str, ...], mime: tuple[str, ...], place: Words
    ) -> None:
        self.name, self.suffixes, self.mime, self.place = name, suffixes, mime, place

    def matches(self, head: bytes) -> bool:
        at = id3.length_at(head[: id3.HEAD])
        if not at:
            return kind(head) == self.name
        while more := id3.length_at(head[at : at + id3.HEAD]):
            at += more
        seen = head[at : at + _HEAD]
        if self.name == "aac":
            return kind(seen) == "aac"
        return seen != b"fLaC" and kind(seen) != "aac"

    def read(self, source: Source) -> list[Found]:
        found: list[Found] = []
        there, last, _, old = _around(source)
        for tag in there:
            found += id3.found(tag, f"{self.name}-id3")
        if last is not None:
            found += [
                one._replace(form=f"{self.name}-id3-end", guide=False)
                for one in id3.found(last, "")
            ]
        if old is not None:
            found += ape.found(old)
        return sorted(found, key=lambda one: one.offset)

    def write(self, source: Source, inner: str) -> Splice:
        there, last, _, old = _around(source)
        changes = [] if there else [Change(0, 0, id3.fresh(inner))]
        for number, tag in enumerate(there):
            changes += _change(tag, None if number else inner)
        if last is not None:
            changes += _change(last, None)
        if old is not None:
            changes += ape.vacated(old)
        return spliced(source.size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        there, last, end, old = _around(source)
        start = _begins(there)
        tail = last.end if last is not None else end
        if old is not None:
            end = old.start
        return stretches([(start, max(start, end)), (tail, source.size)])


def kind(head: bytes) -> str:
    """Return what a frame's first bytes say that it is: ``mp3``, ``aac``, or nothing.

    Layer I is left out: its sign is also that of a text in UTF-16.
    """
    if len(head) < _HEAD or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the sync word
        return ""
    if head[1] & 0xF6 == 0xF0:  # noqa: PLR2004 - ADTS
        return "aac" if head[2] >> 2 & 15 < 13 else ""  # noqa: PLR2004 - the sampling rates
    layer, version = head[1] >> 1 & 3, head[1] >> 3 & 3
    right = layer in (1, 2) and version != 1 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3  # noqa: PLR2004 - reserved
    return "mp3" if right else ""


class _Around(NamedTuple):
    """The tags around the sound; ``end`` is where the ID3v2.4 tag behind it begins, or would."""

    before: list[id3.Tag]
    last: id3.Tag | None
    end: int
    old: ape.Tag | None


@walked_once
def _around(source: Source) -> _Around:
    there = _tags(source)
    last, end = _last(source, _begins(there))
    return _Around(there, last, end, ape.before(source, _begins(there), end))


def _tags(source: Source) -> list[id3.Tag]:
    there = id3.tags(source)
    if there:
        if there[-1].end >= source.size:
            raise refused("audio", source.size, NO_SOUND)
    elif not kind(source.read(0, _HEAD)):
        raise refused("audio", 0, INCONSISTENT)
    return there


def _begins(there: list[id3.Tag]) -> int:
    """Return where the sound begins."""
    return there[-1].end if there else 0


def _last(source: Source, begins: int) -> tuple[id3.Tag | None, int]:
    """Return the ID3v2.4 tag at the end, if there is one, and where what stands before ends."""
    end = source.size
    if end - begins >= _OLD_TAG and source.read(end - _OLD_TAG, 3) == b"TAG":
        end -= _OLD_TAG
    footer = source.read(end - id3.HEAD, id3.HEAD) if end >= id3.HEAD else b""
    if footer[:3] != b"3DI":
        return None, end
    length = id3.length_at(b"ID3" + footer[3:])
    if not length or end - length < begins:
        return None, end
    tag = id3.tag(exactly(source, end - length, length, "ID3 tag"), end - length)
    return tag, end - length


def _change(tag: id3.Tag, inner: str | None) -> list[Change]:
    if inner is None and all(frame.raw is None for frame in tag.frames):
        return []
    return [Change(tag.start, tag.end, id3.with_label(tag, inner))]


NO_SOUND: Final = Words(en="nothing follows the tag", zh="标签之后没有音频数据")
MP3: Final[Format] = _WithId3(
    "mp3",
    (".mp3", ".mp2"),
    ("audio/mpeg", "audio/mp3"),
    Words(
        en="the ID3v2 frame TXXX with the description AIGC (TC260-PG-202510A)",
        zh="描述为 AIGC 的 ID3v2 TXXX 帧（TC260-PG-202510A）",
    ),
)
AAC: Final[Format] = _WithId3(
    "aac",
    (".aac",),
    ("audio/aac", "audio/aacp", "audio/x-aac"),
    Words(
        en="the ID3v2 frame TXXX with the description AIGC before the first frame"
        " (no guide names a place for ADTS; as for MP3 in TC260-PG-202510A)",
        zh="首帧之前描述为 AIGC 的 ID3v2 TXXX 帧（指南未规定 ADTS 的位置；参照 TC260-PG-202510A"
        " 对 MP3 的规定）",
    ),
)
FORMATS: Final = (MP3, AAC)
