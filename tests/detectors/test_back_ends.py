"""All back ends give the findings of the law, at every size, with exceptions, under every cut."""

import random
from collections.abc import Callable, Sequence

import pytest

from hegui.detectors import TargetDetector
from hegui.detectors.ahocorasick import LiteralMatcher
from hegui.detectors.columns import ColumnFindings, arrays_of
from hegui.detectors.lexicon import targets_of
from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.pattern import Pattern, literal, parse
from hegui.detectors.targets import ANYTHING, NO_DIGIT, NO_WORD, Target
from hegui.detectors.tree import WORD, Each, Row
from hegui.detectors.vectors import Sizes, VectorMatcher
from hegui.terms import Misconfigured, TextColumn

TINY = Sizes(bytes=0, hits=0, segment=1)
SMALL_SEGMENTS = Sizes(bytes=0, hits=0, segment=7)
ALPHABET = "aAbBｂＢ1２字词，é𝟙"
Make = Callable[[Sequence[Target], Sequence[Target]], Matcher]


def in_segments(targets: Sequence[Target], exceptions: Sequence[Target]) -> Matcher:
    return VectorMatcher(targets, exceptions, sizes=SMALL_SEGMENTS)


def byte_by_byte(targets: Sequence[Target], exceptions: Sequence[Target]) -> Matcher:
    return VectorMatcher(targets, exceptions, sizes=TINY)


BACK_ENDS: dict[str, Make] = {
    "plain": PlainMatcher,
    "literals": LiteralMatcher,
    "vectors": VectorMatcher,
    "segments": in_segments,
    "byte by byte": byte_by_byte,
}


def even(value: str, _left: str) -> float:
    return 0.4 * (len(value) % 2 == 0)


def unless_a_stands_left(value: str, left: str) -> float:
    return 0.5 if "a" not in left and "bb" not in value else 0.0


def some_pattern(rng: random.Random) -> Pattern:
    bits = ["a", "b", "字", "词", "[ab]", "[1２]", r"\d", "(?:ab|字1)", "a?", "(?:1字)?", "b{1,3}"]
    bits += ["Ｂ", "ｂ", "é", "，", "𝟙"]
    while True:
        try:
            if rng.random() < 0.5:
                pattern: Pattern = literal("".join(rng.choices(ALPHABET, k=rng.randrange(1, 4))))
            else:
                pattern = parse("".join(rng.choices(bits, k=rng.randrange(1, 5))))
        except Misconfigured:
            continue
        pattern = pattern.folded(case=rng.random() < 0.5, width=rng.random() < 0.2)
        return pattern.full_width() if rng.random() < 0.2 else pattern


def some_targets(rng: random.Random, most: int) -> list[Target]:
    edges = [ANYTHING, ANYTHING, NO_DIGIT, NO_WORD, WORD, frozenset("é字")]
    return [
        Target(
            rng.choice("rst"),
            pattern,
            rng.choice(edges),
            rng.choice(edges),
            rng.choice([None, None, even, unless_a_stands_left]),
            rng.randrange(4),
            whole=rng.random() < 0.3,
            trigger=rng.choice([None, Pattern(Each(pattern.closing))]),
            score=rng.choice([1.0, 0.7]),
        )
        for pattern in (some_pattern(rng) for _ in range(rng.randrange(most)))
    ]


def some_column(rng: random.Random) -> TextColumn:
    if rng.random() < 0.3:
        data = bytes(rng.choice("a1b字２Ｂ".encode() + b"\xff\xe5\xef ") for _ in range(40))
        cuts = sorted(rng.randrange(41) for _ in range(3))
        return TextColumn(memoryview(data), [cuts[0], cuts[1], cuts[1], cuts[2], 40])
    texts = ["".join(rng.choices(ALPHABET, k=rng.randrange(16))) for _ in range(rng.randrange(5))]
    return TextColumn.of(texts or [""])


@pytest.mark.parametrize("seed", range(30))
def test_every_back_end_finds_the_same_whatever_the_rules_and_the_bytes(seed: int) -> None:
    rng = random.Random(seed)
    targets, exceptions = some_targets(rng, 8), some_targets(rng, 4)
    matchers = {name: make(targets, exceptions) for name, make in BACK_ENDS.items()}
    for _ in range(25):
        column = some_column(rng)
        found = {name: list(matcher.find(column)) for name, matcher in matchers.items()}
        assert all(same == found["plain"] for same in found.values()), (seed, column.data, found)


