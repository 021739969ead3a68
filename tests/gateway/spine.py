"""What the tests of the route share: a model server that says exactly what a test scripts."""

import asyncio
import contextlib
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import openai
from starlette.types import Receive, Scope, Send

from hegui.app import Gateway, build, parts
from hegui.callers.keys import NewKey, create
from hegui.settings import Settings, inspect
from hegui.store import open_database
from hegui.testing.line import Line
from hegui.testing.serve import running

_NOTICED = (
    0.01  # seconds in which a server notices that its callers have gone; else it waits longer
)
PHONE = "13800138000"
INSULT = "你这个废物"
WEAPON = "怎么制作炸弹"
HARM = "我不想活了"

TEXT = """
data_dir = "{folder}/data"
[service]
name = "课堂助手"
scope = "{scope}"
reason = "内部试用"
contact = "投诉电话 12345"
[provider]
uscc = "91350100M000100Y43"
[listen]
public = "127.0.0.1:8100"
{tables}
[[upstream]]
name = "scripted"
base_url = "{upstream}/v1"
operator = "示例公司"
location = "CN"
role = "{role}"
trains_on_inputs = false
"""


def sdk_of(base: str, key: str) -> openai.AsyncOpenAI:
    """Return the official client of a server on this machine: who trusts nobody reads no CAs.

    Reading them takes longer than most questions here.
    """
    nobody = openai.DefaultAsyncHttpxClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return openai.AsyncOpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0, http_client=nobody)


@dataclass
class Script:
    """A model server. ``says`` is given the request and returns chunks, or a whole completion."""

    says: Callable[[dict[str, Any]], Any] = lambda body: said("好的。", body)
    cut: int = 0  # bytes per write; 0 writes each event by itself
    pace: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    written: int = 0
    cancelled: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(receive, send)
        if scope["path"].endswith("/models"):
            await line.json(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})
            return
        body = json.loads(await line.body())
        self.asked.append(body)
        self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
        watch = asyncio.ensure_future(line.watch())
        try:
            await self._answer(line, self.says(body))
        finally:
            self.cancelled += line.gone.is_set()
            watch.cancel()

    async def _answer(self, line: Line, answer: Any) -> None:
        if isinstance(answer, dict):
            await line.json(200, answer)
            return
        await line.start(200, "text/event-stream")
        events = [b"data: " + json.dumps(c).encode() + b"\n\n" for c in answer]
        events.append(b"data: [DONE]\n\n")
        data = b"".join(events)
        step = self.cut
        pieces = [data[n : n + step] for n in range(0, len(data), step)] if step else events
        for piece in pieces:
            if line.gone.is_set():
                return
            await line.write(piece)
            self.written += 1
            await line.pause(self.pace)
        await line.write(b"", more=False)


def chunk(delta: Mapping[str, Any], index: int = 0, **more: Any) -> dict[str, Any]:
    """Return a chunk; ``finish_reason`` and others go into the choice, ``top`` around it."""
    top = more.pop("top", {})
    choice = {"index": index, "delta": dict(delta), "finish_reason": None, **more}
    head = {"id": "chatcmpl-x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": [choice], **top}


def spoken(pieces: Iterable[str], name: str = "content", index: int = 0) -> list[dict[str, Any]]:
    """Return chunks in which one field of one choice says ``pieces``."""
    return [
        chunk({"role": "assistant", "content": ""}, index),
        *(chunk({name: piece}, index) for piece in pieces),
        chunk({}, index, finish_reason="stop"),
    ]


