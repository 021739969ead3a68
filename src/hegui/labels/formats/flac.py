"""FLAC: the label in the block of Vorbis comments (TC260-PG-202510A; RFC 9639)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from hegui.labels import comments, id3
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
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
from hegui.labels.splicing import Change, spliced, stretches
from hegui.terms import Words

_MARK: Final = b"fLaC"
_INFO, _COMMENTS, _NEVER, _LAST = 0, 4, 127, 0x80
_MOST_BLOCKS: Final = 10_000
_MOST: Final = 0xFF_FFFF


class Block(NamedTuple):
    """A block of metadata: what it is (0 is STREAMINFO), and where it stands with its head."""

    kind: int
    start: int
    end: int
    last: bool


class _Flac:
    name = "flac"
    suffixes = (".flac",)
    mime = ("audio/flac", "audio/x-flac")
    place = Words(
        en="the Vorbis comment AIGC (TC260-PG-202510A)",
        zh="名为 AIGC 的 Vorbis 注释（TC260-PG-202510A）",
    )

    def matches(self, head: bytes) -> bool:
        at = 0
        while more := id3.length_at(head[at : at + id3.HEAD]):
            at += more
        return head[at : at + 4] == _MARK

    def read(self, source: Source) -> list[Found]:
        tags, blocks = file(source)
        bounded = Bounded(source)
        found = [one._replace(guide=False) for tag in tags for one in id3.found(tag, "flac-id3")]
        for block in blocks:
            if block.kind == _COMMENTS:
                found += comments.found(_comments(bounded, block), "flac-comment", block.start)
        return found

    def write(self, source: Source, inner: str) -> Splice:
        tags, blocks = file(source)
        bounded = Bounded(source)
        changes = [
            Change(tag.start, tag.end, id3.with_label(tag, None))
            for tag in tags
            if any(frame.raw is not None for frame in tag.frames)
        ]
        lists = [block for block in blocks if block.kind == _COMMENTS]
        for number, block in enumerate(lists):
            there = _comments(bounded, block)
            if number == 0 or comments.is_labelled(there):
                new = comments.with_label(there, None if number else inner)
                changes.append(Change(block.start, block.end, _made(new, block, last=block.last)))
        if not lists:
            first = blocks[0]
            fresh = comments.with_label(comments.read(comments.EMPTY, 0), inner)
            changes.append(Change(first.start, first.start + 1, bytes([_INFO])))
            changes.append(Change(first.end, first.end, _made(fresh, first, last=first.last)))
        return spliced(source.size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        _, blocks = file(source)
        # the first byte of STREAMINFO's header says whether it is the last block
        kept = [
            (one.start + (1 if one.kind == _INFO else 0), one.end)
            for one in blocks
            if one.kind != _COMMENTS
        ]
        return stretches([*kept, (blocks[-1].end, source.size)])


def file(source: Source) -> tuple[list[id3.Tag], list[Block]]:
    """Return the ID3 tags that some put in front, and the blocks of metadata."""
    tags = id3.tags(source)
    at = tags[-1].end if tags else 0
    if source.read(at, 4) != _MARK:
        raise refused("FLAC", at, INCONSISTENT)
    blocks: list[Block] = []
    at += 4
    while not (blocks and blocks[-1].last):
        head = source.read(at, 4)
        end = at + 4 + int.from_bytes(head[1:])
        if len(head) < 4 or end > source.size:  # noqa: PLR2004 - a block's head
            raise refused("FLAC block", at, CUT_SHORT)
        if head[0] & 127 == _NEVER:
            raise refused("FLAC block", at, INCONSISTENT)
        if len(blocks) >= _MOST_BLOCKS:
            raise refused("FLAC block", at, TOO_MANY)
        blocks.append(Block(head[0] & 127, at, end, bool(head[0] & _LAST)))
        at = end
    if blocks[0].kind != _INFO or blocks[0].end - blocks[0].start != 38:  # noqa: PLR2004 - RFC 9639, 8.2
        raise refused("FLAC", blocks[0].start, NO_INFO)
    return tags, blocks


def _comments(source: Bounded, block: Block) -> comments.Comments:
    held = exactly(source, block.start + 4, block.end - block.start - 4, "FLAC block")
    return comments.read(held, block.start + 4)


def _made(held: bytes, block: Block, *, last: bool) -> bytes:
    if len(held) > _MOST:
        raise refused("FLAC block", block.start, TOO_LARGE)
    return bytes([_COMMENTS | (_LAST if last else 0)]) + len(held).to_bytes(3) + held


NO_INFO: Final = Words(en="its first block is not STREAMINFO", zh="首个数据块不是 STREAMINFO")
FLAC: Final[Format] = _Flac()
FORMATS: Final = (FLAC,)
