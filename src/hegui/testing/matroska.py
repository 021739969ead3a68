"""Small Matroska files, made by plain code."""

import zlib
from collections.abc import Sequence
from struct import pack
from typing import Final

from hegui.labels.ebml import CLUSTER, CRC, CUES, HEADER, SEEK_HEAD, SEGMENT, TAGS, made, void

_INFO, _TRACKS = 0x1549A966, 0x1654AE6B
SOUND: Final = bytes(range(256)) * 3


def samples() -> dict[str, bytes]:
    """Return a file of every layout, by name."""
    title = tags(tag("TITLE", "a title"))
    return {
        "mkv": film(),
        "mkv room": film(room=200),
        "mkv tags": film(room=60, before=title),
        "mkv tags no room": film(before=title),
        "mkv tags behind": film(room=60, behind=title),
        "mkv tags and void": film(before=title + void(400)),
        "mkv sums": film(room=100, before=title, sums=True),
        "webm": film(kind="webm", room=80),
        "webm live": film(kind="webm", listed=False, live=True),
        "webm live tags": film(kind="webm", listed=False, live=True, before=title),
        "mkv bare": film(listed=False),
    }


def film(  # noqa: PLR0913 - what a file can be like
    *,
    kind: str = "matroska",
    listed: bool = True,
    room: int = 0,
    live: bool = False,
    before: bytes = b"",
    behind: bytes = b"",
    sums: bool = False,
) -> bytes:
    """Return a file of three clusters; ``before`` and ``behind`` stand around them.

    ``listed`` files have a SeekHead with ``room`` behind it, and Cues; ``live`` ones no sizes;
    ``sums`` have checksums.
    """
    head = made(HEADER, _number(0x4286, 1) + made(0x4282, kind.encode()))
    info = made(_INFO, _number(0x2AD7B1, 1_000_000))
    sound = made(0xE1, made(0xB5, pack(">f", 8000)) + _number(0x9F, 1) + _number(0x6264, 16))
    track = _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, 2)
    track += made(0x86, b"A_PCM/INT/LIT") + sound
    tracks = made(_TRACKS, made(0xAE, track))
    clusters = [_cluster(n, live=live) for n in range(3)]
    first = len(seek(0, 0, 0, sums=sums)) + (room if listed else 0)
    at = first + len(info) + len(tracks) + len(before)
    cues = _cues(at, clusters)
    body = info + tracks + before + b"".join(clusters)
    if listed:
        last = at + sum(map(len, clusters)) + len(cues)
        told = first + len(info) + len(tracks) if before else last if behind else 0
        list_ = seek(first, at + sum(map(len, clusters)), told, sums=sums)
        body = list_ + (void(room) if room else b"") + body + cues
    body += behind
    if live:
        return head + SEGMENT.to_bytes(4, "big") + b"\x01" + b"\xff" * 7 + body
    return head + made(SEGMENT, body)


def tags(*inside: bytes, total: bool = False) -> bytes:
    """Return an element Tags, with a checksum if ``total``."""
    held = b"".join(inside)
    return made(TAGS, summed(held) if total else held)


def tag(name: str, value: str, *, uid: int = 0, inside: bytes = b"") -> bytes:
    """Return a tag; of a track if ``uid``."""
    targets = made(0x63C0, _number(0x63C5, uid) if uid else b"")
    return made(0x7373, targets + simple(name, value, inside))


def simple(name: str, value: str, inside: bytes = b"") -> bytes:
    """Return a name and its value, and what stands ``inside``."""
    return made(0x67C8, made(0x45A3, name.encode()) + made(0x4487, value.encode()) + inside)


def summed(held: bytes) -> bytes:
    """Return what an element holds, with a checksum."""
    return made(CRC, zlib.crc32(held).to_bytes(4, "little")) + held


def seek(info: int, cues: int, told: int, *, sums: bool = False) -> bytes:
    """Return a list of places: of Info, Cues and Tags."""
    places = ((_INFO, info), (CUES, cues), (TAGS, told))
    held = b"".join(
        made(0x4DBB, made(0x53AB, kind.to_bytes(4, "big")) + made(0x53AC, pack(">I", place)))
        for kind, place in places
    )
    return made(SEEK_HEAD, summed(held) if sums else held)


def _cluster(number: int, *, live: bool) -> bytes:
    sound = SOUND[number * 256 : number * 256 + 256]
    held = made(0xE7, pack(">H", number * 16)) + made(0xA3, b"\x81\0\0\x80" + sound)
    return CLUSTER.to_bytes(4, "big") + b"\xff" + held if live else made(CLUSTER, held)


def _cues(at: int, clusters: Sequence[bytes]) -> bytes:
    points = b""
    for number, one in enumerate(clusters):
        place = _number(0xF7, 1) + made(0xF1, pack(">I", at))
        points += made(0xBB, _number(0xB3, number * 16) + made(0xB7, place))
        at += len(one)
    return made(CUES, points)


def _number(kind: int, number: int) -> bytes:
    return made(kind, number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))
