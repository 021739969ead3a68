"""The rhythm before sound that is streamed: nothing is held back but its first frames.

What is held is just enough for the writer of whole files to put the rhythm there; from then on
bytes go through as they come (of FLAC, frame by frame: ``rhythm_streamed_flac``). The implicit
label is put in front afterwards (``labels.streamed``).
"""

from struct import pack, unpack
from typing import Final

from hegui.labels.container import CUT_SHORT, TOO_LARGE, Memory, refused
from hegui.labels.explicit import rhythm_mp3, rhythm_wav
from hegui.labels.explicit.rhythm_streamed_flac import Flac
from hegui.labels.formats import wav
from hegui.labels.riff import OPEN
from hegui.labels.splicing import joined
from hegui.labels.streamed import Streamed, head_of
from hegui.terms import BadRequest

FORMATS: Final = frozenset({"mp3", "wav", "flac"})
"""Kinds of sound that a rhythm can be put before while they stream."""
_FORMAT: Final = 16  # bytes of the shortest chunk that says the form of samples
_MOST_A_SECOND: Final = 4 * 1024 * 1024  # bytes of sound: the rhythm is made in memory
_MOST: Final = 131_072  # bytes within which the first frames of an MP3 stand, tags not counted


def streamed_rhythm(kind: str) -> Streamed:
    """Return what puts the rhythm before a stream of ``kind``, which is one of ``FORMATS``."""
    if kind == "flac":
        return Flac()
    return _Mp3() if kind == "mp3" else _Wav()


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


def _format(head: bytes) -> bytes:
    there = wav.file(Memory(head))
    chunk = next(one for one in there.chunks if one.kind == b"fmt ")
    if chunk.length < _FORMAT:
        raise refused("fmt", chunk.start, CUT_SHORT)
    return head[chunk.body : chunk.body + chunk.length]
