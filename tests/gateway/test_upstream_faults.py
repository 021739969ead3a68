import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import aiohttp
import openai
import pytest

from hegui.gateway.arriving import Call
from hegui.gateway.sse import EventReader
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.testing.practice import PracticeModel
from hegui.testing.replies import Reply

LABEL = "（本内容由AI生成）"
SLOW = "timeout_first = 0.4\ntimeout_idle = 0.4\ntimeout_connect = 0.5"
STILL = "timeout_first = 60.0\ntimeout_idle = 0.4"  # speaks in its own time, and then no more
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def chunk(text: str = "", finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**body, "choices": [choice], **more}).encode() + b"\n\n"


@asynccontextmanager
async def raw(*answers: bytes, wait: bool = False) -> AsyncIterator[str]:
    """Stand in for a model server with bytes as they are; ``wait`` keeps the line open."""
    following = itertools.cycle(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(following))
        await writer.drain()
        if wait:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


class Broken:
    """A response whose bytes have come, and whose connection is gone, before anybody reads."""

    def __init__(self, came: bytes) -> None:
        protocol: Any = SimpleNamespace(_reading_paused=False, resume_reading=lambda: None)
        self.content = aiohttp.StreamReader(protocol, 1 << 16)
        self.content.feed_data(came)
        self.content.set_exception(aiohttp.ClientPayloadError("gone"))

    def close(self) -> None: ...

    def release(self) -> None: ...


def failed(events: list[Any], code: str = "upstream_failed") -> str:
    """Check that a stream ended with an error object; return what was said before."""
    assert events[-1] == "[DONE]"
    assert events[-2]["error"]["code"] == code
    assert "Traceback" not in json.dumps(events[-2])
    assert not any(choice["finish_reason"] for e in events[:-2] for choice in e["choices"])
    return said(events[:-2])


