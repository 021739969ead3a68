"""A pass-through in front of a model that notes what the model is asked and what it sends.

The demo puts it between the gateway and the model, to show what the gateway was given. It changes
nothing, keeps little, and keeps it in memory only.
"""

import asyncio
import codecs
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from hegui.testing.asked import Refused, understood
from hegui.testing.line import Line

_KEPT_CHARS: Final = 20_000
_KEPT_LINE: Final = 1_000_000
_WAITING: Final = 5_000
_NOT_PASSED: Final = frozenset(
    b"host connection content-length transfer-encoding keep-alive accept-encoding".split()
)
_PASSED_BACK: Final = ("content-type", "retry-after", "location")

Note = dict[str, Any]


class Tap:
    """An ASGI app: ``/v1/…`` goes on to ``upstream`` (a base URL that ends in ``/v1``).

    ``/tap/notes`` streams the notes from now on, one JSON object a line: ``{"call": 3, "e":
    "asked", "text": …}``, then ``piece`` with ``choice``, ``field`` and ``text`` for each piece
    that the model sends, then ``end``. ``notes`` holds the latest; a call is noted up to 20,000
    characters, and a listener that reads too slowly loses notes, never the caller.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.rstrip("/")
        self.notes: deque[Note] = deque(maxlen=_WAITING)
        self._listeners: set[asyncio.Queue[Note]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._calls = 0
        self._app = Starlette(
            routes=[Route("/tap/notes", self._listen), Mount("/v1", app=self._forward)]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)

    async def close(self) -> None:
        """Close the connections to the upstream."""
        if self._session:
            await self._session.close()
            self._session = None

    def note(self, call: int, what: str, **more: Any) -> None:
        """Keep a note and hand it to whoever listens."""
        note = {"call": call, "e": what, **more}
        self.notes.append(note)
        for queue in self._listeners:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(note)

    async def _listen(self, _request: Request) -> StreamingResponse:
        queue: asyncio.Queue[Note] = asyncio.Queue(_WAITING)
        self._listeners.add(queue)

        async def lines() -> AsyncIterator[bytes]:
            try:
                yield b"{}\n"  # the listener is counted in from here on
                while True:
                    yield json.dumps(await queue.get()).encode() + b"\n"
            finally:
                self._listeners.discard(queue)

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(receive, send)
        body = await line.body()
        self._calls += 1
        call = self._calls
        with contextlib.suppress(ValueError, RecursionError, Refused):
            asked = understood(json.loads(body))
            self.note(call, "asked", model=asked.model, text=asked.last_user[:_KEPT_CHARS])
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        watch = asyncio.ensure_future(line.watch())
        work = asyncio.ensure_future(self._pass_on(call, scope, body, line))
        try:
            await asyncio.wait({watch, work}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self.note(call, "end", how="cancelled")
        finally:
            watch.cancel()
            work.cancel()
            await asyncio.gather(watch, work, return_exceptions=True)

    async def _pass_on(self, call: int, scope: Scope, body: bytes, line: Line) -> None:
        assert self._session is not None
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name not in _NOT_PASSED
        }
        url = self.upstream + scope["path"].removeprefix("/v1")
        try:
            async with self._session.request(
                scope["method"], url, data=body or None, headers=headers, allow_redirects=False
            ) as reply:
                await self._pass_back(call, reply, line)
        except aiohttp.ClientError as error:
            self.note(call, "end", how=type(error).__name__)
            if not line.started:
                await line.json(502, {"error": {"message": "The model cannot be reached."}})

    async def _pass_back(self, call: int, reply: aiohttp.ClientResponse, line: Line) -> None:
        kept = {name: reply.headers[name] for name in _PASSED_BACK if name in reply.headers}
        await line.start(reply.status, kept.pop("content-type", "application/json"), **kept)
        reader = Reader(stream=reply.content_type == "text/event-stream")
        room = _KEPT_CHARS
        async for data in reply.content.iter_any():
            for piece in reader.feed(data):
                room -= len(piece["text"])
                if room >= 0:
                    self.note(call, "piece", **piece)
            await line.write(data)
        for piece in reader.close():
            self.note(call, "piece", **piece)
        self.note(call, "end", how=str(reply.status))
        await line.write(b"", more=False)


class Reader:
    """Reads the pieces of text out of a reply's bytes, as well as they can be read.

    A piece is ``{"choice": 0, "field": "content", "text": …}``. What is not understood is passed
    over: this is for showing, and judges nothing.
    """

    def __init__(self, *, stream: bool) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> Iterator[Note]:
        """Yield the pieces that ``data`` completes."""
        self._text += self._decoder.decode(data)
        if len(self._text) > _KEPT_LINE:
            self._text = ""
        if not self._stream:
            return
        *lines, self._text = self._text.replace("\r\n", "\n").split("\n")
        for line in lines:
            if line.startswith("data:"):
                self._data.append(line.removeprefix("data:"))
            elif not line.strip() and self._data:
                yield from self._event("\n".join(self._data))
                self._data = []

    def close(self) -> Iterator[Note]:
        """Yield what is left at the end: all of it, for a plain reply."""
        text = self._text if not self._stream else "\n".join(self._data)
        yield from self._event(text)

    def _event(self, text: str) -> Iterator[Note]:
        try:
            choices = json.loads(text)["choices"]
            for choice in choices:
                said = choice.get("delta") or choice.get("message") or {}
                for field, part in _texts(said):
                    yield {"choice": choice.get("index", 0), "field": field, "text": part}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return


def _texts(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("reasoning_content", "content", "refusal"):
        if isinstance(part := said.get(field), str) and part:
            yield field, part
    for call in said.get("tool_calls") or ():
        if part := call.get("function", {}).get("arguments"):
            yield "arguments", str(part)
