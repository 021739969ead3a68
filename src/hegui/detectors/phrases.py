"""How a phrase of a rule becomes targets: letters caseless, ASCII words whole."""

from hegui.detectors.pattern import Pattern, literal
from hegui.detectors.targets import ANYTHING, NO_WORD, Target
from hegui.detectors.tree import WORD, Chars


def targets_of(rule: str, pattern: Pattern, *, score: float = 1.0) -> tuple[Target, ...]:
    """Return the targets of a pattern: caseless, ASCII words whole; a second one in full width.

    Phrases that mix widths are left to a normalised channel: folding each letter by itself makes
    the database several times as large.
    """
    before, after = _edges(pattern)
    plain = pattern.folded(case=True)
    forms = [plain, plain.full_width()]
    if forms[0].source == forms[1].source:
        forms.pop()
    return tuple(Target(rule, form, before, after, score=score) for form in forms)


def target_of(rule: str, pattern: Pattern, *, score: float = 1.0) -> Target:
    """Return the target of a pattern as it is written: caseless, ASCII words whole."""
    before, after = _edges(pattern)
    return Target(rule, pattern.folded(case=True), before, after, score=score)


def phrase(rule: str, text: str, *, score: float = 1.0) -> Target:
    """Return the target of a literal text: caseless, words in ASCII letters of any width whole."""
    before = NO_WORD if text[0] in NO_WORD else ANYTHING
    after = NO_WORD if text[-1] in NO_WORD else ANYTHING
    return Target(rule, literal(text).folded(case=True), before, after, score=score)


def _edges(pattern: Pattern) -> tuple[Chars, Chars]:
    """Return what must not stand before and after: no word goes on past a word of the pattern."""
    free_before = WORD.isdisjoint(pattern.opening)
    free_after = WORD.isdisjoint(pattern.closing)
    return ANYTHING if free_before else NO_WORD, ANYTHING if free_after else NO_WORD
