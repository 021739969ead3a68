"""What of an M4A tells times: it follows when frames are put before the sound.

Durations, the list of edits, chapters (a track of text, or Nero's list), and Apple's comment on the
samples that an encoder put around the sound. Where what an encoder put before its sound is skipped,
the frames' own first, which is silent, is skipped in its place.
"""

import re
from collections.abc import Iterable
from struct import Struct, pack
from typing import Final, NamedTuple

from hegui.labels.boxes import Box, Boxes, Edits, named, skipped
from hegui.labels.container import INCONSISTENT, MOST_PARTS, TOO_LARGE, TOO_MANY, refused
from hegui.labels.explicit.m4a_steps import Steps
from hegui.labels.explicit.m4a_tables import Tables
from hegui.labels.explicit.m4a_track import FRAME, Sound, Track, below, tables
from hegui.labels.splicing import Change

_WARMING: Final = 3
"""Frames that an encoder of low complexity puts before its sound at most; more was cut by hand."""
_SMALL, _WIDE = Struct(">IiI"), Struct(">QqI")
_ONCE: Final = 0x0001_0000
_EMPTY: Final = -1
_SECOND: Final = 10_000_000  # of Nero's chapters
_GAPS: Final = re.compile(
    rb" ?([0-9A-Fa-f]{8}) ([0-9A-Fa-f]{8}) ([0-9A-Fa-f]{8}) ([0-9A-Fa-f]{16})"
)


class _Edit(NamedTuple):
    long: int  # in ticks of the movie; 0 says that it is not known
    start: int  # in ticks of the track
    rate: int