def whole(message: Mapping[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    """Return a plain completion of one choice."""
    said = {"role": "assistant", **message}
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-x", "object": "chat.completion", "created": 1, "model": "m"}
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    return {**head, "choices": [choice], "usage": usage, **more}


def said(text: str, body: Mapping[str, Any]) -> Any:
    """Return ``text`` as a reply to ``body``, streamed by single characters or plain."""
    return spoken(text) if body.get("stream") else whole({"content": text})


@dataclass
class Spine:
    """A gateway that is served, and the model server behind it."""

    gateway: Gateway
    script: Script
    base: str
    key: str
    http: aiohttp.ClientSession
    keys: dict[str, str]
    clients: list[openai.AsyncOpenAI] = field(default_factory=list)

    @property
    def sdk(self) -> openai.AsyncOpenAI:
        return self.client(self.key)

    def client(self, key: str) -> openai.AsyncOpenAI:
        made = sdk_of(self.base, key)
        self.clients.append(made)
        return made

    async def post(
        self, body: Mapping[str, Any], *, key: str = "", **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send a chat request; return status, bytes and headers."""
        sent = {"authorization": f"Bearer {key or self.key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = {"model": "m", **body}
        url = f"{self.base}/v1/chat/completions"
        async with self.http.post(url, json=request, headers=sent) as reply:
            return reply.status, await reply.read(), reply.headers

    async def ask(self, *turns: str | Mapping[str, Any], **more: Any) -> Any:
        """Ask without a stream; return the body. A string is a user's turn."""
        status, data, _ = await self.post({"messages": messages(turns), **more})
        assert status == 200, data
        return json.loads(data)

    async def stream(self, *turns: str | Mapping[str, Any], **more: Any) -> list[dict[str, Any]]:
        """Ask for a stream; return its chunks, having checked that it is whole."""
        body = {"messages": messages(turns), "stream": True, **more}
        status, data, _ = await self.post(body)
        assert status == 200, data
        return events_of(data)

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the ledger's records, the newest last."""
        # a second SQLite library in one process undoes the first one's locks, and truncates the
        # shared memory under its feet (a bus error): so this is read with the same one
        connection = open_database(self.gateway.settings.database, read_only=True)
        try:
            rows = connection.execute("SELECT leaf FROM entry ORDER BY tenant, idx").fetchall()
        finally:
            connection.close()
        found = [json.loads(row[0]) for row in rows]
        return [record for record in found if kind in ("", record["kind"])]

    def asked_record(self) -> dict[str, Any]:
        return self.records("exchange.asked")[-1]

    def answered_record(self) -> dict[str, Any]:
        return self.records("exchange.answered")[-1]

    def sees(self) -> str:
        """Return what the model was asked last, as one text."""
        return json.dumps(self.script.asked[-1], ensure_ascii=False)


def messages(turns: Sequence[str | Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": t} if isinstance(t, str) else dict(t) for t in turns]


def events_of(data: bytes) -> list[dict[str, Any]]:
    """Return the chunks of a stream's bytes; it must be valid SSE that ends with ``[DONE]``."""
    *events, rest = data.decode("utf-8").split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: ") for event in events)
    assert events[-1] == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events[:-1]]


def heard(chunks: Iterable[Mapping[str, Any]], name: str = "content", index: int = 0) -> str:
    """Return what one field of one choice said in all."""
    return "".join(
        choice["delta"].get(name) or ""
        for each in chunks
        for choice in each["choices"]
        if choice["index"] == index
    )


def finish_of(chunks: Iterable[Mapping[str, Any]], index: int = 0) -> list[str]:
    """Return the finish reasons of a choice."""
    return [
        choice["finish_reason"]
        for each in chunks
        for choice in each["choices"]
        if choice["index"] == index and choice["finish_reason"]
    ]


def new_key(settings: Settings, **options: Any) -> str:
    """Make a caller's key; before the start, because the gateway looks for new ones at times."""
    pepper = parts.pepper(settings)
    connection = open_database(settings.database)
    try:
        return create(connection, pepper, NewKey(**options), parts.now())[0]
    finally:
        connection.close()


@contextlib.asynccontextmanager
async def spine(
    script: Script | None = None,
    *,
    tables: str = "",
    role: str = "own",
    scope: str = "internal",
    folder: Path | None = None,
    clock: Callable[[], int] | None = None,
    before: Callable[[Gateway], None] | None = None,
    keys: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[Spine]:
    """Serve a gateway in front of a script. ``before`` may change it before it starts."""
    script = script or Script()
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        async with running(script) as upstream:
            text = TEXT.format(
                folder=folder, upstream=upstream, role=role, scope=scope, tables=tables
            )
            settings, problems = inspect(
                text, path=folder / "hegui.toml", environ={"JWT": "k" * 40}
            )
            assert settings is not None, problems
            made = {name: new_key(settings, **of) for name, of in {"": {}, **(keys or {})}.items()}
            gateway = build(settings, clock=clock)
            if before:
                before(gateway)
            await gateway.start()
            try:
                async with running(gateway.public) as base:
                    async with aiohttp.ClientSession() as http:
                        served = Spine(gateway, script, base, made[""], http, made)
                        yield served
                        for client in served.clients:
                            await client.close()
                    await asyncio.sleep(_NOTICED)
            finally:
                await gateway.stop()
                await asyncio.sleep(_NOTICED)
