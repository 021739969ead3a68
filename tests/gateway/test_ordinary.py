"""The short way of a plain reply changes nothing that the long way would not."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegui.gateway import completion, ordinary
from hegui.gateway.channels import Refused
from hegui.gateway.reply import ReplyScreen
from hegui.screen.masks import Masks
from hegui.screen.panel import Panel
from hegui.screen.policy import Layer, Policy, Rule
from hegui.screen.reports import nothing_spared
from hegui.screen.window import Tally
from hegui.screen.windows import Windows
from hegui.terms import Action, Ask, Fault, Findings, Role
from hegui.testing.fakes import Finds

RULES = {"A.2.a": Rule(Action.REFUSE), "A.4.f": Rule(Action.MASK)}
POLICY = Policy((Layer("t", {Role.REPLY: RULES}),), frozenset())
PANEL = Panel([[Finds("AB", "A.4.f", name="mask"), Finds("bad", "A.2.a", name="stop")]])
ORDINARY: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_795_824_000,
    "model": "m",
    "system_fingerprint": None,
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "好的。\n```py\nx",
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 0}},
}


async def nobody(ask: Ask) -> Findings | Fault:
    raise AssertionError(ask)


def screen(**changed: Any) -> ReplyScreen:
    asked = {"json_mode": False, "unknown": "screen", "limit": 10_000, **changed}
    return ReplyScreen(Windows(PANEL, POLICY, Tally(), Masks(), nothing_spared), nobody, **asked)


def state_of(read: ReplyScreen) -> dict[str, Any]:
    read.handed_on()
    return {
        "released": read.released(),
        "fed": {path: (one.fed, one.sent_chars) for path, one in read.channels.items()},
        "fences": {n: one.fences.open for n, one in read.choices.items()},
        "calls": {n: one.calls_tools for n, one in read.choices.items()},
        "unjudged": read.unjudged,
        "notes": read.notes,
    }


async def test_an_ordinary_reply_takes_the_short_way() -> None:
    read = screen()
    read.foresee(ORDINARY)
    assert ordinary.let_out(read, ORDINARY)
    assert read.choices[0].fences.open
    assert state_of(read)["fed"] == {(0, "content"): (11, 11)}


VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "好的。", "say AB", "too bad", "m", "stop", "assistant", "x" * 70_000, "\ud83d"]
    ),
    st.integers(-(10**7), 10**11),
    st.booleans(),
    st.just([]),
    st.just({}),
    st.just([{"text": "A"}, {"text": "B"}]),
    st.just({"cached_tokens": 5_000_000}),
    st.just({"cached_tokens": "AB"}),
)
PLACES: tuple[tuple[Any, ...], ...] = (
    (),
    ("choices", 0),
    ("choices", 0, "message"),
    ("usage",),
    ("usage", "prompt_tokens_details"),
)
KEYS = st.sampled_from(
    "id object created model system_fingerprint usage note index finish_reason logprobs role "
    "content reasoning_content refusal tool_calls function_call audio annotations "
    "prompt_tokens cached_tokens image say-AB".split()
)


@settings(max_examples=250)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), KEYS, VALUES), max_size=3),
    st.sampled_from(["once", 0, 1, None]),
)
async def test_what_takes_it_comes_out_as_by_the_long_way(
    changes: list[tuple[tuple[Any, ...], str, Any]], second: Any
) -> None:
    incoming = copy.deepcopy(ORDINARY)
    if second != "once":
        incoming["choices"].append({**copy.deepcopy(incoming["choices"][0]), "index": second})
    for place, key, value in changes:
        node: Any = incoming
        for step in place:
            node = node[step] if isinstance(node, list) else node.get(step)
            if not isinstance(node, dict | list):
                return
        if isinstance(node, dict):
            node[key] = copy.deepcopy(value)
    if incoming["choices"][-1]["index"] is None:
        del incoming["choices"][-1]["index"]
    if not all(type(one.get("index", 0)) is int for one in incoming["choices"]):
        return  # such a reply is refused before it is screened
    short, long = screen(), screen()
    short.foresee(incoming)
    if not ordinary.let_out(short, incoming):
        return
    long.foresee(incoming)
    assert await completion.walked(long, copy.deepcopy(incoming)) == incoming
    assert state_of(short) == state_of(long)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (("choices", 0, "message"), "content", "too bad"),
        (("choices", 0, "message"), "content", "say AB"),
        (("choices", 0, "message"), "note", "好的。"),
        (("choices", 0, "message"), "tool_calls", [{"function": {"arguments": "{}"}}]),
        (("choices", 0, "message"), "audio", {"data": "x"}),
        (("choices", 0, "message"), "content", ["好的。"]),
        (("choices", 0), "logprobs", {"content": []}),
        (("choices", 0), "finish_reason", "AB"),
        ((), "note", "好的。"),
        ((), "model", 10**9),
        (("usage",), "prompt_tokens", 13_800_138_000),
        (("usage",), "prompt_tokens", "AB"),
    ],
)
async def test_what_is_not_sure_goes_the_long_way(place: Any, key: str, value: Any) -> None:
    incoming = copy.deepcopy(ORDINARY)
    node: Any = incoming
    for step in place:
        node = node[step]
    node[key] = value
    read = screen()
    read.foresee(incoming)
    assert not ordinary.let_out(read, incoming)
    assert not read.channels


async def test_a_document_and_dropped_fields_go_the_long_way() -> None:
    for changed in ({"json_mode": True}, {"unknown": "drop"}, {"unknown": "pass"}):
        read = screen(**changed)
        read.foresee(ORDINARY)
        assert not ordinary.let_out(read, ORDINARY)


async def test_a_refused_text_stops_the_reply_all_the_same() -> None:
    incoming = copy.deepcopy(ORDINARY)
    incoming["choices"][0]["message"]["content"] = "too bad"
    with pytest.raises(Refused):
        await completion.screened(screen(), incoming)
