import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bench.load import Plan, Requests, carry_out, content_of, unchunked

from bench import stub

OTHER = stub._plain("别的内容")
CUT = stub.PLAIN[b"burst"][:80]
FAILED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
ENDLESS = b"".join([stub._SSE, stub.FIRST, *stub.PIECES, b"0\r\n\r\n"])


def canned(reply: bytes, *, close: bool = False) -> type[stub.Stub]:
    class Canned(stub.Stub):
        def answer(self, head: bytes, body: bytes) -> None:
            del head, body
            self.transport.write(reply)
            if close:
                self.transport.close()

    return Canned


@asynccontextmanager
async def listening(protocol: type[stub.Stub]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


def plan(port: int, *, stream: bool = False, **more: int) -> Plan:
    return Plan(port, "key", "burst", stream, 5.0, **more)


async def test_answers_as_they_should_be_are_counted_and_nothing_is_an_error() -> None:
    async with listening(stub.Stub) as port:
        seen = await carry_out(plan(port, count=60, connections=4))
    assert (seen["good"], seen["errors"], seen["parsed"]) == (60, {}, 6)


async def test_a_stream_is_timed_from_its_first_text_to_its_end() -> None:
    async with listening(stub.Stub) as port:
        seen = await carry_out(plan(port, stream=True, count=12, connections=3))
    assert (seen["good"], seen["errors"]) == (12, {})
    assert 0 < seen["first_ms"]["p50"] <= seen["whole_ms"]["p50"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (OTHER, "another text"),
        (FAILED, "status 503"),
        (CUT, "connection lost"),
        (ENDLESS, "stream without an end"),
    ],
)
async def test_a_wrong_answer_is_an_error_and_never_good(reply: bytes, error: str) -> None:
    async with listening(canned(reply, close=reply is CUT)) as port:
        seen = await carry_out(plan(port, stream=reply is ENDLESS, count=1, connections=1))
    assert (seen["good"], seen["errors"]) == (0, {error: 1})


async def test_nothing_listening_is_an_error() -> None:
    async with listening(stub.Stub) as port:
        pass
    seen = await carry_out(plan(port, count=5, connections=1))
    assert seen["good"] == 0
    assert sum(seen["errors"].values()) == 1


async def test_a_fixed_rate_is_kept_whatever_comes_back() -> None:
    async with listening(stub.Stub) as port:
        wanted = Plan(port, "key", "burst", stream=False, seconds=0.3, rate=100)
        seen = await carry_out(wanted)
    assert (seen["good"], seen["errors"]) == (30, {})


def test_no_two_requests_are_alike_and_all_are_of_one_length() -> None:
    requests = Requests(plan(1))
    made = [requests.next() for _ in range(500)]
    assert len(set(made)) == 500
    assert len({len(one) for one in made}) == 1


def test_a_stream_put_together_is_the_stubs_text() -> None:
    body = b"".join([stub.FIRST, *stub.PIECES, stub.LAST])
    assert content_of(unchunked(body), stream=True) == stub.STREAMED
