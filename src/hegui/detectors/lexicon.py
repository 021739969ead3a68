"""A small lexicon of requests and words that are harmful on their face, in Chinese and English."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from hegui.detectors.exact import TargetDetector
from hegui.detectors.matcher import Matcher
from hegui.detectors.pattern import Pattern, literal, parse
from hegui.detectors.targets import ANYTHING, NO_WORD, Target
from hegui.detectors.tree import WORD
from hegui.terms import RuleInfo, Words

VERSION: Final = "1"
_CLAUSE: Final = {"A.1": "4(1)", "A.2": "4(2)", "A.3": "4(3)", "A.4": "4(4)", "A.5": "4(5)"}


@cache
def _data() -> tuple[Mapping[str, Any], ...]:
    text = resources.files("hegui.detectors").joinpath("data/lexicon.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["rule"])


def rules() -> dict[str, RuleInfo]:
    """Return the lexicon's rules by id. A rule's kind is its own id."""
    return {
        entry["id"]: RuleInfo(
            id=entry["id"],
            risk=entry["risk"],
            kind=entry["id"],
            title=Words(**entry["title"]),
            clause=_CLAUSE[entry["risk"][:3]],
            mask=Words(**entry["mask"]),
        )
        for entry in _data()
    }


def targets() -> tuple[Target, ...]:
    """Return what the lexicon looks for."""
    return tuple(
        target
        for entry in _data()
        for pattern in (
            *map(literal, entry.get("phrases", ())),
            *map(parse, entry.get("patterns", ())),
        )
        for target in targets_of(entry["id"], pattern)
    )


def targets_of(rule: str, pattern: Pattern) -> tuple[Target, ...]:
    """Return the targets of a phrase: caseless, ASCII words whole; a second one in full width.

    Phrases that mix widths are left to a normalised channel: folding each letter by itself makes
    the database several times as large.
    """
    positions = pattern.positions
    free_before = all(WORD.isdisjoint(positions.chars[p]) for p in positions.first)
    free_after = all(WORD.isdisjoint(positions.chars[p]) for p in positions.last)
    before = ANYTHING if free_before else NO_WORD
    after = ANYTHING if free_after else NO_WORD
    plain = pattern.folded(case=True)
    forms = [plain, plain.full_width()]
    if forms[0].source == forms[1].source:
        forms.pop()
    return tuple(Target(rule, form, before, after) for form in forms)


class Lexicon(TargetDetector):
    """Finds phrases that name harm plainly (Art. 4(1), 4(2), 4(4)). Triage, not understanding."""

    def __init__(self, *, back_end: Matcher | None = None) -> None:
        super().__init__("lexicon", VERSION, rules(), targets(), back_end=back_end)
