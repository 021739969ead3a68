"""Rules that need a whole clause: pieces that stand in one clause, in order, whatever is between.

Such a rule has no bound that a stream could hold back exactly, so it is not part of the exact
detector: its reach is ``clause``, and the policy says whether clauses are held for it or released
and withdrawn. What a clause is, is said here in the engine's own marks; a finding is at most
``MOST`` characters long, half of what a window shows before a clause, so a stream finds what the
whole text finds.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

from hegui.detectors import escapes
from hegui.detectors.exact import Compiler, fastest
from hegui.detectors.flagged import Flagging, Flags
from hegui.detectors.matcher import row_text
from hegui.detectors.normal import Derived, keeps_company, normalised
from hegui.detectors.packs.build import ClauseRule
from hegui.detectors.places import Bytes, Characters
from hegui.detectors.reading import RAW, Channels
from hegui.detectors.targets import Target
from hegui.terms import DetectorCard, Findings, RuleInfo, TextColumn

MOST: Final = 200  # characters of a finding
ENDS: Final = "。！？!?；;\n…"
_VERSION: Final = "3"
_WIDEST: Final = 4  # bytes of a character


class _Place(NamedTuple):
    start: int
    end: int


_Met: TypeAlias = dict[tuple[int, int] | str, list[_Place]]
_Found: TypeAlias = tuple[int, int, str, float]  # start, end, rule, score


class ClauseRules:
    """Finds clause rules. In line, and linear in the text but for a logarithm.

    Where ``channels`` normalise ``all`` rows, the normalised text is read, too. With ``flagging``
    that of the rows which are flagged is read, and a finding there holds what flags its row.
    """

    def __init__(
        self,
        rules: Mapping[str, RuleInfo],
        clauses: Sequence[ClauseRule],
        exceptions: Sequence[Target] = (),
        compiler: Compiler = fastest,
        channels: Channels = RAW,
        flagging: Flagging | None = None,
    ) -> None:
        self._normalises, self._flagging = channels.normalised == "all", flagging
        self._reads_source = self._normalises and channels.escapes
        self._clauses, self._exceptions = tuple(clauses), tuple(exceptions)
        # Pieces and exceptions are looked for in one pass. A target's rule is its number here,
        # which says what it is: a clause rule and the place of the piece, or an exception's rule.
        self._meant: list[tuple[int, int] | str] = []
        targets: list[Target] = []
        for number, clause in enumerate(self._clauses):
            for place, piece in enumerate(clause.pieces):
                self._meant.append((number, place))
                targets.append(replace(piece, rule=str(len(targets))))
        for target in self._exceptions:
            self._meant.append(target.rule)
            targets.append(replace(target, rule=str(len(targets))))
        self._matcher = compiler(targets, ())
        told = "\n".join(
            [
                _VERSION,
                "all" if self._normalises else "flagged" if flagging else "none",
                "escapes" * self._reads_source,
            ]
            + [f"{c.rule} {c.score} {[p.pattern.source for p in c.pieces]}" for c in self._clauses]
            + [f"{e.rule} {e.pattern.source}" for e in self._exceptions]
        )
        self._card = DetectorCard(
            name="clause-rules",
            version=_VERSION,
            digest=hashlib.sha256(told.encode()).hexdigest(),
            rules=dict(rules),
            reach="clause",
            runs="inline",
            span=MOST,
        )

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is found: each from the beginning of its first piece to its last one's end.

        For each place where a first piece begins, every next piece is the nearest one after it.
        """
        findings = Findings()
        rows = self._met(column)
        found = {row: set(self._row(column.row_bytes(row), met)) for row, met in rows.items()}
        for row, more in self._in_normalised(column):
            found[row] = found.get(row, set()) | more
        for row in sorted(found):
            for start, end, rule, score in sorted(found[row]):
                findings.add(row, rule, start, end, score)
        return findings

    def _in_normalised(self, column: TextColumn) -> Iterator[tuple[int, set[_Found]]]:
        """Return what the normalised texts hold, of rows in which they hold anything."""
        if self._normalises:
            for row in range(len(column)):
                if more := set(self._disguised(row_text(column.row_bytes(row)))):
                    yield row, more
        if self._flagging is not None:
            for row, spans in self._flagging.of(column).items():
                flags = Flags(spans)
                more = set(self._disguised(row_text(column.row_bytes(row))))
                if more := {one for one in more if flags.touch(one[0], one[1])}:
                    yield row, more

    def _met(self, column: TextColumn) -> dict[int, _Met]:
        rows: dict[int, _Met] = {}
        for row, target, start, end, _ in self._matcher.find(column):
            places = rows.setdefault(row, {})
            places.setdefault(self._meant[int(target)], []).append(_Place(start, end))
        return rows

    def _disguised(self, raw: str) -> Iterator[_Found]:
        """Return what the normalised text holds, and what source spells, also normalised."""
        as_it_is = Derived(raw, range(len(raw)))
        spelt = escapes.spelt(raw) if self._reads_source else None
        sources = [as_it_is] if spelt is None else [as_it_is, spelt]
        for source in sources:
            for derived in (source, normalised(source.text, 1, source)):
                if derived is not None and derived is not as_it_is:
                    yield from self._derived(raw, derived, source)

    def _derived(self, raw: str, derived: Derived, source: Derived) -> Iterator[_Found]:
        """Return what a derived text holds, where it stands in the raw one.

        An exception that is longer than a finding may be, because of what was filled in, does not
        hold: a stream may not see where it begins.
        """
        said = derived.text.encode("utf-8", "surrogateescape")
        met = self._met(TextColumn(said, [0, len(said)])).get(0)
        if met is None:
            return
        characters, told = Characters(derived.text), Bytes(raw)
        placed: _Met = {}
        for meant, places in met.items():
            stretches = [characters.between(*place) for place in places]
            at = [_Place(*derived.between(a, b - 1)) for a, b in stretches]
            placed[meant] = [
                _Place(*told.between(place.start, place.end))
                for place in at
                if not isinstance(meant, str) or place.end - place.start <= MOST
            ]
        data = raw.encode("utf-8", "surrogateescape")
        back = Characters(raw)
        for start, end, rule, score in self._row(data, placed):
            if keeps_company(source.said(*back.between(start, end))):
                yield start, end, rule, score

    def _row(
        self, data: bytes, met: Mapping[tuple[int, int] | str, Sequence[_Place]]
    ) -> Iterator[_Found]:
        ends = _ends_of_clauses(data)
        excepted = {rule: Covers(met[rule]) for rule in met if isinstance(rule, str)}
        for number in sorted({key[0] for key in met if isinstance(key, tuple)}):
            clause = self._clauses[number]
            pieces = [met.get((number, place), ()) for place in range(len(clause.pieces))]
            covers = excepted.get(clause.rule)
            for start, end in _chains(pieces):
                inside = bisect_right(ends, start) == bisect_left(ends, end)
                if inside and _short(data[start:end]) and not (covers and covers.hold(start, end)):
                    yield start, end, clause.rule, clause.score


