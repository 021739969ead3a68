"""The law of streams holds in all channels: however a text is cut, whatever fills it."""

from collections.abc import Sequence
from functools import cache

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.exact import TargetDetector
from hegui.detectors.lexicon import targets_of
from hegui.detectors.matcher import PlainMatcher
from hegui.detectors.pattern import literal, parse
from hegui.detectors.reading import CORPUS, GATEWAY, HOLD, Channels, Plan
from hegui.detectors.targets import NO_DIGIT, Target
from hegui.detectors.vectors import VectorMatcher
from hegui.screen.masks import Masks
from hegui.screen.panel import Panel
from hegui.screen.policy import Layer, Policy, Rule
from hegui.screen.window import Tally, Window
from hegui.terms import Action, Role, RuleInfo, TextColumn, Words

PANELS = {"gateway": GATEWAY, "corpus": CORPUS}
BACK_ENDS = {"vectors": VectorMatcher, "plain": PlainMatcher}
RULES = {
    "lit": [literal(text) for text in ("制造炸药", "不想活", "kill", "a bomb")],
    "pat": [parse("(?:怎么|如何)制造(?:炸|毒){1,2}"), parse("ki(?:ll(?: me)?){0,2}")],
    "long": [parse("b[ab]{2,250}c?")],
    "far": [parse("毒(?:药){1,12}"), literal("abcd")],
}
FAR = [parse("怎么毒(?:药){1,12}喂(?:鸡){0,14}"), parse("x(?:abcd){1,12}")]


def odd(value: str, left: str) -> float:
    return 0.5 if len(value) % 2 and "9" not in left else 0.0


@cache
def detector(panel: str, back_end: str) -> ChannelledDetector:
    targets = [target for rule in RULES for p in RULES[rule] for target in targets_of(rule, p)]
    number = parse(r"1\d{2,4}").folded(width=True)
    targets.append(Target("number", number, NO_DIGIT, NO_DIGIT, odd, 6))
    targets.append(Target("whole", parse(r"9(?:0){1,40}"), check=odd, whole=True))
    channels: Channels = PANELS[panel]
    excepted = [Target("pat", literal(text)) for text in ("ki ll me", "kill me a", "如何制造毒药")]
    excepted += [Target("far", pattern) for pattern in FAR]
    asked = {"lit": ("spaced", "homophone"), "pat": ("spaced",)}
    plan = Plan(channels, asked, targets, excepted)
    blank = Words("x", "x")
    rules = {r: RuleInfo(r, "A.1.f", r, blank, "4(1)", blank) for r in (*RULES, "number", "whole")}
    made = BACK_ENDS[back_end](plan.targets, plan.exceptions)
    inner = TargetDetector("t", "1", rules, plan.targets, exceptions=plan.exceptions, back_end=made)
    return ChannelledDetector(inner, plan)


QUICK = settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])


def pair(char: str) -> str:
    r"""Spell a character as JSON does: two escapes above the first plane."""
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


LETTERS = list("制造炸药怎么如何不想活kilabom 1239只榨要製藥毒")
ODD = list("\u200b\u200d\ufe0f\u0336\u00ad。,.-_ \n😀１２ｋｉⓚ𝐥іа\u3164\U000e0061\u3000'’")
BITS = st.one_of(
    st.sampled_from(LETTERS),
    st.sampled_from(ODD),
    st.sampled_from(["制造炸药", "不想活", "kill me", "a bomb", "ki", "123", "bab" * 20]),
    st.builds(
        str.join,
        st.sampled_from(["", "\u200b", ".", "...", "\u200b.\u200b", "\u200b" * 8, "\u00ad" * 9]),
        st.sampled_from(
            [
                "制造炸药",
                "如何制造毒炸",
                "如何制造毒药",
                "kill",
                "kill me a",
                "abomb",
                "12345",
                "只造榨要",
            ]
        ),
    ),
    st.builds(lambda c, n: c * n, st.sampled_from(ODD), st.integers(1, 20)),
    st.builds(lambda n: "b" + "\u200b".join("ab" * n), st.integers(50, 130)),
    st.builds(
        lambda fill, head, n, tail: fill.join([*head, *"药" * n, *tail]),
        st.sampled_from(["", "\u200b" * 3, "\u200b" * 7, "\u200b" * 8]),
        st.sampled_from(["怎么毒", "么毒"]),
        st.integers(1, 12),
        st.sampled_from(["喂", "喂鸡鸡鸡鸡鸡鸡鸡鸡鸡鸡鸡", "药喂", ""]),
    ),
    st.builds(
        lambda fill, head, n: head + fill.join("abcd" * n),
        st.sampled_from(["", "\u200b" * 4, "\u200b" * 8]),
        st.sampled_from(["x", ""]),
        st.integers(1, 14),
    ),
    st.builds(
        lambda fill, n: fill.join("9" + "0" * n),
        st.sampled_from(["", "\u200b" * 5, "\u200b" * 8]),
        st.integers(1, 40),
    ),
)
ESCAPES = [
    lambda char: f"\\u{ord(char):04x}" if char <= "\uffff" else pair(char),
    lambda char: f"\\\\u{ord(char):04X}" if char <= "\uffff" else pair(char),
    lambda char: f"\\x{ord(char):02x}" if char <= "\x7f" else f"\\U{ord(char):08X}",
    lambda char: f"&#{ord(char)};",
    lambda char: f"&#x{ord(char):x};",
    lambda char: f"\\u{{{ord(char):x}}}",
    pair,
    str,
]
"""Ways to spell a character in source text."""
CUT = [
    "\\",
    "\\\\",
    "\\\\\\",
    "\\u",
    "\\u00",
    "\\ud83",
    "\\ud83d\\",
    "\\ud83d\\ude0",
    "&",
    "&#",
    "&#4",
    "&#x",
]
CUT += [
    "u0031",
    "0031",
    "\\u{",
    "\\U0000",
    "\\x",
    "\\x3",
    "\\ud83d",
    "\\ude00",
    "&#55296;",
    "\\U00110000",
]
SOURCE = st.one_of(
    st.sampled_from(CUT),
    st.builds(
        lambda text, ways: "".join(ways[n % len(ways)](char) for n, char in enumerate(text)),
        BITS.map(lambda text: text[:20]),
        st.lists(st.sampled_from(ESCAPES), min_size=1, max_size=3),
    ),
)
BITS = st.one_of(BITS, BITS, SOURCE)
TEXTS = st.lists(BITS, max_size=12).map("".join)
CUTS = st.lists(st.integers(1, 7), min_size=1, max_size=6)


