import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest

from hegui.testing.hostile import RESIDENT_ID
from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running, running_in_thread
from hegui.testing.tap import Tap


@pytest.fixture
async def model() -> PracticeModel:
    return PracticeModel()


@pytest.fixture
async def tap(model: PracticeModel) -> AsyncIterator[Tap]:
    async with running(model) as base:
        tap = Tap(f"{base}/v1")
        yield tap
        await tap.close()


@pytest.fixture
async def url(tap: Tap) -> AsyncIterator[str]:
    async with running(tap) as base:
        yield base


def body(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "你好"}], **more}


@pytest.mark.parametrize("stream", [True, False])
async def test_it_changes_nothing_and_notes_the_pieces(url: str, tap: Tap, *, stream: bool) -> None:
    asked = body("practice-resident-id", stream=stream, n=2)
    async with aiohttp.ClientSession() as session:
        said = []
        for base in (tap.upstream, f"{url}/v1"):
            async with session.post(f"{base}/chat/completions", json=asked) as reply:
                said.append(b"".join((await reply.read()).split(b'"chatcmpl-')[::2]))
                kind = reply.content_type
    assert kind == ("text/event-stream" if stream else "application/json")
    noted = "".join(n["text"] for n in tap.notes if n["e"] == "piece" and n["choice"] == 1)
    assert RESIDENT_ID in noted
    assert [n["e"] for n in tap.notes][:: len(tap.notes) - 1] == ["asked", "end"]
    assert tap.notes[0]["text"] == "你好"


async def test_a_model_that_breaks_breaks_through_the_tap_too(url: str, tap: Tap) -> None:
    async with aiohttp.ClientSession() as session:
        asked = body("practice-broken", stream=True)
        async with session.post(f"{url}/v1/chat/completions", json=asked) as reply:
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()
        async with session.post(f"{url}/v1/chat/completions", json=body("practice-http-429")) as r:
            assert r.status == 429
            assert r.headers["retry-after"] == "1"
    assert [n["how"] for n in tap.notes if n["e"] == "end"] == ["ClientPayloadError", "429"]


async def test_the_upstream_call_ends_when_the_client_goes(
    url: str, tap: Tap, model: PracticeModel
) -> None:
    async with aiohttp.ClientSession() as session:
        asked = body("practice-endless", stream=True)
        async with session.post(f"{url}/v1/chat/completions", json=asked) as reply:
            await reply.content.readany()
    for _ in range(6_000):
        if model.seen[-1].cancelled and tap.notes[-1]["e"] == "end":
            break
        await asyncio.sleep(0.01)
    assert model.seen[-1].cancelled
    assert tap.notes[-1]["how"] == "cancelled"
    assert sum(len(n["text"]) for n in tap.notes if n["e"] == "piece") <= 20_000


async def test_a_listener_hears_the_notes_as_they_come(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/tap/notes") as notes:
        assert await notes.content.readline() == b"{}\n"
        async with session.post(f"{url}/v1/chat/completions", json=body("practice")) as reply:
            await reply.read()
        heard = json.loads(await notes.content.readline())
        assert heard == {"call": 1, "e": "asked", "model": "practice", "text": "你好"}


async def test_an_upstream_that_is_not_there_is_a_502() -> None:
    tap = Tap("http://127.0.0.1:9/v1")
    async with running(tap) as base, aiohttp.ClientSession() as session:
        async with session.get(f"{base}/v1/models") as reply:
            assert reply.status == 502
        await tap.close()


def test_a_blocking_client_can_use_the_thread_variant() -> None:
    with (
        running_in_thread(PracticeModel()) as base,
        openai.OpenAI(base_url=f"{base}/v1", api_key="made-up") as client,
    ):
        assert client.models.list().data


async def test_the_module_serves_both_and_ends_with_its_parent() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hegui.testing",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin
    assert child.stdout
    tapped = json.loads(await child.stdout.readline())["taps"]["practice"]["url"]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{tapped}/chat/completions", json=body("practice")) as reply,
    ):
        assert reply.status == 200
    child.stdin.close()
    assert await asyncio.wait_for(child.wait(), 60) == 0