def _chains(pieces: Sequence[Sequence[_Place]]) -> Iterator[_Place]:
    """Return, for each first piece, the span up to the last one, each next the nearest after it."""
    starts = [[place.start for place in piece] for piece in pieces]
    for first in pieces[0]:
        end = first.end
        for piece, begins in zip(pieces[1:], starts[1:], strict=True):
            at = bisect_left(begins, end)
            if at == len(piece):
                return  # nor is there one for a later beginning
            end = piece[at].end
        yield _Place(first.start, end)


def _short(span: bytes) -> bool:
    if len(span) > _WIDEST * MOST:  # not even worth decoding
        return False
    return len(span) <= MOST or len(span.decode("utf-8", "surrogateescape")) <= MOST


class Covers:
    """Spans that excuse what lies wholly within one of them."""

    def __init__(self, places: Iterable[_Place]) -> None:
        ordered = sorted(places)
        self._starts = [place.start for place in ordered]
        self._ends = list(accumulate((place.end for place in ordered), max))

    def hold(self, start: int, end: int) -> bool:
        """Whether one of the spans holds this one."""
        at = bisect_right(self._starts, start)
        return at > 0 and self._ends[at - 1] >= end


def _ends_of_clauses(data: bytes) -> list[int]:
    """Return the byte places right after which a clause ends."""
    found: list[int] = []
    for mark in ENDS:
        raw = mark.encode()
        at = data.find(raw)
        while at >= 0:
            found.append(at + len(raw))
            at = data.find(raw, at + len(raw))
    return sorted(found)
