"""The Hyperscan back end (the BSD fork Vectorscan, through the ``hyperscan`` package).

All targets are one database and one pass. The engine is asked only where matches end; the start is
found by reading backwards from there, and boundaries and checks are decided on the hit. That leaves
out what the engine cannot do (look-around) and what it does badly (start of match).

Two flaws of the binding are out of reach here: the callback lives as long as its scratch, and there
are no streams, so ``Stream.size()`` is never called. One scratch per thread.
"""

import threading
from collections.abc import Sequence
from typing import Any

import hyperscan

from hegui.detectors.backward import Backward
from hegui.detectors.matcher import Hit, report, row_text, rows_of, settle
from hegui.detectors.targets import Target
from hegui.terms import Findings, TextColumn


class _Thread(threading.local):
    """What a thread needs to itself: the scratch, the list of hits and the callback."""

    def __init__(self, database: hyperscan.Database) -> None:
        self.scratch = hyperscan.Scratch(database)
        self.hits: list[tuple[int, int]] = []
        append = self.hits.append

        def take(target: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((end, target))

        self.take = take


class VectorMatcher:
    """Targets compiled into one database."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        if targets:
            self._database.compile(
                expressions=[(t.trigger or t.pattern).source.encode() for t in targets],
                ids=list(range(len(targets))),
                elements=len(targets),
                flags=[hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_DOTALL] * len(targets),
            )
            self._thread = _Thread(self._database)
        self._fixed = [
            t.pattern.span if t.pattern.span == t.pattern.shortest and t.trigger is None else 0
            for t in targets
        ]
        self._backward: dict[int, Backward] = {}

    def find(self, column: TextColumn) -> Findings:
        """Return the findings in ``column``."""
        findings = Findings()
        low, high = column.offsets[0], column.offsets[-1]
        if low == high or not self._targets:
            return findings
        whole = low == 0 and high == len(column.data)
        data: Any = column.data if whole else memoryview(column.data)[low:high]  # a buffer
        thread = self._thread
        thread.hits.clear()  # a scan that failed may have left some
        self._database.scan(data, match_event_handler=thread.take, scratch=thread.scratch)
        if not thread.hits:
            return findings
        ends = sorted({(end + low, target) for end, target in thread.hits})
        places = [end for end, _ in ends]
        for row, first, upto in rows_of(column, places):
            base = column.offsets[row]
            self._row(
                findings, row, column.row_bytes(row), [(e - base, t) for e, t in ends[first:upto]]
            )
        return findings

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
