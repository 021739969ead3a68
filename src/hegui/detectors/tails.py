"""What is pending in each channel: how much of a text's end may still become a finding there."""

from collections.abc import Collection

from hegui.detectors import escapes, skeleton
from hegui.detectors.exact import TargetDetector
from hegui.detectors.normal import Derived, changes, normalised, too_long, unseen
from hegui.detectors.pattern import Pattern
from hegui.detectors.prefixes import Prefixes
from hegui.detectors.reading import HOLD, Readable
from hegui.detectors.tree import Chars

_WHOLE = 3  # letters that a finding in a skeleton has at least


class Tails:
    """The law of ``pending`` for a detector that is read in channels: the most of all of them."""

    def __init__(self, detector: TargetDetector, plan: Readable) -> None:
        self._detector, self._plan = detector, plan
        self._spaced = _prefixes(plan.in_skeletons)
        self._sounding = _prefixes(plan.in_sounds)
        self._opening = plan.opening
        self._unseen = unseen()

    def pending(self, tail: str) -> int:
        """Return how many characters at the end of ``tail`` could still become a finding."""
        source, tail = tail[-escapes.TAIL :], tail[-HOLD:]
        if self._plan.channels.normalised == "none":
            return self._detector.pending(tail)
        held = min(escapes.HOLD, self._spelt(source)) if self._plan.channels.escapes else 0
        derived = normalised(tail, self._plan.width) if changes(tail) else None
        if derived is None:
            return max(held, self.as_it_is(tail))
        as_it_is = Derived(tail, range(len(tail)))
        held = max(held, self._detector.pending(tail), self._run_at_end(as_it_is, len(tail)))
        held = max(held, self._spaced_at_end(tail, derived), self._sounded(derived, len(tail)))
        return max(held, _held(derived, self._detector.pending(derived.text), len(tail)))

    def as_it_is(self, tail: str) -> int:
        """Return what is pending where normalising changes nothing."""
        held = self._detector.pending(tail)
        if self._sounding is not None:
            held = max(held, self._sounding.pending(tail))
        if tail[-2:].isalnum() and len(tail) > 1:
            # without a gap a skeleton holds the last letter at most
            return held or int(tail[-1:] in self._opening)
        if tail[-3:-1].isalnum() and len(tail) > 2 and tail[-2] not in self._opening:  # noqa: PLR2004 - a word and a filler
            return held
        return max(held, self._spaced_at_end(tail, Derived(tail, range(len(tail)))))

    def _spelt(self, tail: str) -> int:
        """Return what is pending in what ``tail`` spells.

        It may end within an escape, and where that began may not be known (one backslash or two).
        Then it holds, and so does what it may continue: each place is tried.
        """
        if not escapes.may_spell(tail):
            return 0
        held = self._in_source(tail, len(tail))
        for cut in escapes.cuts(tail):
            held = max(held, len(tail) - cut, self._in_source(tail[:cut], len(tail)))
        return held

    def _in_source(self, source: str, length: int) -> int:
        """Return what is pending at the end of ``source``, in a tail of ``length`` characters."""
        spelt = escapes.spelt(source) or Derived(source, range(len(source)))
        held = _held(spelt, self._detector.pending(spelt.text), length)
        held = max(held, self._run_at_end(spelt, length))
        derived = normalised(spelt.text, self._plan.width, spelt)
        if derived is not None:
            held = max(held, _held(derived, self._detector.pending(derived.text), length))
        return max(held, self._sounded(derived or spelt, length))

    def _sounded(self, derived: Derived, length: int) -> int:
        if self._sounding is None:
            return 0
        return _held(derived, self._sounding.pending(derived.text), length)

    def _spaced_at_end(self, tail: str, derived: Derived) -> int:
        if self._spaced is None:
            return 0
        chain = skeleton.last_chain(derived)
        held = _held(chain, self._spaced.pending(chain.text), len(tail))
        # its last letter may turn out to begin a word, which is no part of it
        before = Derived(chain.text[:-1], chain.places[:-1])
        if len(before.text) >= _WHOLE and (pending := self._spaced.pending(before.text)) >= _WHOLE:
            held = max(held, _held(before, pending, len(tail)))
        return held

    def _run_at_end(self, derived: Derived, length: int) -> int:
        """Return the length of a run at the end that may yet grow too long to be left out."""
        text = derived.text
        start = len(text)
        while start and text[start - 1] in self._unseen:
            start -= 1
            if too_long(derived, start, len(text)):
                return 0
        return _held(derived, len(text) - start, length)


def _prefixes(patterns: Collection[tuple[Pattern, Chars]]) -> Prefixes | None:
    if not patterns:
        return None
    return Prefixes([pattern for pattern, _ in patterns], [before for _, before in patterns])


def _held(derived: Derived, pending: int, length: int) -> int:
    """Return how many raw characters reach from what is pending to the end of the tail."""
    return length - int(derived.places[len(derived.text) - pending]) if pending else 0
