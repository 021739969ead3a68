"""Large columns: what follows the engine's hits, done for all of them at once.

The data is scanned in segments, cut between rows where it can be, so that memory is bounded by what
a segment holds. A row longer than a segment is cut inside: the segments then overlap by the longest
match, and what begins near the cut waits for the next segment. So findings leave in order.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from hegui.detectors.collect import columns_of
from hegui.detectors.columns import Arrays, ColumnFindings, Whole, joined
from hegui.detectors.edges import Edges, Marks
from hegui.detectors.fullwidth import SIZE as FULL_WIDTH
from hegui.detectors.fullwidth import in_small_letters, stretches
from hegui.detectors.matcher import Hit
from hegui.detectors.plan import Data, Open, Plan
from hegui.terms import Findings, TextColumn

_NOTHING: Final = b"\xff"
_TARGET_BITS: Final = 20
_LENGTH_BITS: Final = 11  # bytes of a match: at most 256 characters of 4
_SHIFT: Final = _TARGET_BITS + _LENGTH_BITS


class _Segment(NamedTuple):
    """Hits that end in (``start``, ``end``] are this segment's; ``whole``: no row is cut."""

    start: int
    end: int
    whole: bool


class _State:
    """A column being read, and what waits for its next segment."""

    def __init__(self, column: TextColumn) -> None:
        self.bytes = np.frombuffer(column.data, np.uint8)
        self.data: Data = memoryview(column.data).cast("B")
        self.offsets = np.asarray(column.offsets, np.int64)
        self.rows: list[int] = self.offsets.tolist()
        self.keys = np.zeros(0, np.int64)  # settled, and not yet in order
        self.base = int(self.offsets[0])  # what the starts in keys are counted from
        self.opened: Open = {}
        self.scores: dict[int, float] = {}  # by key, of what a check gave one
        self.reached: dict[int, int] = {}  # by rule, the furthest end of its exceptions


Scan: TypeAlias = Callable[[Any], list[int]]
"""Returns an engine's hits on a buffer, as a ``Collector`` keeps them."""


