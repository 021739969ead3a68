"""A detector made of targets: what our own detectors and rule packs are."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.prefixes import Prefixes
from hegui.detectors.targets import Target, digest_of
from hegui.terms import DetectorCard, Findings, RuleInfo, TextColumn


def fastest(targets: Sequence[Target]) -> Matcher:
    """Return the fastest back end this machine has. All give the same findings."""
    try:
        from hegui.detectors.vectors import VectorMatcher
    except ImportError:  # no wheel of the engine for this platform
        return PlainMatcher(targets)
    return VectorMatcher(targets)


class Covers:
    """Spans that excuse what lies wholly within one of them."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))

    def hold(self, start: int, end: int) -> bool:
        """Whether one of the spans holds this one."""
        at = bisect_right(self._starts, start)
        return at > 0 and self._ends[at - 1] >= end


class TargetDetector:
    """Looks for targets, in line and exactly: a stream's findings are those of the whole text.

    Findings come in order of row, start, end and target, and may overlap, also within a rule. A
    stream gives the same ones if it shows the detector ``card.left`` characters of the original
    text before what it has not released, and holds back ``pending`` characters.

    A finding that a match of an exception of the same rule wholly covers is no finding.
    """

    def __init__(
        self,
        name: str,
        version: str,
        rules: Mapping[str, RuleInfo],
        targets: Sequence[Target],
        *,
        exceptions: Sequence[Target] = (),
        back_end: Matcher | None = None,
    ) -> None:
        targets, exceptions = tuple(targets), tuple(exceptions)
        self.targets, self.exceptions = targets, exceptions
        self._matcher = back_end or fastest(targets)
        self._excusing = fastest(exceptions) if exceptions else None
        held = (*targets, *exceptions)  # what may yet excuse a finding is held like one
        self._prefixes = Prefixes([t.pattern for t in held], [t.before for t in held])
        self._card = DetectorCard(
            name=name,
            version=version,
            digest=digest_of(version, held, str(len(targets)).encode() if exceptions else b""),
            rules=dict(rules),
            reach="exact",
            runs="inline",
            span=self._prefixes.span,
            left=max(
                [target.reach for target in targets]
                + [target.pattern.span + target.reach for target in exceptions],
                default=0,
            ),
        )

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is found. Bytes that are not UTF-8 match nothing, and do no harm."""
        found = self._matcher.find(column)
        if self._excusing is None or not len(found):
            return found
        covers = self._excusing.find(column)
        if not len(covers):
            return found
        spans: dict[tuple[int, str], list[tuple[int, int]]] = {}
        for row, rule, start, end, _ in covers:
            spans.setdefault((row, rule), []).append((start, end))
        held = {key: Covers(places) for key, places in spans.items()}
        kept = Findings()
        for row, rule, start, end, score in found:
            cover = held.get((row, rule))
            if cover is None or not cover.hold(start, end):
                kept.add(row, rule, start, end, score)
        return kept

    def pending(self, tail: str) -> int:
        """Return how many characters at the end of ``tail`` could still become a finding."""
        return self._prefixes.pending(tail)
