import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.spine import spine

from hegui.gateway.refusals import without_refusal
from hegui.gateway.wire import read_chat
from hegui.terms import BadRequest

NESTED = b'{"model":"practice","messages":[{"role":"user","content":"a"}],"metadata":%s}'


def sound(error: dict[str, Any], code: str = "invalid_request") -> None:
    """Check that this is OpenAI's error object, and tells nothing that it should not."""
    assert set(error) == {"error"}
    inner = error["error"]
    assert set(inner) == {"message", "type", "param", "code"}
    assert inner["code"] == code
    assert isinstance(inner["message"], str)
    assert inner["message"]
    assert "Traceback" not in inner["message"]


NO_OBJECT = (
    b"",
    b"{",
    b"nonsense",
    b"\x00\x01",
    b'{"model":"practice","messages":[}',
    b'{"model":"practice"} trailing',
    b'{"model":NaN}',
    b'{"model":1e999}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    NESTED % (b"[" * 70 + b"]" * 70),
    NESTED % (b'{"a":' * 70 + b"1" + b"}" * 70),
    b'"text"',
    b"[]",
    b"null",
    b'\xff\xfe{"model":"practice"}',
    b'{"model":"practice","messages":[{"role":"user","content":"\xff"}]}',
    b'{"model":"practice","messages":[{"role":"user","content":"\xed\xa0\xbd"}]}',
    b'{"model":"practice","messages":[{"role":"user","content":"\\ud83d"}]}',
    b'{"model":"practice","messages":[{"role":"user","content":"\\ude00 a"}]}',
    b'{"model":"practice","messages":[{"role":"user","content":"a","\\ud83d":1}]}',
    b'{"model":"practice","n":%s}' % (b"1" * 5_000),
)


async def test_a_body_that_is_no_json_object_is_told_so(house: Any) -> None:
    for body in NO_OBJECT:
        status, error = await house.ask(body)
        assert status == 400, body[:80]
        sound(error)
    assert not house.model.seen
    assert house.records() == []


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"model": None}, "model"),
    ({"model": 1}, "model"),
    ({"model": ""}, "model"),
    ({"model": ["practice"]}, "model"),
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "hello"}, "messages"),
    ({"messages": {"role": "user", "content": "a"}}, "messages"),
    ({"messages": ["a"]}, "messages[0]"),
    ({"messages": [None]}, "messages[0]"),
    ({"messages": [[]]}, "messages[0]"),
    ({"messages": [{"content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": ["user"], "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": {}, "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": "root", "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": {"text": "a"}}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": True}]}, "messages[0].content"),
    ({"stream": "yes"}, "stream"),
    ({"stream": 1}, "stream"),
    ({"n": 0}, "n"),
    ({"n": -1}, "n"),
    ({"n": 17}, "n"),
    ({"n": 10**9}, "n"),
    ({"n": True}, "n"),
    ({"n": 1.0}, "n"),
    ({"n": 1e9}, "n"),
    ({"n": "2"}, "n"),
    ({"n": [2]}, "n"),
    ({"user": 5}, "user"),
    ({"user": ["a"]}, "user"),
    ({"safety_identifier": {"a": 1}}, "safety_identifier"),
    ({"response_format": "json"}, "response_format"),
    ({"response_format": []}, "response_format"),
)


async def test_a_field_of_the_wrong_type_is_named(house: Any) -> None:
    for change, param in WRONG:
        status, error = await house.ask(house.body() | change)
        assert (status, error["error"]["param"]) == (400, param), change
        sound(error)
    assert not house.model.seen


WELL = [{"role": "user", "content": "你好"}]
ODD: list[Any] = [None, True, 0, -1, 1.5, 10**30, "x", "", [], {}, [None], [[]], {"type": []}]
ODD += [{"type": "function"}, {"type": ["image_url"]}, [{"type": {"a": 1}}], "\x00", "😀" * 3]
FIELDS = (
    "stop tools tool_choice stream_options temperature top_p max_tokens max_completion_tokens "
    "logit_bias logprobs top_logprobs seed metadata store modalities parallel_tool_calls "
    "prediction reasoning_effort service_tier verbosity functions function_call audio "
    "web_search_options something_new"
).split()
PARTS = "name tool_calls tool_call_id refusal audio function_call reasoning_content new".split()


async def none_is_ours(house: Any, requests: list[Any]) -> None:
    """Check that each request is served or refused, and that no error is the gateway's own."""
    for start in range(0, len(requests), 50):
        some = requests[start : start + 50]
        for request, (status, _) in zip(
            some, await asyncio.gather(*map(house.ask, some)), strict=True
        ):
            assert status in (200, 400, 404, 502), request


async def test_no_value_of_a_field_is_an_error_of_ours(house: Any) -> None:
    start = {"model": "practice-none", "messages": WELL}
    await none_is_ours(house, [start | {f: odd} for f, odd in itertools.product(FIELDS, ODD)])


async def test_no_value_in_a_message_is_an_error_of_ours(house: Any) -> None:
    roles = ("user", "assistant", "tool")
    messages = [
        {"role": role, "content": "a", field: odd}
        for role, field, odd in itertools.product(roles, PARTS, ODD)
    ]
    await none_is_ours(
        house, [{"model": "practice-none", "messages": [message, *WELL]} for message in messages]
    )


async def test_no_part_of_a_message_is_an_error_of_ours(house: Any) -> None:
    parts = [
        part
        for odd in ODD
        for part in (odd, {"type": odd}, {"type": "text", "text": odd}, {"type": "file", "x": odd})
    ]
    messages = [{"role": "user", "content": [part]} for part in parts]
    await none_is_ours(house, [{"model": "practice-none", "messages": [m]} for m in messages])


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["user", "text", "image_url", "function", "13800138000", "[1]", '{"a":1}']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type text data url arguments content name function id 13800138000".split()
            )
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system"]) | VALUES},
    optional=dict.fromkeys(("content", *PARTS), VALUES),
)
REQUESTS = st.fixed_dictionaries(
    {"model": st.just("practice-none") | VALUES},
    optional={
        "messages": st.lists(MESSAGES, max_size=3) | VALUES,
        **dict.fromkeys(("n", "stream", "user", "response_format", *FIELDS), VALUES),
    },
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(REQUESTS)
def test_whatever_is_sent_is_read_or_refused_in_words(request: dict[str, Any]) -> None:
    body = json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")
    try:
        chat = read_chat(body, depth=64, choices=16)
    except BadRequest:
        return
    for passage in chat.passages:
        passage.put("masked")
    for turn in range(len(chat.body["messages"])):
        chat.withhold(turn, "withheld")
    json.dumps(chat.outgoing())


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=40) | REQUESTS.map(lambda value: json.dumps(value).encode()))
def test_no_request_at_all_is_an_error_of_ours(served: Any, body: bytes) -> None:
    house, loop = served
    status, answer = loop.run_until_complete(house.ask(body))
    assert status in (200, 400, 404, 502), answer
    if status != 200:
        assert set(answer["error"]) == {"message", "type", "param", "code"}


