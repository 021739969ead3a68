"""A caller of the gateway: sends one play, and tells what went in and what came out, live."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from hegui.app.demo import records
from hegui.app.demo.notes import Ear
from hegui.app.demo.records import Record
from hegui.terms import Lang

Event = dict[str, Any]
_ENOUGH = 60.0  # seconds for a play
_RECORDED = 3.0  # seconds within which the last record must have appeared


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gateway and its evidence are, and the key to speak with."""

    url: str
    key: str = field(repr=False)
    tenant: str
    database: Path
    notes: tuple[str, ...]
    vkeys: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A chat request of the demo."""

    model: str
    text: str
    minor: bool = False
    lang: Lang = "zh"

    def body(self) -> dict[str, Any]:
        """Return the body in OpenAI's shape."""
        return {
            "model": self.model,
            "messages": [{"role": "user", "content": self.text}],
            "stream": True,
            "user": "demo-visitor",
        }

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers; the audience header can only tighten."""
        audience = {"X-Hegui-Audience": "minor"} if self.minor else {}
        return {"Authorization": f"Bearer {key}", "Accept-Language": self.lang, **audience}


class Caller:
    """Plays one request at a time, so that the model's notes are those of this request."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._turn = asyncio.Lock()

    async def play(self, request: Request) -> AsyncIterator[Event]:
        """Yield what happens, each as a dict with ``e`` saying what it is, as it happens.

        ``asked`` and ``piece`` come from the tap, so from the model's side; ``left``, ``aigc``,
        ``finish`` and ``error`` are what the caller got; ``record`` is read back from the ledger.
        """
        async with self._turn:
            place = self.place
            first = await asyncio.to_thread(records.size, place.database, place.tenant)
            queue: asyncio.Queue[Event | None] = asyncio.Queue()
            talk = asyncio.ensure_future(self._talk(request, queue))
            asked: int | None = None
            try:
                while (event := await queue.get()) is not None:
                    if event["e"] == "aigc":
                        asked = event["aigc"].get("ledger", {}).get("asked", asked)
                    yield event
            finally:
                talk.cancel()
                await asyncio.gather(talk, return_exceptions=True)
            for record in await recorded(place, first, asked):
                yield {"e": "record", "record": record.told()}
        yield {"e": "end"}

    async def _talk(self, request: Request, queue: "asyncio.Queue[Event | None]") -> None:
        try:
            async with (
                asyncio.timeout(_ENOUGH),
                Ear(self.place.notes, queue.put_nowait),
                aiohttp.ClientSession() as session,
            ):
                async for event in _said(session, self.place, request):
                    queue.put_nowait(event)
        except (aiohttp.ClientError, TimeoutError) as error:
            queue.put_nowait({"e": "error", "status": 0, "message": type(error).__name__})
        finally:
            queue.put_nowait(None)


async def recorded(place: Place, first: int, asked: int | None) -> list[Record]:
    """Return the records of one exchange, once both are there or three seconds have gone by."""
    deadline = asyncio.get_running_loop().time() + _RECORDED
    while True:
        found = await asyncio.to_thread(
            records.of_exchange, place.database, place.tenant, first, asked
        )
        late = asyncio.get_running_loop().time() > deadline
        if late or any(one.kind == "exchange.answered" for one in found):
            return found
        await asyncio.sleep(0.05)


async def _said(
    session: aiohttp.ClientSession, place: Place, request: Request
) -> AsyncIterator[Event]:
    url = f"{place.url}/v1/chat/completions"
    headers = request.headers(place.key)
    async with session.post(url, json=request.body(), headers=headers) as reply:
        if reply.content_type != "text/event-stream":
            for event in _answered(reply.status, await reply.json()):
                yield event
            return
        async for line in reply.content:
            data = line.decode().strip()
            if data.startswith("data:") and data != "data: [DONE]":
                for event in _answered(0, json.loads(data.removeprefix("data:"))):
                    yield event


def _answered(status: int, body: Mapping[str, Any]) -> list[Event]:
    if "error" in body:
        return [{"e": "error", "status": status, "message": body["error"].get("message", "")}]
    found: list[Event] = []
    for choice in body.get("choices", ()):
        said = choice.get("delta") or choice.get("message") or {}
        for name in ("reasoning_content", "content", "refusal"):
            if part := said.get(name):
                piece = {"choice": choice["index"], "field": name, "text": part}
                found.append({"e": "left", **piece})
        if choice.get("finish_reason"):
            found.append({"e": "finish", "reason": choice["finish_reason"]})
    if aigc := body.get("aigc"):
        found.append({"e": "aigc", "aigc": aigc})
    return found
