"""The release contract on the wire: no character of a finding, and everything else, at once."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.gateway.spine import (
    INSULT,
    PHONE,
    Script,
    Spine,
    chunk,
    events_of,
    finish_of,
    heard,
    said,
    spine,
    spoken,
    whole,
)

from hegui.testing.hostile import RESIDENT_ID

SECRETS = (PHONE, RESIDENT_ID)
CLEAN = "第1次，共12页；价格138元，编号1380013，单价 1.5，再会。😀 ok"


def cuts(text: str, rng: random.Random) -> Iterator[str]:
    while text:
        size = rng.randrange(1, 4)
        yield text[:size]
        text = text[size:]


def texts_of(value: Any) -> Iterator[str]:
    """Yield every string of a value, names too, and every number, as a client could read it."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield key
            yield from texts_of(held)
    elif isinstance(value, list):
        for held in value:
            yield from texts_of(held)
    else:
        yield str(value)


def gathered(chunks: list[dict[str, Any]]) -> dict[tuple[Any, ...], str]:
    """Concatenate what each place of a stream says, as a client does."""
    out: dict[tuple[Any, ...], str] = {}

    def walk(place: tuple[Any, ...], value: Any) -> None:
        if isinstance(value, dict):
            for key, held in value.items():
                walk((*place, key), held)
        elif isinstance(value, list):
            for n, held in enumerate(value):
                walk((*place, held.get("index", n) if isinstance(held, dict) else n), held)
        elif isinstance(value, str):
            out[place] = out.get(place, "") + value

    for each in chunks:
        walk((), {key: value for key, value in each.items() if key not in ("aigc", "id")})
    return out


def assert_hidden(data: bytes) -> None:
    """Neither as it stands, nor decoded, nor concatenated does anything say a secret."""
    chunks = events_of(data)
    strings = [*map(str, gathered(chunks).values()), *texts_of(chunks)]
    for _, source in list(gathered(chunks).items()):
        try:
            strings += texts_of(json.loads(source))
        except ValueError:
            continue
    for secret in (*SECRETS, INSULT):
        assert not any(secret in text for text in strings), secret


Shape = Callable[[str, random.Random], list[dict[str, Any]]]


def in_field(name: str) -> Shape:
    return lambda text, rng: [chunk({name: piece}) for piece in cuts(text, rng)]


def in_nested_field(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"x": {"deep": {"note": piece}}}) for piece in cuts(text, rng)]


def in_numbered_list(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [
        chunk({"reasoning_details": [{"index": 0, "type": "text", "text": piece}]})
        for piece in cuts(text, rng)
    ]


def in_parts(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"content": [{"type": "text", "text": piece}]}) for piece in cuts(text, rng)]


def in_arguments(text: str, rng: random.Random) -> list[dict[str, Any]]:
    source = json.dumps({"note": text, "of": [text]}, ensure_ascii=rng.random() < 0.5)
    hidden = "".join(f"\\u{ord(c):04x}" if c.isdigit() and rng.random() < 0.5 else c for c in text)
    source = source if rng.random() < 0.5 else '{"note": "' + hidden + '"}'
    head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "n"}}
    return [
        chunk({"tool_calls": [head]}),
        *(
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
            for piece in cuts(source, rng)
        ),
    ]


def in_tool_name(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [
        chunk({"tool_calls": [{"index": 0, "function": {"name": piece}}]})
        for piece in cuts(text, rng)
    ]


def in_choice(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({}, note=piece) for piece in cuts(text, rng)]


def in_top(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({}, top={"note": piece}) for piece in cuts(text, rng)]


def in_usage(text: str, _rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"content": "好"}, top={"usage": {"total_tokens": 3, "note": text}})]


def in_a_name(text: str, _rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({text: "x"}), chunk({"m": {text: 1}}), chunk({}, top={text: 2})]


def in_a_list(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"tags": [text, "好"]}), chunk({"split": list(cuts(text, rng))})]


def in_logprobs(text: str, rng: random.Random) -> list[dict[str, Any]]:
    def entry(piece: str) -> dict[str, Any]:
        top = [{"token": text, "logprob": -3.0, "bytes": list(text.encode())}]
        spelt = list(piece.encode())
        return {"token": piece, "logprob": -0.1, "bytes": spelt, "top_logprobs": top, "raw": text}

    return [
        chunk({"content": piece}, logprobs={"content": [entry(piece)], "said": text})
        for piece in cuts(text, rng)
    ]


SHAPES: dict[str, Shape] = {
    **{name: in_field(name) for name in ("content", "reasoning_content", "reasoning", "refusal")},
    "unknown": in_field("annotation_text"),
    "nested": in_nested_field,
    "numbered list": in_numbered_list,
    "parts": in_parts,
    "arguments": in_arguments,
    "tool name": in_tool_name,
    "choice": in_choice,
    "top": in_top,
    "usage": in_usage,
    "name": in_a_name,
    "list": in_a_list,
    "logprobs": in_logprobs,
}


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


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


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
            if place[-1] == "content" and where != "parts":
                came = came.removesuffix("\n\n（本内容由AI生成）")
            if where == "parts":  # what is held goes out as one part more
                came = came.removesuffix("\n\n（本内容由AI生成）")
            assert came == text, place


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
                    await asyncio.wait_for(cond.wait_for(lambda d=due: len(read[0]) >= d), 5)
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


async def test_a_refusal_in_mid_stream_stops_the_model_within_one_chunk() -> None:
    answer = spoken([*"你好呀，", INSULT, *("啊" * 400)])
    async with spine(Script(lambda _: answer, pace=0.01)) as s:
        chunks = await s.stream("讲个故事")
        text = heard(chunks)
        assert text.startswith("你好呀，\n\n模型的回复已中止")
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
        for _ in range(100):
            if s.script.cancelled:
                break
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


async def test_half_a_document_that_is_refused_is_taken_back_whole(shared: Spine) -> None:
    source = '{"title": "一二三", "body": "' + INSULT + '"}'
    shared.script.says, shared.script.pace = (lambda _: spoken(source)), 0.002
    chunks = await shared.stream("写成 JSON", response_format={"type": "json_object"})
    end = chunks[-1]
    assert heard(chunks, "refusal").startswith("模型的回复已中止")
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


@pytest.fixture
async def shared() -> Any:
    async with spine(Script(lambda body: said("好", body)), tables=KEEP_ALL) as s:
        yield s


KEEP_ALL = '[content]\nkeep = "all"\n'
