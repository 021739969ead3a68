"""An answer belongs to the request that was sent for it, also before the loop has read it."""

import asyncio
import socket

import aiohttp

from hegui.runners.connections import ModelConnector


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def _serve(listening: socket.socket, body: bytes) -> socket.socket:
    """Answer the first request of the next connection; return the connection, still open."""
    loop = asyncio.get_running_loop()
    near, _ = await loop.sock_accept(listening)
    await loop.sock_recv(near, 65_536)
    await loop.sock_sendall(near, _answer(body))
    return near


async def test_what_a_server_said_unasked_is_seen_though_nobody_has_read_it_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        async with aiohttp.ClientSession(connector=ModelConnector()) as session:
            serving = asyncio.ensure_future(_serve(listening, b"first"))
            async with session.get(url) as response:
                assert await response.read() == b"first"
            near = await serving
            again = asyncio.ensure_future(_serve(listening, b"second"))
            near.send(_answer(b"planted"))  # it lies in the system: the loop does not run until
            async with session.get(url) as response:  # the pool has given a connection
                assert await response.read() == b"second"
            (await again).close()
            near.close()
