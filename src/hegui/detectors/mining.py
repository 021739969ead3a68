"""Find words that tell one set of texts from another: candidates for a person to accept.

Counts are rows that hold the word, so one talkative text counts once. Only a word whose parts are
frequent is looked at (Agrawal & Srikant 1994), so each pass holds little; a table that outgrows its
bound forgets its rarest entries, which can only lose rare words. What is reported was counted
anew, exactly. Whether a word tells is judged by the lower end of the Wilson interval of its
precision (Wilson 1927, 95 %), so five of five is not yet certainty.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from math import sqrt
from typing import Final, NamedTuple, TypeAlias

Texts: TypeAlias = Callable[[], Iterable[str]]
"""Gives the texts from the beginning each time it is called."""

LONGEST: Final = 8  # Han characters
_WORDS: Final = 2  # Latin words
_BOUND: Final = 400_000  # entries of a table
_MOST: Final = 50_000  # candidates that are counted anew
_Z: Final = 1.959964  # two-sided 95 %
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_LATIN: Final = re.compile("[a-z][a-z']*(?: [a-z][a-z']*)*")


class Candidate(NamedTuple):
    """A word, and in how many rows of each set it stands.

    ``precision`` is the share of its rows that are positive, ``lower`` the lower end of its 95 %
    interval, ``recall`` the share of the positive rows that hold it.
    """

    text: str
    positive: int
    negative: int
    precision: float
    lower: float
    recall: float


def mine(
    positive: Texts, negative: Texts, *, least: int = 5, lower: float = 0.8, most: int = 500
) -> list[Candidate]:
    """Return at most ``most`` words that tell ``positive`` from ``negative``, the surest first.

    A word stands in at least ``least`` positive rows and its precision's interval begins at
    ``lower`` or above. Of words within one another the one that says it all is kept. The same
    texts give the same list.
    """
    frequent = _frequent(positive, max(1, least))
    kept = sorted(frequent, key=lambda text: (-frequent[text], text))[:_MOST]
    wanted = set(kept)
    yes, rows = _counted(positive, wanted)
    no, _ = _counted(negative, wanted)
    found = [_candidate(text, yes[text], no[text], rows) for text in kept if yes[text] >= least]
    telling = [each for each in found if each.lower >= lower]
    return sorted(_folded(telling), key=lambda c: (-c.lower, -c.positive, c.text))[:most]


def wilson(hits: int, total: int) -> float:
    """Return the lower end of the Wilson interval (95 %) of ``hits`` out of ``total``."""
    if not total:
        return 0.0
    share, square = hits / total, _Z * _Z
    middle = share + square / (2 * total)
    spread = _Z * sqrt((share * (1 - share) + square / (4 * total)) / total)
    return max(0.0, (middle - spread) / (1 + square / total))


def _candidate(text: str, yes: int, no: int, rows: int) -> Candidate:
    total = yes + no
    precision = yes / total if total else 0.0
    return Candidate(text, yes, no, precision, wilson(yes, total), yes / rows if rows else 0.0)


def _frequent(texts: Texts, least: int) -> dict[str, int]:
    """Return the words that stand in at least ``least`` rows, shortest first."""
    frequent: dict[str, int] = {}
    before: Collection[str] = ()
    for size in range(1, LONGEST + 1):
        counts: Counter[str] = Counter()
        for text in texts():
            counts.update(set(_grams(text, size, before)))
            if len(counts) > _BOUND:
                _forget(counts)
        level = {text: count for text, count in counts.items() if count >= least}
        if size > 1:  # one Han character says too little to be a word of a list
            frequent |= level
        else:
            frequent |= {text: count for text, count in level.items() if text.isascii()}
        before = set(level)
        if not before:
            break
    return frequent


def _grams(text: str, size: int, before: Collection[str]) -> Iterator[str]:
    """Return the words of ``size`` characters (or Latin words) whose parts are in ``before``."""
    for run in _HAN.findall(text):
        for at in range(len(run) - size + 1):
            gram = run[at : at + size]
            if size == 1 or (gram[:-1] in before and gram[1:] in before):
                yield gram
    if size <= _WORDS:
        for run in _LATIN.findall(text.lower()):
            words = run.split(" ")
            for at in range(len(words) - size + 1):
                if size == 1 or all(word in before for word in words[at : at + size]):
                    yield " ".join(words[at : at + size])


def _forget(counts: Counter[str]) -> None:
    """Halve a table that has grown too large, the rarest first."""
    floor = 1
    while len(counts) > _BOUND // 2:
        for text in [text for text, count in counts.items() if count <= floor]:
            del counts[text]
        floor += 1


def _counted(texts: Texts, wanted: set[str]) -> tuple[Counter[str], int]:
    """Count the rows that hold each wanted word, and all rows."""
    counts: Counter[str] = Counter()
    rows = 0
    for text in texts():
        rows += 1
        held: set[str] = set()
        for size in range(1, LONGEST + 1):
            held.update(gram for gram in _all_grams(text, size) if gram in wanted)
        counts.update(held)
    return counts, rows


def _all_grams(text: str, size: int) -> Iterator[str]:
    for run in _HAN.findall(text):
        for at in range(len(run) - size + 1):
            yield run[at : at + size]
    if size <= _WORDS:
        for run in _LATIN.findall(text.lower()):
            words = run.split(" ")
            for at in range(len(words) - size + 1):
                yield " ".join(words[at : at + size])


def _folded(found: list[Candidate]) -> list[Candidate]:
    """Of words within one another keep what says it all.

    A part that stands only within a longer candidate is a fragment of it; a longer word that is no
    surer than a kept part of it finds nothing more.
    """
    by_text = {each.text: each for each in found}
    fragments = {
        part
        for each in found
        for part in _parts(each.text)
        if part in by_text and by_text[part][1:3] == each[1:3]
    }
    whole = {text: each for text, each in by_text.items() if text not in fragments}
    return [
        each
        for each in whole.values()
        if not any(part in whole and whole[part].lower >= each.lower for part in _parts(each.text))
    ]


def _parts(text: str) -> Iterator[str]:
    """Return the words within a word, itself left out."""
    units = text.split(" ") if text.isascii() else list(text)
    glue = " " if text.isascii() else ""
    for size in range(1, len(units)):
        for at in range(len(units) - size + 1):
            yield glue.join(units[at : at + size])
