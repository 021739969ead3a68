"""Packets of a film that are taken over: what shows afterwards that they are the same.

Kept apart from the film's own way so that what was read and what was written are counted alike.
"""

import hashlib
from array import array
from typing import Any, Final

_DISCARDED: Final = 48  # AVDISCARD_ALL


def streams_of(film: Any) -> list[Any]:
    """Return the streams of a film, but for the track in which MP4 and MOV keep its chapters.

    FFmpeg reads that track as chapters and sets the track itself aside; writing them makes another.
    """
    chapters = bool(film.chapters())
    return [
        one
        for one in film.streams
        if not (chapters and one.type == "data" and getattr(one, "discard", 0) == _DISCARDED)
    ]


class Copied:
    """The packets of a stream that is taken over: their hash, and from when to when they last."""

    def __init__(self) -> None:
        self._hash, self._times = hashlib.sha256(), array("d")

    def take(self, packet: Any) -> None:
        """Count a packet in."""
        self._hash.update(packet)
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None:
            self._times[1:] = array("d", [float(time * packet.time_base)])

    @property
    def digest(self) -> bytes:
        """Return what tells whether packets are the same."""
        return bytes(self._hash.digest())

    @property
    def long(self) -> float:
        """Return the seconds from the first packet to the last."""
        return self._times[-1] - self._times[0] if self._times else 0.0