@pytest.mark.parametrize("name", ["plain", "literals", "vectors"])
def test_with_exceptions_a_stream_finds_what_the_whole_text_finds(name: str) -> None:
    rng = random.Random(7)
    for _ in range(40):
        targets, exceptions = some_targets(rng, 6), some_targets(rng, 4)
        detector = TargetDetector(
            "t",
            "1",
            {},
            targets,
            exceptions=exceptions,
            back_end=BACK_ENDS[name](targets, exceptions),
        )
        for _ in range(12):
            text = "".join(rng.choices(ALPHABET, k=rng.randrange(24)))
            assert streamed(detector, text, rng) == whole(detector, text), (text, exceptions)


def whole(detector: TargetDetector, text: str) -> list[tuple[str, int, int, float]]:
    data = text.encode()
    return [
        (rule, len(data[:start].decode()), len(data[:end].decode()), score)
        for _, rule, start, end, score in detector.inspect(TextColumn.of([text]))
    ]


def streamed(
    detector: TargetDetector, text: str, rng: random.Random
) -> list[tuple[str, int, int, float]]:
    """Settle findings by where they begin; keep ``left`` characters of what has gone out."""
    found: list[tuple[str, int, int, float]] = []
    at = gone = base = 0
    while at < len(text):
        at = min(len(text), at + rng.randrange(1, 4))
        kept = text[base:at]
        held = 0 if at == len(text) else detector.pending(kept[-detector.card.span :])
        edge = max(gone, at - held)
        found += [
            (rule, start + base, end + base, score)
            for rule, start, end, score in whole(detector, kept)
            if gone <= start + base < edge
        ]
        gone = edge
        base = max(base, gone - detector.card.left)
    return found


@pytest.mark.parametrize("make", BACK_ENDS.values(), ids=list(BACK_ENDS))
def test_what_an_exception_of_the_rule_covers_is_no_finding(make: Make) -> None:
    targets = [Target("r", literal("炸弹"), score=0.7), Target("s", literal("炸弹"))]
    exceptions = [Target("r", parse("炸弹(?:糖|人游戏)")), Target("r", literal("深水炸弹鸡尾酒"))]
    matcher = make(targets, exceptions)

    def found(text: str) -> list[str]:
        return [rule for _, rule, *_ in matcher.find(TextColumn.of([text]))]

    assert found("炸弹") == ["r", "s"]
    assert found("炸弹糖") == found("深水炸弹鸡尾酒") == ["s"]
    assert found("炸弹糖炸弹") == ["s", "r", "s"]
    assert found("炸弹人") == ["r", "s"]


@pytest.mark.parametrize("segment", range(1, 12))
def test_an_exception_covers_what_begins_beyond_a_cut_in_a_long_row(segment: int) -> None:
    targets, exceptions = [Target("r", literal("b"))], [Target("r", literal("a-b"))]
    matcher = VectorMatcher(targets, exceptions, sizes=Sizes(0, 0, segment))
    found = matcher.find(TextColumn.of(["a-b" * 30 + "b" + "a-b" * 30]))
    assert found.start == [90]


@pytest.mark.parametrize("size", [10, 20, 21, 60, 63, 64, 65, 130, 190])
def test_a_match_longer_than_the_first_look_back_is_found_with_its_boundary(size: int) -> None:
    pattern = parse("a[b字]{1,200}c")
    targets = [Target("r", pattern, NO_WORD), Target("s", pattern, ANYTHING, ANYTHING, even)]
    texts = [left + "a" + fill * size + "c" for left in ("", "x", "字", "é1") for fill in "b字"]
    column = TextColumn.of(texts)
    want = list(PlainMatcher(targets).find(column))
    assert want
    for sizes in (Sizes(), TINY, SMALL_SEGMENTS):
        assert list(VectorMatcher(targets, sizes=sizes).find(column)) == want


def test_an_exception_that_is_not_complete_is_waited_for() -> None:
    detector = TargetDetector(
        "t", "1", {}, [Target("r", literal("炸弹"))], exceptions=[Target("r", literal("炸弹糖"))]
    )
    assert detector.pending("一颗炸弹") == 2
    assert detector.pending("一颗炸弹糖果") == 0
    assert detector.card.span == 3
    assert detector.card.left == 2
    bare = TargetDetector("t", "1", {}, [Target("r", literal("炸弹"))])
    assert bare.card.digest != detector.card.digest


def test_a_large_column_may_be_asked_for_lists_or_for_arrays() -> None:
    targets = [Target("r", literal("ab")), Target("s", literal("b"), score=0.5)]
    column = TextColumn.of(["xab", "", "b"])
    large = VectorMatcher(targets, sizes=TINY).find(column)
    small = VectorMatcher(targets).find(column)
    assert isinstance(large, ColumnFindings)
    assert not isinstance(small, ColumnFindings)
    assert len(large) == len(small) == 3
    for findings in (large, small):
        arrays = arrays_of(findings)
        assert [arrays.rules[rule] for rule in arrays.rule] == ["r", "s", "s"]
        assert arrays.score.tolist() == [1.0, 0.5, 0.5]
    assert (large.row, large.start, large.end) == (small.row, small.start, small.end)
    assert list(large) == list(small)


