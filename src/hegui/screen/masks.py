"""Masks that keep the kind of what they hide, and stay the same within one exchange."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hegui.screen.sameness import normal_form
from hegui.terms import Finding, Lang, RuleInfo


class Piece(NamedTuple):
    """A stretch of a text, and what stands in its place: ``None`` for the text itself."""

    start: int
    end: int
    mask: str | None


class Masks:
    """Numbers the values it hides, so that ``[手机号-1]`` is one number throughout."""

    def __init__(self, lang: Lang = "zh") -> None:
        self._lang: Lang = lang
        self._seen: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}

    def token(self, rule: RuleInfo, value: str) -> str:
        """Return the mask for ``value``; the same value gets the same number, however spelt."""
        noun = rule.mask.say(self._lang)
        key = (noun, normal_form(rule.kind, value))
        number = self._seen.get(key)
        if number is None:
            number = self._counts.get(noun, 0) + 1
            self._counts[noun] = self._seen[key] = number
        return f"[{noun}-{number}]"


def merged(findings: Iterable[Finding]) -> list[tuple[int, int, Finding]]:
    """Join spans that overlap, in order; a joined span is named after its first finding."""
    spans: list[tuple[int, int, Finding]] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end, f.rule)):
        if spans and finding.start < spans[-1][1]:
            start, end, first = spans[-1]
            spans[-1] = (start, max(end, finding.end), first)
        else:
            spans.append((finding.start, finding.end, finding))
    return spans


def masked(text: str, hide: Sequence[Finding], masks: Masks, rules: Mapping[str, RuleInfo]) -> str:
    """Return ``text`` with the findings' spans masked."""
    out, at = [], 0
    for start, end, first in merged(hide):
        out += [text[at:start], masks.token(rules[first.rule], text[first.start : first.end])]
        at = end
    return "".join([*out, text[at:]])