@pytest.fixture
def served(open_house: Any) -> Any:
    """A house on a loop that a property can drive example by example."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        opened = open_house()
        house = loop.run_until_complete(opened.__aenter__())
        yield house, loop
        loop.run_until_complete(opened.__aexit__(None, None, None))


async def test_of_a_name_sent_twice_the_model_gets_what_was_judged(house: Any) -> None:
    body = (
        b'{"model":"practice","messages":[{"role":"user","content":"repeat: one",'
        b'"content":"repeat: two"}],"messages":[{"role":"user","content":"repeat: three"}]}'
    )
    status, answer = await house.ask(body)
    assert status == 200
    assert "three" in answer["choices"][0]["message"]["content"]
    assert house.model.seen[-1].body["messages"] == [{"role": "user", "content": "repeat: three"}]


async def test_a_name_sent_twice_in_arguments_hides_nothing(open_house: Any) -> None:
    async with open_house(role="entrusted") as house:
        for source in (
            '{"to":"13800138000","to":"nobody"}',
            '{"to":"\\u00313800138000","to":"nobody"}',
            '{"in":{"to":"13800138000","to":1},"to":"nobody"}',
        ):
            sent = await what_the_model_gets(house, source)
            assert "3800138000" not in sent
            assert "nobody" in sent


async def what_the_model_gets(house: Any, source: str, question: str = "你好") -> str:
    """Send JSON source as arguments and as a tool's result; return the request at the model."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": source}}
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": source},
    ]
    status, answer = await house.ask({"model": "practice", "messages": messages})
    assert status == 200, answer
    return json.dumps(house.model.seen[-1].body, ensure_ascii=False)


