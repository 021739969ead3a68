"""The least that a gateway with evidence must do: the pass-through, two scans and two records.

No keys, no policy, no roles, no history, no masks, no labels, nothing held back: only what none of
them can do without. What the gateway costs beyond this is its route; what this costs beyond the
pass-through is the price of screening and durable evidence in this language, on this machine.
"""

import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hegui.detectors import builtin
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.runners.compiling import kept
from hegui.terms import Entry, TextColumn

URL = os.environ.get("BENCH_UPSTREAM", "http://127.0.0.1:9100") + "/v1/chat/completions"
SENT = {"content-type": "application/json"}
ASKED, ANSWERED = kinds.named("exchange.asked"), kinds.named("exchange.answered")
DETECTOR: Any = builtin(compiler=kept)[0]
SEEN = 70  # characters: a chunk, and as many before it as decide on it


@contextlib.asynccontextmanager
async def _open(app: Starlette) -> AsyncIterator[None]:
    signer = Signer("bench.local/floor", secrets.token_bytes(32))
    app.state.ledger = Ledger(Path("floor.db"), lambda *_: signer)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app.state.session = session
        yield
    app.state.ledger.close()


def _found(*texts: str) -> int:
    return len(DETECTOR.inspect(TextColumn.of(texts)))


def _record(kind: Any, fields: dict[str, Any], content: bytes) -> Entry:
    said = {**fields, "rules": {}, "faults": [], "commit": sha256(content).hexdigest()}
    record = leaf.make(kind, time.time_ns() // 1_000_000, "default", said | {"content": "none"})
    return Entry("default", record)


async def _chat(request: Request) -> Response:
    body = await request.body()
    asked = msgspec.json.decode(body)
    _found(*(message["content"] for message in asked["messages"]))
    number, state = secrets.token_hex(13), request.app.state
    first = {"exchange": number, "subject": "unidentified", "audience": "adult", "key": "bench"}
    first |= {"model": asked["model"], "upstream": "stub", "policy": "0" * 64, "panel": "0" * 64}
    first |= {"decision": "allow", "unjudged": 0, "roles": {"user": 1}, "known": 0, "stream": False}
    written = state.ledger.hand_in(_record(ASKED, first, body))
    reply = await state.session.post(URL, data=msgspec.json.encode(asked), headers=SENT)
    second = {"exchange": number, "model": asked["model"], "decision": "allow", "notes": {}}
    second |= {"end": "complete", "status": 200}
    if asked.get("stream"):
        await written
        return StreamingResponse(_streamed(reply, state, second), media_type="text/event-stream")
    answer = msgspec.json.decode(await reply.read())
    await written
    text = answer["choices"][0]["message"]["content"]
    _found(text, answer["id"], answer["model"])
    second["released"] = {"0.content": len(text)}
    await state.ledger.add(_record(ANSWERED, second, text.encode()))
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _streamed(
    reply: aiohttp.ClientResponse, state: Any, second: dict[str, Any]
) -> AsyncIterator[bytes]:
    """Look at each piece and at what it may become; the last one waits for the record."""
    said, rest = "", b""
    async for data in reply.content.iter_any():
        *events, rest = (rest + data).split(b"\n\n")
        out = []
        for event in events:
            if event == b"data: [DONE]":
                second["released"] = {"0.content": len(said)}
                await state.ledger.add(_record(ANSWERED, second, said.encode()))
            elif choices := msgspec.json.decode(event[6:])["choices"]:
                said += choices[0]["delta"].get("content") or ""
                _found(said[-SEEN:])
                DETECTOR.pending(said[-SEEN:])
            out.append(event + b"\n\n")
        yield b"".join(out)
    reply.release()


async def _alive(request: Request) -> Response:
    del request
    return Response("ok")


app = Starlette(
    routes=[Route("/v1/chat/completions", _chat, methods=["POST"]), Route("/healthz", _alive)],
    lifespan=_open,
)
