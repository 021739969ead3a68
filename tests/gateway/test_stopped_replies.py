"""Replies that are stopped, masked or cut: what was released, and that the record says so."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.gateway.places import CLEAN, SHAPES, gathered, texts_of
from tests.gateway.spine import (
    INSULT,
    PHONE,
    Script,
    Spine,
    chunk,
    finish_of,
    heard,
    said,
    spine,
    spoken,
    whole,
)

from hegui.testing.hostile import RESIDENT_ID

KEEP_ALL = '[content]\nkeep = "all"\n'


@pytest.fixture
async def shared() -> AsyncIterator[Spine]:
    async with spine(Script(lambda body: said("好", body)), tables=KEEP_ALL) as s:
        yield s


def _calls(each: dict[str, Any]) -> bool:
    return any("tool_calls" in choice["delta"] for choice in each["choices"])


def _call(source: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": source}}]}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ([chunk({"reasoning_content": INSULT})], {"content": "啊"}),
        ([chunk({"content": INSULT})], {"reasoning": "啊"}),
        ([chunk({"content": INSULT})], _call("[")),
        ([chunk(_call(f'{{"a": "{INSULT}'))], {"content": "啊"}),
        ([chunk({"content": INSULT}, 1), chunk({}, 1, finish_reason="stop")], {"content": "啊"}),
    ],
)
async def test_what_a_field_ends_with_stops_the_reply_when_another_one_begins(
    first: list[dict[str, Any]], then: dict[str, Any], shared: Spine
) -> None:
    """A thinking model that ends its reasoning with an insult may go on to answer at length."""
    answer = [*first, *(chunk(then) for _ in range(20)), chunk({}, finish_reason="stop")]
    shared.script.says = lambda _: answer
    chunks = await shared.stream("讲个故事", n=2)
    said = json.dumps(chunks, ensure_ascii=False)
    assert "啊" not in said
    assert not any(map(_calls, chunks)) or "tool_calls" not in then
    assert finish_of(chunks) == ["content_filter"]
    assert shared.answered_record()["rules"] == {"lex.insult": 1}


async def test_what_a_field_ends_with_waits_when_it_need_not_be_refused(shared: Spine) -> None:
    """Some servers come back to a field: half a number is still half a number."""
    answer = [
        chunk({"reasoning_content": f"号码{PHONE[:7]}"}),
        chunk({"content": "好"}),
        chunk({"reasoning_content": f"{PHONE[7:]}。"}),
        chunk({"content": "的"}, finish_reason="stop"),
    ]
    shared.script.says = lambda _: answer
    chunks = await shared.stream("讲个故事")
    assert heard(chunks, "reasoning_content") == "号码[手机号-1]。"
    assert heard(chunks).startswith("好的")


async def test_a_refusal_in_mid_stream_stops_the_model_within_one_chunk() -> None:
    answer = spoken([*"你好呀，", INSULT, *("啊" * 400)])
    async with spine(Script(lambda _: answer, pace=0.01)) as s:
        chunks = await s.stream("讲个故事")
        text = heard(chunks)
        assert text.startswith("你好呀，\n\n模型的回复到此中止")
        assert text.endswith("\n\n（本内容由AI生成）"), "what went out keeps its label"
        assert "废物" not in text
        assert finish_of(chunks) == ["content_filter"]
        end = chunks[-1]["aigc"]
        assert end["refused"]["side"] == "answer"
        assert end["refused"]["rule"] == "lex.insult"
        assert end["withdraw"] == []
        record = s.answered_record()
        assert (record["end"], record["decision"], record["model"]) == ("refused", "refuse", "m")
        assert record["released"] == {"0.content": 4}
        async with asyncio.timeout(60):
            while not s.script.cancelled:  # noqa: ASYNC110 - the model tells nobody
                await asyncio.sleep(0.01)
        assert s.script.cancelled == 1
        assert s.script.written < 15


async def test_what_preceded_a_refusal_in_the_same_read_goes_out_and_is_on_record(
    shared: Spine,
) -> None:
    answer = spoken(["你好", "，", "先说到这里。", INSULT, "尾巴"])
    shared.script.says, shared.script.cut = (lambda _: answer), 100_000
    chunks = await shared.stream("讲个故事")
    assert "废物" not in heard(chunks)
    assert "尾巴" not in heard(chunks)
    shown = heard(chunks).partition("\n\n模型的回复")[0].partition("模型的回复")[0]
    assert shared.answered_record()["released"].get("0.content", 0) == len(shown)


async def test_what_is_held_and_refused_when_the_model_breaks_off_is_told(shared: Spine) -> None:
    broken = {"error": {"message": "x", "type": "server_error"}}
    for before in ("好的，", ""):
        answer = [*spoken([before, INSULT])[:-1], broken]
        shared.script.says, shared.script.cut = (lambda _, answer=answer: answer), 0
        chunks = await shared.stream("讲个故事")
        assert heard(chunks).startswith(before)
        assert "（《暂行办法》第四条第四项）" in heard(chunks)
        assert INSULT not in heard(chunks)
        assert finish_of(chunks) == ["content_filter"]
        assert shared.answered_record()["end"] == "refused"


async def test_half_a_document_that_is_refused_is_taken_back_whole(shared: Spine) -> None:
    source = '{"title": "一二三", "body": "' + INSULT + '"}'
    shared.script.says, shared.script.pace = (lambda _: spoken(source)), 0.002
    chunks = await shared.stream("写成 JSON", response_format={"type": "json_object"})
    end = chunks[-1]
    assert heard(chunks, "refusal").startswith("模型的回复到此中止")
    shown = heard(chunks)
    assert shown
    assert INSULT not in shown
    withdraw = end["aigc"]["withdraw"]
    expected = {"choice": 0, "field": "content", "start": 0, "end": len(shown)}
    assert withdraw == [{**expected, "rule": "lex.insult"}]
    assert finish_of(chunks) == ["content_filter"]


async def test_half_of_a_calls_arguments_is_taken_back(shared: Spine) -> None:
    args = ['{"a": "好好好", ', '"note": "', INSULT, '"}']
    answer = [
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in args
    ]
    shared.script.says, shared.script.pace = (lambda _: answer), 0.002
    chunks = await shared.stream("查一下")
    (span,) = chunks[-1]["aigc"]["withdraw"]
    assert span["field"] == "tool_calls.0.function.arguments"
    assert (span["start"], span["end"]) == (0, len('{"a": "好好好", "note": "'))


async def test_every_choice_of_a_refused_stream_ends(shared: Spine) -> None:
    shared.script.says, shared.script.cut = (lambda _: spoken(INSULT)), 0
    chunks = await shared.stream("讲个故事", n=3)
    assert [finish_of(chunks, n) for n in range(3)] == [["content_filter"]] * 3


async def test_the_record_says_exactly_what_was_released(shared: Spine) -> None:
    """The commitment opens to the text that the caller read, the label apart."""
    rng = random.Random(3)
    for where in ("content", "reasoning_content", "unknown", "nested", "arguments", "tool name"):
        pieces = SHAPES[where](f"甲{PHONE}乙" * 3, rng)
        shared.script.says = lambda _, p=pieces: [*p, chunk({}, finish_reason="stop")]
        shared.script.cut = rng.choice((0, 30, 9000))
        chunks = await shared.stream("你好")
        record = shared.answered_record()
        vault = shared.gateway.vault
        released = json.loads(vault.open("default", record["exchange"], "reply"))
        got = {
            ".".join(map(str, place[2:])): text
            for place, text in gathered(chunks).items()
            if place[:1] == ("choices",) and place[2] == "delta"
        }
        got = {name.removeprefix("delta."): text for name, text in got.items()}
        if "content" in got:
            got["content"] = got["content"].removesuffix("\n\n（本内容由AI生成）")
        for name in ("role", "tool_calls.0.id", "tool_calls.0.type"):
            got.pop(name, None)
        assert {f"0.{name}": text for name, text in got.items() if text} == released
        assert record["released"] == {name: len(text) for name, text in released.items()}


async def test_a_plain_reply_is_held_to_the_same(shared: Spine) -> None:
    message = {
        "content": f"甲{PHONE}",
        "reasoning_content": f"想{RESIDENT_ID}",
        "refusal": f"不{PHONE}",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "note", "arguments": json.dumps({"a": [f"{PHONE}x"]})},
            }
        ],
        "parts": [{"type": "text", "text": PHONE[:5]}, {"type": "text", "text": PHONE[5:]}],
        "list": [PHONE[:5], PHONE[5:]],
        f"k{PHONE}": 1,
        "n": int(PHONE),
    }
    answer = whole(message, note=f"外{PHONE}", usage={"total_tokens": 5, "who": PHONE})
    shared.script.says = lambda _: answer
    body = await shared.ask("你好")
    everything = json.dumps(body, ensure_ascii=False)
    strings = list(texts_of(body))
    joined = "".join(strings)
    assert PHONE not in everything
    assert RESIDENT_ID not in everything
    assert PHONE not in joined
    arguments = body["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"a": ["[手机号-1]x"]}


async def test_a_plain_reply_that_is_clean_comes_as_it_was(shared: Spine) -> None:
    call = {"name": "note", "arguments": '{"a":  [1.50, "\\u0041"]}'}
    message = {
        "content": CLEAN,
        "reasoning_content": "想",
        "refusal": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        "annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.example"}}],
    }
    answer = whole(message, system_fingerprint="fp_1")
    shared.script.says = lambda _: answer
    body = await shared.ask("你好")
    body.pop("aigc")
    assert body == answer


async def test_images_and_sound_in_a_reply_are_unjudged_and_do_not_pass_in_public() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    for message in ({"images": [part]}, {"audio": {"id": "a", "data": "AAAA"}}):
        async with spine(scope="public") as s:
            s.script.says = lambda _, m=message: [chunk({"content": "看："}), chunk(m)]
            chunks = await s.stream("画一张图")
            assert "AAAA" not in json.dumps(chunks)
            assert chunks[-1]["aigc"]["refused"]["rule"] == "unjudged"
            assert s.answered_record()["notes"] == {"unjudged": 1}


async def test_a_model_that_invents_fields_without_end_is_stopped(shared: Spine) -> None:
    answer = [chunk({f"f{n}": "x" for n in range(at, at + 500)}) for at in range(0, 20_000, 500)]
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    chunks = await shared.stream("你好")
    assert finish_of(chunks) == ["content_filter"]
    record = shared.answered_record()
    assert record["faults"] == ["reply: out-of-bounds"]


async def test_nesting_without_end_is_stopped(shared: Spine) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": [deep]}
    shared.script.says = lambda _: whole({"content": "好", "deep": deep})
    body = await shared.ask("你好")
    assert body["choices"][0]["finish_reason"] == "content_filter"


async def test_usage_on_the_finish_chunk_is_not_lost(shared: Spine) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    answer = [chunk({"content": "好"}), chunk({}, finish_reason="stop", top={"usage": usage})]
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    chunks = await shared.stream("你好")
    assert chunks[-1]["usage"] == usage
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
