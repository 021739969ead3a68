"""The rhythm before FLAC that is streamed: frames are numbered anew as they pass.

Where a frame ends is known when the next one begins, so one frame is held back at a time. How large
frames will be, and where, nobody knows yet: STREAMINFO and the table for seeking say so.
"""

from typing import Final

from hegui.labels.bounded import Bounded
from hegui.labels.container import CUT_SHORT, INCONSISTENT, TOO_LARGE, Memory, refused
from hegui.labels.explicit.flac_encoding import encoded
from hegui.labels.explicit.flac_frames import (
    LONGEST,
    Frame,
    Head,
    doubts,
    following,
    head_at,
    last,
    renumbered,
    varies,
)
from hegui.labels.explicit.rhythm_flac import CUES, SEEKS, cued, form_for, info_of, stated
from hegui.labels.formats.flac import file
from hegui.labels.splicing import Change, joined, spliced
from hegui.labels.streamed import head_of

_MOST: Final = 0xFF_FFFF + LONGEST  # bytes of a frame, and of the head behind it
_POINT: Final = 18


class Flac:
    """A stream of FLAC, of which one frame is held; see ``labels.streamed.Streamed``."""

    def __init__(self) -> None:
        self.labelled = False
        self._held = bytearray()
        self._needed = 1
        self._head: Head | None = None
        self._looked = 0  # up to where no next frame begins
        self._left = doubts()
        self._more = self._block = 0

    def feed(self, data: bytes) -> bytes:
        """Return the frames that are whole; first, the header and the rhythm."""
        self._held.extend(data)
        out = b""
        if self._head is None:
            if len(self._held) < self._needed:
                return b""
            start = head_of("flac", bytes(self._held))
            if len(self._held) < start + LONGEST:
                self._needed = start + LONGEST
                return b""
            out = self._begun(start)
        return out + self._passed(max(0, len(self._held) - LONGEST))

    def end(self) -> bytes:
        """Return the last frame; a stream that ends before it is refused."""
        if not self._held:
            return b""
        out = b""
        if self._head is None:
            start = head_of("flac", bytes(self._held))
            if len(self._held) <= start:
                raise refused("FLAC", len(self._held), CUT_SHORT)
            out = self._begun(start)
        out += self._passed(len(self._held))
        if self._head is not None:
            frame = last(self._held, self._head, len(self._held))
            out += self._anew(frame, final=True)
            self._held.clear()
        return out

    def _begun(self, start: int) -> bytes:
        """Return the header and the rhythm; from then on frames are held."""
        header = Memory(bytes(self._held[:start]))
        del self._held[:start]
        _, blocks = file(header)
        bounded = Bounded(header)
        info, first = info_of(bounded, blocks[0]), head_at(self._held, 0)
        if first is None or first.number or first.codes[1] != info.channels:
            raise refused("FLAC frame", start, INCONSISTENT)
        form = form_for(info, first, varied=varies(self._held, first))
        made = encoded(form)
        shift = len(made) * form.block
        changes = [stated(blocks[0], info, [], shift)]
        for block in blocks:
            if block.kind == SEEKS:  # points without a place are placeholders (RFC 9639, 8.5)
                point = b"\xff" * 8 + bytes(_POINT - 8)
                count, rest = divmod(block.end - block.start - 4, _POINT)
                if rest:
                    raise refused("SEEKTABLE", block.start, INCONSISTENT)
                changes.append(Change(block.start + 4, block.end, point * count))
            elif block.kind == CUES:
                changes += cued(bounded, block, shift)
        self._head, self._looked, self._block = first, first.end, form.block
        self._more = shift if form.varies else len(made)
        self.labelled = True
        return joined(header, spliced(header.size, changes)) + b"".join(made)

    def _passed(self, until: int) -> bytes:
        """Return the frames behind each of which another begins before ``until``.

        They are let go all at once: bytes of a long piece are not moved for each frame in it.
        """
        out = []
        while self._head is not None:
            where = self._looked, until
            found = following(self._held, self._head, self._left, where)
            if found is None:
                self._looked = max(self._looked, until - 1)  # a mark has two bytes
                break
            out.append(self._anew(Frame(self._head, found.start), final=False))
            self._head, self._looked = found, found.end
        if self._head is not None and self._head.start:
            at = self._head.start
            del self._held[:at]
            self._head, self._looked = _moved(self._head, at), self._looked - at
        if len(self._held) > _MOST:
            raise refused("FLAC frame", 0, TOO_LARGE)
        return b"".join(out)

    def _anew(self, frame: Frame, *, final: bool) -> bytes:
        """Return a frame with its new number; one of another length than was said is refused."""
        block = frame.head.block
        same = final or varies(self._held, frame.head) or block == self._block
        if block > self._block or not same:
            raise refused("FLAC frame", frame.head.start, INCONSISTENT)
        start = frame.head.start
        data = Memory(bytes(self._held[start : frame.end]))
        alone = Frame(_moved(frame.head, start), data.size)
        return joined(data, spliced(data.size, renumbered(data.data, alone, self._more)))


def _moved(head: Head, by: int) -> Head:
    """Return a head in bytes of which ``by`` in front are gone."""
    return head._replace(start=head.start - by, end=head.end - by, past=head.past - by)
