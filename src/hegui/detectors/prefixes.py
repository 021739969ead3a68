"""How much of a text's end could still become a finding."""

from collections.abc import Sequence

from hegui.detectors.backward import CACHE, Backward
from hegui.detectors.pattern import Pattern
from hegui.detectors.tree import Chars


class Prefixes:
    """The beginnings of patterns, asked of a text that has not ended.

    ``before[n]`` are the characters that must not stand directly before a match of
    ``patterns[n]``. A literal is a pattern like any other (``pattern.literal``).
    """

    def __init__(
        self,
        patterns: Sequence[Pattern],
        before: Sequence[Chars] | None = None,
        *,
        cache: int = CACHE,
    ) -> None:
        if before is None:
            before = [frozenset()] * len(patterns)
        self._backward = Backward(patterns, before, cache=cache)
        self.span = max((pattern.span for pattern in patterns), default=0)

    def pending(self, tail: str) -> int:
        """Return the length of the longest suffix of ``tail`` that begins, or is, a match.

        A whole match at the very end counts, because the next character may lengthen it or forbid
        it. Where ``tail`` itself begins, whatever may stand before it is taken to be allowed.
        Exact for patterns; checks on what matched (check digits, dates) can only free more.
        """
        state = self._backward.anywhere
        longest = 0
        at = len(tail)
        while at and not state.dead:
            at -= 1
            state = state[tail[at]]
            if state.begins and (
                at == 0 or any(tail[at - 1] not in forbidden for forbidden in state.begins)
            ):
                longest = len(tail) - at
        return longest
