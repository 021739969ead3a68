"""How much of a text's end could still become a finding."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

from hegui.detectors.backward import CACHE, Backward
from hegui.detectors.pattern import Fold, Pattern, Phrase, folded_char
from hegui.detectors.tree import LETTERS, WIDE_LETTERS, Chars

_SMALL: Final = str.maketrans({char: char.lower() for char in LETTERS})
_SMALL_WIDE: Final = str.maketrans({char: char.lower() for char in WIDE_LETTERS})
# That nothing is to be made small is seen in a twentieth of the time that translating takes.
_FOLDING: Final[dict[Fold, Callable[[str], str]]] = {
    "none": lambda text: text,
    "ascii": lambda text: text if text.lower() == text else text.translate(_SMALL),
    "wide": lambda text: text if text.lower() == text else text.translate(_SMALL_WIDE),
}


class _Beginnings:
    """The beginnings of phrases that fold alike and have one boundary.

    ``lengths`` says of a character which lengths of beginnings end in it, as the bits of a number;
    so a text is looked up only at the lengths that are possible, mostly none to three of them.
    """

    def __init__(self, texts: Iterable[str], fold: Fold, before: Chars) -> None:
        self._fold = _FOLDING[fold]
        self._before = before
        self._known: set[str] = set()
        self.lengths: dict[str, int] = {}
        self._longest = 0
        for text in map(self._fold, texts):
            self._longest = max(self._longest, len(text))
            for size in range(len(text), 0, -1):
                beginning = text[:size]
                if beginning in self._known:
                    break  # and so are the shorter ones
                self._known.add(beginning)
                self.lengths[beginning[-1]] = self.lengths.get(beginning[-1], 0) | 1 << size

    def pending(self, tail: str, lengths: int) -> int:
        """Return the length of the longest suffix of ``tail`` that begins one of the phrases.

        ``lengths`` are those of the beginnings that end as ``tail`` does.
        """
        folded = self._fold(tail[-self._longest :])
        lengths &= (2 << len(folded)) - 1
        while lengths:
            size = lengths.bit_length() - 1
            lengths ^= 1 << size
            if folded[-size:] in self._known and (
                size == len(tail) or tail[-size - 1] not in self._before
            ):
                return size
        return 0


class Prefixes:
    """The beginnings of patterns, asked of a text that has not ended.

    ``before[n]`` are the characters that must not stand directly before a match of
    ``patterns[n]``. Phrases are kept as a set of their beginnings, and built when first asked
    about: a hundred thousand take a quarter of a second, which a corpus job never needs. The other
    patterns are read backwards, built no sooner.
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
        others = [
            (pattern, forbidden)
            for pattern, forbidden in zip(patterns, before, strict=True)
            if not isinstance(pattern, Phrase)
        ]
        self._phrases: dict[tuple[Fold, Chars], list[str]] = {}
        for pattern, forbidden in zip(patterns, before, strict=True):
            if isinstance(pattern, Phrase):
                self._phrases.setdefault((pattern.fold, forbidden), []).append(pattern.text)
        self._others, self._cache = others, cache
        self.span = max((pattern.span for pattern in patterns), default=0)

    @cached_property
    def _backward(self) -> Backward[Chars]:
        others = self._others
        return Backward([one for one, _ in others], [no for _, no in others], cache=self._cache)

    @cached_property
    def _ends(self) -> dict[str, list[tuple[_Beginnings, int]]]:
        """The phrases with a beginning that ends in a character, and the lengths of such."""
        ends: dict[str, list[tuple[_Beginnings, int]]] = {}
        for (fold, before), texts in self._phrases.items():
            beginnings = _Beginnings(texts, fold, before)
            for end, lengths in beginnings.lengths.items():
                for char in folded_char(end, fold):
                    ends.setdefault(char, []).append((beginnings, lengths))
        return ends

    def pending(self, tail: str) -> int:
        """Return the length of the longest suffix of ``tail`` that begins, or is, a match.

        A whole match at the very end counts, because the next character may lengthen it or forbid
        it. Where ``tail`` itself begins, whatever may stand before it is taken to be allowed.
        Exact for patterns; checks on what matched (check digits, dates) can only free more.
        """
        longest = 0
        for beginnings, lengths in self._ends.get(tail[-1:], ()):
            longest = max(longest, beginnings.pending(tail, lengths))
        state = self._backward.anywhere
        at = len(tail)
        while at and not state.dead:
            at -= 1
            state = state[tail[at]]
            if state.begins and (
                at == 0 or any(tail[at - 1] not in forbidden for forbidden in state.begins)
            ):
                longest = max(longest, len(tail) - at)
        return longest
