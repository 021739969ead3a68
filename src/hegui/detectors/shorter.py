"""Matches that are cut to a length, for what a channel finds across too many characters."""

import re
from collections.abc import Sequence

from hegui.detectors.matcher import settle
from hegui.detectors.normal import Derived
from hegui.detectors.targets import Target


class Shorter:
    """The law of ``Target`` with one more condition: a match ends early enough in the raw text."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._wholes: dict[int, re.Pattern[str]] = {}

    def within(
        self, rule: str, derived: Derived, start: int, limit: int
    ) -> tuple[int, float] | None:
        """Return the end and the score of the longest match that begins at ``start``.

        Among those of the rule that end at most at ``limit`` in the raw text.
        """
        found = [
            (hit.end, hit.score)
            for number, target in enumerate(self._targets)
            if target.rule == rule
            for hit in settle(
                self._targets, derived.text, self._ends(number, target, derived, start, limit)
            )
        ]
        return max(found, default=None)

    def _ends(
        self, number: int, target: Target, derived: Derived, start: int, limit: int
    ) -> list[tuple[int, int, list[int]]]:
        text = derived.text
        if start and text[start - 1] in target.before:
            return []
        whole = self._wholes.get(number) or re.compile(target.pattern.source)
        self._wholes[number] = whole
        top = min(len(text), start + target.pattern.span)
        ends = [
            end
            for end in range(top, start + target.pattern.shortest - 1, -1)
            if derived.between(start, end - 1)[1] <= limit
            and (end == len(text) or text[end] not in target.after)
            and whole.fullmatch(text, start, end)
        ]
        return [(number, start, ends)] if ends else []
