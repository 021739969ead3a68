"""One field of a reply: what it lets out, what it takes back, and its log probabilities."""

from typing import Any

import pytest

from hegui.gateway.channels import Channel, Refused, grafted
from hegui.gateway.logprobs import LogProbs
from hegui.screen.masks import Masks
from hegui.screen.panel import Panel
from hegui.screen.policy import Layer, Policy, Rule
from hegui.screen.window import Tally, Window
from hegui.terms import Action, Ask, Fault, Findings, Role
from hegui.testing.fakes import Finds

RELEASES = Policy(
    (
        Layer(
            "t",
            {
                Role.REPLY: {
                    "A.2.a": Rule(Action.REFUSE),
                    "A.4.f": Rule(Action.MASK),
                }
            },
        ),
    ),
    frozenset({"A.2.a"}),
)


async def nobody(ask: Ask) -> Findings | Fault:
    raise AssertionError(ask)


def channel() -> Channel:
    panel = Panel([[Finds("AB", "A.4.f", name="mask"), Finds("bad", name="late", reach="clause")]])
    return Channel(Window(panel, RELEASES, Tally(), Masks("en")))


async def test_what_was_released_early_is_judged_at_the_end_without_a_full_stop_too() -> None:
    late = channel()
    assert await late.feed("so bad", nobody) == "so bad"
    with pytest.raises(Refused) as caught:
        await late.end(nobody)
    assert caught.value.withdraw == (0, 6)


async def test_a_withdrawal_counts_characters_as_they_were_sent() -> None:
    late = channel()
    sent = await late.feed("xABx。", nobody) + await late.feed("so bad", nobody)
    assert sent == "x[mask.AB-1]x。so bad"
    with pytest.raises(Refused) as caught:
        await late.end(nobody)
    assert caught.value.withdraw is not None
    start, end = map(late.as_sent, caught.value.withdraw)
    assert sent[start:end] == "so bad"


@pytest.mark.parametrize("cut", [("\ud83d", "\ude00"), ("a\ud83d", "\ude00b"), ("\ud83d", "X")])
async def test_halves_of_a_character_meet_or_are_replaced(cut: tuple[str, ...]) -> None:
    one = channel()
    text = "".join([await one.feed(piece, nobody) for piece in cut]) + await one.end(nobody)
    whole = "".join(cut).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert text == whole == "".join(one.sent)


async def test_a_log_probability_that_spells_something_else_is_dropped() -> None:
    one = channel()
    one.logprobs = LogProbs()
    entries: list[Any] = [{"token": "a", "logprob": -1e9, "bytes": [51], "x": "secret"}]
    one.logprobs.feed(entries, "a", 0)
    one.logprobs.feed([{"token": "Z"}, {"token": "c"}], "bc", 1)
    await one.feed("abc", nobody)
    assert one.logprobs.ready() == [{"token": "a", "logprob": None, "bytes": None}]
    assert one.logprobs.dropped == 2


def test_what_was_held_is_put_back_whatever_a_server_said_in_its_place() -> None:
    tree: dict[str, Any] = {}
    for path, text in (
        (("calls", 2, "name"), "a"),
        (("calls", 2, "of", "b"), "b"),
        (("calls", 5, "name"), "c"),
        (("deep", 0, 1, "d"), "d"),
        (("deep", 0, 1, "e"), "e"),
        (("content",), "f"),
        (("content", 0), "g"),
        (("content", 0, "text"), "h"),
        (("note", "i"), "i"),
        (("note",), "j"),
    ):
        grafted(tree, path, text)
    assert tree == {
        "calls": [{"index": 2, "name": "a", "of": {"b": "b"}}, {"index": 5, "name": "c"}],
        "deep": [[{"index": 1, "d": "d", "e": "e"}]],
        "content": ["f", "g", {"index": 0, "text": "h"}],
        "note": [{"i": "i"}, "j"],
    }
