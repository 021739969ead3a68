"""Try rules on their own cases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from hegui.detectors.exact import Compiler, TargetDetector, fastest
from hegui.detectors.packs.build import compiled
from hegui.detectors.packs.clauses import ClauseRules
from hegui.detectors.packs.values import Flaw, Lined, Pack, Rule
from hegui.terms import Detector, Misconfigured, TextColumn, Words

_MISSED = Words("the rule finds nothing in this case of match", "规则在此 match 用例中没有命中")
_STRUCK = Words("the rule finds something in this case of clean", "规则在此 clean 用例中有命中")


class Tried(NamedTuple):
    """A case and how it went. ``wanted``: the rule should find something in it."""

    rule: Rule
    case: Lined
    wanted: bool
    found: bool

    @property
    def good(self) -> bool:
        """Whether the rule did what the case says."""
        return self.wanted == self.found


def detectors_of(
    packs: Sequence[Pack], as_of: str = "", compiler: Compiler = fastest
) -> list[Detector]:
    """Return the detectors that packs by themselves make: an exact one, and one for clauses."""
    made = compiled(packs, as_of)
    held: list[Detector] = []
    if made.targets:
        held.append(
            TargetDetector(
                "packs",
                "1",
                made.rules,
                made.targets,
                exceptions=made.exceptions,
                back_end=compiler(made.targets, made.exceptions),
            )
        )
    if made.clauses:
        held.append(ClauseRules(made.clause_rules, made.clauses, made.clause_exceptions, compiler))
    return held


def tried(rules: Sequence[Rule], compiler: Compiler = fastest) -> Iterator[Tried]:
    """Try every rule on its cases, whether or not it applies on some day."""
    standing = tuple(replace(rule, retired="") for rule in rules)
    cases = [
        (rule, case, wanted)
        for rule in rules
        for wanted, said in ((True, rule.match), (False, rule.clean))
        for case in said
    ]
    if not cases:
        return
    column = TextColumn.of(case.text for _, case, _ in cases)
    pack = Pack(id="x", version="", title=Words("", ""), licence="", source="", rules=standing)
    found = {
        (row, rule)
        for detector in detectors_of([pack], "", compiler)
        for row, rule, *_ in detector.inspect(column)
    }
    for row, (rule, case, wanted) in enumerate(cases):
        yield Tried(rule, case, wanted, (row, rule.id) in found)


def tried_in(
    packs: Mapping[str, Sequence[Rule]], compiler: Compiler = fastest
) -> list[tuple[str, Tried]]:
    """Try the rules of several packs, each under its name.

    Together, because compiling takes nearly all of the time; one by one where two rules have one
    id, or the engine refuses them together.
    """
    whose = {rule.id: name for name, rules in packs.items() for rule in rules}
    rules = [rule for each in packs.values() for rule in each]
    if len(whose) == len(rules):
        with suppress(Misconfigured):
            return [(whose[each.rule.id], each) for each in tried(rules, compiler)]
    return [(name, each) for name, rules in packs.items() for each in tried(rules, compiler)]


def failed_cases(rules: Sequence[Rule], compiler: Compiler = fastest) -> Iterator[Flaw]:
    """Return a flaw for each case that goes otherwise than it says."""
    for each in tried(rules, compiler):
        if not each.good:
            words = _MISSED if each.wanted else _STRUCK
            yield Flaw(each.case.line, words, each.rule.id)
