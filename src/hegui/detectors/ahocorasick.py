"""The second back end: phrases by Aho-Corasick (1975), patterns by ``re``.

For platforms without a wheel of the first. Phrases are three automata over UTF-8: as they are, with
ASCII letters small, with full-width letters small; the bytes are folded likewise, which changes no
place. The last is asked only of rows that hold a full-width letter. A pattern is looked for with
``re``, as in ``PlainMatcher``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ahocorasick_rs import BytesAhoCorasick

from hegui.detectors.edges import edge_of
from hegui.detectors.fullwidth import in_small_letters
from hegui.detectors.matcher import (
    Candidate,
    Patterns,
    names_of,
    report,
    row_text,
    settle,
    unexcepted,
)
from hegui.detectors.pattern import Fold, Phrase
from hegui.detectors.targets import Target
from hegui.terms import Findings, TextColumn

_FOLDING: Final[dict[Fold, Callable[[bytes], bytes]]] = {
    "none": lambda data: data,
    "ascii": bytes.lower,  # of bytes, it changes ASCII letters only
    "wide": in_small_letters,
}


class _Phrases:
    """The phrases that fold alike."""

    def __init__(self, phrases: Sequence[tuple[int, Phrase]], fold: Fold) -> None:
        self._fold = _FOLDING[fold]
        self._numbers = [number for number, _ in phrases]
        texts = [self._fold(phrase.text.encode()) for _, phrase in phrases]
        self._automaton = BytesAhoCorasick(texts)

    def hits(self, data: bytes) -> Iterator[tuple[int, int, int]]:
        """Return each target with the bytes where it begins and ends."""
        found = self._automaton.find_matches_as_indexes(self._fold(data), overlapping=True)
        for place, start, end in found:
            yield self._numbers[place], start, end


class LiteralMatcher:
    """Phrases in one pass, patterns one after the other. Same findings as every back end."""

    def __init__(self, targets: Sequence[Target], exceptions: Sequence[Target] = ()) -> None:
        self._count = len(targets)
        self._targets = (*targets, *exceptions)
        self._names = names_of(self._targets, self._count)
        alike: dict[Fold, list[tuple[int, Phrase]]] = {}
        others: list[int] = []
        for number, target in enumerate(self._targets):
            if isinstance(target.pattern, Phrase):
                alike.setdefault(target.pattern.fold, []).append((number, target.pattern))
            else:
                others.append(number)
        self._phrases = [_Phrases(phrases, fold) for fold, phrases in alike.items()]
        self._patterns = Patterns(self._targets, others)

    def find(self, column: TextColumn, *, told: bool = False) -> Findings:
        """Return the findings in ``column``."""
        findings = Findings()
        for row in range(len(column)):
            data = column.row_bytes(row)
            text = row_text(data)
            found = [*self._candidates(data), *self._patterns.candidates(text)]
            hits = settle(self._targets, text, found)
            kept = sorted(hits) if told else unexcepted(hits, self._targets, self._count)
            report(findings, row, text, kept, self._names)
        return findings

    def silent(self, text: str) -> bool:
        """Whether no target and no exception has a match that its boundaries may allow."""
        data = text.encode("utf-8", "replace")
        return (
            next(self._candidates(data), None) is None
            and next(self._patterns.candidates(text), None) is None
        )

    def _candidates(self, data: bytes) -> Iterator[Candidate]:
        """Return the phrases whose boundaries are kept, in characters for bytes."""
        kept: list[tuple[int, int]] = []
        for phrases in self._phrases:
            for number, start, end in phrases.hits(data):
                before = edge_of(self._targets[number].before)
                after = edge_of(self._targets[number].after)
                if not (before and before.precedes(data, start, 0)) and not (
                    after and after.follows(data, end, len(data))
                ):
                    kept.append((start, number))
        at, place = 0, 0  # a place in bytes, and the same in characters
        for start, number in sorted(kept):
            place += len(row_text(data[at:start]))
            at = start
            yield number, place, [place + self._targets[number].pattern.span]