class Bulk:
    """Finds a plan's targets in large columns, with the two databases of ``recipe``."""

    def __init__(self, plan: Plan, narrow: Scan, wide: Scan, segment: int) -> None:
        self._plan, self._narrow, self._wide, self._segment = plan, narrow, wide, segment

    @cached_property
    def _tables(self) -> "_Tables":
        return _Tables(self._plan)

    def find(self, column: TextColumn) -> Findings:
        """Return the findings in ``column``, as ``VectorMatcher`` does."""
        state = _State(column)
        parts = []
        for segment in _segments(state.offsets, self._segment):
            ends, targets = self._hits(state, segment)
            self._sort_out(state, segment, ends, targets)
            part = self._leave(state, segment)
            if len(part.row):
                parts.append(part)
        return ColumnFindings(joined(parts)) if parts else Findings()

    def _hits(self, state: _State, segment: _Segment) -> tuple[Whole, Whole]:
        """Return where matches end in a segment, and of which target; some perhaps twice."""
        offsets, plan = state.offsets, self._plan
        inside = offsets[np.searchsorted(offsets, segment.start, "right") - 1] < segment.start
        low = max(segment.start - plan.reach * inside, int(offsets[0]))
        high = min(segment.end + 1, int(offsets[-1]))
        ends, targets = self._ends(self._narrow(state.data[low:high]))
        ends += low
        parts = [(ends, targets)]
        tails = self._hidden(state, segment)
        if len(tails[0]):
            parts.append(self._pieces(self._narrow, state, tails))
        marks = np.flatnonzero(targets == plan.mark)
        if len(marks):
            near = stretches(np.sort(ends[marks]) - FULL_WIDTH, offsets, plan.reach)
            parts.append(self._pieces(self._wide, state, near, in_small_letters))
        if len(parts) > 1:
            ends = np.concatenate([e for e, _ in parts])
            targets = np.concatenate([t for _, t in parts])
        here = (ends > segment.start) & (ends <= segment.end) & (targets != plan.mark)
        return ends[here], targets[here]

    def _ends(self, hits: list[int]) -> tuple[Whole, Whole]:
        ends, targets = columns_of(hits)
        return ends - self._tables.late[targets], targets

    def _pieces(
        self,
        engine: Scan,
        state: _State,
        pieces: tuple[Whole, Whole],
        made: Callable[[bytes], bytes] = bytes,
    ) -> tuple[Whole, Whole]:
        """Return the hits in pieces of the column, all scanned at once, nothing after each."""
        starts, stops = pieces
        spans = zip(starts.tolist(), stops.tolist(), strict=True)
        text = _NOTHING.join([*(bytes(state.data[start:stop]) for start, stop in spans), b""])
        ends, targets = self._ends(engine(made(text)))
        first = np.cumsum(stops - starts + 1) - (stops - starts + 1)  # where each begins in it
        piece = np.searchsorted(first, ends - 1, "right") - 1
        return ends + (starts - first)[piece], targets

    def _hidden(self, state: _State, segment: _Segment) -> tuple[Whole, Whole]:
        """Return the tails of the rows that end in a segment, and whose end the next row hides.

        The last row of all is among them whatever it ends with: nothing follows it, and there the
        engine misses matches now and then (Vectorscan 5.4.12).
        """
        offsets = state.offsets
        first, last = np.searchsorted(offsets, (segment.start, segment.end), "right")
        ends = offsets[first:last]
        floors = offsets[first - 1 : last - 1]
        follows = state.bytes[np.minimum(ends, len(state.bytes) - 1)]
        hidden = (floors < ends) & ((ends == offsets[-1]) | self._tables.glue[follows])
        ends, floors = ends[hidden], floors[hidden]
        closed = self._tables.closing.precede(state.bytes, ends, np.zeros_like(ends), floors)
        closed |= ends == offsets[-1]
        ends, floors = ends[closed], floors[closed]
        return np.maximum(floors, ends - self._plan.reach), ends

    def _sort_out(self, state: _State, segment: _Segment, ends: Whole, targets: Whole) -> None:
        """Keep the plain hits, and open the others."""
        tables = self._tables
        sizes = tables.plain[targets]
        told = np.flatnonzero(tables.edged[targets])  # those with boundaries, and those not plain
        good = np.ones(len(ends), np.bool_)
        if len(told):
            good[told] = self._allowed(state, segment, ends[told], targets[told], sizes[told])
            others = told[good[told] & (sizes[told] == 0)]
            self._open(state, ends[others], targets[others])
            good[others] = False
            ends, sizes, targets = ends[good], sizes[good], targets[good]
        self._keep(state, segment, ends - sizes, sizes, targets)

    def _allowed(
        self, state: _State, segment: _Segment, ends: Whole, targets: Whole, sizes: Whole
    ) -> Marks:
        """Mark the hits whose boundaries are kept; before those that are not plain none is."""
        tables, offsets = self._tables, state.offsets
        first, last = np.searchsorted(offsets, (segment.start, segment.end))
        near = offsets[max(0, first - 1) : last + 1]  # the rows of this segment: a short search
        row = np.searchsorted(near, ends - 1, "right") - 1
        good = ~tables.after.follow(state.bytes, ends, targets, near[row + 1])
        plain = np.flatnonzero(good & (sizes != 0))
        starts, floors = (ends - sizes)[plain], near[row[plain]]
        good[plain] = ~tables.before.precede(state.bytes, starts, targets[plain], floors)
        return good

    def _open(self, state: _State, ends: Whole, targets: Whole) -> None:
        floors = state.offsets[np.searchsorted(state.offsets, ends - 1, "right") - 1]
        each = zip(ends.tolist(), targets.tolist(), floors.tolist(), strict=True)
        for end, target, floor in dict.fromkeys(each):
            self._plan.open(state.opened, state.data, (end, target), floor)

    def _keep(
        self, state: _State, segment: _Segment, starts: Whole, sizes: Whole, targets: Whole
    ) -> None:
        """Add keys, which sort as findings do, to those that wait."""
        base = max(int(state.offsets[0]), segment.start - self._plan.reach)
        waiting = state.keys - ((base - state.base) << _SHIFT)
        state.scores = {k - ((base - state.base) << _SHIFT): s for k, s in state.scores.items()}
        state.base = base
        keys = (starts - base) << _SHIFT | sizes << _TARGET_BITS | targets
        state.keys = np.concatenate([waiting, keys]) if len(waiting) else keys

    def _leave(self, state: _State, segment: _Segment) -> Arrays:
        """Take out, in order, what no later segment can change."""
        horizon = segment.end if segment.whole else segment.end - self._plan.reach
        self._settle(state, horizon)
        keys = np.sort(state.keys, kind="stable")  # nearly in order: twenty times as fast
        keys = keys[np.diff(keys, prepend=-1) != 0]
        upto = int(np.searchsorted(keys, max(0, horizon - state.base) << _SHIFT))
        keys, state.keys = keys[:upto], keys[upto:]
        targets = keys & ((1 << _TARGET_BITS) - 1)
        starts = (keys >> _SHIFT) + state.base
        ends = starts + (keys >> _TARGET_BITS & ((1 << _LENGTH_BITS) - 1))
        scores = self._tables.scores[targets]
        for key in [key for key in state.scores if key < horizon - state.base << _SHIFT]:
            scores[np.searchsorted(keys, key)] = state.scores.pop(key)
        first, last = np.searchsorted(state.offsets, (state.base, segment.end))
        first = max(0, first - 1)
        near = state.offsets[first : last + 1]
        rows = np.arange(first, first + len(near) - 1)
        row = np.repeat(rows, np.diff(np.searchsorted(starts, near)))  # starts are in order
        kept = ends <= state.offsets[row + 1]  # the others run into the next row
        kept &= self._unexcepted(state, starts, ends, targets, kept)
        if not kept.all():
            starts, ends, targets = starts[kept], ends[kept], targets[kept]
            scores, row = scores[kept], row[kept]
        floors, rules = state.offsets[row], self._tables.rule[targets]
        return Arrays(self._tables.rules, row, rules, starts - floors, ends - floors, scores)

    def _settle(self, state: _State, horizon: int) -> None:
        """Put to their checks what is open and begins before the horizon."""
        ready = {place: ends for place, ends in state.opened.items() if place[0] < horizon}
        state.opened = {p: ends for p, ends in state.opened.items() if p not in ready}
        found: list[Hit] = []
        for place, ends in ready.items():
            floor = state.rows[bisect_right(state.rows, place[0]) - 1]
            found += self._plan.settle(state.data, [(place, ends)], floor)
        keys = [
            (start - state.base) << _SHIFT | (end - start) << _TARGET_BITS | target
            for start, end, target, _ in found
        ]
        state.scores |= {key: hit.score for key, hit in zip(keys, found, strict=True)}
        state.keys = np.concatenate([state.keys, np.array(keys, np.int64)])

    def _unexcepted(
        self, state: _State, starts: Whole, ends: Whole, targets: Whole, inside: Marks
    ) -> Marks:
        """Mark what is a finding: no exception, nor covered by one of its rule.

        Only the exceptions ``inside`` their row count.
        """
        exceptions = targets >= self._plan.count
        kept: Marks = ~exceptions
        if kept.all() and not state.reached:
            return kept
        rule = self._tables.rule[targets]
        exceptions &= inside
        for number in {*rule[exceptions].tolist(), *state.reached}:
            of_rule = rule == number
            theirs = np.flatnonzero(of_rule & exceptions)
            found = np.flatnonzero(of_rule & kept)
            before = state.reached.get(number, 0)
            furthest = np.maximum.accumulate(np.concatenate([[before], ends[theirs]]))
            place = np.searchsorted(starts[theirs], starts[found], "right")
            kept[found] = ends[found] > furthest[place]
            state.reached[number] = int(furthest[-1])
        return kept


