"""The label in Vorbis comments, as FLAC, Vorbis and Opus hold them: ``AIGC=…`` (TC260-PG-202510A).

A list of texts ``NAME=value`` after the name of the program that wrote it (Vorbis I, section 5;
RFC 7845, 5.2; RFC 9639, 8.6). What follows the list stays as it is.
"""

from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.container import INCONSISTENT, MOST_PARTS, TOO_MANY, Found, refused
from hegui.labels.value import MOST, parsed

_NAME: Final = 64  # bytes in which the name of a label must end
EMPTY: Final = bytes(8)


class Comment(NamedTuple):
    """One comment as it is stored; ``raw`` is None where it is no label."""

    data: bytes
    name: bytes
    raw: str | None


class Comments(NamedTuple):
    """A list of comments: the program's name, each of them, and the bytes that follow."""

    program: bytes
    there: tuple[Comment, ...]
    rest: bytes


def read(held: bytes, at: int) -> Comments:
    """Return the comments of ``held``, which stands at ``at`` in the file."""
    program, past = _text(held, 0, at)
    if past + 4 > len(held):
        raise refused("comments", at + past, INCONSISTENT)
    count = int(unpack("<I", held[past : past + 4])[0])
    if count > MOST_PARTS:
        raise refused("comments", at + past, TOO_MANY)
    past += 4
    there = []
    for _ in range(count):
        data, past = _text(held, past, at)
        there.append(_comment(data))
    return Comments(program, tuple(there), held[past:])


def found(comments: Comments, form: str, at: int) -> list[Found]:
    """Return the labels of a list of comments."""
    return [
        Found(form, at, one.raw, one.name == b"AIGC", parsed(one.raw))
        for one in comments.there
        if one.raw is not None
    ]


def with_label(comments: Comments, inner: str | None) -> bytes:
    """Return the list with ``inner`` as its only label; None where it stands elsewhere."""
    kept = [one.data for one in comments.there if one.raw is None]
    if inner is not None:
        kept.insert(0, b"AIGC=" + inner.encode())
    parts = [pack("<I", len(comments.program)), comments.program, pack("<I", len(kept))]
    for one in kept:
        parts += [pack("<I", len(one)), one]
    return b"".join([*parts, comments.rest])


def is_labelled(comments: Comments) -> bool:
    """Whether a label is among the comments."""
    return any(one.raw is not None for one in comments.there)


def _text(held: bytes, past: int, at: int) -> tuple[bytes, int]:
    end = past + 4 + int.from_bytes(held[past : past + 4], "little")
    if past + 4 > len(held) or end > len(held):
        raise refused("comments", at + past, INCONSISTENT)
    return held[past + 4 : end], end


def _comment(data: bytes) -> Comment:
    name, equals, _ = data[:_NAME].partition(b"=")
    if not equals or b"AIGC" not in name.upper():
        return Comment(data, b"", None)
    raw = data[len(name) + 1 :][: MOST * 2].decode("utf-8", "replace")
    if name.upper() != b"AIGC" and parsed(raw) is None:
        return Comment(data, b"", None)
    return Comment(data, name.upper(), raw)
