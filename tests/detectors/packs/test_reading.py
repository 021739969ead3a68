"""Reading a pack: every flaw at once with its line, nothing guessed, hostile files bounded."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegui.detectors.packs import Flaw, Pack, is_date, read, shipped
from hegui.detectors.packs.writing import written

HEAD = """\
pack: own
version: "1"
title: {en: our own, zh: 自有规则}
licence: proprietary
source: the compliance desk
rules:
"""
RULE = """\
  - id: own.word
    risk: A.3.b
    severity: medium
    title: {en: a word, zh: 词}
    mask: {en: removed, zh: 已屏蔽}
    literals: [甲乙丙丁, no, 2026-11-25]
    patterns: ['a{1,3}b']
    variants: [full_width]
    exceptions: [甲乙丙丁戊, {pattern: 'x|y'}]
    added: 2026-11-20
    retired:
    cases:
      match: [说甲乙丙丁吧]
      clean: [别的话]
"""


def flaws_of(text: str) -> list[Flaw]:
    pack, flaws = read(text)
    assert pack is None
    return flaws


def good(text: str) -> Pack:
    pack, flaws = read(text)
    assert pack is not None, flaws
    return pack


def test_a_pack_is_read_as_it_stands() -> None:
    pack = good(HEAD + RULE)
    (rule,) = pack.rules
    assert [said.text for said in rule.literals] == ["甲乙丙丁", "no", "2026-11-25"]
    assert [(said.text, said.pattern) for said in rule.exceptions] == [
        ("甲乙丙丁戊", False),
        ("x|y", True),
    ]
    assert (rule.added, rule.retired, rule.severity, rule.clause) == (
        "2026-11-20",
        "",
        "medium",
        False,
    )
    assert rule.literals[0].line == 12
    assert rule.line == 7


def test_every_flaw_is_told_at_once_with_its_line() -> None:
    text = HEAD.replace("pack: own", "pack: Own!") + RULE.replace("medium", "grave").replace(
        "2026-11-20", "20 November"
    ).replace("[full_width]", "[sideways]").replace("risk: A.3.b", "rsk: A.3.b")
    told = {flaw.line: flaw.words.en for flaw in flaws_of(text)}
    assert set(told) == {1, 7, 8, 9, 14, 16}
    assert "risk is missing" in told[7]
    assert "no key rsk" in told[8]
    assert "YYYY-MM-DD" in told[16]
    assert all(flaw.words.zh for flaw in flaws_of(text))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "empty"),
        ("a: [", 1, "not YAML"),
        ("a: b\na: c", 2, "twice"),
        ("a: &x 1\nb: *x", 1, "anchors"),
        ("b: *x", 1, "anchors"),
        ("a: !!python/object/apply:os.system [x]", 1, "tags"),
        ("a: b\n---\nc: d", 2, "second document"),
        ("? [a]\n: b", 1, "key must be a word"),
        ("[[[[[[[[a]]]]]]]]", 1, "too deeply"),
        ("a: b\nc: \x00", 2, "does not allow"),
        ("a: " + "x" * 5000, 1, "longer than"),
        ('a: "\\ud800"', 1, ""),
    ],
)
def test_what_is_no_pack_is_refused_with_its_place(text: str, line: int, why: str) -> None:
    flaws = flaws_of(text)
    assert any(flaw.line == line and why in flaw.words.en for flaw in flaws), flaws


def test_hostile_files_end_in_time() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(1000))
    hostile = [
        bomb,
        "[" * 200_000,
        "{a: " * 50_000,
        "x" * 17_000_000,
        HEAD + "- [a]\n" * 21_000,
        HEAD + f"  - id: own.x\n    literals: [{'a,' * 100_000}]\n",
    ]
    started = time.process_time()
    for text in hostile:
        assert flaws_of(text)
    assert time.process_time() - started < 30


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_never_fails(text: str) -> None:
    read(text)
    read(HEAD + text)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20))
def test_what_is_written_is_read_back(word: str) -> None:
    pack = good(HEAD + RULE)
    (rule,) = pack.rules
    changed = replace(pack, rules=(replace(rule, match=(rule.match[0]._replace(text=word),)),))
    again = good(written(changed))
    assert again.digest == changed.digest
    assert written(again) == written(changed)


def test_the_digest_is_of_the_content_and_not_of_the_layout() -> None:
    one = good(HEAD + RULE)
    other = good("# a remark\n" + HEAD + RULE.replace("甲乙丙丁, no", "no, 甲乙丙丁"))
    assert one.digest == other.digest
    assert one.digest != good(HEAD + RULE.replace("medium", "low")).digest
    assert one.digest != good(HEAD + RULE.replace("no,", "now,")).digest


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2026-11-25", True),
        ("2024-02-29", True),
        ("2026-02-29", False),
        ("2026-13-01", False),
        ("0000-01-01", False),
        ("2026-1-1", False),
        ("２０２６-11-25", False),
    ],
)
def test_dates_are_days_of_the_calendar(text: str, right: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_date(text) is right


def test_a_rule_applies_from_its_first_day_and_not_on_the_day_it_is_retired() -> None:
    (rule,) = good(HEAD + RULE.replace("retired:", "retired: 2026-12-01")).rules
    days = ("2026-11-19", "2026-11-20", "2026-11-30", "2026-12-01", "")
    assert [rule.applies(day) for day in days] == [False, True, True, False, False]


def test_what_comes_with_hegui_can_be_written_and_read_again() -> None:
    for pack in shipped():
        assert good(written(pack)).digest == pack.digest
