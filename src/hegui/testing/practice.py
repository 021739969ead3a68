"""The practice model: a small OpenAI-compatible server that misbehaves when asked.

It is no language model. It gives bilingual, harmless replies by rule, in every shape that the
chat API knows, and lets its caller down in every way that ``hegui.testing.hostile`` names.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hegui.terms import Clock
from hegui.testing import events, media
from hegui.testing.asked import Asked, Refused, understood
from hegui.testing.clock import FixedClock
from hegui.testing.hostile import MISBEHAVIOURS, Manner, Misbehaviour, misbehaviour
from hegui.testing.line import Line
from hegui.testing.replies import Reply, ordinary, shaped

MODELS = ("practice", "practice-thinking", *(f"practice-{name}" for name in MISBEHAVIOURS))
_ENDLESS_PACE = 0.002  # without a pause, an endless reply would starve its own event loop


@dataclass(slots=True)
class Seen:
    """A request that reached the model, and what became of it."""

    headers: Mapping[str, str]
    body: dict[str, Any]
    events: int = 0
    finished: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    asked: Asked
    replies: tuple[Reply, ...]
    manner: Manner
    head: dict[str, Any]
    seen: Seen


class PracticeModel:
    """An ASGI app with ``/v1/models``, ``/v1/chat/completions`` and the routes of media.

    ``pace`` is the pause between two pieces, ``patience`` how long a slow first byte takes, both
    in seconds. ``key`` is the bearer key to insist on. ``says`` gives further models, each with
    the exact reply that it gives. ``seen`` lists the latest requests and their fate, ``open`` is
    the number of replies under way, ``elsewhere`` counts who followed a redirect. ``held`` makes
    streams wait: after how many events, and for what.
    """

    def __init__(
        self,
        *,
        pace: float = 0.0,
        patience: float = 2.0,
        key: str = "",
        says: Mapping[str, Reply] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.pace, self.patience, self.key = pace, patience, key
        self.says = dict(says or {})
        self.clock = clock or FixedClock()
        self.seen: deque[Seen] = deque(maxlen=1000)
        self.open = 0
        self.held: tuple[int, asyncio.Event] | None = None
        self.elsewhere = 0
        self._count = 0
        self._app = Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", _Chat(self)),
                Route("/v1/images/generations", self._images, methods=["POST"]),
                Route("/v1/images/edits", self._images, methods=["POST"]),
                Route("/v1/audio/speech", self._voice, methods=["POST"]),
                Route("/elsewhere", self._elsewhere, methods=["GET", "POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)

    def head(self, model: str) -> dict[str, Any]:
        """Return what every reply begins with: an id, the time and the model's name."""
        self._count += 1
        created = self.clock() // 1000
        return {"id": f"chatcmpl-practice{self._count}", "created": created, "model": model}

    async def _models(self, _request: Request) -> JSONResponse:
        names = (*self.says, *MODELS, media.IMAGE, media.VOICE)
        created = self.clock() // 1000
        cards = [
            {"id": name, "object": "model", "created": created, "owned_by": "hegui"}
            for name in names
        ]
        return JSONResponse({"object": "list", "data": cards})

    async def _images(self, request: Request) -> Response:
        return await media.images(request, await self._media(request), self.patience)

    async def _voice(self, request: Request) -> Response:
        return await media.voice(await self._media(request), self.patience)

    async def _media(self, request: Request) -> dict[str, Any]:
        body = await media.body_of(request)
        self.seen.append(Seen(dict(request.headers), body, finished=True))
        return body

    async def _elsewhere(self, _request: Request) -> JSONResponse:
        self.elsewhere += 1
        return JSONResponse({"choices": []})


