"""The rhythm before sound that is streamed: nothing is held back but its first frames.

What is held is just enough for the writer of whole files to put the rhythm there; from then on
bytes go through as they come (of FLAC, frame by frame: ``rhythm_streamed_flac``; pages of Opus get
later times on their way). The implicit label is put in front afterwards (``labels.streamed``).
"""

from collections.abc import Callable, Mapping
from struct import pack, unpack
from typing import Final

from hegui.labels.container import CUT_SHORT, TOO_LARGE, Memory, Source, Splice, refused
from hegui.labels.explicit import rhythm_aac, rhythm_mp3, rhythm_opus, rhythm_wav
from hegui.labels.explicit.rhythm_streamed_flac import Flac
from hegui.labels.formats import wav
from hegui.labels.formats.ogg import links
from hegui.labels.ogg import FIRST, Page
from hegui.labels.riff import OPEN
from hegui.labels.splicing import joined
from hegui.labels.streamed import Pages, Streamed, head_of
from hegui.terms import BadRequest, Words

_ADTS: Final = 3  # bytes of a frame's head behind the four that ``head_of`` counts
_FORMAT: Final = 16  # bytes of the shortest chunk that says the form of samples
_MOST_A_SECOND: Final = 4 * 1024 * 1024  # bytes of sound: the rhythm is made in memory
_MOST: Final = 131_072  # bytes within which the first frames of an MP3 stand, tags not counted


def streamed_rhythm(kind: str) -> Streamed:
    """Return what puts the rhythm before a stream of ``kind``: mp3, wav, flac, opus or aac.

    Of AAC and Opus only before the forms that have one ready: that is seen when their first frame
    or their header comes, and another is refused before anything leaves.
    """
    return _STAGES[kind]()


class _Held:
    """A stream of which the beginning is held until the rhythm is in it."""

    def __init__(self) -> None:
        self.labelled = False
        self._held = bytearray()
        self._needed = 1  # bytes that must be held to say more

    def feed(self, data: bytes) -> bytes:
        if self.labelled:
            return data
        self._held += data
        if len(self._held) < self._needed:
            return b""
        begun = self._begun(bytes(self._held))
        if begun is None:
            return b""
        self.labelled = True
        self._held.clear()
        return begun

    def end(self) -> bytes:
        if not self.labelled and self._held:
            raise refused("sound", len(self._held), CUT_SHORT)
        return b""

    def _begun(self, held: bytes) -> bytes | None:
        raise NotImplementedError


class _Mp3(_Held):
    def _begun(self, held: bytes) -> bytes | None:
        start = head_of("mp3", held)
        if start + 4 > len(held):
            self._needed = start + 4
            return None
        source = Memory(held)
        try:
            return joined(source, rhythm_mp3.with_rhythm(source))
        except BadRequest as error:
            if error.code == "file_broken" and len(held) < start + _MOST:
                return None  # a frame is not whole yet
            raise


class _Wav(_Held):
    def _begun(self, held: bytes) -> bytes | None:
        start = head_of("wav", held)
        if start > len(held):
            self._needed = start
            return None
        whole, sound = unpack("<I", held[4:8])[0], unpack("<I", held[start - 4 : start])[0]
        if held[:4] != b"RIFF":  # one of 64 bits is never streamed
            raise refused("WAV", 0, CUT_SHORT)
        # as a file that says no lengths and has no sound yet: the writer of files does the rest
        opened = held[:4] + pack("<I", OPEN) + held[8 : start - 4] + pack("<I", OPEN)
        rate, align = unpack("<I4xH", _format(opened)[4:14])
        if rate * align > _MOST_A_SECOND:
            raise refused("fmt", 12, TOO_LARGE)
        source = Memory(opened)
        made = joined(source, rhythm_wav.with_rhythm(source))
        added = len(made) - len(opened)
        if added & 1 and sound not in (0, OPEN):
            silence = b"\x80" if unpack("<H", _format(opened)[14:16])[0] == 8 else b"\0"  # noqa: PLR2004 - unsigned
            made += silence * align
            added += align
        lengths = [one if one in (0, OPEN) else min(one + added, OPEN) for one in (whole, sound)]
        head = made[:4] + pack("<I", lengths[0]) + made[8 : start - 4] + pack("<I", lengths[1])
        return head + made[start:] + held[start:]


class _Aac(_Held):
    def _begun(self, held: bytes) -> bytes | None:
        start = head_of("aac", held)
        if start + _ADTS > len(held):
            self._needed = start + _ADTS
            return None
        return _coded(Memory(held), rhythm_aac.with_rhythm)


class _Opus(_Held):
    _pages: Pages

    def feed(self, data: bytes) -> bytes:
        return self._pages.feed(data) if self.labelled else super().feed(data)

    def end(self) -> bytes:
        return self._pages.end() if self.labelled else super().end()

    def _begun(self, held: bytes) -> bytes | None:
        start = head_of("opus", held)
        if start > len(held):
            self._needed = start
            return None
        header = Memory(held[:start])
        begun = _coded(header, rhythm_opus.with_rhythm)
        self._pages = Pages(_later(rhythm_opus.lasting(), links(header)[0].first.serial))
        return begun + self._pages.feed(held[start:])


def _coded(source: Memory, with_rhythm: Callable[[Source], Splice]) -> bytes:
    try:
        return joined(source, with_rhythm(source))
    except BadRequest as error:
        if error.code == "audio_form":
            raise BadRequest(_FORM, code=error.code) from None
        raise


_FORM: Final = Words(
    en="The model's sound has a form that no rhythm is ready for: AAC must be of the low-complexity"
    " profile at 32 to 48 kHz, AAC and Opus mono or stereo. Ask for mp3, wav or flac; or the"
    ' provider says in its player that the speech is generated, and sets sound = "interface" in'
    " [media].",
    zh="模型返回的音频格式没有现成的节奏标识：AAC 须为 LC 规格、32 至 48 kHz，AAC 和 Opus"
    " 须为单声道或立体声。请改用 mp3、wav 或 flac；如播放界面已持续提示由 AI 生成，"
    '提供者可在 [media] 中设置 sound = "interface"。',
)


def _later(by: int, serial: int) -> Callable[[bytes, Page], bytes]:
    """Give the pages of the first link later times, and their next numbers."""
    passed = False

    def anew(head: bytes, page: Page) -> bytes:
        nonlocal passed
        passed = passed or bool(page.flags & FIRST) or page.serial != serial
        return head if passed else head[:6] + rhythm_opus.moved(head, page, by) + head[26:]

    return anew


_STAGES: Final[Mapping[str, Callable[[], Streamed]]] = {
    "mp3": _Mp3,
    "wav": _Wav,
    "flac": Flac,
    "opus": _Opus,
    "aac": _Aac,
}


def _format(head: bytes) -> bytes:
    there = wav.file(Memory(head))
    chunk = next(one for one in there.chunks if one.kind == b"fmt ")
    if chunk.length < _FORMAT:
        raise refused("fmt", chunk.start, CUT_SHORT)
    return head[chunk.body : chunk.body + chunk.length]
