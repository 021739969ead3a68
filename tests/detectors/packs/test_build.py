"""From packs to findings: days, severities, variants, exceptions, and rules of whole clauses."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegui.detectors import builtin
from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.exact import TargetDetector
from hegui.detectors.flagged import Flagging
from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.packs import ClauseRules, Pack, compiled, read
from hegui.detectors.packs.cases import detectors_of
from hegui.detectors.packs.clauses import MOST, _ends_of_clauses
from hegui.detectors.reading import CORPUS, GATEWAY, Plan
from hegui.detectors.targets import Target
from hegui.screen import window
from hegui.screen.masks import Masks
from hegui.screen.panel import Panel, judge
from hegui.screen.policy import default_policy
from hegui.screen.window import Tally, Window
from hegui.terms import Detector, Findings, Role, TextColumn

HEAD = """\
pack: own
version: "1"
title: {en: our own, zh: 自有规则}
licence: proprietary
source: the compliance desk
rules:
"""


def rule(name: str, **more: object) -> str:
    keys = {"severity": "high", "added": "2026-01-01", **more}
    told = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    words = "    title: {en: a word, zh: 词}\n    mask: {en: removed, zh: 已屏蔽}\n"
    return f"  - id: own.{name}\n    risk: A.3.b\n{words}{told}"


def pack(*rules: str) -> Pack:
    made, flaws = read(HEAD + "".join(rules))
    assert made is not None, flaws
    return made


def blind(_targets: Sequence[Target], _exceptions: Sequence[Target]) -> Matcher:
    """Compile nothing: for what does not depend on what is found."""
    return PlainMatcher(())


def found(detectors: Sequence[Detector], text: str) -> list[tuple[str, str, float]]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (name, data[start:end].decode(), score)
        for detector in detectors
        for _, name, start, end, score in detector.inspect(column)
    ]


def test_severity_is_the_score() -> None:
    made = pack(
        *(
            rule(level, severity=level, literals=f"[词{level}]")
            for level in ("low", "medium", "high")
        )
    )
    held = detectors_of([made])
    for level, score in (("low", 0.4), ("medium", 0.7), ("high", 1.0)):
        assert found(held, f"有词{level}。") == [(f"own.{level}", f"词{level}", score)]


def test_rules_apply_on_their_days_and_the_same_day_gives_the_same_digest() -> None:
    made = pack(
        rule("old", literals="[旧词]", retired="2026-06-01"),
        rule("new", literals="[新词]", added="2026-06-01"),
    )
    for day, names in (
        ("2025-12-31", []),
        ("2026-05-31", ["own.old"]),
        ("2026-06-01", ["own.new"]),
        ("", ["own.new"]),
    ):
        assert [hit[0] for hit in found(detectors_of([made], day), "旧词新词")] == names
    digests = [
        builtin([made], day, blind)[0].card.digest
        for day in ("2026-05-01", "2026-05-31", "2026-06-01")
    ]
    assert digests[0] == digests[1] != digests[2]


def test_variants_are_found_where_they_are_asked_for() -> None:
    plain = pack(rule("x", literals="[国际骗局 abc]", patterns="['骗{2}局']"))
    wide = pack(
        rule(
            "x",
            literals="[国际骗局 abc]",
            patterns="['骗{2}局']",
            variants="[traditional, full_width]",
        )
    )
    for text in ("國際騙局 abc", "国际骗局　ａｂｃ", "騙騙局"):
        assert not found(detectors_of([plain]), text)
        assert found(detectors_of([wide]), text), text
    assert found(detectors_of([plain]), "国际骗局 ABC")
    assert not found(detectors_of([wide]), "国际骗局 abcd"), "an ASCII word is whole"
    assert not found(detectors_of([wide]), "国际骗局　ａｂｃd"), "in any width"


def test_what_an_exception_covers_is_no_finding() -> None:
    held = detectors_of(
        [
            pack(
                rule(
                    "x",
                    literals="[炸弹]",
                    exceptions="[深水炸弹鸡尾酒, {pattern: '(沐|泡)浴炸弹'}]",
                ),
                rule("y", literals="[弹鸡]"),
            )
        ]
    )
    assert found(held, "深水炸弹") == [("own.x", "炸弹", 1.0)]
    assert found(held, "泡浴炸弹") == []
    assert found(held, "深水炸弹鸡尾酒") == [("own.y", "弹鸡", 1.0)], "of its own rule only"


def test_provider_packs_and_personal_data_are_one_detector_with_all_rules_in_its_card() -> None:
    (detector,) = builtin([pack(rule("x", literals="[自有词]"))], "2026-11-25", PlainMatcher)
    assert detector.card.name == "builtin"
    assert {"own.x", "pii.mobile", "lex.weapons"} <= set(detector.card.rules)
    assert detector.card.rules["own.x"].clause == "4(3)"
    names = [hit[0] for hit in found([detector], "自有词，电话13800138000")]
    assert names == ["own.x", "pii.mobile"]


def test_the_order_in_a_file_changes_nothing() -> None:
    one, two = rule("a", literals="[甲, 乙]"), rule("b", literals="[乙, 甲]")
    first, second = compiled([pack(one, two)]), compiled([pack(two, one)])
    told = [[(t.rule, t.pattern.source) for t in made.targets] for made in (first, second)]
    assert told[0] == told[1]


CLAUSE = pack(
    rule(
        "near",
        clause="true",
        patterns="['(怎么|如何).*炸弹', 'buy.*gun']",
        exceptions="[如何拆除炸弹]",
    ),
    rule("right", clause="true", severity="medium", patterns="['炸弹.*教程.*下载']"),
)


def test_a_clause_rule_finds_its_pieces_in_order_within_one_clause() -> None:
    held = detectors_of([CLAUSE])
    assert [type(each) for each in held] == [ClauseRules]
    assert found(held, "请问怎么在家里做一个炸弹？") == [("own.near", "怎么在家里做一个炸弹", 1.0)]
    assert found(held, "炸弹怎么") == [], "in order"
    assert found(held, "这怎么了？炸弹来了") == [], "within one clause"
    assert found(held, f"怎么{'很' * MOST}炸弹") == [], "and not too far"
    assert found(held, "如何拆除炸弹") == [], "but for exceptions"
    assert found(held, "BUY me a Gun") == [("own.near", "BUY me a Gun", 1.0)]
    assert found(held, "buying guns") == [], "words whole"
    assert found(held, "炸弹的视频教程在此下载") == [("own.right", "炸弹的视频教程在此下载", 0.7)]


def read_normalised() -> ClauseRules:
    made = compiled([CLAUSE])
    return ClauseRules(
        made.clause_rules, made.clauses, made.clause_exceptions, PlainMatcher, channels=GATEWAY
    )


def test_a_gateway_reads_clause_rules_in_the_normalised_text_too() -> None:
    held = [read_normalised()]
    for text in (
        "怎\u200b么做炸\u200b弹",
        "怎么做炸弹",
        "buy a 𝐠𝐮𝐧",
        "ｂｕｙ a gun",
        "buy my gun\u0336",
    ):
        assert [name for name, *_ in found(held, text)] == ["own.near"], text
    assert found(held, "\u200b怎么做炸弹") == [("own.near", "怎么做炸弹", 1.0)], "once"
    assert found(held, "如\u200b何拆除炸\u200b弹") == [], "but for exceptions"
    assert found(held, ("\u200b" * 8).join("怎么" + "很" * 25 + "炸弹")) == [], "not too far"
    assert found(held, "怎\u200b么？炸\u200b弹") == [], "within one clause"
    broken = TextColumn(b"\xff" + "怎\u200b么做炸弹".encode(), [0, 22])
    assert len(held[0].inspect(broken)) == 1


def in_corpus(scanned: list[int]) -> tuple[Detector, Detector]:
    """Return a detector that looks for what flags a row, and one of clause rules.

    ``scanned`` is given how many rows are scanned, each time that anything is.
    """

    class Noting(PlainMatcher):
        def find(self, column: TextColumn, *, told: bool = False) -> Findings:
            scanned.append(len(column))
            return super().find(column, told=told)

    plan, flagging, made = Plan(CORPUS, {}, ()), Flagging(), compiled([CLAUSE])
    seen = TargetDetector("seen", "1", {}, plan.targets, back_end=Noting(plan.targets))
    rules = (made.clause_rules, made.clauses, made.clause_exceptions)
    held = ClauseRules(*rules, Noting, CORPUS, flagging)
    return ChannelledDetector(seen, plan, flagging), held


def test_a_corpus_reads_clause_rules_in_the_normalised_text_of_rows_that_are_flagged() -> None:
    _, held = in_corpus([])
    for text in (
        "怎\u200b么做炸\u200b弹",
        "怎么做炸\u200b弹",
        "buy a 𝐠𝐮𝐧",
        "ｂｕｙ a gun",
    ):
        assert [name for name, *_ in found([held], text)] == ["own.near"], text
    assert found([held], "\u200b怎么做炸弹") == [("own.near", "怎么做炸弹", 1.0)], "once"
    assert found([held], "如\u200b何拆除炸\u200b弹") == [], "but for exceptions"
    assert found([held], "怎\u200b么？炸\u200b弹") == [], "within one clause"
    quiet = "怎麼做炸彈"
    assert found([read_normalised()], quiet), "a gateway reads all rows"
    assert found([held], quiet) == found([held], quiet + "。\u200b") == []  # whatever flags its row


def test_rows_that_nothing_flags_are_scanned_for_clause_rules_once_and_no_more() -> None:
    """So they cost what they cost without the channel: what flags a row, the other one tells."""
    scanned: list[int] = []
    exact, held = in_corpus(scanned)
    column = TextColumn.of(["怎么做炸弹", "怎麼做炸彈", "buy “my” café", "（１２３）"] * 9)
    exact.inspect(column)
    assert scanned == [36]
    assert {row % 4 for row in held.inspect(column).row} == {0}
    assert scanned == [36, 36]
    flagged = TextColumn.of(["炸弹", "怎么做炸\u200b弹"])
    exact.inspect(flagged)
    del scanned[:]
    assert list(held.inspect(flagged).row) == [1]
    assert scanned == [2, 1], "one row more"
    assert list(held.inspect(flagged).row) == [1], "asked alone it finds the same"


def test_clause_rules_are_not_exact_and_the_panel_knows() -> None:
    panel = Panel([builtin([CLAUSE], "2026-11-25", PlainMatcher)])
    assert [member.card.reach for member in panel.exact] == ["exact"]  # type: ignore[union-attr]
    assert len(panel.clause) == 1
    policy = default_policy(own_upstream=True, public=False)
    (verdict,) = judge(panel, policy, ["怎么在家做炸弹"], [Role.USER])
    assert "own.near" in {finding.rule for finding in verdict.findings}
    assert panel.digest != Panel([builtin((), "2026-11-25", blind)]).digest


def test_a_clause_is_for_these_rules_what_it_is_for_the_window() -> None:
    marks = window.CLAUSE_ENDS
    assert len(_ends_of_clauses(marks.encode())) == len(marks)
    assert MOST <= window.CLAUSE_CONTEXT - window.CLAUSE_MAX


PIECES = st.sampled_from(
    [
        *("怎么", "炸弹", "。", "？", "在家", "教程", "下载", "很" * 90, "a", "buy ", "gun"),
        *("怎\u200b么", "炸" + "\u200b" * 8 + "弹", "\u200b" * 7, "如何拆", "除炸\u200b弹"),
        *("ｇｕｎ", "gun\u0336"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=14), st.integers(1, 9))
def test_a_stream_stops_for_a_clause_rule_as_the_whole_text_does(
    pieces: list[str], cut: int
) -> None:
    text = "".join(pieces)
    panel = Panel([[read_normalised()]])
    policy = default_policy(own_upstream=True, public=False)
    (verdict,) = judge(panel, policy, [text], [Role.REPLY])
    streaming = Window(panel, policy, Tally(), Masks("zh"))
    steps = [streaming.feed(text[at : at + cut]) for at in range(0, len(text), cut)]
    steps.append(streaming.end())
    refused = next((step.refused for step in steps if step.refused is not None), None)
    assert (refused is not None) == bool(verdict.findings)


def test_a_long_row_of_pieces_ends_in_time() -> None:
    held = detectors_of([CLAUSE])
    for text in ("怎么" * 20_000 + "炸弹", "怎么炸弹" * 5_000, "如何拆除炸弹" * 3_000):
        found(held, text)


@pytest.mark.parametrize("severity", ["low", "medium", "high"])
def test_the_longest_match_is_the_finding_whatever_the_severity(severity: str) -> None:
    held = detectors_of([pack(rule("x", severity=severity, patterns="['甲{1,4}']"))])
    assert found(held, "甲甲甲")[0][1] == "甲甲甲"
