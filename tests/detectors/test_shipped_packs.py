"""The shipped rule packs: each rule finds its cases and leaves alone what only looks like them."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from hegui.detectors import personal
from hegui.detectors.lexicon import targets_of
from hegui.detectors.pattern import Pattern, literal, parse
from hegui.detectors.reading import CORPUS, GATEWAY, Channels
from hegui.detectors.targets import Target
from hegui.measures import risks
from hegui.runners.compiling import builtin, kept
from hegui.terms import Findings, TextColumn

PAGE = Path(__file__).parents[2] / "docs/design/12-shipped-packs.md"
HAN = re.compile("[\u4e00-\u9fff]")
# What a person reads on a page is bounded, and so is what a stream may hold back.
SPAN = 64
PROVIDER = {"A.1.a", "A.1.b", "A.1.c"}

Rule = dict[str, Any]


@cache
def packs() -> tuple[dict[str, Any], ...]:
    folder = resources.files("hegui.detectors").joinpath("data/packs")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return tuple(yaml.load(file.read_text("utf-8"), yaml.CSafeLoader) for file in files)


@cache
def rules() -> dict[str, Rule]:
    return {rule["id"]: rule for pack in packs() for rule in pack["rules"]}


def exception(entry: str | dict[str, str]) -> Pattern:
    return literal(entry) if isinstance(entry, str) else parse(entry["pattern"])


@cache
def looked_for(rule: str) -> list[Pattern]:
    given = rules()[rule]
    return [*map(literal, given.get("literals") or ()), *map(parse, given.get("patterns") or ())]


@cache
def excepted(rule: str) -> list[Pattern]:
    return [exception(entry) for entry in rules()[rule].get("exceptions") or ()]


def targets(patterns: Callable[[str], list[Pattern]]) -> list[Target]:
    """Return the targets as they are written: variants are the business of who loads packs."""
    return [targets_of(rule, pattern)[0] for rule in rules() for pattern in patterns(rule)]


class Shipped:
    """All rules at once; a finding wholly inside a match of its rule's exceptions is none."""

    def __init__(self) -> None:
        self.found = kept(targets(looked_for))
        self.spared = kept(targets(excepted))

    def ids(self, texts: Sequence[str]) -> list[set[str]]:
        """Return the rules that find something, for each text."""
        column = TextColumn.of(texts)
        spared = list(spans(self.spared.find(column)))
        found: list[set[str]] = [set() for _ in texts]
        for row, rule, start, end in spans(self.found.find(column)):
            if not any((r, i) == (row, rule) and s <= start and end <= e for r, i, s, e in spared):
                found[row].add(rule)
        return found


def spans(findings: Findings) -> list[tuple[int, str, int, int]]:
    return list(zip(findings.row, findings.rule, findings.start, findings.end, strict=True))


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped()


every_rule = pytest.mark.parametrize("rule", rules().values(), ids=list(rules()))


@every_rule
def test_a_rule_finds_what_it_is_for(rule: Rule, shipped: Shipped) -> None:
    around = ("{}", "你好，{}，谢谢", "上文{}", "（{}）", "line\n{}\nline")
    texts = [frame.format(text) for text in rule["cases"]["match"] for frame in around]
    assert texts
    missed = [
        text for text, ids in zip(texts, shipped.ids(texts), strict=True) if rule["id"] not in ids
    ]
    assert missed == []


@every_rule
def test_ordinary_text_is_left_alone_by_every_rule(rule: Rule, shipped: Shipped) -> None:
    texts = [frame.format(t) for t in rule["cases"]["clean"] for frame in ("{}", "今天说说：{}。")]
    assert texts
    wrong = {text: ids for text, ids in zip(texts, shipped.ids(texts), strict=True) if ids}
    assert wrong == {}


@every_rule
def test_a_rule_is_complete(rule: Rule) -> None:
    assert re.fullmatch(r"lex\.[a-z0-9_]+", rule["id"])
    assert rule["risk"] in risks()
    assert rule["severity"] in {"low", "medium", "high"}
    for words in (rule["title"], rule["mask"]):
        assert set(words) == {"en", "zh"}
        assert words["en"]
        assert HAN.search(words["zh"])
    assert rule.get("literals") or rule.get("patterns")
    assert set(rule["languages"]) <= {"zh", "en"}
    assert set(rule["variants"]) <= {"traditional", "full_width", "spaced", "homophone"}
    assert isinstance(rule["added"], date)
    assert rule["retired"] is None


@every_rule
def test_a_stream_never_holds_back_more_than_the_bound_for_a_rule(rule: Rule) -> None:
    assert max(pattern.span for pattern in looked_for(rule["id"])) <= SPAN
    assert all(pattern.span <= SPAN for pattern in excepted(rule["id"]))


@every_rule
def test_every_exception_takes_something_away(rule: Rule) -> None:
    """An exception that could cover no finding of its rule is a slip of the pen."""
    least = min(pattern.shortest for pattern in looked_for(rule["id"]))
    assert all(pattern.span > least for pattern in excepted(rule["id"]))


def test_every_pack_says_what_it_is() -> None:
    for pack in packs():
        assert re.fullmatch(r"[a-z0-9-]+", pack["pack"])
        assert date.fromisoformat(pack["version"]) <= date(9999, 12, 31)
        assert set(pack["title"]) == {"en", "zh"}
        assert pack["licence"] == "Apache-2.0"
        assert pack["source"] == "written for hegui"
    assert len({pack["pack"] for pack in packs()}) == len(packs())


def test_no_rule_is_there_twice() -> None:
    counted = Counter(rule["id"] for pack in packs() for rule in pack["rules"])
    assert [rule for rule, count in counted.items() if count > 1] == []
    looked = Counter(p.source for rule in rules() for p in looked_for(rule))
    assert [source for source, count in looked.items() if count > 1] == []


def test_nothing_is_shipped_for_the_risks_that_a_provider_must_cover() -> None:
    assert PROVIDER.isdisjoint(rule["risk"] for rule in rules().values())


def test_every_risk_that_hegui_may_ship_has_a_rule_or_is_said_to_be_uncovered() -> None:
    listed = re.search(
        r"^Not covered by any shipped rule: (.*)\.$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert listed
    said = set(re.findall(r"A\.\d\.[a-z]", listed[1]))
    may = {risk.id for risk in risks().values() if risk.cover != "provider"}
    covered = {rule["risk"] for rule in rules().values()}
    covered |= {rule.risk for rule in personal.RULES.values()}
    assert said == may - covered


@pytest.mark.parametrize("channels", [CORPUS, GATEWAY], ids=["corpus", "gateway"])
def test_a_disguise_hides_no_rule_and_makes_none_fire(channels: Channels) -> None:
    """Also where a rule has exceptions, however long these are."""
    detector = builtin(channels=channels)[0]
    cases = [(rule, kind, text) for rule in rules() for kind, text in cases_of(rule)]
    for disguise in ("\u200b".join, escaped):
        told = detector.inspect(TextColumn.of([disguise(text) for *_, text in cases]))
        found = {(row, rule) for row, rule, *_ in told}
        wrong = [
            (rule, kind, text)
            for row, (rule, kind, text) in enumerate(cases)
            if ((row, rule) in found) != (kind == "match")
        ]
        assert wrong == []


def escaped(text: str) -> str:
    """Spell every character as JSON may."""
    return "".join(f"\\u{ord(char):04x}" for char in text)


def cases_of(rule: str) -> list[tuple[str, str]]:
    return [(kind, text) for kind in ("match", "clean") for text in rules()[rule]["cases"][kind]]
