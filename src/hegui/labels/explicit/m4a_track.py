"""The one track of sound of an M4A, as far as frames can be put before it (ISO/IEC 14496-12, -14).

Low-complexity AAC at 32 to 48 kHz, one or two channels, in one form all through; beside it only
tracks of chapters. All else is refused.
"""

from typing import Final, NamedTuple

from hegui.labels.boxes import Box, Boxes, named, only
from hegui.labels.container import CUT_SHORT, INCONSISTENT, refused
from hegui.labels.explicit.rhythm_aac import ENCODER
from hegui.terms import BadRequest, Words

FRAME: Final = 1024
"""Samples of a frame of AAC."""
_RATES: Final = {3: 48_000, 4: 44_100, 5: 32_000}
_ENTRY: Final = 28  # bytes of a sample entry of sound before its boxes
_CONFIG: Final = 13  # bytes of a DecoderConfigDescriptor before what it holds
_EXTENDS: Final = 0x2B7  # what says in the open that the sound is HE-AAC, or that it is not
_TABLES: Final = frozenset(
    {b"stsd", b"stts", b"stsz", b"stsc", b"stco", b"co64", b"sgpd", b"sbgp", b"sdtp", b"free"}
)


class Track(NamedTuple):
    """A track: its boxes from ``moov`` down, its number, and its ticks in a second."""

    path: tuple[Box, ...]
    number: int
    ticks: int

    @property
    def box(self) -> Box:
        """Return the box of the track."""
        return self.path[-1]


class Sound(NamedTuple):
    """The track of sound, the tracks of its chapters, and what its frames are like."""

    track: Track
    chapters: list[Track]
    rate: int
    channels: int


def sound(boxes: Boxes, moov: Box) -> Sound:
    """Return the sound of a file; what frames cannot be put before is a ``BadRequest``."""
    tracks = [
        (_track(boxes, moov, one), one) for one in boxes.children(moov) if one.kind == b"trak"
    ]
    heard = [track for track, box in tracks if _handler(boxes, box) == b"soun"]
    if len(heard) != 1:
        raise BadRequest(ALONE, code="audio_form")
    told = _chapters(boxes, heard[0].box)
    others = [track for track, _ in tracks if track != heard[0]]
    if {one.number for one in others} - told:
        raise BadRequest(ALONE, code="audio_form")
    rate, channels = _form(boxes, heard[0].box)
    return Sound(heard[0], others, rate, channels)


def below(boxes: Boxes, box: Box, *path: bytes) -> list[Box]:
    """Return the boxes that stand one in the other below ``box``; none where one is missing."""
    found: list[Box] = []
    for kind in path:
        there = [one for one in boxes.children(box) if one.kind == kind]
        if not there:
            return []
        if len(there) > 1:
            only(there, kind)
        box = there[0]
        found.append(box)
    return found


def tables(boxes: Boxes, track: Box) -> dict[bytes, list[Box]]:
    """Return the tables of samples, by kind, each as its path from the track down."""
    path = below(boxes, track, b"mdia", b"minf", b"stbl")
    if not path:
        raise refused(named(track), track.start, INCONSISTENT)
    found: dict[bytes, list[Box]] = {}
    for one in boxes.children(path[-1]):
        if one.kind in found and one.kind not in (b"sgpd", b"sbgp", b"free"):
            raise refused(named(one), one.start, INCONSISTENT)
        found[one.kind] = [*path, one]
    return found


def _track(boxes: Boxes, moov: Box, box: Box) -> Track:
    head = below(boxes, box, b"tkhd")
    media = below(boxes, box, b"mdia", b"mdhd")
    if not head or not media:
        raise refused(named(box), box.start, INCONSISTENT)
    number = _at(boxes, head[0], 20, 12)
    ticks = _at(boxes, media[-1], 20, 12)
    if not ticks:
        raise refused(named(media[-1]), media[-1].start, INCONSISTENT)
    return Track((moov, box), number, ticks)


def _at(boxes: Boxes, box: Box, large: int, small: int) -> int:
    """Return the number of 32 bits that stands at ``large`` where times have 64 bits."""
    where = large if boxes.head(box, 4)[0] else small
    return int.from_bytes(boxes.head(box, where + 4)[where:])


