r"""The Hyperscan back end (the BSD fork Vectorscan, through the ``hyperscan`` package).

All targets are one database and one pass over the bytes of a whole column. The engine is asked only
where matches end; the start is found by reading backwards from there, and boundaries and checks are
decided on the hit. That leaves out what the engine cannot do (look-around) and what it does badly
(start of match). One boundary it is told, because a long run of digits would else be a flood of
hits: the ASCII characters that must not follow, as one byte more. It takes the next row for the
text that follows, so where that begins with such a character the end of a row is scanned again by
itself, and so is the end of the data. What stands for "nothing follows" is a byte that UTF-8 does
not have; the engine's own ``\z`` misses matches in short texts. (Telling it what must not stand
before costs three quarters of the speed on Chinese.)

Two flaws of the binding are out of reach here: the callback lives as long as its scratch, and there
are no streams, so ``Stream.size()`` is never called. One scratch per thread.
"""

import threading
from collections.abc import Sequence
from typing import Any, Final

import hyperscan

from hegui.detectors.backward import Backward
from hegui.detectors.matcher import Hit, report, row_text, rows_of, settle
from hegui.detectors.targets import Target
from hegui.detectors.tree import bytes_source
from hegui.terms import Findings, TextColumn

_NOTHING: Final = b"\xff"  # in no character, so in no pattern
_SMALL: Final = 65_536  # bytes; up to here a copy is cheaper than a second scan


class _Thread(threading.local):
    """What a thread needs to itself: the scratch, the list of hits and the callback."""

    def __init__(self, database: hyperscan.Database) -> None:
        self.scratch = hyperscan.Scratch(database)
        self.hits: list[tuple[int, int]] = []
        append = self.hits.append

        def take(target: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((end, target))

        self.take = take


def _expression(target: Target) -> bytes:
    source = bytes_source((target.trigger or target.pattern).tree)
    if _follower(target):
        after = "".join(f"\\x{ord(char):02x}" for char in sorted(target.after) if char.isascii())
        source = f"(?:{source})[^{after}]"
    return source.encode()


def _follower(target: Target) -> bool:
    """Whether the engine is told what must not follow: then a hit ends one byte late."""
    return any(char.isascii() for char in target.after)


class VectorMatcher:
    """Targets compiled into one database."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        if targets:
            self._database.compile(
                expressions=[_expression(target) for target in targets],
                ids=list(range(len(targets))),
                elements=len(targets),
                flags=[0] * len(targets),
            )
            self._thread = _Thread(self._database)
        self._fixed = [
            t.pattern.span if t.pattern.span == t.pattern.shortest and t.trigger is None else 0
            for t in targets
        ]
        self._late = [_follower(target) for target in targets]
        self._glue = frozenset(ord(c) for t in targets for c in t.after if c.isascii())
        self._reach = 4 * max((t.pattern.span for t in targets), default=0)  # bytes
        self._backward: dict[int, Backward] = {}

    def find(self, column: TextColumn) -> Findings:
        """Return the findings in ``column``."""
        findings = Findings()
        low, high = column.offsets[0], column.offsets[-1]
        if low == high or not self._targets:
            return findings
        data = column.data
        if high - low <= _SMALL:
            ends = self._scan(bytes(data[low:high]) + _NOTHING, low)
        else:
            ends = self._scan(memoryview(data)[low:high], low)
            ends |= self._end(column, low, high)
        if len(column) > 1:
            ends |= self._ends_of_rows(column)
        if not ends:
            return findings
        hits = sorted(ends)
        places = [end for end, _ in hits]
        for row, first, upto in rows_of(column, places):
            base = column.offsets[row]
            self._row(
                findings, row, column.row_bytes(row), [(e - base, t) for e, t in hits[first:upto]]
            )
        return findings

    def _scan(self, data: Any, shift: int) -> set[tuple[int, int]]:
        """Return where matches end, and of which target. ``data`` is any buffer."""
        thread = self._thread
        thread.hits.clear()  # a scan that failed may have left some
        self._database.scan(data, match_event_handler=thread.take, scratch=thread.scratch)
        late = self._late
        return {(end - late[target] + shift, target) for end, target in thread.hits}

    def _end(self, column: TextColumn, low: int, high: int) -> set[tuple[int, int]]:
        """Scan the end of a row as if nothing followed it."""
        start = max(low, high - self._reach)
        return self._scan(bytes(column.data[start:high]) + _NOTHING, start)

    def _ends_of_rows(self, column: TextColumn) -> set[tuple[int, int]]:
        """Return what the engine missed because it took the next row for the text that follows."""
        data, offsets = column.data, column.offsets
        missed: set[tuple[int, int]] = set()
        for row in range(len(column) - 1):
            end = offsets[row + 1]
            if offsets[row] < end < offsets[-1] and data[end] in self._glue:
                missed |= self._end(column, offsets[row], end)
        return missed

    def _row(self, findings: Findings, row: int, data: bytes, ends: list[tuple[int, int]]) -> None:
        text = row_text(data)
        plain = len(text) == len(data)
        candidates: dict[tuple[int, int], list[int]] = {}
        at, place = 0, 0
        for end, target in ends:
            if plain:
                at = end
            else:
                at += len(row_text(data[place:end]))
                place = end
            if at < len(text) and text[at] in self._targets[target].after:
                continue
            for start in self._starts(target, text, at):
                candidates.setdefault((target, start), []).append(at)
        if candidates:
            found = [(target, start, at[::-1]) for (target, start), at in candidates.items()]
            hits: list[Hit] = list(settle(self._targets, text, found))
            report(findings, row, text, hits, self._targets)

    def _starts(self, target: int, text: str, end: int) -> list[int]:
        """Return where the matches that end at ``end`` begin, boundaries kept."""
        before = self._targets[target].before
        size = self._fixed[target]
        if size:
            start = end - size
            if start < 0 or (start and text[start - 1] in before):
                return []
            return [start]
        starts = []
        backward = self._backward.get(target)
        if backward is None:
            backward = Backward([self._targets[target].pattern], [before])
            self._backward[target] = backward
        state = backward.ends
        at = end
        while at and not state.dead:
            at -= 1
            state = state[text[at]]
            if state.begins and not (at and text[at - 1] in before):
                starts.append(at)
        return starts
