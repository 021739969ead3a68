"""From packs to what a detector is made of: rules, targets, exceptions.

Everything here is decided by the packs' content and a day: the same packs and ``as_of`` give the
same targets in the same order. The day is handed in, because the engine has no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hegui.detectors.packs.values import SCORES, Lined, Pack, Rule
from hegui.detectors.pattern import Pattern, parse
from hegui.detectors.phrases import phrase, target_of
from hegui.detectors.targets import Target
from hegui.detectors.tree import Each, Either, Node, Row, Times
from hegui.detectors.variants import expanded
from hegui.terms import RuleInfo

GAP = ".*"
"""In a clause rule, stands between pieces: anything within the clause."""

_LITERAL_KINDS = frozenset({"traditional", "full_width"})


@dataclass(frozen=True, slots=True)
class ClauseRule:
    """A way to meet a clause rule: ``pieces`` one after the other within one clause."""

    rule: str
    pieces: tuple[Target, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Compiled:
    """What packs look for on a day: exactly, and in whole clauses.

    ``variants`` says of an exact rule what it asks for, also of channels (``spaced``,
    ``homophone``).

    A finding of a rule that an exception of that rule wholly covers is no finding.
    """

    rules: dict[str, RuleInfo]
    targets: tuple[Target, ...]
    exceptions: tuple[Target, ...]
    variants: dict[str, tuple[str, ...]]
    clause_rules: dict[str, RuleInfo]
    clauses: tuple[ClauseRule, ...]
    clause_exceptions: tuple[Target, ...]


def info_of(rule: Rule) -> RuleInfo:
    """Return what findings of a rule are explained by. A rule's kind is its own id."""
    return RuleInfo(
        id=rule.id,
        risk=rule.risk,
        kind=rule.id,
        title=rule.title,
        clause=f"4({rule.risk[2]})",
        mask=rule.mask,
    )


def compiled(packs: Iterable[Pack], as_of: str = "") -> Compiled:
    """Return what ``packs`` look for on the day ``as_of`` (``YYYY-MM-DD``).

    Without a day, all rules that nobody has retired. Raises Misconfigured for a pattern outside
    the subset; a pack that passed ``lint`` has none.
    """
    standing = [
        rule
        for pack in sorted(packs, key=lambda pack: pack.id)
        for rule in sorted(pack.rules, key=lambda rule: rule.id)
        if rule.applies(as_of)
    ]
    exact = [rule for rule in standing if not rule.clause]
    clause = [rule for rule in standing if rule.clause]
    return Compiled(
        rules={rule.id: info_of(rule) for rule in exact},
        targets=tuple(target for rule in exact for target in targets_of(rule)),
        exceptions=tuple(target for rule in exact for target in exceptions_of(rule)),
        variants={rule.id: tuple(rule.variants) for rule in exact},
        clause_rules={rule.id: info_of(rule) for rule in clause},
        clauses=tuple(each for rule in clause for each in clauses_of(rule)),
        clause_exceptions=tuple(target for rule in clause for target in exceptions_of(rule)),
    )


def targets_of(rule: Rule) -> Iterator[Target]:
    """Return the targets of an exact rule, variants included, without duplicates."""
    yield from _targets(rule, (*rule.literals, *rule.patterns), SCORES[rule.severity])


def exceptions_of(rule: Rule) -> Iterator[Target]:
    """Return the targets of a rule's exceptions, in the rule's variants too."""
    yield from _targets(rule, rule.exceptions, 1.0)


def clauses_of(rule: Rule) -> Iterator[ClauseRule]:
    """Return the ways to meet a clause rule."""
    score = SCORES[rule.severity]
    for text in _texts(rule, rule.literals):
        yield ClauseRule(rule.id, (phrase(rule.id, text),), score)
    for source in sorted({each.text for each in rule.patterns}):
        forms = zip(
            *(forms_of(parse(piece), rule.variants) for piece in pieces_of(source)), strict=True
        )
        for pieces in forms:
            yield ClauseRule(rule.id, tuple(target_of(rule.id, each) for each in pieces), score)


def pieces_of(source: str) -> list[str]:
    """Return the pieces of a clause rule's pattern, which ``.*`` stands between."""
    return source.split(GAP)


def literals_of(rule: Rule) -> list[str]:
    """Return a rule's literals with their variants, as they are looked for, without duplicates."""
    return list(_texts(rule, rule.literals))


def spellings(text: str, variants: Iterable[str]) -> tuple[str, ...]:
    """Return a literal as it is looked for: itself, and its variants that are literals too."""
    return expanded(text, _LITERAL_KINDS.intersection(variants))


def _targets(rule: Rule, said: Sequence[Lined], score: float) -> Iterator[Target]:
    for text in _texts(rule, [each for each in said if not each.pattern]):
        yield phrase(rule.id, text, score=score)
    for source in sorted({each.text for each in said if each.pattern}):
        forms = {form.source: form for form in forms_of(parse(source), rule.variants)}
        for pattern in forms.values():
            yield target_of(rule.id, pattern, score=score)


def _texts(rule: Rule, said: Iterable[Lined]) -> dict[str, None]:
    found: dict[str, None] = {}
    for text in sorted({each.text for each in said}):
        found.update(dict.fromkeys(spellings(text, rule.variants)))
    return found


def forms_of(pattern: Pattern, variants: Iterable[str]) -> list[Pattern]:
    """Return a pattern with its variants: each character in any script; all of it in full width.

    Always as many forms for the same variants, equal ones too.
    """
    form = pattern
    if "traditional" in variants:
        form = Pattern(_traditional(pattern.tree), (pattern.shortest, pattern.span))
    return [form, form.full_width()] if "full_width" in variants else [form]


def _traditional(node: Node) -> Node:
    if isinstance(node, Each):
        return _traditional_each(node)
    if isinstance(node, Times):
        return Times(_traditional(node.node), node.low, node.high)
    parts = tuple(map(_traditional, node.parts))
    return Row(parts) if isinstance(node, Row) else Either(parts)


@lru_cache(maxsize=20_000)
def _traditional_each(node: Each) -> Each:
    return Each(frozenset(other for char in node.chars for other in _written_otherwise(char)))


@lru_cache(maxsize=20_000)
def _written_otherwise(char: str) -> tuple[str, ...]:
    """Return a character and its traditional forms."""
    if char.isascii():
        return (char,)
    return tuple(form for form in expanded(char, ("traditional",)) if len(form) == 1)