def _handler(boxes: Boxes, track: Box) -> bytes:
    found = below(boxes, track, b"mdia", b"hdlr")
    return boxes.head(found[-1], 12)[8:] if found else b""


def _chapters(boxes: Boxes, track: Box) -> set[int]:
    """Return the numbers of the tracks that hold the chapters of ``track``."""
    found = below(boxes, track, b"tref", b"chap")
    held = boxes.held(found[-1]) if found else b""
    return {int.from_bytes(held[at : at + 4]) for at in range(0, len(held) - 3, 4)}


def _form(boxes: Boxes, track: Box) -> tuple[int, int]:
    """Return rate and channels, as the decoder is told."""
    there = tables(boxes, track)
    if b"stsd" not in there or there.keys() - _TABLES:
        raise BadRequest(ENCODER, code="audio_form")
    stsd = there[b"stsd"][-1]
    entries = boxes.children(stsd, 8)
    if len(entries) != 1 or entries[0].kind != b"mp4a":
        raise BadRequest(ENCODER, code="audio_form")
    if boxes.head(entries[0], _ENTRY)[8:10] != b"\0\0":  # QuickTime's later forms
        raise BadRequest(ENCODER, code="audio_form")
    told = only(boxes.children(entries[0], _ENTRY), b"esds")
    found = _read(_specific(boxes.held(told), told))
    if found is None:
        raise BadRequest(ENCODER, code="audio_form")
    return found


def _specific(held: bytes, box: Box) -> bytes:
    """Return what the decoder is told, out of the descriptors around it (14496-1, 7.2.6)."""
    es = _descriptor(held, 4, 3, box)
    if len(es) < 3:  # noqa: PLR2004 - its number and flags
        raise refused(named(box), box.start, CUT_SHORT)
    past = 3 + (2 if es[2] & 0x80 else 0)
    if es[2] & 0x40:  # the sound lies at an address
        raise BadRequest(ENCODER, code="audio_form")
    config = _descriptor(es, past + (2 if es[2] & 0x20 else 0), 4, box)
    if config[:1] not in (b"\x40", b"\x67"):  # AAC of MPEG-4, and MPEG-2's low complexity
        raise BadRequest(ENCODER, code="audio_form")
    return _descriptor(config, _CONFIG, 5, box)


def _descriptor(held: bytes, at: int, kind: int, box: Box) -> bytes:
    """Return what the descriptor of ``kind`` at ``at`` holds."""
    if held[at : at + 1] != bytes([kind]):
        raise refused(named(box), box.start, INCONSISTENT)
    length = 0
    for _ in range(4):
        at += 1
        one = held[at] if at < len(held) else 0
        length = length << 7 | one & 0x7F
        if not one & 0x80:
            break
    if at + 1 + length > len(held):
        raise refused(named(box), box.start, CUT_SHORT)
    return held[at + 1 : at + 1 + length]


def _read(held: bytes) -> tuple[int, int] | None:
    """Return rate and channels of plain low-complexity AAC; None for all else (14496-3, 1.6)."""
    told = int.from_bytes(held[:8].ljust(8, b"\0"))

    def bits(start: int, count: int) -> int:
        return told >> 64 - start - count & (1 << count) - 1

    rate, channels = _RATES.get(bits(5, 4)), bits(9, 4)
    # five bits of kind, four of rate, four of channels; then 960 samples, a core, an extension
    if bits(0, 5) != 2 or rate is None or channels not in (1, 2) or bits(13, 3):  # noqa: PLR2004 - AAC-LC
        return None
    if bits(16, 11) == _EXTENDS and bits(32, 1):  # HE-AAC
        return None
    return rate, channels


ALONE: Final = Words(
    en="The rhythm is put before M4A with one sound and its chapters only; this one holds more, or"
    " no sound. Nothing was changed. Label the sound before it is put together, or let your service"
    " show a notice beside it: --explicit interface.",
    zh="仅支持在含一条音轨及其章节的 M4A 之前添加节奏标识；此文件含有其他轨道或没有音轨。"
    "文件未作任何改动。请在封装之前添加标识，或由服务界面提示：--explicit interface。",
)
