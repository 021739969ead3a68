"""Put columns of any size before detectors, and give back findings in characters of their rows.

A row longer than ``PIECE`` is judged in pieces that overlap, so that one line of a hundred
megabytes costs no more memory than many short ones. A piece owns a stretch of the row. What an
``exact`` detector finds belongs to the piece that owns its first byte, and the overlap holds all
that it may look at, so findings are those of the whole row. What a ``clause`` detector finds is
cut to the stretch: a longer one comes as several that touch.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from hegui.cli.batches import Batch
from hegui.screen.reports import ask_inline, checked
from hegui.terms import Detector, Fault, Finding, Findings, RuleInfo, TextColumn

PIECE: Final = 1_048_576
"""Bytes of a row that are judged at a time."""
_LEAST_OVERLAP: Final = 16_384
_CONTINUES: Final = 0xC0
_CONTINUATION: Final = 0x80


class Part(NamedTuple):
    """A stretch of one row in which something was found, or that must be copied.

    ``text`` is what was judged; it begins at character ``origin`` of the row and reaches over both
    ends of the stretch. The stretch ends at character ``end``. Findings are in characters of the
    row, in the order of their places. ``last``: nothing of the row follows.
    """

    place: int
    text: str
    origin: int
    end: int
    findings: tuple[Finding, ...]
    last: bool


class Judge:
    """Detectors before which columns are put. A detector that breaks is counted, never silent."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self.detectors = tuple(detectors)
        self.rules: Mapping[str, RuleInfo] = {
            rule: info for each in detectors for rule, info in each.card.rules.items()
        }
        reach = max((each.card.left + each.card.span for each in detectors), default=0)
        self._overlap = max(_LEAST_OVERLAP, 4 * (reach + 2))

    def judge(self, batch: Batch) -> Iterator[Part | Fault]:
        """Return the parts of rows in which something was found, in order; of long rows, all.

        A ``Fault`` comes before the parts that it leaves unjudged. Broken rows are passed over.
        """
        column = batch.column
        if column.offsets[-1] - column.offsets[0] <= PIECE:
            yield from self._short(batch, 0, len(column))
            return
        first = 0
        offsets = column.offsets
        for place in range(len(column)):
            long = offsets[place + 1] - offsets[place] > PIECE
            if long or offsets[place + 1] - offsets[first] > 4 * PIECE:
                yield from self._short(batch, first, place)
                first = place + long
            if long and place not in batch.broken:
                yield from self._long(column, place)
        yield from self._short(batch, first, len(column))

    def _short(self, batch: Batch, first: int, last: int) -> Iterator[Part | Fault]:
        if first == last:
            return
        column = TextColumn(batch.column.data, batch.column.offsets[first : last + 1])
        broken = {place - first for place in batch.broken if first <= place < last}
        rows: dict[int, list[Finding]] = {}
        for found in self._asked(column, broken):
            if isinstance(found, Fault):
                yield found
                continue
            row, finding, _ = found
            rows.setdefault(row, []).append(finding)
        for row in sorted(rows):
            text = column.row_text(row)
            yield Part(first + row, text, 0, len(text), _ordered(rows[row]), last=True)

    def _long(self, column: TextColumn, place: int) -> Iterator[Part | Fault]:
        data = memoryview(column.data)[column.offsets[place] : column.offsets[place + 1]]
        origin = begin = start = 0  # of the piece: in characters; in bytes; and where it owns
        while start < len(data):
            stop = _boundary(data, start + PIECE)
            piece = data[begin : _boundary(data, stop + self._overlap)]
            text = str(piece, "utf-8")
            low, high = (len(str(data[begin:at], "utf-8")) for at in (start, stop))
            owned: list[Finding] = []
            for found in self._asked(TextColumn(piece, [0, len(piece)]), set()):
                if isinstance(found, Fault):
                    yield found
                    continue
                _, finding, exact = found
                mine = finding if exact else _cut(finding, low, high)
                if low <= mine.start < high and mine.start < mine.end:
                    owned.append(_moved(mine, origin))
            done = stop == len(data)
            yield Part(place, text, origin, origin + high, _ordered(owned), last=done)
            after = _boundary(data, max(0, stop - self._overlap))
            origin += len(str(data[begin:after], "utf-8"))
            begin, start = after, stop

    def _asked(
        self, column: TextColumn, broken: set[int]
    ) -> Iterator[tuple[int, Finding, bool] | Fault]:
        for detector in self.detectors:
            card = detector.card
            report = ask_inline(detector, column)
            if broken and not isinstance(report, Fault):
                report = _without(report, broken)
            found = checked(report, card.name, card.rules, column)
            if isinstance(found, Fault):
                yield found
                continue
            for row, finding in found:
                yield row, finding, card.reach == "exact"


def _without(report: Findings, rows: set[int]) -> Findings:
    kept = Findings()
    for row, rule, start, end, score in report:
        if row not in rows:
            kept.add(row, rule, start, end, score)
    return kept


def _boundary(data: memoryview, at: int) -> int:
    """Return the nearest place at or before ``at`` where a character begins."""
    if at >= len(data):
        return len(data)
    while at and data[at] & _CONTINUES == _CONTINUATION:
        at -= 1
    return at


def _cut(finding: Finding, low: int, high: int) -> Finding:
    return finding._replace(start=max(finding.start, low), end=min(finding.end, high))


def _moved(finding: Finding, by: int) -> Finding:
    return finding._replace(start=finding.start + by, end=finding.end + by)


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda found: (found.start, found.end, found.rule)))
