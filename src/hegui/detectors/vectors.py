r"""The Hyperscan back end (the BSD fork Vectorscan, through the ``hyperscan`` package).

All targets are one database and one pass over the bytes of a whole column. The engine is asked only
where matches end; the start is their length away, or found by reading backwards, and boundaries and
checks are decided on the hit. That leaves out what the engine cannot do (look-around) and what it
does badly (start of match). One boundary it is told for patterns, because a long run of digits
would else be a flood of hits: the ASCII characters that must not follow, as one byte more. What
stands for "nothing follows" is a byte that UTF-8 does not have (the engine's own ``\z`` misses
matches in short texts): rows of a small column are set apart by it. Of a large one, which is not
copied, the end of a row is scanned again where the next begins with such a character. (Telling it
what must not stand before costs three quarters of the speed on Chinese.) Full-width letters and
digits have a database of their own: see ``recipe``.

Small columns are settled hit by hit, large ones in ``bulk``: same findings.

Two flaws of the binding are out of reach here: the callback lives as long as its scratch, and there
are no streams, so ``Stream.size()`` is never called. One scratch per thread.
"""

import threading
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import hyperscan

from hegui.detectors.bulk import Bulk
from hegui.detectors.collect import WIDTH, Collector
from hegui.detectors.fullwidth import in_small_letters
from hegui.detectors.matcher import Hit, Laid, names_of, unexcepted
from hegui.detectors.plan import Open, Plan
from hegui.detectors.recipe import Recipe, databases_of, loaded, recipe_of
from hegui.detectors.targets import Target
from hegui.terms import Findings, TextColumn

_NOTHING: Final = b"\xff"  # in no character, so in no pattern


class Sizes(NamedTuple):
    """Which columns are small: bytes and hits; and the bytes of a large one scanned at a time.

    Findings do not depend on them.
    """

    bytes: int = 65_536
    hits: int = 200
    segment: int = 1 << 22


class _Thread(threading.local):
    """What a thread needs to itself: the scratch, the list of hits and the callback."""

    def __init__(self, database: Any) -> None:
        self.scratch = hyperscan.Scratch(database)
        collector = Collector()
        self.hits, self.take = collector.hits, collector.take
        self._kept = collector  # the callback rests on it


class _Engine:
    """One database, and its hits on a buffer. ``None`` finds nothing."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._thread = _Thread(database) if database else None

    def __call__(self, data: Any) -> list[int]:
        """Return the hits, ``WIDTH`` numbers each. Good until this thread's next scan."""
        thread = self._thread
        if thread is None:
            return []
        hits = thread.hits
        hits.clear()  # a scan that failed may have left some
        self._database.scan(data, thread.take, 0, 0, thread.scratch)
        return hits


def _apart(column: TextColumn) -> tuple[bytes, list[int]]:
    """Return the rows with ``_NOTHING`` after each, and where each begins; last, the length."""
    rows = [column.row_bytes(row) for row in range(len(column))]
    data = _NOTHING.join([*rows, b""])
    return data, [0, *accumulate(len(row) + 1 for row in rows)]


class VectorMatcher:
    """Targets compiled into one database.

    ``database`` is what ``recipe.compiled`` made of the same targets: then nothing is compiled.
    ``laid`` is what ``laid`` gave of them: then little is reckoned.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        exceptions: Sequence[Target] = (),
        *,
        database: bytes | memoryview = b"",
        laid: Laid | None = None,
        sizes: Sizes = Sizes(),  # noqa: B008 - immutable
    ) -> None:
        self._plan = Plan(targets, exceptions, laid)
        self._names = names_of(self._plan.targets, self._plan.count)
        self._sizes = sizes
        if targets:
            recipe = None if database else recipe_of(self._plan.targets)
            narrow, wide = loaded(database) if recipe is None else databases_of(recipe)
            self._narrow, self._wide = _Engine(narrow), _Engine(wide)
            self._bulk = Bulk(self._plan, self._narrow, self._wide, sizes.segment)

    @staticmethod
    def recipe(targets: Sequence[Target], exceptions: Sequence[Target] = ()) -> Recipe:
        """Return what has to be compiled for these targets, elsewhere or once."""
        return recipe_of((*targets, *exceptions))

    def laid(self, key: str) -> Laid:
        """Return what was reckoned of the targets, ``key`` being their recipe's."""
        return Laid(key, self._plan.sizes, self._plan.alike)

    def find(self, column: TextColumn, *, told: bool = False) -> Findings:
        """Return the findings in ``column``."""
        low, high = int(column.offsets[0]), int(column.offsets[-1])
        if low == high or not self._plan.count:
            return Findings()
        if high - low > self._sizes.bytes and not told:
            return self._bulk.find(column)
        if len(column) > 1:
            data, starts = _apart(column)
        else:
            data = bytes(column.data[low:high]) + _NOTHING
            starts = [0, len(data)]
        hits = self._narrow(data)
        if not hits:
            return Findings()
        ends = self._ends(hits, 0)
        if self._plan.mark in hits[::WIDTH]:
            marks = {hit for hit in ends if hit[1] == self._plan.mark}
            ends = (ends - marks) | self._full_width(data, starts, marks)
        if len(ends) > self._sizes.hits and not told:
            return self._bulk.find(column)
        return self._few(data, starts, ends, told=told) if ends else Findings()

    def silent(self, text: str) -> bool:
        """Whether the engine has no hit: it is not told what must not stand before one."""
        if not self._plan.count:
            return True
        return not self._narrow(text.encode("utf-8", "replace") + _NOTHING)

    def _ends(self, hits: list[int], shift: int) -> set[tuple[int, int]]:
        """Return where matches end, and of which target."""
        late = self._plan.late
        return {
            (end - late[target] + shift, target)
            for end, target in zip(hits[2::WIDTH], hits[::WIDTH], strict=True)
        }

    def _full_width(
        self, data: bytes, starts: list[int], marks: set[tuple[int, int]]
    ) -> set[tuple[int, int]]:
        """Return what the second database finds in the rows with full-width letters or digits."""
        found: set[tuple[int, int]] = set()
        for row in {bisect_right(starts, end) - 1 for end, _ in marks}:
            start = starts[row]
            text = data[start : starts[row + 1] - 1]
            found |= self._ends(self._wide(in_small_letters(text) + _NOTHING), start)
        return found

    def _few(
        self, data: bytes, starts: list[int], ends: set[tuple[int, int]], *, told: bool
    ) -> Findings:
        plan = self._plan
        found: list[Hit] = []
        row, floor, ceiling = 0, 0, starts[1] - 1
        opened: Open = {}
        for end, target in sorted(ends):
            if end > ceiling:
                found += plan.settle(data, opened.items(), floor)
                opened = {}
                row = bisect_right(starts, end - 1) - 1
                floor, ceiling = starts[row], starts[row + 1] - 1
            after = plan.after[target]
            if after and after.follows(data, end, ceiling):
                continue
            size = plan.plain[target]
            if not size:
                plan.open(opened, data, (end, target), floor)
                continue
            start, before = end - size, plan.before[target]
            if start >= floor and not (before and before.precedes(data, start, floor)):
                found.append(Hit(start, end, target, plan.targets[target].score))
        found += plan.settle(data, opened.items(), floor)
        findings = Findings()
        kept = sorted(found) if told else unexcepted(found, plan.targets, plan.count)
        for start, end, target, score in kept:
            row = bisect_right(starts, start) - 1
            floor = starts[row]
            findings.add(row, self._names[target], start - floor, end - floor, score)
        return findings
