import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import openai
import pytest

from hegui.testing.events import shreds
from hegui.testing.hostile import INSULT, MISBEHAVIOURS, MOBILE, RESIDENT_ID
from hegui.testing.media import IMAGE, VOICE
from hegui.testing.practice import MODELS, PracticeModel
from hegui.testing.replies import Reply
from hegui.testing.serve import running, running_in_thread

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "look_up",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string"}, "days": {"type": "integer"}},
        },
    },
}


@pytest.fixture(scope="module")
def model() -> PracticeModel:
    return PracticeModel(patience=0.2, says={"exact": Reply(content=("一", "二"))})


@pytest.fixture(scope="module")
def url(model: PracticeModel) -> Iterator[str]:
    with running_in_thread(model) as base:
        yield f"{base}/v1"


@pytest.fixture
async def client(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=url, api_key="made-up", max_retries=0) as client:
        yield client


def ask(text: str) -> Any:
    return [{"role": "user", "content": text}]


async def settled(model: PracticeModel) -> None:
    """Wait until the model has noted the end of everything that it was asked."""
    for _ in range(6_000):
        if not model.open:
            break
        await asyncio.sleep(0.01)
    assert model.open == 0


async def raw(url: str, model: str, text: str = "你好", **more: Any) -> bytes:
    body = {"model": model, "messages": ask(text), **more}
    got = b""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/chat/completions", json=body, allow_redirects=False) as reply,
    ):
        try:
            async for part in reply.content.iter_any():
                got += part
        except aiohttp.ClientPayloadError:
            got += b"<died>"
    return got


async def test_it_answers_in_the_language_of_the_question(client: openai.AsyncOpenAI) -> None:
    zh = await client.chat.completions.create(model="practice", messages=ask("春天去哪儿?"))
    en = await client.chat.completions.create(model="practice", messages=ask("Where to go?"))
    assert "，" in str(zh.choices[0].message.content)
    assert str(en.choices[0].message.content).isascii()
    assert zh.usage is not None
    assert zh.usage.total_tokens > 2


async def test_a_stream_says_what_the_plain_reply_says_in_every_choice(
    client: openai.AsyncOpenAI,
) -> None:
    plain = await client.chat.completions.create(model="practice", messages=ask("你好"), n=3)
    said = ["", "", ""]
    stream = await client.chat.completions.create(
        model="practice",
        messages=ask("你好"),
        n=3,
        stream=True,
        stream_options={"include_usage": True},
        logprobs=True,
        top_logprobs=2,
    )
    usage = None
    async for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            said[choice.index] += choice.delta.content or ""
            if choice.delta.content:
                assert choice.logprobs is not None
    assert said == [choice.message.content for choice in plain.choices]
    assert len(set(said)) == 3
    assert usage == plain.usage


async def test_a_schema_and_a_tool_are_filled_in(client: openai.AsyncOpenAI) -> None:
    schema = TOOL["function"]["parameters"]
    shaped = await client.chat.completions.create(
        model="practice",
        messages=ask("你好"),
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    )
    called = await client.chat.completions.create(
        model="practice", messages=ask("你好"), tools=[TOOL]
    )
    calls = called.choices[0].message.tool_calls
    assert calls is not None
    for text in (str(shaped.choices[0].message.content), calls[0].function.arguments):
        assert set(json.loads(text)) == {"place", "days"}
    assert called.choices[0].finish_reason == "tool_calls"
    loose = await client.chat.completions.create(
        model="practice", messages=ask("你好"), response_format={"type": "json_object"}
    )
    assert json.loads(str(loose.choices[0].message.content))


async def test_it_thinks_aloud_when_asked(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="practice-thinking", messages=ask("你好"))
    assert (reply.choices[0].message.model_extra or {})["reasoning_content"]


async def test_it_repeats_what_reached_it(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="practice", messages=ask("复述：甲 乙"))
    assert str(reply.choices[0].message.content).endswith("甲 乙")


async def test_a_test_can_put_words_into_its_mouth(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="exact", messages=ask("practice:http-500"))
    assert reply.choices[0].message.content == "一二"
    assert {one.id async for one in client.models.list()} == {
        *MODELS,
        IMAGE,
        VOICE,
        "exact",
    }


@pytest.mark.parametrize(
    ("name", "secret"), [("resident-id", RESIDENT_ID), ("mobile", MOBILE), ("insult", INSULT)]
)
async def test_it_lets_a_secret_slip_by_name_and_by_cue_in_the_last_choice_only(
    client: openai.AsyncOpenAI, name: str, secret: str
) -> None:
    cue = MISBEHAVIOURS[name].cues[0]
    for model, text in ((f"practice-{name}", "你好"), ("practice", f"practice:{name} 你好"),
                        ("practice", f"请{cue}")):  # fmt: skip
        reply = await client.chat.completions.create(model=model, messages=ask(text), n=2)
        said = [str(choice.message.content) for choice in reply.choices]
        assert [secret in one for one in said] == [False, True]


async def test_a_number_is_streamed_digit_by_digit(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="practice-resident-id", messages=ask("你好"), stream=True
    )
    pieces = [c.choices[0].delta.content or "" async for c in stream]
    assert RESIDENT_ID in "".join(pieces)
    assert all(len(piece) == 1 for piece in pieces if piece[:1].isdigit())


