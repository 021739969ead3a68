"""Find targets in a column: one interface, interchangeable back ends, identical findings."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from hegui.detectors.targets import Target
from hegui.detectors.tree import class_source, narrow
from hegui.terms import Findings, TextColumn

EXCEPTION: Final = "\0except"  # after a rule: a match of one of its exceptions; never reported


class Matcher(Protocol):
    """Finds every target's findings, as ``Target`` defines them, in order of row and place.

    What a match of an exception covers from its first to its last character is no finding of the
    exception's rule.
    """

    def find(self, column: TextColumn, *, told: bool = False) -> Findings:
        """Return the findings in ``column``. Safe to call from several threads.

        ``told``: exceptions take nothing away and are told themselves, under their rule and
        ``EXCEPTION``.
        """
        ...

    def silent(self, text: str) -> bool:
        """Whether it is plain that nothing is found in ``text``, whatever stands before it.

        It begins as many characters early as a target's ``lead`` says.
        """
        ...


class Laid(NamedTuple):
    """What the engine's back end reckons of targets: good for the same targets in the same order.

    ``key`` names the databases (``Recipe.key``); ``sizes`` and ``alike`` are those of ``Plan``.
    """

    key: str
    sizes: tuple[int, ...]
    alike: dict[int, tuple[int, ...]]


class Hit(NamedTuple):
    """A finding in characters of a row, or in bytes of a column, as its maker counts.

    Sorting hits gives the order they are reported in.
    """

    start: int
    end: int
    target: int
    score: float


Candidate: TypeAlias = tuple[int, int, Sequence[int]]
"""A target, where it begins, and where its matches end, the longest first."""


def settle(targets: Sequence[Target], text: str, found: Iterable[Candidate]) -> Iterator[Hit]:
    """Put candidates to their checks."""
    for number, start, ends in found:
        target = targets[number]
        if target.check is None:
            yield Hit(start, ends[0], number, target.score)
            continue
        left = narrow(text[max(0, start - target.left) : start])
        for end in ends[:1] if target.whole else ends:
            score = target.check(narrow(text[start:end]), left)
            if score:
                yield Hit(start, end, number, score)
                break


def unexcepted(hits: Iterable[Hit], targets: Sequence[Target], count: int) -> list[Hit]:
    """Return findings in order, without exceptions and what they cover.

    Targets from ``count`` on are exceptions. Each speaks for its own rule.
    """
    ordered = sorted(hits)
    if not ordered or max(hit.target for hit in ordered) < count:
        return ordered
    reached: dict[str, int] = {}
    kept: list[Hit] = []
    for hit in sorted(ordered, key=lambda hit: (hit.start, hit.target < count)):
        rule = targets[hit.target].rule
        if hit.target >= count:
            reached[rule] = max(hit.end, reached.get(rule, 0))
        elif hit.end > reached.get(rule, 0):
            kept.append(hit)
    return sorted(kept)


def names_of(targets: Sequence[Target], count: int) -> list[str]:
    """Return what each target is told as; those from ``count`` on are exceptions."""
    return [one.rule + EXCEPTION * (number >= count) for number, one in enumerate(targets)]


def row_text(data: bytes) -> str:
    """Decode a row so that each byte that is not UTF-8 stays one character of its own."""
    return data.decode("utf-8", "surrogateescape")


def report(
    findings: Findings, row: int, text: str, hits: Iterable[Hit], names: Sequence[str]
) -> None:
    """Add a row's hits, which are in order, to the findings, with bytes for characters."""
    at, place = 0, 0  # a place in characters, and the same in bytes
    for hit in hits:
        place += _size(text[at : hit.start])
        at = hit.start
        size = _size(text[hit.start : hit.end])
        findings.add(row, names[hit.target], place, place + size, hit.score)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


class Patterns:
    """Some of ``targets``, those of ``numbers``, looked for in one text with ``re``."""

    def __init__(self, targets: Sequence[Target], numbers: Iterable[int]) -> None:
        self._looked_for = [
            (number, targets[number], re.compile(_start_source(targets[number])), whole)
            for number in numbers
            for whole in [re.compile(targets[number].pattern.source)]
        ]

    def candidates(self, text: str) -> Iterator[Candidate]:
        """Return all matches that their boundaries allow."""
        for number, target, starts, whole in self._looked_for:
            for match in starts.finditer(text):
                start = match.start()
                top = min(len(text), start + target.pattern.span)
                ends = [
                    end
                    for end in range(top, start + target.pattern.shortest - 1, -1)
                    if (end == len(text) or text[end] not in target.after)
                    and whole.fullmatch(text, start, end)
                ]
                if ends:
                    yield number, start, ends


class PlainMatcher:
    """The law of ``Target``, written down with ``re``: the reference, and the last resort."""

    def __init__(self, targets: Sequence[Target], exceptions: Sequence[Target] = ()) -> None:
        self._count = len(targets)
        self._targets = (*targets, *exceptions)
        self._names = names_of(self._targets, self._count)
        self._patterns = Patterns(self._targets, range(len(self._targets)))

    def find(self, column: TextColumn, *, told: bool = False) -> Findings:
        """Return the findings in ``column``."""
        findings = Findings()
        for row in range(len(column)):
            text = row_text(column.row_bytes(row))
            hits = settle(self._targets, text, self._patterns.candidates(text))
            kept = sorted(hits) if told else unexcepted(hits, self._targets, self._count)
            report(findings, row, text, kept, self._names)
        return findings

    def silent(self, text: str) -> bool:
        """Whether no target and no exception has a match that its boundaries may allow."""
        return next(self._patterns.candidates(text), None) is None


def _start_source(target: Target) -> str:
    behind = f"(?<!{class_source(target.before)})" if target.before else ""
    return f"{behind}(?={target.pattern.source})"
