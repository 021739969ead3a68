"""AVI: the label as the child ``AIGC`` of a ``LIST INFO`` (TC260-PG-20257A).

An index may hold places counted from the beginning of the file (OpenDML, and some idx1), so
nothing that stands before the end of the first RIFF moves: the label takes the room of a JUNK chunk
of zeros, or is put at that end where no further RIFF follows. What an old label leaves is JUNK.
"""

from collections.abc import Iterator
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels import riff
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
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
from hegui.labels.riff import HEAD, Chunk
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_FIRST: Final = 12
_MOST_JUNK: Final = 1 << 20  # a larger one is taken for something that is in use
_MOST_SEGMENTS: Final = 4096  # of about 1 GB each


class _Room(NamedTuple):
    """A stretch that is free once the labels are gone: JUNK of zeros, or what held a label."""

    start: int
    end: int


class _File(NamedTuple):
    chunks: list[Chunk]  # of the first RIFF
    end: int  # of the first RIFF
    past: int  # of the last one


class _Avi:
    name = "avi"
    suffixes = (".avi",)
    mime = ("video/x-msvideo", "video/avi", "video/msvideo", "video/vnd.avi")
    place = Words(
        en="the chunk AIGC of a LIST INFO (TC260-PG-20257A)",
        zh="LIST INFO 中的 AIGC 数据块（TC260-PG-20257A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:4] == b"RIFF" and head[8:12] == b"AVI "

    def read(self, source: Source) -> list[Found]:
        file, source = _file(source), Bounded(source)
        return [
            one
            for chunk in file.chunks
            if riff.is_info(source, chunk)
            for one in riff.labels(source, chunk, "avi-info")
        ]

    def write(self, source: Source, inner: str) -> Splice:
        file, size, source = _file(source), source.size, Bounded(source)
        label = _label(inner)
        rooms, changes = _rooms(source, file.chunks)
        place = next((one for one in rooms if _fits(one, len(label))), None)
        last = rooms[-1] if rooms and rooms[-1].end == file.end else None
        for room in rooms:
            if room == place:
                changes.append(Change(*room, _filled(inner, room.end - room.start)))
            elif place is not None or room != last or file.past != file.end:
                changes.append(Change(*room, _junk(room.end - room.start)))
        if place is None:
            if file.past != file.end:
                raise refused("AVI", file.end, NO_ROOM)
            start = last.start if last is not None else file.end
            odd = start & 1 if last is None else 0  # the last chunk's pad byte was left out
            changes.append(Change(start, file.end, b"\0" * odd + label))
            total = start + odd + len(label) - 8
            if total >= riff.OPEN:
                raise refused("AVI", 4, TOO_LARGE)
            changes.append(Change(4, 8, pack("<I", total)))
        return spliced(size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        file, bounded = _file(source), Bounded(source)
        kept = [
            (one.start, min(one.body + one.length, one.end))
            for one in file.chunks
            if one.kind not in (b"JUNK", riff.MANIFEST) and not riff.is_info(bounded, one)
        ]
        return stretches([*kept, (file.end, source.size)])


def _file(source: Source) -> _File:
    head = source.read(0, _FIRST)
    if len(head) < _FIRST or head[:4] != b"RIFF" or head[8:] != b"AVI ":
        raise refused("AVI", 0, INCONSISTENT)
    end = 8 + int(unpack("<I", head[4:8])[0])
    if end > source.size:
        raise refused("AVI", 4, CUT_SHORT)
    there: list[Chunk] = []
    for chunk in riff.chunks(source, _FIRST, end):
        there.append(chunk)
        if len(there) > MOST_PARTS:
            raise refused("AVI chunk", chunk.start, TOO_MANY)
    lists = [source.read(one.body, 4) for one in there if one.kind == b"LIST"]
    if b"hdrl" not in lists or b"movi" not in lists:
        raise refused("AVI", _FIRST, NO_FILM)
    return _File(there, end, _segments(source, end + (end & 1)) or end)


def _segments(source: Source, at: int) -> int:
    """Return where the last further RIFF ends that stands at ``at``; 0 if there is none."""
    past = count = 0
    while (head := source.read(at, _FIRST))[:4] == b"RIFF" and head[8:] == b"AVIX":
        at += HEAD + int(unpack("<I", head[4:8])[0])
        if at > source.size:
            raise refused("AVIX", at, CUT_SHORT)
        past = at
        at += at & 1
        if (count := count + 1) > _MOST_SEGMENTS:
            raise refused("AVIX", at, TOO_MANY)
    return past


def _rooms(source: Bounded, chunks: list[Chunk]) -> tuple[list[_Room], list[Change]]:
    """Return the free stretches, those that touch as one, and the changes that free more."""
    rooms: list[_Room] = []
    changes: list[Change] = []
    for chunk in chunks:
        start = chunk.end
        if _is_free(source, chunk):
            start = chunk.start
        elif riff.is_info(source, chunk) and (new := riff.vacated(source, chunk)) is not None:
            start = chunk.start + len(new)
            changes += [Change(chunk.start, start, new)] if new else []
        if start == chunk.end:
            continue
        if rooms and rooms[-1].end == start:
            rooms[-1] = _Room(rooms[-1].start, chunk.end)
        else:
            rooms.append(_Room(start, chunk.end))
    return rooms, changes


def _is_free(source: Bounded, chunk: Chunk) -> bool:
    """Whether a chunk is JUNK that holds nothing: some cameras keep their notes in it."""
    if chunk.kind != b"JUNK" or chunk.length > min(_MOST_JUNK, source.left):
        return False
    return not exactly(source, chunk.body, chunk.length, "JUNK").strip(b"\0")


def _fits(room: _Room, length: int) -> bool:
    left = room.end - room.start - length
    return left >= HEAD or left in (0, 2, 4, 6)


def _label(inner: str, zeros: int = 1) -> bytes:
    return riff.made(b"LIST", b"INFO" + riff.made(b"AIGC", inner.encode() + bytes(zeros)))


def _filled(inner: str, length: int) -> bytes:
    """Return ``length`` bytes of label and JUNK; where no JUNK fits, of zeros after the label."""
    label = _label(inner)
    left = length - len(label)
    return label + _junk(left) if left >= HEAD else _label(inner, 1 + left)


def _junk(length: int) -> bytes:
    return b"JUNK" + pack("<I", length - HEAD) + bytes(length - HEAD) if length else b""


NO_FILM: Final = Words(en="it holds no hdrl and movi", zh="其中没有 hdrl 与 movi 列表")
NO_ROOM: Final = Words(
    en="the index holds places in the file that would move, and no JUNK chunk has room for the"
    " label; write the file with some padding before movi",
    zh="索引含有会因此移动的文件位置，且没有足够大的 JUNK 数据块可放置标识；请在 movi 之前留出填充"
    "后重新生成文件",
)
AVI: Final[Format] = _Avi()
FORMATS: Final = (AVI,)