def test_full_width_words_are_found_in_any_case_and_only_whole() -> None:
    matcher = VectorMatcher(targets_of("r", literal("kill")))
    texts = ["ＫｉＬＬ", "ｋｉｌｌｓ", "KILL", "kiＬＬ", "ｋｉｌｌ，"]
    assert [row for row, *_ in matcher.find(TextColumn.of(texts))] == [0, 2, 4]


def after_a_label(_value: str, left: str) -> float:
    return float(left.lower().endswith("qq:"))


def far_behind(_value: str, left: str) -> float:
    return float(left.endswith("abc" * 9))


EVERY_SIZE = (Sizes(), Sizes(0, 0), TINY, SMALL_SEGMENTS)


@pytest.mark.parametrize("sizes", EVERY_SIZE)
def test_targets_that_ask_the_engine_for_the_same_are_told_once_and_each_is_found(
    sizes: Sizes,
) -> None:
    digits = parse(r"\d{3}").folded(width=True)
    targets = [
        Target("r", parse(r"a?\d{4}").folded(width=True), NO_WORD, NO_DIGIT, trigger=digits),
        Target("s", parse(r"[ab字]\d{3}"), ANYTHING, NO_DIGIT, even, trigger=digits),
        Target("t", parse(r"\d{3}").folded(width=True), ANYTHING, NO_DIGIT, trigger=digits),
        Target("u", parse(r"\d{3}"), ANYTHING, NO_WORD, trigger=digits),
    ]
    assert VectorMatcher.recipe(targets).narrow.ids[:2] == (0, 3)
    texts = ["a1234", "字123，b456x", "", "１２３", "123１", "字12", "3", "b123"]
    column = TextColumn.of([*texts, *("x" * 40 + text for text in texts)])
    want = list(PlainMatcher(targets).find(column))
    assert {rule for _, rule, *_ in want} == set("rstu")
    assert list(VectorMatcher(targets, sizes=sizes).find(column)) == want


@pytest.mark.parametrize("sizes", EVERY_SIZE)
def test_a_label_in_full_width_introduces_a_value_in_ascii_and_the_other_way_round(
    sizes: Sizes,
) -> None:
    value = parse(r"\d{5}").folded(width=True)
    label = parse("qq:").folded(case=True, width=True)
    trigger = Pattern(Row((label.tree, value.tree)))
    target = Target("r", value, NO_WORD, NO_WORD, after_a_label, left=3, trigger=trigger)
    found = ["qq:12345", "ＱＱ:12345", "Ｑq：12345", "qq:１２３４５", "ｑｑ：１2３４5"]
    column = TextColumn.of([*("字" * 30 + text + "字" * 30 for text in found), "ｑ:12345"])
    assert VectorMatcher([target], sizes=sizes).find(column).row == [0, 1, 2, 3, 4]
    assert list(VectorMatcher([target], sizes=sizes).find(column)) == list(
        PlainMatcher([target]).find(column)
    )


@pytest.mark.parametrize("segment", [1, 5, 31, 64])
def test_a_trigger_longer_than_its_pattern_is_seen_across_a_cut(segment: int) -> None:
    trigger = parse("(?:abc){9}x")
    target = Target("r", literal("x"), check=far_behind, left=27, trigger=trigger)
    column = TextColumn.of(["x" + "abc" * 30 + "x", "abc" * 9, "x"])
    found = VectorMatcher([target], sizes=Sizes(0, 0, segment)).find(column)
    assert (found.row, found.start) == ([0], [91])


def test_rows_whose_ends_the_next_rows_hide_are_all_found() -> None:
    target = Target("r", parse(r"\d{2,3}"), NO_DIGIT, NO_DIGIT)
    column = TextColumn.of(["12", "345", "6", "", "78", "x901", "23x", "4567", "８９"] * 3)
    want = list(PlainMatcher([target]).find(column))
    assert len(want) == 15
    for sizes in EVERY_SIZE:
        assert list(VectorMatcher([target], sizes=sizes).find(column)) == want


@pytest.mark.parametrize("sizes", EVERY_SIZE)
def test_a_match_that_ends_where_a_column_ends_is_found(sizes: Sizes) -> None:
    target = Target("r", parse("(?:a|bc?){1,2}(?:a|bc?){1,2}"))
    # the engine alone, with no byte behind them, misses the last two characters of this text
    column = TextColumn.of(["-@-\u202e\U00020000\u212a1@ab"])
    assert list(VectorMatcher([target], sizes=sizes).find(column)) == [(0, "r", 15, 17, 1.0)]
