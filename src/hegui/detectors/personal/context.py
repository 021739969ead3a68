"""Words to the left of a value raise and lower its score; nothing to its right is ever looked at.

So a stream that has not ended gives the findings of the whole text. A *label* stands directly
before the value (``手机号：``, ``"phone": "``, ``password is``) and decides. Failing that, a label
of the kind anywhere to the left, in the same sentence, raises. See ``data/personal.toml``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

from hegui.detectors.personal.kinds import OTHER, kinds, labels
from hegui.detectors.targets import Check
from hegui.detectors.tree import WORD

LEFT: Final = 32  # characters before a value that a check may read: label, widest gap, one more
NEAR: Final = 24  # of these, where a label that does not stand directly before a value counts
NAMED: Final = 1.0
MISNAMED: Final = 0.2  # below what any audience's policy acts from

# What may stand between a label and its value. Both readers must agree, so this is written in the
# subset of ``pattern`` and read by ``re`` as well; a value's text is made ASCII first.
_MARK: Final = "[ :=.\\t\\n\"'“”‘’「『\\(\\[【<\\*#\\|是为叫]"
GAP: Final = rf"(?:{_MARK}{{0,4}}|{_MARK}{{0,2}}(?:is|are|如下){_MARK}{{0,2}})"
_GAP: Final = re.compile(GAP, re.ASCII | re.IGNORECASE)
WIDEST: Final = 7  # characters of a gap, at most
_SENTENCE: Final = re.compile(r".*[。;!?]", re.DOTALL)
_MONEY: Final = frozenset("¥￥$€£")
_LOWER: Final = str.maketrans({char: char.lower() for char in WORD})


def label_source(words: Iterable[str]) -> str:
    """Return labels as one pattern, longest first."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(ordered) + ")"


@cache
def _lengths() -> Mapping[str, tuple[int, ...]]:
    """Return how long the labels are that end in a character, longest first."""
    found: dict[str, set[int]] = {}
    for label in labels():
        found.setdefault(label[-1], set()).add(len(label))
    return {char: tuple(sorted(sizes, reverse=True)) for char, sizes in found.items()}


@cache
def _anywhere(kind: str) -> re.Pattern[str] | None:
    words = kinds()[kind].labels
    if not words:
        return None
    return re.compile(rf"(?:(?<![a-z0-9])(?=[a-z0-9])|(?![a-z0-9])){label_source(words)}")


def label_before(left: str) -> tuple[frozenset[str], str, str]:
    """Return what the label directly before a value names, the label itself, and the gap.

    The nearest label wins, and the longest of those that end there. An ASCII label is a whole
    word: ``xqq`` is no ``qq``. With any label there is, all of it is within ``LEFT``.
    """
    left = _lowered(left)
    known, lengths = labels(), _lengths()
    for upto in range(len(left), max(0, len(left) - WIDEST - 1), -1):
        ending = lengths.get(left[upto - 1])
        if ending is None or not _GAP.fullmatch(left, upto):
            continue
        for length in ending:
            start = upto - length
            label = left[max(start, 0) : upto]
            if start < 0 or label not in known:
                continue
            if not (label[0] in WORD and start and left[start - 1] in WORD):
                return known[label], label, left[upto:]
    return frozenset(), "", ""


def _lowered(text: str) -> str:
    """Return ``text`` with its ASCII letters made small, and no other: places stay what they are.

    Most texts have none to make small, which is far quicker to see than to translate.
    """
    return text if text.lower() == text else text.translate(_LOWER)


def named(kind: str, left: str) -> bool:
    """Tell whether a label of ``kind`` stands directly before the value."""
    return kind in label_before(left)[0]


def weigh(kind: str, left: str, alone: float | None = None) -> float:
    """Score a value of ``kind`` by the words before it. ``alone`` replaces the kind's own."""
    known = kinds()[kind]
    alone = known.alone if alone is None else alone
    if alone <= MISNAMED and not known.labels:
        return alone
    names, _, _ = label_before(left)
    if kind in names:
        return NAMED
    if OTHER in names or left.rstrip(" ")[-1:] in _MONEY:
        return min(alone, MISNAMED)
    said = _anywhere(kind)
    if said is not None and said.search(_SENTENCE.sub("", _lowered(left[-NEAR:]))):
        return max(alone, NAMED)
    return alone


def weighed(kind: str, valid: Callable[[str], bool] | None = None) -> Check:
    """Return a check that takes values which are ``valid`` and weighs the words before them."""

    def check(value: str, left: str) -> float:
        return weigh(kind, left) if valid is None or valid(value) else 0.0

    return _called(check, kind)


def labelled(kind: str, valid: Callable[[str], bool] | None = None, score: float = NAMED) -> Check:
    """Return a check that takes only values which a label of ``kind`` introduces."""

    def check(value: str, left: str) -> float:
        return score if named(kind, left) and (valid is None or valid(value)) else 0.0

    return _called(check, kind)


def exact(kind: str, valid: Callable[[str], bool]) -> Check:
    """Return a check that a value decides by itself."""

    def check(value: str, _left: str) -> float:
        return NAMED if valid(value) else 0.0

    return _called(check, kind)


def _called(check: Check, kind: str) -> Check:
    check.__name__ = kind  # the digest names the check
    return check