@pytest.mark.parametrize("place", ["reasoning", "refusal", "tool", "unknown-field"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_secret_can_stand_in_every_field(url: str, place: str, *, stream: bool) -> None:
    got = await raw(url, f"practice-mobile-in-{place}", stream=stream)
    said = got.decode().replace("\\", "")
    assert all(digit in said for digit in MOBILE)
    wanted = {"reasoning": "reasoning_content", "tool": "arguments", "unknown-field": "annotation"}
    assert wanted.get(place, "refusal") in said


async def test_escapes_hide_digits_inside_arguments_that_are_still_json(url: str) -> None:
    got = json.loads(await raw(url, "practice-escaped-arguments", tools=[TOOL]))
    arguments = got["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert MOBILE not in arguments
    assert MOBILE in json.loads(arguments)["place"]


def payloads(raw_stream: bytes) -> list[str]:
    text = raw_stream.decode().replace("\r\n", "\n").replace("\r", "\n")
    events = [block.split("\n") for block in text.split("\n\n")]
    joined = ["\n".join(x[5:] for x in lines if x.startswith("data:")) for lines in events]
    return [one.strip() for one in joined if one]


@pytest.mark.parametrize(
    "name", ["crlf", "cr", "multi-line", "comments", "split-utf8", "no-done", "content-type"]
)
async def test_odd_but_valid_streams_say_the_same(url: str, name: str) -> None:
    def said(raw_stream: bytes) -> str:
        events = [json.loads(one) for one in payloads(raw_stream) if one != "[DONE]"]
        return "".join(event["choices"][0]["delta"].get("content", "") for event in events)

    odd, plain = [await raw(url, m, stream=True) for m in (f"practice-{name}", "practice")]
    assert said(odd) == said(plain) != ""
    marks = {"crlf": b"\r\n", "cr": b"\r", "multi-line": b"\ndata:  ", "comments": b": still here"}
    assert marks.get(name, b"") in odd
    assert name != "cr" or b"\n" not in odd
    assert (b"[DONE]" in odd) is (name != "no-done")


def test_a_shredded_stream_cuts_characters() -> None:
    parts = list(shreds(("春天" * 20).encode()))
    assert b"".join(parts).decode() == "春天" * 20
    assert any(part != part.decode(errors="replace").encode() for part in parts)


async def test_garbage_an_error_and_a_huge_event_stand_in_the_stream(url: str) -> None:
    assert b"data: {not json" in await raw(url, "practice-garbage", stream=True)
    broken = payloads(await raw(url, "practice-error-midstream", stream=True))
    assert "error" in json.loads(broken[-2])
    assert len(await raw(url, "practice-oversized", stream=True)) > 20_000_000


@pytest.mark.parametrize("stream", [True, False])
async def test_a_broken_model_dies_half_way(url: str, *, stream: bool) -> None:
    got = await raw(url, "practice-broken", stream=stream)
    assert got.endswith(b"<died>")
    assert b"choices" in got
    assert b"[DONE]" not in got


async def test_surrogate_halves_come_as_escapes(url: str) -> None:
    joined = await raw(url, "practice-surrogates", stream=True)
    assert joined.index(b"\\ud83d") < joined.index(b"\\ude00")
    assert b"\\ude" not in await raw(url, "practice-lone-surrogate", stream=True)


async def test_errors_are_openai_error_objects(client: openai.AsyncOpenAI, url: str) -> None:
    with pytest.raises(openai.InternalServerError) as failed:
        await client.chat.completions.create(model="practice-http-500", messages=ask("你好"))
    assert isinstance(failed.value.body, dict)
    with pytest.raises(openai.RateLimitError) as limited:
        await client.chat.completions.create(model="practice-http-429", messages=ask("你好"))
    assert limited.value.response.headers["retry-after"] == "1"
    with pytest.raises(openai.NotFoundError):
        await client.chat.completions.create(model="nobody", messages=ask("你好"))
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(model="practice", messages=[])
    assert b"not JSON" in await _post(url, b"{" * 100_000)


async def _post(url: str, data: bytes) -> bytes:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/chat/completions", data=data) as reply,
    ):
        return await reply.read()


async def test_a_key_is_insisted_on() -> None:
    async with running(PracticeModel(key="right")) as base:
        wrong = openai.AsyncOpenAI(base_url=f"{base}/v1", api_key="wrong", max_retries=0)
        async with wrong:
            with pytest.raises(openai.AuthenticationError):
                await wrong.chat.completions.create(model="practice", messages=ask("你好"))


async def test_a_redirect_and_a_web_page_are_no_replies(url: str, model: PracticeModel) -> None:
    assert await raw(url, "practice-redirect") == b"{}"
    assert (await raw(url, "practice-html")).startswith(b"<!doctype")
    assert model.elsewhere == 0


async def test_a_slow_model_answers_in_the_end_and_a_silent_one_never(url: str) -> None:
    assert b"choices" in await raw(url, "practice-slow")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw(url, "practice-silent"), 0.2)


@pytest.mark.parametrize("stream", [True, False])
async def test_an_endless_reply_ends_when_the_client_goes(
    url: str, model: PracticeModel, *, stream: bool
) -> None:
    asking = asyncio.ensure_future(raw(url, "practice-endless", stream=stream))
    while not model.seen:  # noqa: ASYNC110 - the model tells nobody
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not asking.done()
    asking.cancel()
    await asyncio.wait([asking])
    await settled(model)
    assert model.seen[-1].cancelled
    assert not model.seen[-1].finished


async def test_it_notes_what_reached_it(client: openai.AsyncOpenAI, model: PracticeModel) -> None:
    await client.chat.completions.create(model="practice", messages=ask("你好"), user="u-1")
    seen = model.seen[-1]
    assert seen.body["user"] == "u-1"
    await settled(model)  # the caller has the answer before the server has noted that
    assert seen.finished
    assert not seen.cancelled
