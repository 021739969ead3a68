"""The release contract on the wire: no character of a finding, and everything else, at once."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.gateway.places import CLEAN, SECRETS, SHAPES, assert_hidden, gathered, user
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
)

from hegui.testing.hostile import RESIDENT_ID

KEEP_ALL = '[content]\nkeep = "all"\n'


@pytest.fixture
async def shared() -> AsyncIterator[Spine]:
    async with spine(Script(lambda body: said("好", body)), tables=KEEP_ALL) as s:
        yield s


@pytest.mark.parametrize("where", SHAPES)
async def test_nothing_of_a_finding_is_on_the_wire_wherever_and_however_it_is_cut(
    where: str, shared: Spine
) -> None:
    rng = random.Random(where)
    for secret in (*SECRETS, INSULT) * 4:
        pieces = SHAPES[where](f"甲{secret}乙", rng)
        end = [chunk({}, finish_reason="stop")]
        shared.script.says = lambda _, answer=pieces + end: answer
        shared.script.cut = rng.choice((0, 1, 7, 300, 5000))
        status, data, _ = await shared.post({"messages": [user("你好")], "stream": True})
        assert status == 200
        assert_hidden(data)


async def test_a_character_number_of_a_finding_is_not_released_early(shared: Spine) -> None:
    """Whatever prefix of the stream a client has read, it has read nothing of the number."""
    shared.script.says, shared.script.cut = (lambda _: spoken(f"号码{PHONE}。")), 0
    chunks = await shared.stream("你好")
    so_far = ""
    for each in chunks:
        so_far += heard([each])
        assert "13" not in so_far


@pytest.mark.parametrize("where", [w for w in SHAPES if w not in ("name", "logprobs")])
async def test_a_clean_stream_says_what_the_model_says_in_every_field(
    where: str, shared: Spine
) -> None:
    rng = random.Random(where)
    for _ in range(3):
        pieces = SHAPES[where](CLEAN, rng)
        answer = [*pieces, chunk({}, finish_reason="stop")]
        shared.script.says = lambda _, answer=answer: answer
        shared.script.cut = rng.choice((0, 1, 300, 5000))
        got = gathered(await shared.stream("你好"))
        for place, text in gathered(answer).items():
            if place[0] in ("object", "model") or place[-1] in ("id", "type", "finish_reason"):
                continue
            came = got.get(place, "")
            if place[-1] == "content" and "parts" not in where:
                came = came.removesuffix("\n\n（本内容由AI生成）")
            if "parts" in where:  # what is held goes out as one part more
                came = came.removesuffix("\n\n（本内容由AI生成）")
            assert came == text, place


@pytest.mark.parametrize("end", ["。", INSULT])
async def test_what_is_found_in_a_piece_of_an_unknown_field_opens_no_gap_beside_it(
    end: str, shared: Spine
) -> None:
    """Such a piece may be a whole value, and is judged as one; it may as well be half of one."""
    text = f"甲{RESIDENT_ID}，{PHONE}{end}乙{PHONE[:-1]}7"
    for cut in range(1, len(text), 2):
        pieces = [text[:cut], text[cut:]]
        answer = [chunk({"content": "好", "thinking": piece}) for piece in pieces]
        answer.append(chunk({}, finish_reason="stop"))
        shared.script.says, shared.script.cut = (lambda _, answer=answer: answer), 0
        came = heard(await shared.stream("你好"), "thinking")
        if end == INSULT:
            assert came in "甲[身份证号-1]，[手机号-1]", cut
        else:
            assert re.fullmatch(r"甲\[身份证号-1\]，\[手机号-\d\]。乙\[手机号-\d\]", came), cut


async def test_a_piece_beside_the_choices_is_not_lost_when_the_next_chunk_says_the_same(
    shared: Spine,
) -> None:
    answer = [chunk({"content": said}, top={"memo": "6"}) for said in "天气很好"]
    answer.append(chunk({}, finish_reason="stop"))
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    chunks = await shared.stream("你好")
    assert "".join(each.get("memo", "") for each in chunks) == "6666"


async def test_in_any_of_n_choices_nothing_slips_through_and_the_others_are_whole(
    shared: Spine,
) -> None:
    for bad in range(3):
        texts = [f"第{n}个，{PHONE if n == bad else '1380013800'}。" for n in range(3)]
        answer = [
            chunk({"content": texts[n][at]}, n)
            for at in range(max(map(len, texts)))
            for n in range(3)
            if at < len(texts[n])
        ]
        answer += [chunk({}, n, finish_reason="stop") for n in range(3)]
        shared.script.says, shared.script.cut = (lambda _, answer=answer: answer), 50
        chunks = await shared.stream("你好", n=3)
        for n in range(3):
            expected = texts[n].replace(PHONE, "[手机号-1]")
            assert heard(chunks, index=n) == f"{expected}\n\n（本内容由AI生成）"
            assert finish_of(chunks, n) == ["stop"]


async def test_a_number_that_goes_on_after_the_finish_reason_is_still_one_number(
    shared: Spine,
) -> None:
    answer = [
        chunk({"content": "号码1380"}),
        chunk({}, finish_reason="stop"),
        *(chunk({"content": digit}) for digit in PHONE[4:]),
        chunk({}, finish_reason="stop"),
    ]
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    chunks = await shared.stream("你好")
    assert heard(chunks) == "号码[手机号-1]\n\n（本内容由AI生成）"
    assert finish_of(chunks) == ["stop"]


@pytest.mark.parametrize("index", [13800138000, -1, 5000])
async def test_a_choice_number_that_says_something_does_not_pass(index: int, shared: Spine) -> None:
    shared.script.says, shared.script.cut = (lambda _: [chunk({"content": "好"}, index)]), 0
    _, data, _ = await shared.post({"messages": [user("你好")], "stream": True})
    assert str(index).encode() not in data


async def test_numbers_are_judged_like_the_strings_they_look_like(shared: Spine) -> None:
    delta = {"x": {"phone": int(PHONE), "many": [1, int(PHONE)]}, "count": 7}
    top = {"mobile": int(PHONE), "created": int(PHONE)}
    answer = [chunk(delta, rate=int(PHONE), top=top), chunk({}, finish_reason="stop")]
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    status, data, _ = await shared.post({"messages": [user("你好")], "stream": True})
    assert status == 200
    assert PHONE.encode() not in data
    assert b'"count":7' in data


async def test_what_cannot_become_a_finding_goes_out_at_once() -> None:
    """The model waits for the caller to have read each piece: holding more would be a deadlock."""
    text = "春天很好，价格12元，共138页，去湖边走走吧，早上人少。"
    read, cond = [""], asyncio.Condition()

    class Waiting(Script):
        async def _answer(self, line: Any, answer: Any) -> None:
            await line.start(200, "text/event-stream")
            spoken_so_far = ""
            for each in answer:
                spoken_so_far += heard([each])
                await line.write(b"data: " + json.dumps(each).encode() + b"\n\n")
                due = len(spoken_so_far) - 4  # "138" and one character that begins a phrase
                async with cond:
                    await asyncio.wait_for(cond.wait_for(lambda d=due: len(read[0]) >= d), 60)
            await line.write(b"data: [DONE]\n\n", more=False)

    async with spine(Waiting(lambda _: spoken(text))) as s:
        stream = await s.sdk.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "你好"}], stream=True
        )
        async for each in stream:
            async with cond:
                read[0] += each.choices[0].delta.content or ""
                cond.notify_all()
    assert read[0] == text + "\n\n（本内容由AI生成）"


async def test_a_tool_that_the_caller_named_is_named_with_the_first_piece_of_its_call(
    shared: Spine,
) -> None:
    """Clients read the name there and fail without it; any word could be the start of an e-mail."""
    names = ["get_weather", "get_time"]
    answer = [
        chunk({"tool_calls": [{"index": n, "id": f"c{n}", "type": "function", "function": f}]})
        for n, name in enumerate(names)
        for f in ({"name": name, "arguments": ""}, {"arguments": "{}"})
    ]
    tools = [{"type": "function", "function": {"name": n, "parameters": {}}} for n in names]
    answer.append(chunk({}, finish_reason="tool_calls"))
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    chunks = await shared.stream("你好", tools=tools)
    calls = [c["choices"][0]["delta"].get("tool_calls", []) for c in chunks]
    assert [(x["index"], x["function"].get("name")) for call in calls for x in call] == [
        (0, names[0]),
        (0, None),
        (1, names[1]),
        (1, None),
    ]


async def test_the_name_of_a_tool_that_goes_on_is_still_looked_at(shared: Spine) -> None:
    pieces = ["zhang.san", "@exam", "ple.com", "！"]
    answer = [chunk({"tool_calls": [{"index": 0, "function": {"name": p}}]}) for p in pieces]
    tools = [{"type": "function", "function": {"name": pieces[0], "parameters": {}}}]
    answer.append(chunk({}, finish_reason="tool_calls"))
    shared.script.says, shared.script.cut = (lambda _: answer), 0
    chunks = await shared.stream("你好", tools=tools)
    said = [c["choices"][0]["delta"].get("tool_calls", []) for c in chunks]
    assert [x["function"]["name"] for call in said for x in call] == ["zhang.san", "！"]
