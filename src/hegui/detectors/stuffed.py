"""Rules with exceptions in a text full of what is left out: here an exception may reach too far.

What a finding depends on must not reach further than a stream holds back. A match of a channel is
cut to ``SPAN`` raw characters for that reason, and so is an exception: one that is longer, because
of what was filled in, does not hold. Nearly no text is so; the engine alone decides on all others.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias

import numpy as np

from hegui.detectors.exact import TargetDetector
from hegui.detectors.matcher import EXCEPTION, Hit, Patterns, settle, unexcepted
from hegui.detectors.normal import Derived
from hegui.detectors.places import Characters
from hegui.detectors.reading import SPAN, Readable, span_at
from hegui.detectors.shorter import Shorter
from hegui.terms import TextColumn

Match: TypeAlias = tuple[str, int, int, float]
"""A rule, the characters of the derived text where it begins and ends, and the score."""


class Stuffed:
    """Finds the rules whose findings rest on more than their own longest match within ``SPAN``.

    ``rules`` are those with exceptions, and those of which only the longest match is checked.
    """

    def __init__(self, detector: TargetDetector, plan: Readable) -> None:
        self._detector, self._plan = detector, plan
        self._whole = frozenset(target.rule for target in plan.targets if target.whole)
        self.rules = plan.excepted | self._whole
        self._targets = (*plan.targets, *plan.exceptions)
        self._shorter = Shorter(plan.targets)
        self._excepting = Shorter(plan.exceptions)

    def is_so(self, derived: Derived) -> bool:
        """Whether such a match or an exception may be longer than ``SPAN`` in the raw text."""
        places, most = derived.places, self._plan.widest
        if not (most and len(places)):
            return False
        if derived.lasts is None:
            left_out = places[-1] - places[0] - len(places)
            if left_out + most < SPAN and not derived.breaks:
                return False  # but a break is longer than what it breaks
        starts = np.asarray(places, np.int64)
        ends = starts if derived.lasts is None else np.asarray(derived.lasts, np.int64)
        step = min(most, len(ends)) - 1
        return bool((ends[step:] - starts[: len(ends) - step] >= SPAN).any())

    def matches(self, derived: Derived) -> Iterator[Match]:
        """Return the matches of ``rules`` that no exception covers, all cut to ``SPAN``."""
        number = {target.rule: place for place, target in enumerate(self._plan.targets)}
        first = len(self._plan.targets)
        excepting = {one.rule: place for place, one in enumerate(self._plan.exceptions, first)}
        hits = [
            Hit(start, end, (excepting if excepts else number)[rule], score)
            for excepts, (rule, start, end, score) in (
                *self._engine_says(derived),
                *((False, match) for match in self._whole_ones(derived)),
            )
        ]
        for hit in unexcepted(hits, self._targets, first):
            yield self._targets[hit.target].rule, hit.start, hit.end, hit.score

    def _engine_says(self, derived: Derived) -> Iterator[tuple[bool, Match]]:
        """Return the matches of a text, exceptions taking nothing away, and those of exceptions."""
        characters = Characters(derived.text)
        data = derived.text.encode("utf-8", "surrogateescape")
        for _, rule, start, end, score in self._detector.told(TextColumn(data, [0, len(data)])):
            name, mark, _ = rule.partition(EXCEPTION)
            if mark or (rule in self.rules and rule not in self._whole):
                shorter = self._excepting if mark else self._shorter
                match = name, *characters.between(start, end), score
                for cut in _cut(shorter, derived, match):
                    yield bool(mark), cut

    @cached_property
    def _patterns(self) -> Patterns:
        targets = self._plan.targets
        return Patterns(targets, [n for n, one in enumerate(targets) if one.rule in self._whole])

    def _whole_ones(self, derived: Derived) -> Iterator[Match]:
        """Return what the longest match within ``SPAN`` gives: the engine has put another one."""
        targets = self._plan.targets
        for number, start, ends in self._patterns.candidates(derived.text):
            within = [end for end in ends if _fits(derived, start, end)]
            for hit in settle(targets, derived.text, [(number, start, within)] if within else []):
                yield targets[number].rule, hit.start, hit.end, hit.score


def _cut(shorter: Shorter, derived: Derived, match: Match) -> Iterator[Match]:
    rule, start, end, _ = match
    if _fits(derived, start, end):
        yield match
        return
    low = int(derived.places[start])
    fits = shorter.within(rule, derived, start, low + span_at(derived, low))
    if fits is not None:
        yield rule, start, *fits


def _fits(derived: Derived, start: int, end: int) -> bool:
    low, high = derived.between(start, end - 1)
    return high - low <= span_at(derived, low)