class _Tables:
    """A plan as arrays over its targets."""

    def __init__(self, plan: Plan) -> None:
        self.plain = np.array(plan.plain, np.int64)
        self.late = np.array(plan.late, np.int64)
        self.before = Edges([target.before for target in plan.targets])
        self.after = Edges([target.after for target in plan.targets])
        bounded = [bool(target.before or target.after) for target in plan.targets]
        self.edged = np.array(bounded, np.bool_) | (self.plain == 0)
        self.scores = np.array([target.score for target in plan.targets], np.float64)
        self.rules = tuple(dict.fromkeys(target.rule for target in plan.targets))
        place = {rule: number for number, rule in enumerate(self.rules)}
        self.rule = np.array([place[target.rule] for target in plan.targets], np.int64)
        self.closing = Edges([plan.closing])
        self.glue = np.zeros(256, np.bool_)
        self.glue[list(plan.glue)] = True


def _segments(offsets: Whole, most: int) -> Iterator[_Segment]:
    """Cut a column: between rows where a row ends within ``most`` bytes, else inside one."""
    at, high = int(offsets[0]), int(offsets[-1])
    while at < high:
        cut = int(offsets[np.searchsorted(offsets, at + most, "right") - 1])
        if cut > at:
            yield _Segment(at, cut, whole=True)
        else:
            cut = min(at + most, high)
            yield _Segment(at, cut, whole=cut == high)
        at = cut
