"""How one finding is told: as a line for a person, masked, or as an object for a program."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from hegui.cli.scan_judging import Part
from hegui.cli.speech import as_json_text
from hegui.screen.masks import merged
from hegui.terms import Finding, Lang, RuleInfo
from hegui.terms.visible import visible

_AROUND = 12  # characters that are shown on either side of a finding
_BLANKS = re.compile("[\t\n\r\u2028\u2029]")  # of a row of several lines


def as_data(name: str, row: int, found: Finding, rules: Mapping[str, RuleInfo]) -> str:
    """Return a finding as a line of JSON. Places are characters of the row."""
    rule = rules[found.rule]
    fields = {
        "file": name,
        "row": row,
        "kind": rule.kind,
        "rule": rule.id,
        "risk": rule.risk,
        "start": found.start,
        "end": found.end,
        "score": found.score,
        "clause": rule.clause,
    }
    return as_json_text(fields)


def told(
    name: str,
    row: int,
    part: Part,
    shown: Sequence[Finding],
    rules: Mapping[str, RuleInfo],
    lang: Lang,
) -> list[str]:
    """Return a line for each finding that is shown. No finding of the row is, whole or cut."""
    spans = merged(part.findings)
    nouns = [(start, end, rules[first.rule].mask.say(lang)) for start, end, first in spans]
    ends = [end for _, end, _ in nouns]
    lines = []
    for found in shown:
        rule = rules[found.rule]
        low = max(part.origin, found.start - _AROUND)
        high = min(part.origin + len(part.text), found.end + _AROUND)
        excerpt = _excerpt(part, (low, high), nouns, bisect_right(ends, low))
        said = f"{rule.id}  {rule.risk} {rule.title.say(lang)}{_clause(rule, lang)}"
        lines.append(f"{visible(name)}:{row}:{found.start + 1}  {said}  {excerpt}")
    return lines


def _clause(rule: RuleInfo, lang: Lang) -> str:
    from hegui.gateway.refusals import clause_words

    around = " ({})" if lang == "en" else "（{}）"
    return around.format(clause_words(rule.clause).say(lang)) if rule.clause else ""


def _excerpt(
    part: Part, span: tuple[int, int], nouns: Sequence[tuple[int, int, str]], first: int
) -> str:
    """Return what a span of the row says; ``first`` is the first noun that may stand in it."""
    base, (low, high) = part.origin, span
    at = low
    shown = "…" if low else ""
    for place in range(first, len(nouns)):
        start, end, noun = nouns[place]
        if start >= high:
            break
        if start >= at:
            shown += part.text[at - base : start - base]
        shown += f"[{noun}]"
        at = max(at, end)
    shown += part.text[at - base : high - base]
    if max(at, high) < base + len(part.text) or not part.last:
        shown += "…"
    return visible(_BLANKS.sub(" ", shown))
