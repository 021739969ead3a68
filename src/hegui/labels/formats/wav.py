"""WAV, RF64 and BW64: the label in a chunk ``AIGC`` before the sound (TC260-PG-202510A).

Sizes beyond 4 GB stand in the chunk ds64 (EBU Tech 3306, ITU-R BS.2088). A file that was streamed
says 0 or 4 GB where its length was not known: it is read to its end, and its fields stay as they
are.
"""

from collections.abc import Iterator
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels import id3, riff
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
from hegui.labels.riff import OPEN, Chunk
from hegui.labels.splicing import Change, spliced, stretches
from hegui.labels.value import MOST, parsed
from hegui.terms import Words

_LABEL: Final = b"AIGC"
_LARGE: Final = (b"RF64", b"BW64")
_ID3: Final = (b"id3 ", b"ID3 ")
_FIRST: Final = 12
_DS64: Final = 28  # bytes of ds64 before its table


class File(NamedTuple):
    """A WAV: its chunks, and where it says its length."""

    chunks: list[Chunk]
    end: int  # where RIFF ends
    sizes: Chunk | None  # ds64
    open: bool  # whether RIFF says no length


class _Wav:
    name = "wav"
    suffixes = (".wav", ".wave", ".bw64", ".rf64")
    mime = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
    place = Words(
        en="a chunk AIGC of its own, before the sound (TC260-PG-202510A)",
        zh="位于音频数据之前的独立 AIGC 数据块（TC260-PG-202510A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:4] in (b"RIFF", *_LARGE) and head[8:12] == b"WAVE"

    def read(self, source: Source) -> list[Found]:
        found: list[Found] = []
        there, source = file(source), Bounded(source)
        for chunk in there.chunks:
            if chunk.kind.upper() == _LABEL:
                raw = _held(source, chunk)[:MOST].decode("utf-8", "replace").rstrip("\0")
                guide = chunk.kind == _LABEL
                found.append(Found("wav-chunk", chunk.start, raw, guide, parsed(raw)))
            elif chunk.kind in _ID3:
                for tag in _tags(source, chunk):
                    found += [
                        one._replace(offset=chunk.start, guide=False)
                        for one in id3.found(tag, "wav-id3")
                    ]
            elif riff.is_info(source, chunk):
                held = riff.labels(source, chunk, "wav-info")
                found += [one._replace(guide=False) for one in held]
        return found

    def write(self, source: Source, inner: str) -> Splice:
        there, size, source = file(source), source.size, Bounded(source)
        changes: list[Change] = []
        for chunk in there.chunks:
            new: bytes | None = None
            if chunk.kind.upper() == _LABEL:
                new = b""
            elif chunk.kind in _ID3:
                new = _vacated(source, chunk)
            elif riff.is_info(source, chunk):
                new = riff.vacated(source, chunk)
            if new is not None:
                changes.append(Change(chunk.start, chunk.end, new))
        place = next(one.start for one in there.chunks if one.kind == b"data")
        changes.append(Change(place, place, riff.made(_LABEL, inner.encode())))
        grown = sum(len(one.new) - (one.end - one.start) for one in changes)
        if not there.open:
            changes.append(_resized(source, there, there.end - 8 + grown))
        return spliced(size, changes)

    def payload(self, source: Source) -> Iterator[Slice]:
        there = file(source)
        bounded = Bounded(source)
        kept = [
            (one.start, min(one.body + one.length, one.end))
            for one in there.chunks
            if one.kind not in (b"ds64", riff.MANIFEST, *_ID3)
            and one.kind.upper() != _LABEL
            and not riff.is_info(bounded, one)
        ]
        return stretches([*kept, (there.end, source.size)])


def file(source: Source) -> File:
    """Return the parts of a WAV; one that does not hold together is refused."""
    head = source.read(0, _FIRST)
    kind = head[:4]
    if len(head) < _FIRST or kind not in (b"RIFF", *_LARGE) or head[8:] != b"WAVE":
        raise refused("WAV", 0, INCONSISTENT)
    stated = int(unpack("<I", head[4:8])[0])
    sizes = data = None
    if kind in _LARGE:
        sizes = riff.chunk_at(source, _FIRST, source.size)
        if sizes.kind != b"ds64" or sizes.length < _DS64:
            raise refused("ds64", _FIRST, INCONSISTENT)
        large, data = unpack("<QQ", exactly(source, sizes.body, 16, "ds64"))
        stated = large if stated == OPEN else stated
        is_open = False
    else:
        is_open = stated in (0, OPEN)
    end = source.size if is_open else 8 + stated
    if end > source.size:
        raise refused("WAV", 4, CUT_SHORT)
    return File(_chunks(source, end, data, is_open=is_open), end, sizes, is_open)


def _chunks(source: Source, end: int, data: int | None, *, is_open: bool) -> list[Chunk]:
    """Return the chunks; ``data`` is the length of the sound as ds64 has it."""
    there: list[Chunk] = []
    at = _FIRST
    while at < end:
        head = source.read(at, 8)
        kind, length = head[:4], int.from_bytes(head[4:], "little")
        if len(head) < 8 or at + 8 > end:  # noqa: PLR2004 - name and length
            raise refused("WAV chunk", at, CUT_SHORT)
        if kind == b"data" and is_open and length in (0, OPEN):
            there.append(Chunk(kind, at, end - at - 8, end))
        elif kind == b"data" and length == OPEN and data is not None:
            if at + 8 + data > end:
                raise refused("WAV chunk", at, INCONSISTENT)
            there.append(Chunk(kind, at, data, min(at + 8 + data + (data & 1), end)))
        else:
            there.append(riff.chunk_at(source, at, end))
        if len(there) > MOST_PARTS:
            raise refused("WAV chunk", at, TOO_MANY)
        at = there[-1].end
    kinds = [one.kind for one in there]
    if b"data" not in kinds or b"fmt " not in kinds[: kinds.index(b"data")]:
        raise refused("WAV", _FIRST, NO_SOUND)
    return there


def _resized(source: Source, there: File, size: int) -> Change:
    if there.sizes is not None and source.read(4, 4) == b"\xff\xff\xff\xff":
        return Change(there.sizes.body, there.sizes.body + 8, pack("<Q", size))
    if size >= OPEN:
        raise refused("WAV", 4, TOO_LARGE)
    return Change(4, 8, pack("<I", size))


def _held(source: Source, chunk: Chunk) -> bytes:
    return exactly(source, chunk.body, chunk.length, "WAV chunk")


def _tags(source: Source, chunk: Chunk) -> list[id3.Tag]:
    length = id3.length_at(source.read(chunk.body, min(id3.HEAD, chunk.length)))
    if not length:
        return []
    if length > chunk.length:
        raise refused("ID3 tag", chunk.body, INCONSISTENT)
    return [id3.tag(exactly(source, chunk.body, length, "ID3 tag"), chunk.body)]


def _vacated(source: Source, chunk: Chunk) -> bytes | None:
    for tag in _tags(source, chunk):
        if any(frame.raw is not None for frame in tag.frames):
            rest = _held(source, chunk)[tag.end - tag.start :]
            return riff.made(chunk.kind, id3.with_label(tag, None) + rest)
    return None


NO_SOUND: Final = Words(en="it holds no fmt and data", zh="其中没有 fmt 与 data 数据块")
WAV: Final[Format] = _Wav()
FORMATS: Final = (WAV,)
