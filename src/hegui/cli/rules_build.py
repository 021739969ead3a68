"""Build a provider's pack from the rows of a list, and say what was left out and why."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from hegui.cli.rules_table import Left, Row
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.detectors.packs import Lined, Pack, Rule

_LEVELS: Final = {
    "low": ("low", "低", "轻", "一般"),
    "medium": ("medium", "中", "较重"),
    "high": ("high", "高", "重", "严重"),
}
_TEXTS: Final = {
    "word": "literals",
    "pattern": "patterns",
    "exception": "exceptions",
    "exception_pattern": "exceptions",
    "match": "match",
    "clean": "clean",
}
_WIDTH: Final = ("languages", "variants", "clause")  # where and how a rule's words are looked for
_YES: Final = ("true", "yes", "1", "是")
_NO: Final = ("", "false", "no", "0", "否", "-")
_SAYS: Final = {
    **dict.fromkeys(("中文", "汉语", "chinese"), "zh"),
    **dict.fromkeys(("英文", "英语", "english"), "en"),
}
_BETWEEN: Final = re.compile(r"[,，、;；/\s]+")
_UNKNOWN: Final = Words(
    "{said} is none of the {column}: {known}", "{column} 列中的 {said} 无法识别，应为：{known}"
)


class Defaults(NamedTuple):
    """What counts where a row says nothing. ``dates``: since when a word has been listed."""

    pack: str
    risk: str
    severity: str
    variants: tuple[str, ...]
    today: str
    dates: Mapping[str, str]


@dataclass(slots=True)
class Built:
    """What became of a list: the rules, how many rows gave something, and what was left out.

    ``said`` are the rules' texts while they are gathered: a rule may have a hundred thousand.
    """

    rules: "dict[str, Rule]" = field(default_factory=dict)
    taken: int = 0
    left: list[Left] = field(default_factory=list)
    said: "defaultdict[str, defaultdict[str, list[Lined]]]" = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )


def built(rows: list[Row], defaults: Defaults) -> Built:
    """Gather rows into rules: by the rule they name, else by risk, severity and dates."""
    made = Built()
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        why = _take(made, row, defaults, seen)
        if why is None:
            made.taken += 1
        else:
            made.left.append(Left(row.number, why))
    for name, rule in made.rules.items():
        made.rules[name] = _whole(rule, made.said[name])
    return made


def _take(
    made: Built, row: Row, defaults: Defaults, seen: dict[tuple[str, str, str], int]
) -> Words | None:
    """Put a row into its rule; return why not, if it was left out."""
    from hegui.detectors.packs import Lined

    said = {name: text for name, text in row.cells.items() if name in _TEXTS}
    if not said:
        return Words("it has no word", "没有词")
    rule = _rule(row, defaults)
    if isinstance(rule, Words):
        return rule
    why = _apart(made.rules.get(rule.id, rule), rule, row)
    if why is not None:
        return why
    fresh = {}
    for name, text in said.items():
        if not text.isprintable():
            return Words("it holds a control character", "含有控制字符")
        key = (name, rule.id if name != "word" else "", text)
        if key in seen:
            words = Words("the word stands in row {n} already", "与第 {n} 行的词重复")
            return words.fill(n=seen[key])
        fresh[key] = row.number
    seen.update(fresh)
    made.rules.setdefault(rule.id, rule)  # not before: a row that is left out begins none
    for name, text in said.items():
        lined = Lined(text, row.number, name in ("pattern", "exception_pattern"))
        made.said[rule.id][_TEXTS[name]].append(lined)
    return None


def _whole(rule: "Rule", said: "Mapping[str, list[Lined]]") -> "Rule":
    return replace(
        rule,
        literals=tuple(said["literals"]),
        patterns=tuple(said["patterns"]),
        exceptions=tuple(said["exceptions"]),
        match=tuple(said["match"]),
        clean=tuple(said["clean"]),
    )


def _apart(have: "Rule", rule: "Rule", row: Row) -> Words | None:
    """Return why a row cannot stand in the rule that rows above it began."""
    if _terms(have) != _terms(rule):
        return Words(
            "its rule has another risk, severity or date above",
            "与上文同一规则的风险、等级或日期不一致",
        )
    if any(name in row.cells and getattr(have, name) != getattr(rule, name) for name in _WIDTH):
        return Words(
            "its rule has other languages, variants or clause above; give it a rule of its own",
            "与上文同一规则的语言、变体或整句不一致；请另立规则",
        )
    return None


def _terms(rule: "Rule") -> tuple[str, ...]:
    return rule.risk, rule.severity, rule.added, rule.retired


def _rule(row: Row, defaults: Defaults) -> "Rule | Words":
    """Return the rule that a row belongs to, without its texts; or what is wrong with the row."""
    from hegui.detectors.packs import SEVERITIES, Rule, is_date
    from hegui.measures import risks

    cells = row.cells
    risk = cells.get("risk", defaults.risk)
    if risk not in risks():
        return Words(
            "{risk} is no risk of the standard's list: A.1.a to A.5.b",
            "{risk} 不在标准的风险清单（A.1.a 至 A.5.b）中",
        ).fill(risk=risk[:20] or "-")
    level = cells.get("severity", defaults.severity).casefold()
    severity = next((each for each in SEVERITIES if level in _LEVELS[each]), None)
    if severity is None:
        return Words("severity is low, medium or high", "等级应为 low、medium、high 或 低、中、高")
    word = cells.get("word", cells.get("pattern", ""))
    added = _date(cells.get("added", "")) or defaults.dates.get(word, defaults.today)
    retired = _date(cells.get("retired", ""))
    if not is_date(added) or (retired and not is_date(retired)):
        return Words("a date is written 2026-11-25", "日期写作 2026-11-25")
    width = _width(row, defaults)
    if isinstance(width, Words):
        return width
    languages, variants, clause = width
    until = f".until-{retired}" if retired else ""
    short = risk.replace(".", "").lower()
    name = risks()[risk].name
    return Rule(
        id=cells.get("rule") or f"{defaults.pack}.{short}.{severity}.{added}{until}",
        risk=risk,
        severity=severity,
        title=Words(cells.get("title_en", name.en), cells.get("title_zh", name.zh)),
        mask=Words(cells.get("mask_en", "removed"), cells.get("mask_zh", "已屏蔽")),
        languages=languages,
        variants=variants,
        added=added,
        retired=retired,
        clause=clause,
        line=row.number,
    )


def _date(text: str) -> str:
    """Return a date as people write it, as ``YYYY-MM-DD``; what is none stays as it is."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    if [len(part) for part in parts[:1]] == [4] and all(part.isdecimal() for part in parts):
        return "-".join([parts[0], *(part.zfill(2) for part in parts[1:])])
    return text


