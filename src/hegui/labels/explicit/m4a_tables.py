"""Frames before the samples of a track: its tables of times, sizes, chunks and groups follow.

The frames are a chunk of their own, the first; where they are put, the caller says.
"""

from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.boxes import Box, Boxes, Edits, named
from hegui.labels.container import INCONSISTENT, TOO_LARGE, TOO_MANY, refused
from hegui.labels.explicit.m4a_steps import Steps
from hegui.labels.splicing import Change

_MOST: Final = 3_000_000
"""Samples, and chunks, of a file at most: at 48 kHz, about 18 hours."""


class Chunk(NamedTuple):
    """The table of places, and the room in it for the place of the frames."""

    box: Box
    room: Change


def first_chunk(boxes: Boxes, tables: dict[bytes, list[Box]]) -> int | None:
    """Return where the first sample stands; None where the track has no samples of its own."""
    sizes, places = tables.get(b"stsz"), tables.get(b"stco") or tables.get(b"co64")
    if not sizes or not places:
        return None
    count = int.from_bytes(boxes.head(sizes[-1], 12)[8:])
    chunks = int.from_bytes(boxes.head(places[-1], 8)[4:])
    if bool(count) is not bool(chunks):
        raise refused(named(places[-1]), places[-1].start, INCONSISTENT)
    if not count:
        return None
    width = 8 if places[-1].kind == b"co64" else 4
    return int.from_bytes(boxes.head(places[-1], 8 + width)[8:])


class Tables:
    """The tables of one track, into which frames are written."""

    def __init__(self, boxes: Boxes, edits: Edits, path: tuple[Box, ...]) -> None:
        self._boxes, self._edits, self._path = boxes, edits, path

    def put(self, tables: dict[bytes, list[Box]], sizes: list[int], steps: Steps) -> Chunk:
        """Note the changes for frames of such sizes and times.

        Returns where the place of the frames is to be written.
        """
        for kind in (b"stts", b"stsc"):
            if kind not in tables:
                raise refused(f"box {kind.decode()!r}", self._path[-1].start, INCONSISTENT)
        self.timed(tables[b"stts"], steps)
        self._sized(tables[b"stsz"], sizes)
        self._chunked(tables[b"stsc"], len(sizes))
        if b"sbgp" in tables:
            self._grouped(tables[b"sbgp"], len(sizes))
        if b"sdtp" in tables:
            box = tables[b"sdtp"][-1]
            self._note(tables[b"sdtp"], Change(box.body + 4, box.body + 4, bytes(len(sizes))))
        places = tables.get(b"stco") or tables[b"co64"]
        box = places[-1]
        self._counted(places, 1)
        width = 8 if box.kind == b"co64" else 4
        room = Change(box.body + 8, box.body + 8, bytes(width))
        self._note(places, room)
        return Chunk(box, room)

    def timed(self, path: list[Box], steps: Steps) -> None:
        """Put frames before the samples of a table of times."""
        box = path[-1]
        there, runs = self._pairs(box), steps.runs()
        joins = bool(there) and there[0][1] == runs[-1][1]
        if joins:
            runs[-1] = runs[-1][0] + there[0][0], runs[-1][1]
        if len(runs) > joins:
            self._counted(path, len(runs) - joins)
        new = b"".join(pack(">II", *run) for run in runs)
        self._note(path, Change(box.body + 8, box.body + 8 + 8 * joins, new))

    def lengthened(self, path: list[Box], more: int) -> None:
        """Make the first sample of a table of times last ``more`` ticks longer."""
        box = path[-1]
        there = self._pairs(box)
        if not there or there[0][1] + more >> 32:
            raise refused(named(box), box.start, TOO_LARGE if there else INCONSISTENT)
        count, step = there[0]
        rest = pack(">II", count - 1, step) if count > 1 else b""
        if rest:
            self._counted(path, 1)
        new = pack(">II", 1, step + more) + rest
        self._note(path, Change(box.body + 8, box.body + 16, new))

    def _pairs(self, box: Box) -> list[tuple[int, int]]:
        """Return the first pair of a table of times, if there is one."""
        count = int.from_bytes(self._boxes.head(box, 8)[4:])
        if box.body + 8 + count * 8 > box.end:
            raise refused(named(box), box.start, INCONSISTENT)
        if not count:
            return []
        first, step = unpack(">II", self._boxes.head(box, 16)[8:])
        if not first or first > _MOST:
            raise refused(named(box), box.start, TOO_MANY if first else INCONSISTENT)
        return [(first, step)]

    def _sized(self, path: list[Box], sizes: list[int]) -> None:
        box = path[-1]
        _, same, count = unpack(">III", self._boxes.head(box, 12))
        if count > _MOST:
            raise refused(named(box), box.start, TOO_MANY)
        if not same and box.body + 12 + count * 4 > box.end:
            raise refused(named(box), box.start, INCONSISTENT)
        new = pack(f">{len(sizes)}I", *sizes) + pack(">I", same) * (count if same else 0)
        head = pack(">II", 0, count + len(sizes))
        self._note(path, Change(box.body + 4, box.body + 12, head))
        self._note(path, Change(box.body + 12, box.body + 12, new))

    def _chunked(self, path: list[Box], frames: int) -> None:
        box = path[-1]
        count = int.from_bytes(self._boxes.head(box, 8)[4:])
        if not count or box.body + 8 + count * 12 > box.end:
            raise refused(named(box), box.start, INCONSISTENT)
        held = unpack(f">{count * 3}I", self._boxes.held(box, 8)[: count * 12])
        if held[0] != 1 or max(held[::3]) > _MOST or max(held[2::3]) != 1:
            raise refused(named(box), box.start, INCONSISTENT)
        moved = [one if at % 3 else one + 1 for at, one in enumerate(held)]
        new = pack(f">{count * 3 + 3}I", 1, frames, 1, *moved)
        self._counted(path, 1)
        self._note(path, Change(box.body + 8, box.body + 8 + count * 12, new))

    def _grouped(self, path: list[Box], frames: int) -> None:
        """Put the frames into the group of the first sample: all need one frame of warming up."""
        box = path[-1]
        start = 12 if self._boxes.head(box, 4)[0] else 8
        count = int.from_bytes(self._boxes.head(box, start + 4)[start:])
        if not count:
            return
        first = int.from_bytes(self._boxes.head(box, start + 8)[start + 4 :])
        if first > _MOST:
            raise refused(named(box), box.start, TOO_MANY)
        at = box.body + start + 4
        self._note(path, Change(at, at + 4, pack(">I", first + frames)))

    def _counted(self, path: list[Box], more: int) -> None:
        """Note that a table has ``more`` entries."""
        box = path[-1]
        count = int.from_bytes(self._boxes.head(box, 8)[4:]) + more
        self._note(path, Change(box.body + 4, box.body + 8, pack(">I", count)))

    def _note(self, path: list[Box], change: Change) -> None:
        self._edits.put((*self._path, *path), change)
