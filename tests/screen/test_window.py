"""The release contract: nothing of a finding goes out, and nothing else waits."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from hegui.screen.jsontext import JsonWindow
from hegui.screen.masks import Masks, masked
from hegui.screen.panel import Panel, Screening, judge
from hegui.screen.policy import Layer, Policy, Rule
from hegui.screen.window import Step, Tally, Window
from hegui.screen.windows import Windows
from hegui.terms import Action, Fault, Findings, Role, RuleInfo, TextColumn, Words
from hegui.terms.detectors import DetectorCard
from hegui.testing.fakes import Breaks, Finds

BLANK = Words("", "")


class ManyWords:
    """Several words at once, overlapping ones too; needs no context."""

    def __init__(self, words: Sequence[str], risks: dict[str, str]) -> None:
        self.words = words
        rules = {w: RuleInfo(w, risks[w], w, BLANK, "", Words(w, w)) for w in words}
        self._card = DetectorCard("words", "1", "0", rules, "exact", "inline", max(map(len, words)))

    @property
    def card(self) -> DetectorCard:
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        found = Findings()
        for row, text in enumerate(column.texts()):
            for word in self.words:
                at = text.find(word)
                while at >= 0:
                    start = len(text[:at].encode())
                    found.add(row, word, start, start + len(word.encode()))
                    at = text.find(word, at + 1)
        return found

    def context(self, before: str) -> int:  # noqa: ARG002
        return 0

    def pending(self, tail: str) -> int:
        return max(
            (
                n
                for word in self.words
                for n in range(1, min(len(word), len(tail)) + 1)
                if word.startswith(tail[-n:])
            ),
            default=0,
        )


MASK_M = Policy((Layer("t", {Role.REPLY: {"M": Rule(Action.MASK), "R": Rule(Action.REFUSE)}}),))


def cuts(text: str, rng: random.Random) -> Iterator[str]:
    while text:
        size = rng.randrange(1, 5)
        yield text[:size]
        text = text[size:]


def stream(window: Window | JsonWindow, pieces: Sequence[str]) -> tuple[str, list[Step]]:
    steps = []
    for piece in pieces:
        steps.append(window.feed(piece))
        if steps[-1].refused:
            break
    else:
        steps.append(window.end())
    return "".join(step.text for step in steps), steps


def test_however_a_text_is_cut_the_stream_says_what_the_whole_says() -> None:
    rng = random.Random(7)
    for _ in range(4000):
        words = list({"".join(rng.choice("ab") for _ in range(rng.randrange(2, 6))) for _ in "123"})
        risks = {w: rng.choice("MMR") for w in words}
        panel = Panel([[ManyWords(words, risks)]])
        text = "".join(rng.choice("abc字") for _ in range(rng.randrange(40)))
        (verdict,) = judge(panel, MASK_M, [text], [Role.REPLY])
        pieces = list(cuts(text, rng))
        tally = Tally()
        out, steps = stream(Window(panel, MASK_M, tally, Masks()), pieces)
        assert tally.action == verdict.action
        if verdict.action is Action.REFUSE:
            assert steps[-1].refused
            refused = min(f.start for f in verdict.findings if risks[f.rule] == "R")
            assert len(masked(text[:refused], [], Masks(), panel.rules)) >= sum(
                p.end - p.start for s in steps for p in s.pieces if p.mask is None
            )
        else:
            assert out == masked(text, verdict.masks, Masks(), panel.rules)
            assert [(f.rule, f.start) for f in sorted(tally.findings)] == [
                (f.rule, f.start) for f in sorted(verdict.findings)
            ]


def test_nothing_of_a_refused_word_is_ever_on_the_wire() -> None:
    rng = random.Random(11)
    for _ in range(2000):
        bad = "".join(rng.choice("ab") for _ in range(rng.randrange(2, 7)))
        panel = Panel([[Finds(bad, "R")]])
        text = "".join(rng.choice("ab") for _ in range(30))
        out, _ = stream(Window(panel, MASK_M, Tally(), Masks()), list(cuts(text, rng)))
        assert bad not in out
        assert text[: text.find(bad)].startswith(out) if bad in text else out == text


def test_what_cannot_become_a_finding_goes_out_at_once() -> None:
    panel = Panel([[Finds("炸弹怎么做", "R")]])
    window = Window(panel, MASK_M, Tally(), Masks())
    assert window.feed("今天天气").text == "今天天气"
    assert window.feed("好，炸").text == "好，"
    assert window.feed("酱面").text == "炸酱面"
    assert window.feed("炸弹怎么").text == ""
    assert window.end().text == "炸弹怎么"


def test_memory_of_a_window_stays_flat() -> None:
    window = Window(Panel([[Finds("abcd", "R")]]), MASK_M, Tally(), Masks())
    for _ in range(2000):
        window.feed("x" * 50)
    assert len(window._text) < 200


@pytest.mark.parametrize("reach", ["exact", "clause"])
def test_a_broken_detector_never_lets_a_reply_through(reach: str) -> None:
    class Broken(Finds):
        def inspect(self, column: TextColumn) -> Findings:
            raise ValueError(len(column))

    broken = Broken("zz", "R", reach=reach)  # type: ignore[arg-type] # parametrized literal
    tally = Tally()
    out, steps = stream(Window(Panel([[broken]]), MASK_M, tally, Masks()), ["你好。", "x"])
    assert (out, tally.action) == ("", Action.REFUSE)
    assert isinstance(steps[-1].refused, Fault)


def test_a_clause_is_held_until_it_has_been_judged() -> None:
    slow = Finds("坏", "R", reach="clause", name="slow").card
    window = Window(Panel([[slow]]), MASK_M, Tally(), Masks())
    assert window.feed("第一").text == ""
    step = window.feed("句。第二")
    assert (step.text, len(step.asks)) == ("", 1)
    assert step.asks[0].column.texts() == ["第一句。"]
    assert window.answer(step.asks[0], Findings()).text == "第一句。"
    step = window.end()
    bad = Findings()
    bad.add(0, "slow.坏", 12, 15)
    assert window.answer(step.asks[0], bad).refused


def test_a_released_clause_is_withdrawn_when_the_answer_comes_late() -> None:
    slow = Finds("坏", "R", reach="clause", name="slow").card
    policy = Policy(MASK_M.layers, frozenset({"R"}))
    window = Window(Panel([[slow]]), policy, Tally(), Masks())
    step = window.feed("坏话。")
    assert step.text == "坏话。"
    bad = Findings()
    bad.add(0, "slow.坏", 0, 3)
    late = window.answer(step.asks[0], bad)
    assert late.refused
    assert late.withdraw == (0, 3)


def test_an_unanswered_ask_counts_as_a_fault() -> None:
    slow = Finds("坏", "R", reach="clause", name="slow").card
    screening = Screening(Panel([[slow]]), MASK_M, TextColumn.of(["x"]), [Role.REPLY])
    assert len(screening.asks()) == 1
    (verdict,) = screening.verdicts()
    assert verdict.action is Action.REFUSE
    assert verdict.faults == (Fault("slow", "unanswered"),)
    assert judge(Panel([[Breaks()]]), MASK_M, ["x"], [Role.REPLY])[0].action is Action.REFUSE


def json_stream(source: str, bad: str, risk: str, rng: random.Random) -> tuple[str, list[Step]]:
    panel = Panel([[Finds(bad, risk)]])

    def new() -> Window:
        return Window(panel, MASK_M, Tally(), Masks())

    return stream(JsonWindow(new), list(cuts(source, rng)))


def spelt(text: str, rng: random.Random) -> str:
    out = []
    for char in text:
        units = char.encode("utf-16-be")
        escape = "".join(f"\\u{units[n]:02x}{units[n + 1]:02X}" for n in range(0, len(units), 2))
        plain = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}.get(char, char)
        out.append(escape if rng.random() < 0.4 else plain)
    return '"' + "".join(out) + '"'


def test_json_is_judged_by_what_it_says_and_stays_as_it_was_spelt() -> None:
    rng = random.Random(5)
    for _ in range(3000):
        texts = ["".join(rng.choice('ab字😀"\\\n ') for _ in range(rng.randrange(8))) for _ in "12"]
        source = f"{{ {spelt(texts[0], rng)} : [1, -2.5e3,true,\n{spelt(texts[1], rng)}] }}"
        out, steps = json_stream(source, "ab", "M", rng)
        if any("ab" in text for text in texts):
            (key, (_, _, _, value)) = next(iter(json.loads(out).items()))
            assert (key, value) == tuple(t.replace("ab", "[finds.ab-1]") for t in texts)
        else:
            assert out == source
        assert sum(p.end - p.start for s in steps for p in s.pieces) == len(source)


def test_a_number_that_must_be_masked_becomes_a_string() -> None:
    out, _ = json_stream('{"a":13800138000,"b":7}', "13800138000", "M", random.Random(1))
    assert json.loads(out) == {"a": "[finds.13800138000-1]", "b": 7}


def test_escaped_digits_hide_nothing() -> None:
    source = '{"a":"' + "".join(f"\\u003{d}" for d in "13800138000") + '"}'
    out, steps = json_stream(source, "13800138000", "R", random.Random(1))
    assert steps[-1].refused
    assert "\\u0031" not in out


@pytest.mark.parametrize(
    "source", ["坏话 in the clear", '{"a": 坏话', '"half \\u00', "tru", '{"x":"\\']
)
def test_text_that_is_not_json_is_judged_as_text(source: str) -> None:
    rng = random.Random(3)
    for _ in range(50):
        out, steps = json_stream(source, "坏话", "R", rng)
        if "坏话" in source:
            assert steps[-1].refused
            assert "坏" not in out
        else:
            assert out == source


def test_what_comes_too_late_to_mask_is_refused_and_taken_back() -> None:
    slow = Finds("坏", "M", reach="clause", name="slow").card
    policy = Policy(MASK_M.layers, frozenset({"M"}))
    tally = Tally()
    window = Window(Panel([[slow]]), policy, tally, Masks())
    step = window.feed("是坏话。")
    assert step.text == "是坏话。"
    bad = Findings()
    bad.add(0, "slow.坏", 3, 6)
    late = window.answer(step.asks[0], bad)
    assert late.refused
    assert late.withdraw == (0, 4)
    assert tally.action is Action.REFUSE


def test_a_long_json_document_costs_no_more_than_its_length() -> None:
    source = "[" + "null," * 60_000 + "null]"
    began = time.process_time()
    step = JsonWindow(lambda: Window(Panel([[]]), MASK_M, Tally(), Masks())).whole(source)
    took = time.process_time() - began
    assert step.text == source
    assert took < 3, "each word once, not all that is left with each word"


def test_numbers_of_a_json_document_are_judged_at_once_and_open_no_window_each() -> None:
    panel = Panel([[ManyWords(["13"], {"13": "M"})]])
    windows = Windows(panel, MASK_M, tally := Tally(), Masks(), lambda _rule, _value: False)
    opened: list[Window] = []

    def new() -> Window:
        opened.append(windows())
        return opened[-1]

    source = "[" + "1, 2.5e3, " * 5_000 + '13, "13"]'
    step = JsonWindow(new, windows.silent_on).whole(source)
    plain = JsonWindow(windows).whole(source)
    assert step == plain
    assert len(opened) == 2
    assert len(tally.findings) == 4


def test_a_number_that_is_cut_between_two_pieces_is_judged_whole() -> None:
    panel = Panel([[ManyWords(["13"], {"13": "M"})]])
    windows = Windows(panel, MASK_M, Tally(), Masks(), lambda _rule, _value: False)
    window = JsonWindow(windows, windows.silent_on)
    text = window.feed("[" + "1," * 50 + "1").text + window.feed("3]").text + window.end().text
    assert text == "[" + "1," * 50 + '"[13-1]"]'


WHOLE = "abcdef"  # what the detector of these tests looks for


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        (list(WHOLE), True),
        ({"a": ["x", {"b": "ab"}], "c": "cdef"}, True),
        (["xab", "cdefx"], True),  # long: no chance
        (["ab cdef", "ab", "c", "abc def"], False),
        ({"abc": 1, "def": 2}, False),  # names of a property are words of some schema
        (dict.fromkeys(WHOLE), True),
        ({"ab": {"cd": [1, {"ef": 2}]}}, True),
        ({"abc": 1, "de": 2, "f": 3, "x": "y"}, True),
        ({"xabc": 1, "de": 2, "fx": 3}, True),
        ({"abcd": 1, "e": 2, "": 3, "fxyz": 3}, True),
        ({"abcde": 1, "f": 2}, False),
        ({"ab": "cd", "ef": 1}, False),  # what stands between them parts them
        ({"abc": "", "x": {"def": "y"}}, False),
        (["abc" + "x" * 200, "x" * 200 + "ab", "cdef"], True),
        (["abc" + "x" * 200 + "def"], False),
    ],
)
def test_what_the_strings_of_a_document_say_together_is_refused_at_its_end(
    source: Any, *, refused: bool
) -> None:
    windows = Windows(
        Panel([[ManyWords([WHOLE], {WHOLE: "M"})]]), MASK_M, tally := Tally(), Masks(), spared
    )
    for text in (json.dumps(source), json.dumps(source, indent=1).replace("a", "\\u0061")):
        whole = JsonWindow(windows, windows.silent_on, windows.together).whole(text)
        assert bool(whole.refused) == refused
        window = JsonWindow(windows, windows.silent_on, windows.together)
        steps = [window.feed(char) for char in text]
        assert not any(step.refused for step in steps)
        steps.append(window.end())
        assert bool(steps[-1].refused) == refused
        sent = len("".join(step.text for step in steps))
        assert steps[-1].withdraw == ((0, sent) if refused else None)
        assert window.spread is False or not refused
    assert len(tally.findings) == 4 * refused


def spared(_rule: RuleInfo, _value: str) -> bool:
    return False


IDENTITY = "11010519491231002X"  # made up, with the right check character


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ([*map(int, IDENTITY[:-1]), "X"], True),
        ([110, 105, 194, 912, 310, "0", "2", "X"], True),
        ([[1, 1, 0], [1, 0, 5, 194], {"a": [9, 1, 2, 3, 1], "b": [0, 0, 2, "X"]}], True),
        ([[11, 0, 10, 51, 94, 91], [2, 31, 0, 0, 2, "X"]], True),
        ({digit + " " * place: 0 for place, digit in enumerate(IDENTITY)}, False),
        ({"110": 0, "105": 0, "194": 0, "912": 0, "310": 0, "02X": 0}, True),
        ([*map(int, IDENTITY[:-1]), "Y"], False),
        ([110105, 194912, 31002, "X"], False),  # longer than one spells it
        ([1, 3, 8, 0, 0, 1, 3, 8, 0, 0, 0], False),  # eleven marks that somebody gave
        ({"15": 4, "20": 7, "25": 9, "30": 2, "100": 1}, False),  # a histogram
    ],
)
def test_an_identity_number_in_bare_numbers_or_names_is_refused_and_chance_is_not(
    source: Any, *, refused: bool
) -> None:
    numbers = {
        IDENTITY: "pii.resident_id",
        "13800138000": "pii.mobile",
        "15202530100": "pii.mobile",
    }
    looks = ManyWords([*numbers], dict.fromkeys(numbers, "M"))
    rules = looks.card.rules.items()
    named = {word: replace(one, id=numbers[word], personal=True) for word, one in rules}
    looks._card = replace(looks.card, rules=named)
    windows = Windows(Panel([[looks]]), MASK_M, Tally(), Masks(), spared)
    window = JsonWindow(windows, windows.silent_on, windows.together)
    assert bool(window.whole(json.dumps(source)).refused) == refused


def test_two_words_of_a_list_do_not_make_a_third_and_cells_do_not_make_a_number() -> None:
    rule = ManyWords(["bc", "12345678"], {"bc": "M", "12345678": "M"})
    personal = {
        name: replace(each, personal=name.endswith("8")) for name, each in rule.card.rules.items()
    }
    rule._card = replace(rule.card, rules=personal)
    windows = Windows(Panel([[rule]]), MASK_M, Tally(), Masks(), spared)
    for source in (["ab", "cd"], ["1234", "5678"], ["x123456", "78"]):
        assert windows.together(source) is None
    for source in (["ab", "c", "d"], ["a", "b", "c"], list("12345678"), ["12", "345", "67", "8"]):
        assert windows.together(source) is not None
