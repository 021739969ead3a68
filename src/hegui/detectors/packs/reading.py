"""Read a pack: YAML text to frozen values, and every problem at once with its line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from hegui.detectors.packs.nodes import Node, NotAPack
from hegui.detectors.packs.values import (
    LANGUAGES,
    SEVERITIES,
    VARIANTS,
    Flaw,
    Lined,
    Pack,
    Rule,
    Severity,
)
from hegui.terms import Words

MOST_RULES: Final = 20_000
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_RULE_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+")
_RISK: Final = re.compile(r"A\.[1-5]\.[a-z]")
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_RULE_ID_MOST: Final = 80
_PACK_KEYS: Final = ("pack", "version", "title", "licence", "source", "rules")
_RULE_KEYS: Final = (
    *("id", "risk", "severity", "title", "mask", "languages", "literals", "patterns"),
    *("variants", "exceptions", "added", "retired", "clause", "cases"),
)
_LISTED: Final = Words("must be a list", "应为列表")
_TABLE: Final = Words("must be a table of keys", "应为键值表")
_NOTHING: Final = Words("", "")


def is_date(text: str) -> bool:
    """Whether ``text`` is a day of the calendar, written ``YYYY-MM-DD``."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    if not (year and 1 <= month <= len(_MONTH_DAYS) and 1 <= day <= _MONTH_DAYS[month - 1]):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return leap or (month, day) != (2, 29)


def read(text: str) -> tuple[Pack | None, list[Flaw]]:
    """Read a pack. It is None when it holds an error; flaws come in the order of their lines.

    What is read is the form: ids, dates, words, lists. Whether rules are sound is for ``lint``.
    """
    from hegui.detectors.packs.parsing import nodes_of

    reading = _Reading()
    try:
        root = nodes_of(text, reading.flaws)
    except NotAPack as error:
        return None, [*reading.flaws, error.flaw]
    pack = reading.pack(root)
    flaws = sorted(reading.flaws, key=lambda flaw: flaw.line)
    return (None if any(flaw.weight == "error" for flaw in flaws) else pack), flaws