def _width(row: Row, defaults: Defaults) -> tuple[tuple[str, ...], tuple[str, ...], bool] | Words:
    """Return a row's languages, variants and clause; or which of its words is none of them."""
    from hegui.detectors.packs import LANGUAGES, VARIANTS

    languages = _listed(row, "languages", LANGUAGES)
    variants = _listed(row, "variants", VARIANTS) if "variants" in row.cells else defaults.variants
    clause = row.cells.get("clause", "").casefold()
    if isinstance(languages, Words):
        return languages
    if isinstance(variants, Words):
        return variants
    if clause not in _YES + _NO:
        return _UNKNOWN.fill(said=clause[:20], column="clause", known="true, false")
    return languages or LANGUAGES, variants, clause in _YES


def _listed(row: Row, column: str, known: tuple[str, ...]) -> tuple[str, ...] | Words:
    """Return what a cell lists, in the order of ``known``; or which of it is unknown."""
    text = row.cells.get(column, "").casefold()
    said = [_SAYS.get(each, each) for each in _BETWEEN.split(text) if each not in ("", "-")]
    strange = next((each for each in said if each not in known), None)
    if strange is not None:
        return _UNKNOWN.fill(said=strange[:20], column=column, known=", ".join(known))
    return tuple(each for each in known if each in said)


def dates_of(pack: "Pack | None") -> dict[str, str]:
    """Return since when each word of a pack has been listed: re-importing a list keeps it."""
    if pack is None:
        return {}
    dates: dict[str, str] = {}
    for rule in pack.rules:
        for said in (*rule.literals, *rule.patterns):
            dates[said.text] = min(rule.added, dates.get(said.text, rule.added))
    return dates
