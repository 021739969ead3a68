"""The label of sound that is streamed: in front of it, and nothing held back but the header.

The header is collected up to the first byte of sound, written with the label by the format's own
writer, and from then on bytes go through as they come. So a stream has one label although its end
is not known: what it may hold behind the sound (an APE tag, a chained stream with a label of its
own) is not looked at. Raw PCM has no place; there the label goes into the HTTP header alone.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol, TypeAlias

from hegui.labels import id3, ogg
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_METADATA,
    TOO_LARGE,
    TOO_MANY,
    Format,
    Memory,
    refused,
)
from hegui.labels.formats import flac, mpeg_audio, wav
from hegui.labels.formats import ogg as ogg_formats
from hegui.labels.splicing import joined

Kind: TypeAlias = Literal["mp3", "aac", "wav", "flac", "ogg", "opus", "pcm"]
_Head: TypeAlias = Callable[[bytes], int]
"""Says how long the header is; more than what is held is how much must be held to say more."""
_OPEN: Final = 0xFFFF_FFFF
_LARGE_OPEN: Final = 0xFFFF_FFFF_FFFF_FFFF
_DS64: Final = 48  # where the shortest ds64 ends
_MOST_PARTS: Final = 1000  # chunks, blocks, pages or tags of a header


class Streamed(Protocol):
    """Bytes of a stream in, the bytes to be sent out; no input or output of its own."""

    @property
    def labelled(self) -> bool:
        """Whether the label has been given out."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Return what is to be sent; nothing while the header is not whole.

        A beginning that does not hold together is a ``BadRequest``: nothing was sent by then. Only
        Ogg whose header grew by a page is still read afterwards, and can be refused there.
        """
        ...

    def end(self) -> bytes:
        """Return what is still to be sent; a stream that ends within its header is refused."""
        ...


def streamed(kind: Kind, inner: str) -> Streamed:
    """Return what puts ``inner`` (``Implicit.inner()``) in front of a stream of ``kind``."""
    if kind == "pcm":
        return _Plain()
    form, head = _KINDS[kind]
    return _Labelling(form, head, inner)


def head_of(kind: Kind, held: bytes) -> int:
    """Return how long the header of a stream is, before its sound.

    More than what is held is how much must be held to say more. One that does not hold together is
    a ``BadRequest``.
    """
    return _KINDS[kind][1](held)


class _Plain:
    """PCM: there is no place, so the bytes go through as they are."""

    labelled = False

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


class _Labelling:
    def __init__(self, form: Format, head: _Head, inner: str) -> None:
        self.labelled = False
        self._form, self._head, self._inner = form, head, inner
        self._held = bytearray()
        self._needed = 1
        self._after: Pages | None = None

    def feed(self, data: bytes) -> bytes:
        if self.labelled:
            return self._after.feed(data) if self._after else data
        self._held += data
        while len(self._held) >= self._needed:
            held = bytes(self._held)
            length = self._head(held)
            if length <= len(held):
                return self._begun(held[:length]) + self.feed(held[length:])
            self._needed = length
        if self._needed > MOST_METADATA:
            raise refused(self._form.name, 0, TOO_LARGE)
        return b""

    def end(self) -> bytes:
        if self.labelled:
            return self._after.end() if self._after else b""
        if self._held:
            raise refused(self._form.name, len(self._held), CUT_SHORT)
        return b""

    def _begun(self, header: bytes) -> bytes:
        new = _labelled(self._form, header, self._inner)
        if self._form.name in ("ogg", "opus"):
            by = ogg_formats.counted(new) - ogg_formats.counted(header)
            self._after = _renumbering(by) if by else None
        self.labelled = True
        self._held.clear()
        return new


class Pages:
    """Pages of Ogg that pass as they come: ``anew`` gives the head of each, what it holds stays."""

    def __init__(self, anew: Callable[[bytes, ogg.Page], bytes]) -> None:
        self._anew = anew
        self._held = b""
        self._body = 0  # bytes of the page's body that are still to pass

    def feed(self, data: bytes) -> bytes:
        """Return what is to be sent; a head that is not whole yet is held."""
        out, at = [], 0
        data = self._held + data
        self._held = b""
        while at < len(data):
            if self._body:
                out.append(data[at : at + self._body])
                self._body -= len(out[-1])
                at += len(out[-1])
                continue
            page = ogg.page_in(data[at : at + ogg.HEAD + 255], 0)
            if page is None:
                self._held = data[at:]
                break
            out.append(self._anew(data[at : at + page.body], page))
            at += page.body
            self._body = page.end - page.body
        return b"".join(out)

    def end(self) -> bytes:
        """Return what was held: it is cut off, as it came."""
        held, self._held = self._held, b""
        return held


def _renumbering(by: int) -> Pages:
    """Return what numbers pages anew behind a header that grew, up to the next link."""
    passed = False

    def anew(head: bytes, page: ogg.Page) -> bytes:
        nonlocal passed
        passed = passed or bool(page.flags & ogg.FIRST)
        return head if passed else head[:18] + ogg.renumbered(page, by) + head[26:]

    return Pages(anew)


def _labelled(form: Format, header: bytes, inner: str) -> bytes:
    """Return the header with the label, by the format's own writer."""
    if form is wav.WAV:
        return _wav_labelled(header, inner)
    if form in (mpeg_audio.MP3, mpeg_audio.AAC):
        tags = id3.tags(Memory(header))
        end = tags[-1].end if tags else 0
        if not mpeg_audio.kind(header[end:]):
            raise refused(form.name, end, INCONSISTENT)
    source = Memory(header)
    return joined(source, form.write(source, inner))


