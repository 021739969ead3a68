"""What the tests of the gateway share: one built from settings, on a real socket, with a model."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from tests.gateway.spine import sdk_of

from hegui.app import Gateway, build, parts
from hegui.callers.keys import NewKey, create
from hegui.ledger import leaf
from hegui.ledger.verify import verify
from hegui.settings import Settings, inspect
from hegui.store import open_database
from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running

SETTINGS = """\
[service]
name = "demo"
scope = "internal"
reason = "a trial"

[[upstream]]
name = "practice"
base_url = "{upstream}/v1"
role = "{role}"
{upstream_more}
{more}
"""


@dataclass
class House:
    """A gateway in front of a model, and who calls it."""

    gateway: Gateway
    model: PracticeModel
    url: str
    key: str
    client: openai.AsyncOpenAI
    http: aiohttp.ClientSession
    every_answer_recorded: bool = True
    stopped: bool = False
    _pending: list[asyncio.Task[Any]] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.gateway.settings.database

    def records(self, kind: str = "exchange.") -> list[dict[str, Any]]:
        """Read back what the ledger holds of a family of kinds, in order."""
        connection = open_database(self.database, read_only=True)
        try:
            rows = list(connection.execute("SELECT leaf FROM entry ORDER BY tenant, idx"))
        finally:
            connection.close()
        found = [leaf.parse(row[0]) for row in rows]
        return [record for record in found if record["kind"].startswith(kind)]

    def answered(self) -> dict[str, Any]:
        """Return the latest record of a reply."""
        return self.records("exchange.answered")[-1]

    async def until(self, fact: Callable[[], Any], within: float = 60.0) -> None:
        """Wait until something is so; the time is only for what hangs."""
        async with asyncio.timeout(within):
            while not fact():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.005)

    async def recorded(self, end: str, within: float = 60.0) -> dict[str, Any]:
        """Wait for the record of a reply that ended so."""

        def found() -> list[dict[str, Any]]:
            return [r for r in self.records("exchange.answered") if r["end"] == end]

        await self.until(found, within)
        return found()[-1]

    def body(self, text: str = "你好", model: str = "practice", **more: Any) -> dict[str, Any]:
        return {"model": model, "messages": [{"role": "user", "content": text}], **more}

    def post(self, body: Any, path: str = "/v1/chat/completions", **more: Any) -> Any:
        """Post JSON, or bytes as they are."""
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        headers = {"authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return self.http.post(f"{self.url}{path}", data=data, headers=headers, **more)

    async def ask(self, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
        """Post and return status and JSON."""
        async with self.post(body, **more) as reply:
            return reply.status, json.loads(await reply.read())

    async def said(self, model: str, text: str = "你好", *, stream: bool, **more: Any) -> str:
        """Return what the model says through the gateway, by the official client."""
        messages: Any = [{"role": "user", "content": text}]
        create = self.client.chat.completions.create
        if not stream:
            whole = await create(model=model, messages=messages, **more)
            return whole.choices[0].message.content or ""
        parts = await create(model=model, messages=messages, stream=True, **more)
        return "".join([c.choices[0].delta.content or "" async for c in parts if c.choices])

    async def events(self, body: dict[str, Any]) -> list[Any]:
        """Return the events of a stream as they come over the wire; ``[DONE]`` as a string."""
        async with self.post({**body, "stream": True}) as reply:
            assert reply.status == 200, await reply.text()
            assert reply.headers["content-type"].startswith("text/event-stream")
            return events_of(await reply.read())

    def begin(self, work: Awaitable[Any]) -> "asyncio.Task[Any]":
        """Run something beside the test; it is cancelled at the end."""
        task = asyncio.ensure_future(work)
        self._pending.append(task)
        return task

    async def stop(self, grace: float = 0.0) -> None:
        if not self.stopped:
            self.stopped = True
            await self.gateway.stop(grace)


def events_of(data: bytes) -> list[Any]:
    """Parse strictly what this gateway sends: ``data:`` lines, each followed by an empty one."""
    *events, rest = data.decode().split("\n\n")
    assert rest == "", "the stream ends in the middle of an event"
    assert all(event.startswith("data: ") for event in events)
    bodies = [event.removeprefix("data: ") for event in events]
    return [body if body == "[DONE]" else json.loads(body) for body in bodies]


Open = Callable[..., Any]


@pytest.fixture
def open_house(tmp_path: Path) -> Open:
    """Return what opens a house: settings beyond the least, and the model to stand behind it."""

    @asynccontextmanager
    async def opened(
        more: str = "",
        *,
        model: PracticeModel | None = None,
        upstream: str = "",
        upstream_more: str = "",
        role: str = "own",
        environ: dict[str, str] | None = None,
        expires: int | None = None,
    ) -> AsyncIterator[House]:
        model = model or PracticeModel()
        front, back = AsyncExitStack(), AsyncExitStack()
        try:
            behind = upstream or await back.enter_async_context(running(model))
            text = SETTINGS.format(
                upstream=behind, upstream_more=upstream_more, more=more, role=role
            )
            settings, problems = inspect(text, path=tmp_path / "hegui.toml", environ=environ or {})
            assert settings is not None, [problem.words.en for problem in problems]
            # before the start: a key that is made later counts within half a second
            key = new_key(settings, expires=expires)
            gateway = build(settings)
            await gateway.start()
            url = await front.enter_async_context(running(gateway.public))
            client = sdk_of(url, key)
            await front.enter_async_context(client)
            http = await front.enter_async_context(aiohttp.ClientSession())
            house = House(gateway, model, url, key, client, http)
            try:
                yield house
            finally:
                for task in house._pending:
                    task.cancel()
                await asyncio.gather(*house._pending, return_exceptions=True)
                await house.stop()
        finally:
            await asyncio.gather(front.aclose(), back.aclose())
        proven(house)

    return opened


def new_key(settings: Settings, **of: Any) -> str:
    """Make a caller's key."""
    pepper = parts.pepper(settings)
    connection = open_database(settings.database)
    try:
        return create(connection, pepper, NewKey(**of), parts.now())[0]
    finally:
        connection.close()


def proven(house: House) -> None:
    """Check what must hold after every test: the ledger verifies, and no exchange was left open."""
    asked = [record["exchange"] for record in house.records("exchange.asked")]
    answered = [record["exchange"] for record in house.records("exchange.answered")]
    if house.every_answer_recorded:
        assert sorted(asked) == sorted(answered)
    report = verify(house.database, None)
    assert report.ok, report.problems


@pytest.fixture
async def house(open_house: Open) -> AsyncIterator[House]:
    """A gateway with the settings that most tests need, in front of the practice model."""
    async with open_house() as opened:
        yield opened


MakeKey = Callable[[Settings], str]


@pytest.fixture
def make_key() -> MakeKey:
    """Return what makes a caller's key for a service that this process does not run."""
    return new_key
