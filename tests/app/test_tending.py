"""What a gateway does by itself: keys that assertions name are fetched when one is missing."""

import asyncio
from types import SimpleNamespace
from typing import Any

from hegui.app.tending import Tending
from hegui.gateway.upstream import Upstreams


class KeySet:
    """Stands for ``Assertions``: where the keys are, whether one is missing, and what came."""

    lacking = False

    def __init__(self, address: str) -> None:
        self.address = address
        self.taken: list[bytes] = []

    def set_keys(self, content: bytes) -> None:
        self.taken.append(content)
        self.lacking = False


async def test_a_key_set_is_fetched_again_only_when_an_assertion_named_another_key() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    keys = KeySet(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    upstreams, nothing = Upstreams(()), SimpleNamespace()
    parts: list[Any] = [SimpleNamespace(upstreams=upstreams), nothing, {}, nothing, nothing]
    tending = Tending(*parts, nothing, 0, keys)  # type: ignore[arg-type] # only these are asked
    async with server:
        await tending.fetch_keys_again()
        assert keys.taken == []
        keys.lacking = True
        await tending.fetch_keys_again()
        await tending.fetch_keys_again()
        assert keys.taken == [b"{}"]
        await upstreams.close()
