"""Judge packs: what contradicts itself, can never match, or stands there twice.

All rules of all packs that are to be attached together are judged together. An ``error`` keeps a
pack out; a ``note`` does not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from hegui.detectors.exact import Compiler, fastest
from hegui.detectors.packs.build import GAP, exceptions_of, forms_of, pieces_of, spellings
from hegui.detectors.packs.cases import detectors_of, failed_cases
from hegui.detectors.packs.clauses import ENDS, MOST
from hegui.detectors.packs.values import Flaw, Lined, Pack, Rule
from hegui.detectors.pattern import MAX_SPAN, Pattern, parse
from hegui.detectors.tree import bytes_source
from hegui.terms import Misconfigured, TextColumn, Words

SPAN: Final = 64
"""Visible characters that a rule of reach ``exact`` may span. With fillers between, 256."""

_NOT_OURS: Final = frozenset({"A.1.a", "A.1.b", "A.1.c"})
_EXPRESSION: Final = 15_000  # characters; the engine takes 16,000, boundaries among them
_UNBOUNDED: Final = Words(
    "`.*` has no bound, so a stream could not hold it back exactly: write a bound, "
    "or declare the rule `clause: true`",
    "`.*` 没有上限，流式文本无法精确扣留：请写明上限，或将规则声明为 `clause: true`",
)
_UNBOUNDED_EXCEPTION: Final = Words(
    "`.*` has no bound, and an exception needs one, also that of a rule with clause: true",
    "`.*` 没有上限；例外须有上限，声明 clause: true 的规则也不例外",
)
_SHOWN: Final = 20  # duplicates told one by one, per rule


def lint(
    packs: Mapping[str, Pack],
    risks: Collection[str],
    *,
    beside: Mapping[str, Pack] | None = None,
    shipped: bool = False,
    compiler: Compiler = fastest,
) -> dict[str, list[Flaw]]:
    """Return the flaws of packs by the names they are given under, in the order of their lines.

    ``risks`` are the ids of the standard's list. ``beside`` are packs that will be attached too and
    are not judged themselves. ``shipped``: the packs are to come with hegui, so they hold no rule
    of risks A.1.a to A.1.c, and a case of each sort for every rule. ``compiler`` makes the matcher
    that tries the cases; what it refuses is a flaw.
    """
    beside = beside or {}
    flaws: dict[str, list[Flaw]] = {name: [] for name in packs}
    sound: dict[str, list[Rule]] = {name: [] for name in packs}
    for name, pack in packs.items():
        for rule in pack.rules:
            found = [*_alone(rule, risks, shipped)]
            flaws[name] += found
            if not any(flaw.weight == "error" for flaw in found):
                sound[name].append(rule)
    others = {name: pack.rules for name, pack in beside.items()}
    _twice_named({**beside, **packs}, flaws)
    _twice_listed({**others, **sound}, flaws)
    for name, more in _matched(sound, compiler).items():
        flaws[name] += more
    return {name: sorted(found, key=lambda flaw: flaw.line) for name, found in flaws.items()}


def _matched(
    packs: Mapping[str, Sequence[Rule]], compiler: Compiler
) -> Mapping[str, Sequence[Flaw]]:
    """Return what only matching shows: literals that are never found, cases that go otherwise.

    Compiling takes nearly all of the time, so the packs are compiled together. Where the engine
    refuses that, or two rules have one id, they are compiled one by one, to say whose fault it is.
    """
    rules = [rule for each in packs.values() for rule in each]
    if len(packs) > 1 and len({rule.id for rule in rules}) == len(rules):
        with suppress(Misconfigured):
            told: dict[str, list[Flaw]] = {name: [] for name in packs}
            whose = {rule.id: name for name, each in packs.items() for rule in each}
            for flaw in _tried(rules, compiler):
                told[whose[flaw.rule]].append(flaw)
            return told
    return {name: _matched_alone(each, compiler) for name, each in packs.items()}


def _matched_alone(rules: Sequence[Rule], compiler: Compiler) -> list[Flaw]:
    try:
        return _tried(rules, compiler)
    except Misconfigured as error:  # the engine refuses them together, or takes too long
        return [Flaw(1, error.words)]


def _tried(rules: Sequence[Rule], compiler: Compiler) -> list[Flaw]:
    """Raise ``Misconfigured`` for rules that the engine refuses, with cases or without."""
    found = [*_shadowed(rules, compiler), *failed_cases(rules, compiler)]
    if not any(rule.match or rule.clean for rule in rules):  # nothing was compiled for cases
        able = [
            rule for rule in rules if any(s.pattern for s in (*rule.patterns, *rule.exceptions))
        ]
        standing = tuple(replace(rule, retired="") for rule in able)  # literals are never refused
        pack = Pack(id="x", version="", title=Words("", ""), licence="", source="", rules=standing)
        detectors_of([pack], "", compiler)
    return found


def errors(flaws: Iterable[Flaw]) -> list[Flaw]:
    """Return the flaws that keep a pack from being attached."""
    return [flaw for flaw in flaws if flaw.weight == "error"]


def _alone(rule: Rule, risks: Collection[str], is_shipped: bool) -> Iterator[Flaw]:  # noqa: FBT001 - a fact
    """Judge what a rule says by itself."""
    if rule.risk not in risks:
        words = Words(
            "there is no risk {risk} in the standard's list", "标准的风险清单中没有 {risk}"
        )
        yield Flaw(rule.line, words.fill(risk=rule.risk), rule.id)
    if is_shipped and rule.risk in _NOT_OURS:
        words = Words(
            "{risk} is for the provider's own detectors: hegui ships nothing for it",
            "{risk} 由提供者自行接入检测器，hegui 不内置相关规则",
        )
        yield Flaw(rule.line, words.fill(risk=rule.risk), rule.id)
    if rule.retired and rule.retired <= rule.added:
        words = Words(
            "it is retired before it is added: it never applies", "停用早于启用：规则从不生效"
        )
        yield Flaw(rule.line, words, rule.id)
    for sort in ("match", "clean"):
        if not getattr(rule, sort):
            words = Words("no case under cases.{sort}", "cases.{sort} 下没有用例").fill(sort=sort)
            yield Flaw(rule.line, words, rule.id, "error" if is_shipped else "note")
    yield from _spelling(rule)


def _spelling(rule: Rule) -> Iterator[Flaw]:
    """Judge the literals and patterns: what the engine would refuse, and why."""
    longest = MOST if rule.clause else SPAN
    for said in (*rule.literals, *rule.patterns):
        if said.pattern:
            yield from _pattern(rule, said, whole=not rule.clause)
            continue
        yield from _literal(rule, said, longest)
        if rule.clause and not set(ENDS).isdisjoint(said.text[:-1]):
            words = Words(
                "it goes on after the end of a clause, so a rule with clause: true never finds it",
                "词中含有句读标点，声明 clause: true 的规则不会跨句读命中它",
            )
            yield Flaw(said.line, words, rule.id)
    for said in rule.exceptions:  # looked for exactly, whatever the rule is
        if said.pattern:
            yield from _pattern(rule, said, whole=True)
        else:
            yield from _literal(rule, said, MAX_SPAN if rule.clause else SPAN)


def _literal(rule: Rule, said: Lined, longest: int) -> Iterator[Flaw]:
    if len(said.text) > longest:
        yield Flaw(said.line, _too_long(len(said.text), longest), rule.id)
    if said.text != said.text.strip():
        words = Words("a literal begins or ends with a space", "字面词首尾有空格")
        yield Flaw(said.line, words, rule.id, "note")


def _pattern(rule: Rule, said: Lined, *, whole: bool) -> Iterator[Flaw]:
    """Judge a pattern. ``whole``: it is no row of pieces with anything between."""
    if whole and GAP in said.text:
        yield Flaw(said.line, _UNBOUNDED_EXCEPTION if rule.clause else _UNBOUNDED, rule.id)
        return
    pieces = pieces_of(said.text)
    if not all(pieces):
        words = Words(
            "`.*` stands between two pieces: not at the beginning, not at the end, not twice",
            "`.*` 应位于两段之间：不能在开头、结尾，也不能连写两次",
        )
        yield Flaw(said.line, words, rule.id)
        return
    try:
        patterns = [parse(piece) for piece in pieces]
    except Misconfigured as error:
        yield Flaw(said.line, error.words, rule.id)
        return
    span = max(pattern.span for pattern in patterns)
    if span > SPAN:
        yield Flaw(said.line, _too_long(span, SPAN), rule.id)
    elif any(
        _size(form) > _EXPRESSION for one in patterns for form in forms_of(one, rule.variants)
    ):
        words = Words(
            "it is too large for the matching engine: fewer repeats, smaller classes",
            "对匹配引擎而言过大：请减少重复次数或缩小字符类",
        )
        yield Flaw(said.line, words, rule.id)


def _size(pattern: Pattern) -> int:
    """Return how long a pattern is when it is written out for the engine."""
    return len(bytes_source(pattern.folded(case=True).tree))


def _too_long(span: int, most: int) -> Words:
    return Words(
        "it may span {span} characters; a rule may span {most}",
        "最长可达 {span} 个字符，规则上限为 {most}",
    ).fill(span=span, most=most)


def _twice_named(packs: Mapping[str, Pack], flaws: dict[str, list[Flaw]]) -> None:
    """Note ids of packs and rules that stand twice: findings could not be told apart.

    Only what is wrong with packs that ``flaws`` names is noted, here and below.
    """
    ids: dict[str, str] = {}
    rules: dict[str, tuple[str, int]] = {}
    for name, pack in packs.items():
        if pack.id in ids and name in flaws:
            words = Words(
                "the pack id {id} is also that of {other}", "规则包编号 {id} 与 {other} 相同"
            )
            flaws[name].append(Flaw(1, words.fill(id=pack.id, other=ids[pack.id])))
        ids.setdefault(pack.id, name)
        for rule in pack.rules:
            if rule.id in rules and name in flaws:
                other, line = rules[rule.id]
                words = Words(
                    "the id stands also in {other}, line {line}", "编号与 {other} 第 {line} 行重复"
                )
                flaws[name].append(Flaw(rule.line, words.fill(other=other, line=line), rule.id))
            rules.setdefault(rule.id, (name, rule.line))


def _twice_listed(packs: Mapping[str, Sequence[Rule]], flaws: dict[str, list[Flaw]]) -> None:
    """Note literals that stand twice, as they are or as variants of one another, in any pack."""
    seen: dict[str, tuple[str, str, Lined]] = {}
    told: dict[str, int] = {}
    for name, rules in packs.items():
        for rule in rules:
            for said in rule.literals:
                keys = [_key(form) for form in spellings(said.text, rule.variants)]
                other = next((seen[key] for key in keys if key in seen), None)
                for key in keys:
                    seen.setdefault(key, (name, rule.id, said))
                if other is not None and name in flaws:
                    told[rule.id] = told.get(rule.id, 0) + 1
                    if told[rule.id] <= _SHOWN:
                        flaws[name].append(_twice(rule, said, other))


def _key(text: str) -> str:
    """Return a text as it is told apart: only ASCII letters fold."""
    return "".join(char.lower() if char.isascii() else char for char in text)


def _twice(rule: Rule, said: Lined, other: tuple[str, str, Lined]) -> Flaw:
    where, rule_id, first = other
    same = first.text == said.text
    words = (
        Words(
            "the literal stands also in {where}, line {line} ({rule})",
            "字面词与 {where} 第 {line} 行（{rule}）重复",
        )
        if same
        else Words(
            "the literal is a variant of the one in {where}, line {line} ({rule})",
            "字面词是 {where} 第 {line} 行（{rule}）所列词的变体",
        )
    )
    return Flaw(said.line, words.fill(where=where, line=first.line, rule=rule_id), rule.id, "note")


def _shadowed(rules: Sequence[Rule], compiler: Compiler) -> Iterator[Flaw]:
    """Find literals that an exception of the same rule wholly covers: they can never be found."""
    asked = [rule for rule in rules if rule.exceptions and rule.literals]
    covers = tuple(target for rule in asked for target in exceptions_of(rule))
    if not covers:
        return
    said = [(rule, each) for rule in asked for each in rule.literals]
    column = TextColumn.of(each.text for _, each in said)
    covered = {
        row
        for row, rule, start, end, _ in compiler(covers, ()).find(column)
        if rule == said[row][0].id
        and start == 0
        and end == column.offsets[row + 1] - column.offsets[row]
    }
    for row in sorted(covered):
        words = Words(
            "an exception of the same rule covers the whole literal: it can never be found",
            "同一规则的例外完全覆盖该词：永远不会命中",
        )
        yield Flaw(said[row][1].line, words, said[row][0].id)
    left = {rule.id for row, (rule, _) in enumerate(said) if row not in covered}
    for rule in asked:
        if rule.id not in left and not rule.patterns:
            words = Words("the rule can never find anything", "该规则永远不会命中任何内容")
            yield Flaw(rule.line, words, rule.id)
