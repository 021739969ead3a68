"""The rhythm before the sound of M4A, as frames of AAC of its own: nothing is encoded anew.

The frames are those that stand before ADTS (``rhythm_aac``), as a chunk of their own before the
first one; in a fragmented file, as a fragment before the first. Tables, times and offsets follow.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Final, NamedTuple

from hegui.labels.box_moves import Moves, followed, items
from hegui.labels.boxes import Box, Boxes, Edits, named, only
from hegui.labels.container import INCONSISTENT, TOO_LARGE, Source, Splice, refused
from hegui.labels.explicit.m4a_fragments import based, indexed, later, leading
from hegui.labels.explicit.m4a_steps import Steps, steps
from hegui.labels.explicit.m4a_tables import Chunk, Tables, first_chunk
from hegui.labels.explicit.m4a_times import Times
from hegui.labels.explicit.m4a_track import ALONE, Sound, sound, tables
from hegui.labels.splicing import Change, spliced
from hegui.terms import BadRequest

_HEAD: Final = 7  # bytes of ADTS before a frame


class _Put(NamedTuple):
    """Where the frames are put: how the place moves, and how it is written if it is a chunk."""

    change: Change
    fragment: int
    chunk: Chunk | None


def with_rhythm(source: Source) -> Splice:
    """Return the M4A with the rhythm before its sound.

    Refused (``BadRequest``) is what does not hold together, and what does not fit: other codecs and
    forms of AAC, several sounds, encrypted sound, tables that hegui does not know.
    """
    boxes, edits = Boxes(source), Edits()
    tops = boxes.top()
    moov = only(tops, b"moov")
    there = sound(boxes, moov)
    frames = _frames(there.rate, there.channels)
    long_each = steps(len(frames), there.rate, there.track.ticks)
    put = _put(boxes, edits, tops, (there, frames, long_each))
    Times(boxes, edits, moov, there).put(long_each)
    long = long_each.long
    changes = [*edits.changes(), *later(boxes, tops, there.track.number, long, put.fragment)]
    for box in tops:
        if box.kind == b"sidx":
            changes += indexed(boxes, box, (long, there.track.ticks), put.fragment)
    moves = Moves(changes)
    behind = list(followed(boxes, tops, changes))
    for meta in (box for box in tops if box.kind == b"meta"):
        behind += items(boxes, meta, moves)
    behind += [one for box in tops if box.start == put.fragment for one in based(boxes, box, moves)]
    if put.chunk:
        changes[changes.index(put.chunk.room)] = _placed(put.chunk, put.change, moves)
    return spliced(source.size, [*changes, *behind])


def _frames(rate: int, channels: int) -> list[bytes]:
    """Return the rhythm's frames, without what ADTS puts before each."""
    data = (files(__package__) / "rhythms" / f"{rate}-{channels}.aac").read_bytes()
    found, at = [], 0
    while at < len(data):
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        found.append(data[at + _HEAD : at + length])
        at += length
    return found


def _put(
    boxes: Boxes, edits: Edits, tops: Sequence[Box], what: tuple[Sound, list[bytes], Steps]
) -> _Put:
    """Note where the frames are put, with what leads there."""
    there, frames, long_each = what
    held = tables(boxes, there.track.box)
    first = first_chunk(boxes, held)
    if first is not None:
        around = [one for one in tops if one.kind == b"mdat" and one.body <= first < one.end]
        if not around:
            raise refused("box 'mdat'", first, INCONSISTENT)
        sizes = [len(one) for one in frames]
        chunk = Tables(boxes, edits, there.track.path).put(held, sizes, long_each)
        change = Change(first, first, b"".join(frames))
        edits.put(around, change)
        return _Put(change, -1, chunk)
    fragment = next((one for one in tops if one.kind == b"moof"), None)
    if fragment is None:
        raise refused("box 'moof'", there.track.box.start, INCONSISTENT)
    if there.chapters:
        raise BadRequest(ALONE, code="audio_form")
    ours = leading(boxes, fragment, there.track.number, frames, long_each)
    change = Change(ours.at, ours.ends, ours.data)
    edits.put((), change)
    return _Put(change, ours.at, None)


def _placed(chunk: Chunk, change: Change, moves: Moves) -> Change:
    """Return the entry that leads to the frames: where they stand in the end."""
    place = change.start + moves.by(change.start) - len(change.new)
    start, end, room = chunk.room
    if place >> 8 * len(room):
        raise refused(named(chunk.box), chunk.box.start, TOO_LARGE)
    return Change(start, end, place.to_bytes(len(room)))
