"""Several pictures in one JPEG file (CIPA DC-007, MPF): their places move with the metadata."""

from collections.abc import Sequence
from struct import pack, unpack
from typing import Final

from hegui.labels.container import Memory, Source
from hegui.labels.formats.jpeg_segments import MPF_HEAD, Segment, content
from hegui.labels.ifd import Tiff
from hegui.labels.splicing import Change, moved
from hegui.terms import BadRequest

_PICTURES: Final = 0xB002
_EACH: Final = 16  # bytes: attributes, size, offset, two dependents


def followed(source: Source, there: Sequence[Segment], changes: list[Change]) -> list[Change]:
    """Return the changes that keep the lists of pictures true when ``changes`` are made.

    Offsets count from the list itself, and the first picture's size is that of all before the
    second. A list that does not hold together stays as it is.
    """
    done = []
    for segment in there:
        if segment.kind == "mpf":
            block = content(source, segment)
            at = segment.body + len(MPF_HEAD)
            try:
                new = _followed(block, at, changes)
            except BadRequest:
                continue
            if new != block:
                done.append(Change(at, at + len(block), new))
    return done


def _followed(block: bytes, at: int, changes: list[Change]) -> bytes:
    tiff = Tiff(Memory(block))
    for entry in tiff.directory(tiff.first).entries:
        if entry.tag == _PICTURES:
            value = tiff.value(entry)
            new = b"".join(
                _picture(tiff.order, value[one : one + _EACH], at, changes)
                for one in range(0, len(value) - _EACH + 1, _EACH)
            )
            block = block[: entry.offset] + new + block[entry.offset + len(new) :]
    return block


def _picture(order: str, held: bytes, at: int, changes: list[Change]) -> bytes:
    size, offset = unpack(order + "II", held[4:12])
    if offset:
        offset = moved(at + offset, changes) - moved(at, changes)
    else:
        size = moved(size, changes)
    return held[:4] + pack(order + "II", size, offset) + held[12:]