def said(events: list[Any]) -> str:
    deltas = [c["delta"] for e in events if e != "[DONE]" for c in e["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_upstream_that_refuses_the_connection_is_a_502(
    open_house: Any, *, stream: bool
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        async with open_house(upstream=f"http://127.0.0.1:{port}") as house:
            status, error = await house.ask(house.body(stream=stream))
            assert status == 502
            assert error["error"]["code"] == "upstream_failed"
            assert str(port) not in error["error"]["message"]
            record = house.answered()
    assert (record["end"], record["status"]) == ("upstream_failed", 502)
    assert record["released"] == {}
    assert "label" not in record


@pytest.mark.parametrize("stream", [False, True])
async def test_an_upstream_that_never_answers_is_a_504(open_house: Any, *, stream: bool) -> None:
    async with open_house(upstream_more=SLOW) as house:
        status, error = await house.ask(house.body(model="practice-silent", stream=stream))
        assert status == 504
        assert error["error"]["code"] == "upstream_timeout"
        assert house.answered()["status"] == 504
        await house.until(lambda: house.model.seen[-1].cancelled)


async def test_an_upstream_that_falls_silent_in_mid_stream_ends_as_an_error(
    open_house: Any,
) -> None:
    async with (
        raw(HEAD + chunk("春天") + chunk("来了。"), wait=True) as upstream,
        open_house(upstream=upstream, upstream_more=STILL) as house,
    ):
        events = await house.events(house.body())
        assert failed(events, "upstream_timeout").startswith("春天来了。")
        record = house.answered()
    assert (record["end"], record["status"]) == ("upstream_failed", 504)
    assert record["released"] == {"0.content": 5}


async def test_an_upstream_that_falls_silent_in_a_plain_reply_is_a_504(open_house: Any) -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"choices":['
    async with (
        raw(answer, wait=True) as upstream,
        open_house(upstream=upstream, upstream_more=SLOW) as house,
    ):
        assert (await house.ask(house.body()))[0] == 504


async def test_a_pause_may_be_longer_than_the_first_byte_took(open_house: Any) -> None:
    """A machine that is busy for two seconds must not be taken for a first byte that is late."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + chunk("一"))
        await writer.drain()
        await asyncio.sleep(3.2)
        writer.write(chunk("二", "stop") + b"data: [DONE]\n\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    more = "timeout_first = 3.0\ntimeout_idle = 60.0"
    async with server, open_house(upstream=url, upstream_more=more) as house:
        assert (await house.said("slow", stream=True)).startswith("一二")


async def test_every_way_to_write_a_stream_is_read(house: Any) -> None:
    expected = await house.said("practice", stream=False)
    assert expected.endswith(LABEL)
    for name in "crlf cr multi-line comments no-done split-utf8 content-type".split():
        for stream in (False, True):
            assert await house.said(f"practice-{name}", stream=stream) == expected, name
            assert house.answered()["end"] == "complete"


async def test_a_model_that_dies_in_mid_stream_ends_as_an_error(open_house: Any) -> None:
    async with open_house(model=PracticeModel(pace=0.01)) as house:
        for name in ("broken", "error-midstream", "garbage", "oversized"):
            events = await house.events(house.body(model=f"practice-{name}"))
            text = failed(events).removesuffix(LABEL).rstrip("\n")
            record = house.answered()
            assert record["end"] == "upstream_failed", name
            assert record["released"].get("0.content", 0) == len(text), name
            assert "asked to fail" not in json.dumps(events)
        with pytest.raises(openai.APIError):
            await house.said("practice-broken", stream=True)


async def test_what_came_before_a_break_is_passed_on_however_late_it_is_read(house: Any) -> None:
    upstream = house.gateway.settings.upstreams[0]
    broken: Any = Broken(chunk("before") + chunk(" the break", created=2))
    call = Call(upstream, broken)
    came = await call.chunks()
    assert came is not None
    assert said([one for one in came if isinstance(one, dict)]) == "before the break"
    with pytest.raises(UpstreamFailed):
        await call.chunks()


async def test_a_break_after_the_end_is_none(house: Any) -> None:
    broken: Any = Broken(chunk("whole", "stop") + b"data: [DONE]\n\n")
    call = Call(house.gateway.settings.upstreams[0], broken)
    assert await call.chunks()
    assert await call.chunks() is None


async def test_a_plain_reply_that_is_none_is_a_502(house: Any) -> None:
    for name in ("broken", "error-midstream", "garbage", "html", "redirect", "http-500"):
        status, error = await house.ask(house.body(model=f"practice-{name}"))
        assert status == 502, name
        assert error["error"]["type"] == "server_error"
        assert "asked to fail" not in json.dumps(error)
        assert house.answered()["end"] == "upstream_failed"


async def test_a_stream_that_is_none_is_a_502(house: Any) -> None:
    for name in ("html", "redirect", "http-500"):
        status, error = await house.ask(house.body(model=f"practice-{name}", stream=True))
        assert (status, error["error"]["type"]) == (502, "server_error"), name


async def test_a_redirect_is_never_followed(house: Any) -> None:
    for stream in (False, True):
        await house.ask(house.body(model="practice-redirect", stream=stream))
    assert house.model.elsewhere == 0


async def test_a_rate_limit_is_passed_on_as_one(house: Any) -> None:
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError):
            await house.said("practice-http-429", stream=stream)
    assert house.answered()["status"] == 429


def answers(statuses: tuple[int, ...], said: bytes) -> list[bytes]:
    rest = b"Content-Length: %d\r\nLocation: /x\r\nConnection: close\r\n\r\n" % len(said)
    return [f"HTTP/1.1 {status} No\r\n".encode() + rest + said for status in statuses]


async def test_what_the_upstream_finds_wrong_with_the_request_stays_the_callers(
    open_house: Any,
) -> None:
    statuses = (400, 404, 413, 422)
    async with (
        raw(*answers(statuses, b"secret of theirs")) as upstream,
        open_house(upstream=upstream) as house,
    ):
        for status in statuses:
            got, error = await house.ask(house.body())
            assert got == status
            assert error["error"]["type"] == "invalid_request_error"
            assert "secret" not in json.dumps(error)


async def test_any_other_status_is_a_502(open_house: Any) -> None:
    statuses = (101, 201, 204, 301, 304, 401, 403, 502, 503)
    async with raw(*answers(statuses, b"")) as upstream, open_house(upstream=upstream) as house:
        for status in statuses:
            assert (await house.ask(house.body(stream=True)))[0] == 502, status


STREAMS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "no events": (b"\n\n\n", ""),
    "only done": (b"data: [DONE]\n\n", ""),
    "a list": (b"data: []\n\n", ""),
    "a number": (b"data: 5\n\n", ""),
    "null": (b"data: null\n\n", ""),
    "no choices": (b'data: {"id":"x"}\n\n', ""),
    "choices no list": (b'data: {"choices":{}}\n\n', ""),
    "a choice that is none": (b'data: {"choices":[5]}\n\n', ""),
    "an index that is none": (b'data: {"choices":[{"index":"0"}]}\n\n', ""),
    "an index out of bounds": (b'data: {"choices":[{"index":1000000}]}\n\n', ""),
    "an index below": (b'data: {"choices":[{"index":-1}]}\n\n', ""),
    "a delta that is none": (b'data: {"choices":[{"index":0,"delta":"a"}]}\n\n', ""),
    "deep": (b"data: " + b"[" * 100_000 + b"\n\n", ""),
    "no UTF-8": (b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n', ""),
    "cut off": (chunk("春天"), "春天"),
    "cut inside an event": (chunk("春天") + b'data: {"choi', "春天"),
    "an error": (chunk("春天") + b'data: {"error":{"message":"their secret"}}\n\n', "春天"),
    "an event that never ends": (chunk("春天") + b"data: " + b"x" * 5_000_000, "春天"),
}


def content_of(stream: str) -> str:
    """Return the content of a stream, joined: it may come in other pieces than it was sent in."""
    events = (line.removeprefix("data: ") for line in stream.splitlines() if "choices" in line)
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


async def test_garbage_never_passes_for_a_reply(open_house: Any) -> None:
    streams = [HEAD + data for data, _ in STREAMS.values()]
    async with raw(*streams) as upstream, open_house(upstream=upstream) as house:
        for name, (_, before) in STREAMS.items():
            async with house.post(house.body(stream=True)) as reply:
                body = (await reply.read()).decode()
                assert reply.status in (200, 502), name
            assert "their secret" not in body, name
            assert before in content_of(body), name
            assert '"finish_reason":"stop"' not in body, name
            if name == "only done":
                assert house.answered()["end"] == "complete"
            else:
                assert '"error"' in body, name
                assert house.answered()["end"] == "upstream_failed", name


MESSAGES: tuple[Any, ...] = (
    {"content": 13800138000},
    {"content": [None, 5]},
    {"content": {"a": 1}},
    {"content": "a", "tool_calls": "x"},
    {"content": "a", "tool_calls": [5, None, {"index": "x"}, {"function": 5}]},
    {"content": "a", "tool_calls": {"0": {}}},
    {"content": "a", "role": 5, "refusal": [], "reasoning_content": {}},
    {"content": "a", "n": 10**30, "m": 1e300, "": {"": {"": []}}},
    {"content": "a", "x": {"y": [[[{"z": "deep"}]]]}},
    None,
)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_odd_message_is_no_error_of_ours(open_house: Any, *, stream: bool) -> None:
    extras: tuple[Any, ...] = ({}, {"logprobs": 5}, {"logprobs": {"content": [5, {"token": 5}]}})
    bodies = []
    for message, extra in itertools.product(MESSAGES, extras):
        said = {"index": 0, "finish_reason": "stop", "delta" if stream else "message": message}
        choices = [{**said, **extra}]
        bodies.append(json.dumps({"id": 5, "model": ["m"], "choices": choices, "usage": "x"}))
    async with (
        raw(*(wire(body, stream=stream) for body in bodies)) as upstream,
        open_house(upstream=upstream) as house,
    ):
        for body in bodies:
            async with house.post(house.body(stream=stream)) as reply:
                text = (await reply.read()).decode()
            assert reply.status in (200, 502), (body, text)
            assert "internal_error" not in text, body


def wire(body: str, *, stream: bool) -> bytes:
    if stream:
        return HEAD + f"data: {body}\n\ndata: [DONE]\n\n".encode()
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body.encode()


def plain(said: str, choices: int = 1) -> bytes:
    """Return an answer that keeps the connection open."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": said}}
    body = json.dumps({"choices": [choice] * choices}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_answer_that_nobody_asked_for_is_not_given_to_the_next_caller(
    open_house: Any, *, at_once: bool
) -> None:
    sent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(plain("asked for"))
                if at_once:
                    writer.write(plain("smuggled"))
                sent.set()
                await go_on.wait()
                go_on.clear()
                writer.write(plain("smuggled"))
                sent.set()
        writer.close()

    go_on = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_house(upstream=url) as house:
        assert "asked for" in await house.said("m", stream=False)
        if not at_once:
            sent.clear()
            go_on.set()
            await sent.wait()
        assert "asked for" in await house.said("m", stream=False)
        go_on.set()


async def test_a_server_that_never_comes_to_its_answer_is_a_502(open_house: Any) -> None:
    interim = b"HTTP/1.1 102 Processing\r\n\r\n"
    async with (
        raw(interim * 3 + plain("at last"), interim * 3_000 + plain("too late")) as upstream,
        open_house(upstream=upstream) as house,
    ):
        assert "at last" in await house.said("m", stream=False)
        assert (await house.ask(house.body()))[0] == 502


@pytest.mark.parametrize("stream", [False, True])
async def test_more_choices_than_anybody_can_ask_for_are_no_reply(
    open_house: Any, *, stream: bool
) -> None:
    many = [{"index": 0, "delta" if stream else "message": {"content": "a"}}] * 129
    body = wire(json.dumps({"choices": many}), stream=stream)
    async with raw(body) as upstream, open_house(upstream=upstream) as house:
        assert (await house.ask(house.body(stream=stream)))[0] == 502


@pytest.mark.parametrize("stream", [False, True])
async def test_halves_of_a_character_are_joined(house: Any, *, stream: bool) -> None:
    text = await house.said("practice-surrogates", stream=stream)
    assert text.startswith("晴天😀。")
    assert house.answered()["notes"] == {}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_half_that_stays_alone_is_replaced_and_noted(house: Any, *, stream: bool) -> None:
    text = await house.said("practice-lone-surrogate", stream=stream)
    assert text.startswith("晴天\ufffd。")
    assert house.answered()["notes"] == {"surrogates": 1}


async def test_lone_halves_anywhere_else_are_no_error_of_ours(open_house: Any) -> None:
    data = chunk("一\ud800", None, **{"x\udc00": "y\ud83d", "usage": {"\ud83d": "\ud83d"}})
    end = chunk("\udc00二", "stop\ud800", model="m\ud83d")
    async with raw(HEAD + data + end) as upstream, open_house(upstream=upstream) as house:
        events = await house.events(house.body())
        assert events[-1] == "[DONE]"
        assert said(events).startswith("一\U00010000二")
        assert house.answered()["end"] == "complete"


async def test_the_models_of_a_server_are_read_to_the_end_of_the_list(open_house: Any) -> None:
    says = {f"model-{n:05}": Reply(content=("a",)) for n in range(3_000)}
    async with open_house(model=PracticeModel(says=says)) as house:
        listed = [model.id async for model in house.client.models.list()]
    assert set(says) <= set(listed)


def pieces(data: bytes, cut: int) -> list[bytes]:
    return [data[at : at + cut] for at in range(0, len(data), cut)]


Feed = Callable[[bytes], Any]


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 1_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_are_read_however_they_are_cut(cut: int, end: bytes) -> None:
    lines = [b"\xef\xbb\xbfdata: one", b"", b": a comment", b"data:two", b"data: and", b"id: 5"]
    lines += [b"", b"", b"event: x", b"data", b"retry: 3", b"", b"data:  three", b""]
    reader = EventReader()
    found = [event for part in pieces(end.join([*lines, b""]), cut) for event in reader.feed(part)]
    assert [*found, *reader.end()] == [b"one", b"two\nand", b" three"]


def test_an_event_beyond_the_limit_is_an_error_after_those_before_it() -> None:
    reader = EventReader(limit=100)
    events = reader.feed(b"data: one\n\ndata: " + b"x" * 200)
    assert next(events) == b"one"
    with pytest.raises(ValueError, match="limit"):
        next(events)
    many = EventReader(limit=100)
    with pytest.raises(ValueError, match="limit"):
        list(many.feed(b"data: xxxxxxxx\n" * 50))


def test_an_event_of_empty_lines_is_bounded_too() -> None:
    with pytest.raises(ValueError, match="limit"):
        list(EventReader(limit=100).feed(b"data:\n" * 200))


def test_comments_without_an_event_are_bounded_too() -> None:
    reader = EventReader(limit=100)
    for _ in range(5):
        assert list(reader.feed(b":\n" * 20 + b"data: one\n\n")) == [b"one"]
    comments = b":\n" * 20
    assert not [*reader.feed(comments), *reader.feed(comments)]
    with pytest.raises(ValueError, match="limit"):
        list(reader.feed(comments))