class _Chat:
    """``POST /v1/chat/completions``, down to the bytes."""

    def __init__(self, model: PracticeModel) -> None:
        self._model = model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(receive, send)
        try:
            plan = self._plan(scope, await line.body())
        except Refused as refused:
            await line.json(refused.status, refused.body)
            return
        self._model.open += 1
        watch = asyncio.ensure_future(line.watch())
        try:
            plan.seen.finished = await self._answer(plan, line) and not line.gone.is_set()
        finally:
            plan.seen.cancelled = line.gone.is_set() and not plan.seen.finished
            watch.cancel()
            self._model.open -= 1

    def _plan(self, scope: Scope, raw: bytes) -> _Plan:
        model = self._model
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        if model.key and headers.get("authorization") != f"Bearer {model.key}":
            raise Refused(401, "Incorrect API key provided.", "invalid_api_key")
        if scope["method"] != "POST":
            raise Refused(405, "Use POST.", "method_not_allowed")
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            raise Refused(400, "The body is not JSON.", "invalid_request") from None
        asked = understood(body)
        if asked.model not in MODELS and asked.model not in model.says:
            raise Refused(404, "There is no such model.", "model_not_found", "model")
        seen = Seen(headers, body)
        model.seen.append(seen)
        how = None if asked.model in model.says else misbehaviour(asked)
        replies = tuple(self._reply(asked, n, how) for n in range(asked.choices))
        manner = how.manner if how else Manner()
        return _Plan(asked, replies, manner, model.head(asked.model), seen)

    def _reply(self, asked: Asked, choice: int, how: Misbehaviour | None) -> Reply:
        if said := self._model.says.get(asked.model):
            return said
        if how and choice == asked.choices - 1:
            return how.reply(asked, choice)
        return shaped(asked, ordinary(asked, choice), choice)

    async def _answer(self, plan: _Plan, line: Line) -> bool:
        """Answer as planned; say whether the reply was handed over whole."""
        manner = plan.manner
        if manner.waits:
            await line.pause(self._model.patience if manner.waits == "first" else None)
        if line.gone.is_set():
            return False
        if manner.status != 200:  # noqa: PLR2004 - HTTP
            code = "rate_limit_exceeded" if manner.status == 429 else "server_error"  # noqa: PLR2004 - HTTP
            error = Refused(manner.status, "The practice model was asked to fail.", code)
            await line.json(manner.status, error.body, retry_after="1")
        elif manner.redirect:
            await line.json(307, {}, location="/elsewhere")
        elif manner.html:
            await line.start(200, "text/html; charset=utf-8")
            await line.write(b"<!doctype html><title>Sign in</title>", more=False)
        elif plan.asked.stream:
            return await self._stream(plan, line)
        else:
            return await self._plain(plan, line)
        return True

    async def _stream(self, plan: _Plan, line: Line) -> bool:
        manner = plan.manner
        endless = any(reply.endless for reply in plan.replies)
        pace = max(self._model.pace, _ENDLESS_PACE) if endless else self._model.pace
        await line.start(200, manner.content_type or "text/event-stream; charset=utf-8")
        async for number, value in _numbered(plan):
            if manner.dies_after == number:
                return False  # the server closes a connection whose app stops half-way
            for part in _parts(events.event(value, number, manner), manner):
                await line.write(part)
                await line.pause(0)
            plan.seen.events += 1
            held = self._model.held
            if held is not None and plan.seen.events == held[0]:
                await held[1].wait()
            await line.pause(pace)
            if line.gone.is_set():
                return False
            if manner.error_after == number:
                break
        if manner.done:
            await line.write(events.event("[DONE]", 0, manner))
        await line.write(b"", more=False)
        return True

    async def _plain(self, plan: _Plan, line: Line) -> bool:
        manner = plan.manner
        content_type = manner.content_type or "application/json"
        if any(reply.endless for reply in plan.replies):
            await line.start(200, content_type)
            await line.write(b'{"choices":[{"index":0,"message":{"content":"')
            while not line.gone.is_set():
                await line.write("".join(plan.replies[-1].content).encode())
                await line.pause(max(self._model.pace, _ENDLESS_PACE))
            return False
        body = events.completion(plan.asked, plan.replies, plan.head)
        if manner.error_after is not None:
            body = Refused(500, "The practice model was asked to fail.", "server_error").body
        if manner.oversized:
            body["choices"][0]["message"] = events.oversized({})["choices"][0]["delta"]
        data = events.dumps(body, 1 if manner.multi_line else None)
        data = data.replace(b"\n", manner.line_end.encode())
        if manner.garbage:
            data = b"{not json" + data
        await line.start(200, content_type, content_length=str(len(data)))
        if manner.dies_after is not None:
            await line.write(data[: len(data) // 2])
            return False
        for part in _parts(data, manner):
            await line.write(part)
            await line.pause(0)
        await line.write(b"", more=False)
        return True


async def _numbered(plan: _Plan) -> AsyncIterator[tuple[int, Any]]:
    stream = events.chunks(plan.asked, plan.replies, plan.head)
    for number, chunk in enumerate(stream):
        value = chunk
        if number == 1 and plan.manner.oversized:
            value = events.oversized(plan.head)
        if number == plan.manner.error_after:
            value = Refused(500, "The practice model was asked to fail.", "server_error").body
        yield number, value


def _parts(data: bytes, manner: Manner) -> Any:
    return events.shreds(data) if manner.shredded else (data,)
