"""What a stranger can cost at the listener: bytes of a head, seconds, connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from hegui.app.requests import BODY_SECONDS, HEAD_SECONDS, MOST_HEAD, BoundedRequests

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
PLAIN = HEAD + b"Content-Length: 2\r\n\r\nhi"


class Door:
    """A listener with an application that reads the body, and then waits for ``go_on``."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[Scope] = []
        self.left = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.state = ServerState()
        self.port = 0

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.heads.append(scope)
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.set()
                return
            body += message["body"]
            more = message["more_body"]
        self.bodies.append(body)
        if not self.go_on.is_set():
            assert (await receive())["type"] == "http.disconnect"
            self.left.set()
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"heard"})

    def look(self, later: float) -> None:
        """Look at the connections as if it were ``later``."""
        for connection in self.open():
            connection.look(asyncio.get_running_loop().time() + later)

    def open(self) -> list[BoundedRequests]:
        """Return the connections."""
        return [one for one in self.state.connections if isinstance(one, BoundedRequests)]

    async def say(self, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        await writer.drain()
        return reader, writer

    async def told(self, data: bytes) -> bytes:
        """Send bytes and return all that comes back until the line is closed."""
        reader, writer = await self.say(data)
        try:
            return await reader.read()
        except ConnectionError:  # it was closed before all that was sent had been read
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def listening(most: int = 100) -> AsyncIterator[Door]:
    door = Door()
    config = uvicorn.Config(
        door.app, interface="asgi3", lifespan="off", log_config=None, proxy_headers=False
    )

    def made() -> BoundedRequests:
        return BoundedRequests(config=config, server_state=door.state, app_state={}, most=most)

    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(60):
        try:
            yield door
        finally:
            for connection in door.open():
                connection.transport.abort()
            server.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HEAD + b"X: " + b"a" * MOST_HEAD + b"\r\n\r\n", 431),
        (HEAD + b"".join(b"x%d: y\r\n" % n for n in range(2_000)) + b"\r\n", 431),
        (b"GET /" + b"a" * MOST_HEAD + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /" + b"a" * 20 * MOST_HEAD, 431),
        (HEAD + b"Host: y\r\n\r\n", 400),
        (b"no request at all\r\n\r\n", 400),
    ],
)
async def test_a_head_beyond_the_bounds_is_refused_in_both_languages(
    data: bytes, status: int
) -> None:
    async with listening() as door:
        told = await door.told(data)
        assert told.startswith(b"HTTP/1.1 %d " % status)
        assert "请求" in told.decode()
        assert not door.heads


async def test_what_comes_between_the_pieces_of_a_body_is_bounded_too() -> None:
    piece = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"
    async with listening() as door:
        for rest in (b"0\r\nX: " + b"a" * 3 * MOST_HEAD, b"2;e=" + b"a" * 3 * MOST_HEAD):
            await door.told(piece + rest)
            await door.left.wait()
            door.left.clear()
        sizes = b"".join(b"1\r\na\r\n" for _ in range(30_000))  # six bytes for each one of the body
        reader, writer = await door.say(piece + sizes + b"0\r\nX-Trailer: dropped\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        assert len(door.bodies[-1]) == 30_002
        assert b"x-trailer" not in dict(door.heads[-1]["headers"])
        writer.close()


async def test_who_takes_too_long_over_a_head_or_a_body_is_hung_up_on() -> None:
    async with listening() as door:
        for first, then in ((b"", b""), (b"\r\n", HEAD), (PLAIN, b"\r\n"), (PLAIN, HEAD)):
            reader, writer = await door.say(first)
            if first == PLAIN:
                await reader.readuntil(b"heard\r\n0\r\n\r\n")
            writer.write(then)
            while not any((one.waits() or (0, 0))[1] for one in door.open()):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.002)
            door.look(HEAD_SECONDS - 5)
            assert not reader.at_eof()
            door.look(HEAD_SECONDS + 20)
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
            writer.close()
        reader, writer = await door.say(HEAD + b"Content-Length: 9\r\n\r\nhi")
        while len(door.heads) < 3:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
        door.look(BODY_SECONDS + 1)
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        await door.left.wait()
        writer.close()


async def test_a_request_that_is_served_is_never_late() -> None:
    async with listening() as door:
        door.go_on.clear()
        reader, writer = await door.say(PLAIN)
        while not door.bodies:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
        door.look(3_600)
        assert not reader.at_eof()
        assert not door.left.is_set()
        writer.close()
        await door.left.wait()


async def test_a_caller_who_leaves_is_noticed_though_another_request_had_come_from_them() -> None:
    async with listening() as door:
        door.go_on.clear()
        _, writer = await door.say(PLAIN + PLAIN)
        while not door.bodies:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
        writer.close()
        await door.left.wait()


async def test_more_requests_at_once_than_a_connection_may_hold_are_refused() -> None:
    async with listening() as door:
        door.go_on.clear()
        assert await door.told(PLAIN * 100) == b""
        await door.left.wait()
        assert len(door.heads) == 1


async def test_of_too_many_connections_the_one_that_waited_the_longest_goes() -> None:
    async with listening(most=3) as door:
        door.go_on.clear()
        said = [await door.say(PLAIN)]
        while not door.bodies:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
        said += [await door.say(data) for data in (b"", b"", HEAD)]
        served, longest, shorter, last = (reader for reader, _ in said)
        assert await longest.read() == b""
        assert not any(each.at_eof() for each in (served, shorter, last))
        for _, writer in said:
            writer.close()
        await door.left.wait()


async def test_a_request_to_speak_another_protocol_is_answered_in_this_one() -> None:
    """As Java's client sends it: with a body, and with more on the same connection."""
    async with listening() as door:
        asked = (
            b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 2\r\n\r\nhi"
        )
        for cut in (len(HEAD + asked), len(HEAD + asked) - 2, 5):
            data = HEAD + asked
            reader, writer = await door.say(data[:cut])
            await asyncio.sleep(0)
            writer.write(data[cut:] + HEAD + b"Connection: close\r\nContent-Length: 3\r\n\r\nyou")
            assert (await reader.read()).count(b"HTTP/1.1 200 ") == 2
            assert door.bodies == [b"hi", b"you"]
            door.bodies.clear()
            writer.close()
        assert (await door.told(b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n")).startswith(
            b"HTTP/1.1 400"
        )