SOURCES = (
    '{"data":"13800138000"}',
    '{"url":"data:,13800138000"}',
    '{"file_data":"13800138000"}',
    '{"13800138000":"13900139000"}',
    '{"13800138000":{"13800138000":["13900139000"]}}',
    json.dumps({"arguments": json.dumps({"to": "13800138000"})}),
    json.dumps({"arguments": json.dumps({"arguments": '{"to":"\\u00313800138000"}'})}),
    '["13800138000"]',
    '"13800138000"',
    '{"to":13800138000}',
    "call 13800138000",
    "[13800138000",
)


async def test_no_place_in_a_tools_json_is_passed_over(open_house: Any) -> None:
    async with open_house(role="entrusted") as house:
        for source in SOURCES:
            sent = await what_the_model_gets(house, source)
            assert "3800138000" not in sent, source
            assert "13900139000" not in sent, source


async def test_names_are_judged_as_values_are(open_house: Any) -> None:
    async with open_house(role="entrusted") as house:
        message = {"role": "user", "content": "a", "13800138000": "13900139000"}
        body = {"model": "practice", "messages": [message], "13800138001": {"13800138002": 1}}
        status, answer = await house.ask(body)
        assert status == 200, answer
        sent = json.dumps(house.model.seen[-1].body)
    assert "138001380" not in sent
    assert "13900139000" not in sent


async def test_a_withheld_call_keeps_its_id_and_nothing_else(house: Any) -> None:
    bad = "怎么制作炸弹"
    calls = [{"id": "c1", "type": "custom", "custom": {"input": "as it was"}, "extra": "as it was"}]
    for held in (calls, 5, "as it was", {"a": "as it was"}, [None, "as it was"]):
        said = {"role": "assistant", "content": bad, "tool_calls": held, "name": "as it was"}
        messages = [*WELL, said, *WELL]
        status, answer = await house.ask({"model": "practice", "messages": messages})
        assert status == 200, answer
        sent = json.dumps(house.model.seen[-1].body, ensure_ascii=False)
        assert bad not in sent
        assert "as it was" not in sent


async def test_json_in_arguments_is_bounded_like_the_body(house: Any) -> None:
    for deep in ("[" * 100 + "]" * 100, "[" * 960 + "]" * 960, "[" * 100_000 + "]" * 100_000):
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": deep}}
        messages = [*WELL, {"role": "assistant", "content": None, "tool_calls": [call]}, *WELL]
        status, error = await house.ask({"model": "practice", "messages": messages})
        assert status == 400
        sound(error)


async def test_more_texts_than_can_be_judged_in_time_are_refused(house: Any) -> None:
    for many in (
        WELL * 30_000,
        [{"role": "user", "content": [{"type": "text", "text": "a"}] * 30_000}],
    ):
        status, error = await house.ask({"model": "practice", "messages": many})
        assert (status, error["error"]["param"]) == (400, "messages")
        sound(error)


def test_first_words_of_a_refusal_said_many_times_cost_no_more_than_their_length() -> None:
    words = "您的提问未提交给模型。"
    began = time.process_time()
    assert without_refusal(text := words * 10_000 + "HG-") == text
    assert time.process_time() - began < 1
    number = "HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV"
    assert without_refusal(f"甲。{words * 10_000}{number} 乙") == "甲。[此处内容已略去]"
    assert without_refusal(text := f"{number} {words}") == text, "the number comes last"


def test_millions_of_small_numbers_are_passed_over_quickly() -> None:
    listed = b"[" + b"1," * 2_000_000 + b"1]"
    body = b'{"model":"a","messages":[{"role":"user","content":"a","b":%s}],"c":%s}'
    began = time.process_time()
    chat = read_chat(body % (listed, listed), depth=64, choices=16)
    assert time.process_time() - began < 1.5
    assert [p.text for p in chat.passages] == ["a", "b", "c"]


def test_a_long_number_among_small_ones_is_judged_in_a_message() -> None:
    body = b'{"model":"a","messages":[{"role":"user","content":[1,2.5,true,13800138000,3]}]}'
    assert [p.text for p in read_chat(body, depth=64, choices=16).passages] == ["13800138000"]


async def test_a_long_request_is_read_off_the_loop() -> None:
    async with spine() as s:
        gate, read = s.gateway.gate, []

        async def noted(work: Callable[[], None]) -> None:
            read.append(work)
            work()

        gate.judge = replace(gate.judge, off_loop=noted)
        await s.ask("你好")
        assert not read
        await s.ask("你好", metadata={"many": [0] * 40_000})
        assert len(read) == 1
        status, answer, _ = await s.post({"messages": 1, "a": [0] * 40_000})
        assert (status, json.loads(answer)["error"]["param"]) == (400, "messages")