def pieces_of(text: str, sizes: Sequence[int]) -> list[str]:
    pieces, at, turn = [], 0, 0
    while at < len(text):
        pieces.append(text[at : at + sizes[turn % len(sizes)]])
        at, turn = at + len(pieces[-1]), turn + 1
    return pieces


def block(of: ChannelledDetector, text: str) -> list[tuple[int, int, str, float]]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (len(data[:start].decode()), len(data[:end].decode()), rule, score)
        for _, rule, start, end, score in of.inspect(column)
    ]


def policy(action: Action) -> Policy:
    return Policy((Layer("t", {Role.REPLY: {"A.1.f": Rule(action), "A.5.b": Rule(action)}}),))


def streamed(
    of: ChannelledDetector, pieces: Sequence[str], action: Action
) -> tuple[list[tuple[int, int, str, float]], list[tuple[int, int]]]:
    """Return what a window finds and what it lets out as the model sent it."""
    tally = Tally()
    window = Window(Panel([[of]]), policy(action), tally, Masks())
    steps = []
    for piece in pieces:
        steps.append(window.feed(piece))
        if steps[-1].refused:
            break
    else:
        steps.append(window.end())
    out = [(p.start, p.end) for step in steps for p in step.pieces if p.mask is None]
    return [(f.start, f.end, f.rule, f.score) for f in tally.findings], out


@QUICK
@given(TEXTS, CUTS, st.sampled_from(list(PANELS)))
def test_a_stream_finds_what_the_whole_text_holds(text: str, sizes: list[int], panel: str) -> None:
    of = detector(panel, "vectors")
    found, _ = streamed(of, pieces_of(text, sizes), Action.ALLOW)
    assert sorted(found) == sorted(block(of, text))


@settings(QUICK, max_examples=4)
@given(TEXTS.map(lambda text: text[:120]), CUTS)
def test_a_stream_on_the_slow_back_end_finds_the_same(text: str, sizes: list[int]) -> None:
    of = detector("gateway", "plain")
    found, _ = streamed(of, pieces_of(text, sizes), Action.ALLOW)
    assert sorted(found) == sorted(block(of, text))


@QUICK
@given(TEXTS, CUTS, st.sampled_from([Action.MASK, Action.REFUSE]))
def test_nothing_of_a_masked_or_refused_span_goes_out(
    text: str, sizes: list[int], action: Action
) -> None:
    of = detector("gateway", "vectors")
    whole = block(of, text)
    _, out = streamed(of, pieces_of(text, sizes), action)
    for start, end, _, _ in whole:
        assert not any(low < end and start < high for low, high in out), (start, end)
    if not whole:
        assert sum(high - low for low, high in out) == len(text)


@QUICK
@given(TEXTS)
def test_back_ends_agree_in_all_channels(text: str) -> None:
    for panel in PANELS:
        assert block(detector(panel, "vectors"), text) == block(detector(panel, "plain"), text)


def test_a_million_fillers_hold_nothing_for_ever_and_are_found() -> None:
    of = detector("gateway", "vectors")
    for filler in ("\u200b", "\u0336", "."):
        text = "制" + filler * 1_000_000 + "造炸药"
        assert block(of, text) == [(1, 10, "evasion.fillers", 0.5)] * (filler != ".")
        window = Window(Panel([[of]]), policy(Action.ALLOW), Tally(), Masks())
        window.feed("制" + filler * 8)
        assert window.held == (0 if filler == "." else 9)
        window.feed(filler * 1000)
        assert window.held <= 1
    assert of.pending("制" + "\u200b.\u200b" * 1000) <= HOLD


@QUICK
@given(TEXTS, CUTS)
def test_what_is_said_to_be_quiet_holds_no_finding_and_never_holds_back_less(
    text: str, sizes: list[int]
) -> None:
    of = detector("gateway", "vectors")
    seen, settled = "", 0
    for piece in pieces_of(text, sizes):
        seen += piece
        said = of.quiet(seen, settled)
        held = min(of.pending(seen), len(seen) - settled)
        if said is not None:
            assert not [found for found in block(of, seen) if found[0] >= settled]
            assert held <= said <= len(seen) - settled
        settled = max(settled, len(seen) - held)


def test_a_letter_that_turns_out_to_begin_a_word_frees_nothing_before_it() -> None:
    of = detector("gateway", "vectors")
    for text in ("a.b.o.m.b.ab", "\u200da...b...o...m...b.\u0430bab", "不.想.活.不要"):
        whole = block(of, text)
        assert "lit" in [rule for *_, rule, _ in whole]
        for size in (1, 2, 3):
            assert streamed(of, pieces_of(text, [size]), Action.ALLOW)[0] == whole