class Times:
    """The times of one file, whose sound begins some frames later."""

    def __init__(self, boxes: Boxes, edits: Edits, moov: Box, sound: Sound) -> None:
        self._boxes, self._edits, self._moov, self._sound = boxes, edits, moov, sound
        self._head = below(boxes, moov, b"mvhd")
        if not self._head:
            raise refused(named(moov), moov.start, INCONSISTENT)
        where = 20 if boxes.head(self._head[0], 4)[0] else 12
        self._ticks = int.from_bytes(boxes.head(self._head[0], where + 4)[where:])
        if not self._ticks:
            raise refused(named(self._head[0]), self._head[0].start, INCONSISTENT)

    def put(self, frames: Steps) -> None:
        """Note all changes that ``frames`` before the sound make."""
        track = self._sound.track
        more = self._edited(frames)
        long = self._movie(more, track.ticks)
        self._longer((self._moov, *self._head), long, 24, 16)
        if path := self._of(self._moov, b"mvex", b"mehd"):
            self._longer(path, long, 4, 4)
        self._longer(self._of_track(track, b"tkhd"), long, 28, 20)
        self._longer(self._of_track(track, b"mdia", b"mdhd"), frames.long, 24, 16)
        for one in self._sound.chapters:
            self._chapter(one, long)
        self._nero(more * _SECOND // track.ticks)
        self._gaps(frames.frames)

    def _edited(self, frames: Steps) -> int:
        """Note the changes of the list of edits; return by how many ticks the sound is longer."""
        path = self._of_track(self._sound.track, b"edts", b"elst")
        there = self._read(path[-1]) if path else []
        if not there:
            return frames.long
        first = next((at for at, one in enumerate(there) if one.start != _EMPTY), None)
        if first is None:
            raise refused(named(path[-1]), path[-1].start, INCONSISTENT)
        later = [
            one if one.start == _EMPTY else one._replace(start=one.start + frames.long)
            for one in there
        ]
        old = there[first]
        if old.start <= frames.of(_WARMING) and old.rate == _ONCE:
            start = min(old.start, frames.of(1))
            more = frames.long + old.start - start
            long = old.long + self._movie(more, self._sound.track.ticks) if old.long else 0
            later[first] = _Edit(long, start, old.rate)
        else:
            more = frames.long - frames.of(1)
            notice = _Edit(self._movie(more, self._sound.track.ticks), frames.of(1), _ONCE)
            later.insert(first, notice)
        self._write(path, later)
        return more

    def _chapter(self, track: Track, long: int) -> None:
        """Make the first chapter longer; or the silence before it, where there is one."""
        path = self._of_track(track, b"edts", b"elst")
        there = self._read(path[-1]) if path else []
        if there:
            if there[0].long:
                there[0] = there[0]._replace(long=there[0].long + long)
            self._write(path, there)
        self._longer(self._of_track(track, b"tkhd"), long, 28, 20)
        if there and there[0].start == _EMPTY:
            return
        more = long * track.ticks // self._ticks
        times = tables(self._boxes, track.box).get(b"stts")
        if times is None:
            raise refused(named(track.box), track.box.start, INCONSISTENT)
        Tables(self._boxes, self._edits, track.path).lengthened(times, more)
        self._longer(self._of_track(track, b"mdia", b"mdhd"), more, 24, 16)

    def _nero(self, more: int) -> None:
        """Note the changes of Nero's list: a time, in 100 ns, and a name for each chapter."""
        path = self._of(self._moov, b"udta", b"chpl")
        if not path:
            return
        box = path[-1]
        held = self._boxes.held(box)
        at = 8 if held[:1] not in (b"", b"\0") else 4
        if at >= len(held):
            raise refused(named(box), box.start, INCONSISTENT)
        count, at = held[at], at + 1
        for _ in range(count):
            if at + 9 > len(held):
                raise refused(named(box), box.start, INCONSISTENT)
            time = int.from_bytes(held[at : at + 8])
            if time:
                self._number(path, at, 8, time + more)
            at += 9 + held[at + 8]

    def _gaps(self, frames: int) -> None:
        """Note the change of ``iTunSMPB``: samples before the sound, behind it, and of it."""
        meta = self._of(self._moov, b"udta", b"meta")
        if not meta:
            return
        items = self._boxes.children(meta[-1], skipped(self._boxes, meta[-1]))
        for lists in (one for one in items if one.kind == b"ilst"):
            for item in (one for one in self._boxes.children(lists) if one.kind == b"----"):
                inside = {one.kind: one for one in self._boxes.children(item)}
                name, data = inside.get(b"name"), inside.get(b"data")
                if name is None or data is None or self._boxes.held(name)[4:] != b"iTunSMPB":
                    continue
                found = _GAPS.match(self._boxes.held(data), 8)
                if found:
                    self._gap((*meta, lists, item, data), found, frames)

    def _gap(self, path: Iterable[Box], found: re.Match[bytes], frames: int) -> None:
        *above, data = path
        before, whole = int(found[2], 16), int(found[4], 16)
        skipped_now = min(before, FRAME)
        whole += frames * FRAME + before - skipped_now
        if whole >> 64:
            raise refused(named(data), data.start, TOO_LARGE)
        for group, new in ((2, b"%08X" % skipped_now), (4, b"%016X" % whole)):
            start, end = (data.body + one for one in found.span(group))
            self._edits.put((*above, data), Change(start, end, new))

    def _read(self, box: Box) -> list[_Edit]:
        form = _WIDE if self._boxes.head(box, 8)[0] else _SMALL
        held = self._boxes.held(box)
        count = int.from_bytes(held[4:8])
        if count > MOST_PARTS or 8 + count * form.size > len(held):
            raise refused(named(box), box.start, TOO_MANY)
        return [_Edit(*form.unpack_from(held, 8 + at * form.size)) for at in range(count)]

    def _write(self, path: tuple[Box, ...], there: list[_Edit]) -> None:
        box = path[-1]
        wide = bool(self._boxes.head(box, 4)[0])
        if any(
            one.long >> (64 if wide else 32) or one.start >> (63 if wide else 31) > 0
            for one in there
        ):
            raise refused(named(box), box.start, TOO_LARGE)
        new = b"".join((_WIDE if wide else _SMALL).pack(*one) for one in there)
        self._edits.put(path, Change(box.body + 4, box.end, pack(">I", len(there)) + new))

    def _longer(self, path: tuple[Box, ...], more: int, large: int, small: int) -> None:
        """Note that a duration grows; one that is not known stays so."""
        if not path:
            raise refused(named(self._moov), self._moov.start, INCONSISTENT)
        wide = bool(self._boxes.head(path[-1], 4)[0])
        at, width = (large, 8) if wide else (small, 4)
        old = int.from_bytes(self._boxes.head(path[-1], at + width)[at:])
        if old and old + 1 < 1 << 8 * width:
            self._number(path, at, width, old + more)

    def _number(self, path: tuple[Box, ...], at: int, width: int, new: int) -> None:
        box = path[-1]
        if new >> 8 * width:
            raise refused(named(box), box.start, TOO_LARGE)
        self._edits.put(path, Change(box.body + at, box.body + at + width, new.to_bytes(width)))

    def _movie(self, ticks: int, of: int) -> int:
        """Return ticks of a track as the movie's."""
        return (ticks * self._ticks + of // 2) // of

    def _of(self, box: Box, *kinds: bytes) -> tuple[Box, ...]:
        found = below(self._boxes, box, *kinds)
        return (box, *found) if found else ()

    def _of_track(self, track: Track, *kinds: bytes) -> tuple[Box, ...]:
        found = below(self._boxes, track.box, *kinds)
        return (*track.path, *found) if found else ()
