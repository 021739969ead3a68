"""A connection at the level of ASGI messages: bytes as they are, and whether anyone still reads."""

import asyncio
from dataclasses import dataclass, field

from starlette.types import Message, Receive, Send

from hegui.testing.events import dumps


@dataclass(slots=True)
class Line:
    """The connection to one client: what is written to it, and whether it is still there."""

    receive: Receive
    send: Send
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    started: bool = False

    async def body(self) -> bytes:
        """Read the whole request body."""
        parts, more = [], True
        while more:
            message = await self.receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False) and message["type"] == "http.request"
        return b"".join(parts)

    async def watch(self) -> None:
        """Wait until the client goes, then set ``gone``."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.gone.set()

    async def pause(self, seconds: float | None) -> None:
        """Wait, but no longer than the client does."""
        if seconds == 0:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except TimeoutError:
            return

    async def start(self, status: int, content_type: str, **headers: str) -> None:
        """Begin the response. ``retry_after`` is the header ``retry-after``."""
        pairs = {"content-type": content_type, **headers}
        lines = [(k.replace("_", "-").encode(), v.encode()) for k, v in pairs.items()]
        start: Message = {"type": "http.response.start", "status": status, "headers": lines}
        self.started = True
        await self.send(start)

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """Write bytes; without ``more`` the response is complete."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def json(self, status: int, value: object, **headers: str) -> None:
        """Answer with a JSON body."""
        await self.start(status, "application/json", **headers)
        await self.write(dumps(value), more=False)
