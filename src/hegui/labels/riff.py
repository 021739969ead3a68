"""The chunks of a RIFF file, and the labels of its ``LIST INFO``."""

from collections.abc import Iterator
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_MANY,
    Found,
    Source,
    exactly,
    refused,
)
from hegui.labels.value import Parsed, parsed

HEAD: Final = 8  # bytes of a chunk's name and length
MANIFEST: Final = b"C2PA"  # a chunk that is no content (C2PA 2.2, A.3.7)
OPEN: Final = 0xFFFF_FFFF  # a length that was not known when it was written


class Chunk(NamedTuple):
    """A chunk: where it stands, the length it states, and where the next one begins."""

    kind: bytes
    start: int
    length: int
    end: int

    @property
    def body(self) -> int:
        """Where what it holds begins."""
        return self.start + HEAD


class Child(NamedTuple):
    """A chunk of a ``LIST INFO`` as it is stored; ``raw`` is None where it is no label."""

    data: bytes
    raw: str | None
    parsed: Parsed | None
    guide: bool


def chunk_at(source: Source, at: int, past: int) -> Chunk:
    """Return the chunk at ``at``, which must end by ``past``; its pad byte may be missing there."""
    head = source.read(at, HEAD)
    if len(head) < HEAD:
        raise refused("RIFF chunk", at, CUT_SHORT)
    kind, length = unpack("<4sI", head)
    if at + HEAD + length > past:
        raise refused("RIFF chunk", at, INCONSISTENT)
    return Chunk(kind, at, length, min(at + HEAD + length + (length & 1), past))


def chunks(source: Source, at: int, past: int) -> Iterator[Chunk]:
    """Give the chunks from ``at`` to ``past``."""
    count = 0
    while at < past:
        chunk = chunk_at(source, at, past)
        if (count := count + 1) > MOST_PARTS:
            raise refused("RIFF chunk", at, TOO_MANY)
        yield chunk
        at = chunk.end


def made(kind: bytes, held: bytes) -> bytes:
    """Return a chunk with its pad byte."""
    return kind + pack("<I", len(held)) + held + b"\0" * (len(held) & 1)


def is_info(source: Source, chunk: Chunk) -> bool:
    """Whether a chunk is a list of information."""
    return chunk.kind == b"LIST" and chunk.length > 3 and source.read(chunk.body, 4) == b"INFO"  # noqa: PLR2004 - the list's name


def children(source: Source, chunk: Chunk) -> list[Child]:
    """Return the chunks of a ``LIST INFO``."""
    held = exactly(source, chunk.body, chunk.length, "LIST INFO")
    there: list[Child] = []
    at = 4
    while at < len(held):
        if len(held) - at < HEAD:
            if held[at:].strip(b"\0"):
                raise refused("LIST INFO", chunk.body + at, INCONSISTENT)
            there.append(Child(held[at:], None, None, guide=False))
            break
        kind, length = unpack("<4sI", held[at : at + HEAD])
        text = held[at + HEAD : at + HEAD + length]
        if len(text) < length:
            raise refused("LIST INFO", chunk.body + at, INCONSISTENT)
        end = min(at + HEAD + length + (length & 1), len(held))
        named = kind.upper() == b"AIGC"
        raw = text.decode("utf-8", "replace").rstrip("\0") if named or b"AIGC" in text else None
        value = None if raw is None else parsed(raw)
        if not named and (value is None or not value.wrapped):
            raw = None
        there.append(Child(held[at:end], raw, value, guide=kind == b"AIGC"))
        at = end
    return there


def labels(source: Source, chunk: Chunk, form: str) -> list[Found]:
    """Return the labels of a ``LIST INFO``."""
    return [
        Found(form, chunk.start, one.raw, one.guide, one.parsed)
        for one in children(source, chunk)
        if one.raw is not None
    ]


def vacated(source: Source, chunk: Chunk) -> bytes | None:
    """Return a ``LIST INFO`` without its labels, which stand elsewhere; None if it has none.

    Empty where it held nothing else.
    """
    there = children(source, chunk)
    kept = [one.data for one in there if one.raw is None]
    if len(kept) == len(there):
        return None
    return made(b"LIST", b"INFO" + b"".join(kept)) if kept else b""