def _wav_labelled(header: bytes, inner: str) -> bytes:
    """Return the header of a WAV up to its sound; lengths that are known grow with it."""
    large = header[:4] != b"RIFF"
    if large and (header[12:16] != b"ds64" or len(header) < _DS64):
        raise refused("ds64", 12, INCONSISTENT)
    # where the length of the whole stands, and how wide it is
    at, width, unknown = (20, 8, _LARGE_OPEN) if large else (4, 4, _OPEN)
    stated = int.from_bytes(header[at : at + width], "little")
    # the writer sees a file of unknown length that ends where its sound begins
    alone = b"RIFF\xff\xff\xff\xff" + header[8:-4] + bytes(4)
    new = joined(Memory(alone), wav.WAV.write(Memory(alone), inner))
    whole = header[:8] + new[8:-4] + header[-4:]
    if stated in (0, unknown):
        return whole
    size = stated + len(new) - len(alone)
    if size >= unknown:
        raise refused("WAV", at, TOO_LARGE)
    return whole[:at] + size.to_bytes(width, "little") + whole[at + width :]


def _frames_head(held: bytes) -> int:
    """MP3 and AAC: the tags, and the first bytes of the frame that follows."""
    at = 0
    for _ in range(_MOST_PARTS):
        if len(held) < at + id3.HEAD:
            return at + id3.HEAD
        length = id3.length_at(held[at : at + id3.HEAD])
        if not length:
            return at + 4
        at += length
    raise refused("ID3 tag", at, TOO_MANY)


def _wav_head(held: bytes) -> int:
    """WAV: all up to the length of the chunk ``data``."""
    at = 12
    if len(held) >= at and not wav.WAV.matches(held[:at]):
        raise refused("WAV", 0, INCONSISTENT)
    for _ in range(_MOST_PARTS):
        if len(held) < at + 8 or held[at : at + 4] == b"data":
            return at + 8
        length = int.from_bytes(held[at + 4 : at + 8], "little")
        at += 8 + length + (length & 1)
    raise refused("WAV chunk", at, TOO_MANY)


def _flac_head(held: bytes) -> int:
    """FLAC: the tags that some put in front, and the blocks of metadata."""
    at = _frames_head(held) - 4
    if len(held) < at + id3.HEAD:
        return at + id3.HEAD
    if held[at : at + 4] != b"fLaC":
        raise refused("FLAC", at, INCONSISTENT)
    at += 4
    for _ in range(_MOST_PARTS):
        if len(held) < at + 4:
            return at + 4
        last = held[at] & 0x80
        at += 4 + int.from_bytes(held[at + 1 : at + 4])
        if last:
            return at
    raise refused("FLAC block", at, TOO_MANY)


def _ogg_head(held: bytes) -> int:
    """Ogg: the pages of the first stream's headers."""
    at = packets = needed = 0
    for _ in range(_MOST_PARTS):
        page = ogg.page_in(held[at : at + ogg.HEAD + 255], at)
        if page is None:
            return at + ogg.HEAD + (held[at + 26] if len(held) > at + 26 else 0)
        if page.end > len(held):
            return page.end
        if not needed:
            needed = 2 if held[page.body : page.end].startswith(b"OpusHead") else 3
        packets += sum(one < 255 for one in page.segments)  # noqa: PLR2004 - where a packet ends
        at = page.end
        if packets >= needed:
            return at
    raise refused("Ogg page", at, TOO_MANY)


_KINDS: Final[Mapping[str, tuple[Format, _Head]]] = {
    "mp3": (mpeg_audio.MP3, _frames_head),
    "aac": (mpeg_audio.AAC, _frames_head),
    "wav": (wav.WAV, _wav_head),
    "flac": (flac.FLAC, _flac_head),
    "ogg": (ogg_formats.OGG, _ogg_head),
    "opus": (ogg_formats.OPUS, _ogg_head),
}