@dataclass(slots=True)
class _Reading:
    """One pass over a file. What cannot be read is noted and left out; reading goes on."""

    flaws: list[Flaw] = field(default_factory=list)
    rule_id: str = ""

    def note(self, line: int, words: Words) -> None:
        self.flaws.append(Flaw(line, words, self.rule_id))

    def pack(self, root: Node) -> Pack:
        pairs = self._table(root, _PACK_KEYS)
        for name in ("pack", "version", "title", "licence", "source", "rules"):
            if name not in pairs:
                self.note(root.line, Words("{name} is missing", "缺少 {name}").fill(name=name))
        pack_id = self._word(pairs.get("pack"))
        if pack_id and not _ID.fullmatch(pack_id):
            words = Words("a pack's id has a-z, 0-9 and -", "规则包编号只能含 a-z、0-9 和 -")
            self.note(pairs["pack"].line, words)
        items = self._items(pairs.get("rules"))
        if len(items) > MOST_RULES:
            words = Words("more than {most:,} rules", "规则超过 {most:,} 条").fill(most=MOST_RULES)
            self.note(items[MOST_RULES].line, words)
            items = items[:MOST_RULES]
        return Pack(
            id=pack_id,
            version=self._word(pairs.get("version")),
            title=self._both(pairs.get("title")),
            licence=self._word(pairs.get("licence")),
            source=self._word(pairs.get("source")),
            rules=tuple(self._rule(item) for item in items),
        )

    def _rule(self, node: Node) -> Rule:
        pairs = self._table(node, _RULE_KEYS)
        self.rule_id = pairs["id"].text or "" if "id" in pairs else ""
        for name in ("id", "risk", "severity", "title", "mask", "added"):
            if name not in pairs:
                self.note(node.line, Words("{name} is missing", "缺少 {name}").fill(name=name))
        cases = self._table(pairs["cases"], ("match", "clean")) if "cases" in pairs else {}
        rule = Rule(
            id=self._word(pairs.get("id")),
            risk=self._word(pairs.get("risk")),
            severity=self._severity(pairs.get("severity")),
            title=self._both(pairs.get("title")),
            mask=self._both(pairs.get("mask")),
            languages=self._chosen(pairs.get("languages"), LANGUAGES) or LANGUAGES,
            literals=self._texts(pairs.get("literals")),
            patterns=self._texts(pairs.get("patterns"), pattern=True),
            variants=self._chosen(pairs.get("variants"), VARIANTS),
            exceptions=self._exceptions(pairs.get("exceptions")),
            added=self._date(pairs.get("added")),
            retired=self._date(pairs.get("retired")),
            clause=self._flag(pairs.get("clause")),
            match=self._texts(cases.get("match")),
            clean=self._texts(cases.get("clean")),
            line=node.line,
        )
        self._shape(rule, pairs)
        self.rule_id = ""
        return rule

    def _shape(self, rule: Rule, pairs: dict[str, Node]) -> None:
        if rule.id and not (_RULE_ID.fullmatch(rule.id) and len(rule.id) <= _RULE_ID_MOST):
            words = Words(
                "a rule's id is words of a-z, 0-9, _ and -, joined by dots: own.fraud",
                "规则编号由 a-z、0-9、_、- 组成的词用点连接而成，如 own.fraud",
            )
            self.note(pairs["id"].line, words)
        if rule.risk and not _RISK.fullmatch(rule.risk):
            words = Words("a risk is written A.1.a to A.5.b", "风险编号写作 A.1.a 至 A.5.b")
            self.note(pairs["risk"].line, words)
        if not rule.literals and not rule.patterns:
            words = Words("a rule needs literals or patterns", "规则须有 literals 或 patterns")
            self.note(rule.line, words)

    def _table(self, node: Node, known: Iterable[str]) -> dict[str, Node]:
        if node.pairs is None:
            self.note(node.line, _TABLE)
            return {}
        listed = tuple(known)
        for name, value in node.pairs.items():
            if name not in listed:
                words = Words(
                    "there is no key {name}; there are {known}", "没有键 {name}；可用：{known}"
                )
                self.note(value.line, words.fill(name=name[:40], known=", ".join(listed)))
        return node.pairs

    def _items(self, node: Node | None) -> list[Node]:
        if node is None or node.text == "":
            return []
        if node.items is None:
            self.note(node.line, _LISTED)
            return []
        return node.items

    def _word(self, node: Node | None) -> str:
        if node is None:
            return ""
        if not node.text or not node.text.isprintable():
            self.note(node.line, Words("must be a line of text", "应为一行文本"))
            return ""
        return node.text

    def _both(self, node: Node | None) -> Words:
        if node is None:
            return _NOTHING
        pairs = self._table(node, ("en", "zh"))
        told = Words(self._word(pairs.get("en")), self._word(pairs.get("zh")))
        if not (told.en and told.zh) and {"en", "zh"} - set(pairs):
            self.note(node.line, Words("needs both languages, en and zh", "须有 en 和 zh 两种语言"))
        return told

    def _severity(self, node: Node | None) -> Severity:
        for severity in SEVERITIES:
            if node is not None and node.text == severity:
                return severity
        if node is not None:
            words = Words("severity is one of {names}", "severity 应为以下之一：{names}")
            self.note(node.line, words.fill(names=", ".join(SEVERITIES)))
        return "high"

    def _texts(self, node: Node | None, *, pattern: bool = False) -> tuple[Lined, ...]:
        found = []
        for item in self._items(node):
            if item.text:
                found.append(Lined(item.text, item.line, pattern))
            else:
                self.note(item.line, Words("must be a text, and not empty", "应为非空文本"))
        return tuple(found)

    def _exceptions(self, node: Node | None) -> tuple[Lined, ...]:
        found: list[Lined] = []
        for item in self._items(node):
            if item.pairs is None:
                found += self._texts(Node(item.line, items=[item]))
                continue
            pairs = self._table(item, ("pattern",))
            if "pattern" in pairs:
                found += self._texts(Node(item.line, items=[pairs["pattern"]]), pattern=True)
        return tuple(found)

    def _chosen(self, node: Node | None, known: tuple[str, ...]) -> tuple[str, ...]:
        chosen = []
        for item in self._items(node):
            if item.text in known:
                chosen.append(item.text)
            else:
                words = Words("must be among {known}", "应在以下范围内：{known}")
                self.note(item.line, words.fill(known=", ".join(known)))
        return tuple(kind for kind in known if kind in chosen)

    def _date(self, node: Node | None) -> str:
        if node is None or node.text == "":
            return ""
        if node.text is None or not is_date(node.text):
            self.note(node.line, Words("a date is written YYYY-MM-DD", "日期写作 YYYY-MM-DD"))
            return ""
        return node.text

    def _flag(self, node: Node | None) -> bool:
        said = node.text if node is not None else "false"
        if said not in ("true", "false"):
            assert node is not None
            self.note(node.line, Words("must be true or false", "应为 true 或 false"))
        return said == "true"
