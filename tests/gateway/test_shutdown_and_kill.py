import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hegui.ledger import leaf
from hegui.ledger.verify import verify
from hegui.settings import Settings, read
from hegui.store import open_database
from hegui.testing.ports import free_port
from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running

COMMAND = Path(sys.executable).with_name("hegui")
SECRET = "sk-a-secret-of-the-operator"
SETTINGS = """\
[service]
name = "demo"
scope = "internal"
reason = "a trial"

[listen]
public = "127.0.0.1:{public}"
admin = "127.0.0.1:{admin}"

[limits]
grace_seconds = {grace}

[[upstream]]
name = "practice"
base_url = "{upstream}/v1"
role = "own"
key = "env:UPSTREAM_KEY"
"""


async def until(fact: Callable[[], bool], within: float) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within):
        while not fact():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


class Process:
    """``hegui serve`` as an operator runs it."""

    def __init__(self, path: Path, key: str, settings: Settings) -> None:
        self._path, self.settings = path, settings
        self.url = f"http://{settings.listen.public}"
        self.headers = {"authorization": f"Bearer {key}"}
        self.before = self.said = ""
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> "Process":
        self.before, self.said = self.before + self.said, ""
        process = self._process = await asyncio.create_subprocess_exec(
            *(str(COMMAND), "serve", "-c", str(self._path)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "UPSTREAM_KEY": SECRET, "LANG": "en_US.UTF-8", "LC_ALL": "C.UTF-8"},
        )
        self._listening = asyncio.ensure_future(self._listen())
        await until(lambda: "/metrics" in self.said or process.returncode is not None, 250)
        return self

    async def _listen(self) -> None:
        assert self._process
        assert self._process.stderr
        while line := await self._process.stderr.readline():
            self.said += line.decode()

    def send(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    async def ended(self, within: float = 60) -> int:
        assert self._process
        assert self._listening
        async with asyncio.timeout(within):
            code = await self._process.wait()
            await self._listening
        return code

    async def kill(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
        if self._process:
            await self.ended()

    def records(self, kind: str) -> list[dict[str, Any]]:
        connection = open_database(self.settings.database, read_only=True)
        try:
            rows = list(connection.execute("SELECT leaf FROM entry ORDER BY idx"))
        finally:
            connection.close()
        found = [leaf.parse(row[0]) for row in rows]
        return [record for record in found if record["kind"] == kind]


@asynccontextmanager
async def prepared(
    folder: Path, model: PracticeModel, make_key: Any, *, grace: int = 60
) -> AsyncIterator[Process]:
    """Write the settings, make a key, and give the process, which is not running yet."""
    async with running(model) as upstream:
        text = SETTINGS.format(
            upstream=upstream, grace=grace, public=free_port(), admin=free_port()
        )
        path = folder / "hegui.toml"
        path.write_text(text, encoding="utf-8")
        settings = read(path, {"UPSTREAM_KEY": SECRET})
        process = Process(path, make_key(settings), settings)
        try:
            yield process
        finally:
            await process.kill()
        said = process.before + process.said
        assert SECRET not in said
        assert process.headers["authorization"].removeprefix("Bearer ") not in said
        assert "Traceback" not in said


def asking(model: str, *, stream: bool, text: str = "你好") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}


async def streamed(http: aiohttp.ClientSession, process: Process, model: str, begun: Any) -> str:
    url = f"{process.url}/v1/chat/completions"
    body = asking(model, stream=True)
    data = b""
    async with http.post(url, json=body, headers=process.headers) as reply:
        assert reply.status == 200
        async for part in reply.content.iter_any():
            data += part
            begun()
    return data.decode()


def finishes(data: str) -> list[str]:
    """Parse a whole stream strictly; return its finish reasons."""
    *events, rest = data.split("\n\n")
    assert rest == ""
    assert events.pop() == "data: [DONE]"
    bodies = [json.loads(event.removeprefix("data: ")) for event in events]
    reasons = [choice["finish_reason"] for body in bodies for choice in body["choices"]]
    return [reason for reason in reasons if reason]


class Begun:
    """Counts streams that have shown something."""

    def __init__(self, number: int) -> None:
        self._left, self.all = number, asyncio.Event()

    def one(self) -> Any:
        first = True

        def note() -> None:
            nonlocal first
            self._left -= first
            first = False
            if self._left == 0:
                self.all.set()

        return note


async def refused(url: str) -> None:
    """Wait until nobody who comes anew is served any more."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with aiohttp.ClientSession() as new, new.get(url):
                    await asyncio.sleep(0.01)
            except aiohttp.ClientConnectionError:
                return


async def test_on_sigterm_open_replies_finish(tmp_path: Path, make_key: Any) -> None:
    model = PracticeModel(pace=0.05)
    async with prepared(tmp_path, model, make_key) as process, aiohttp.ClientSession() as http:
        await process.start()
        begun = Begun(3)
        streams = [
            asyncio.ensure_future(streamed(http, process, "practice", begun.one()))
            for _ in range(3)
        ]
        await asyncio.wait_for(begun.all.wait(), 60)
        process.send(signal.SIGTERM)
        await refused(f"{process.url}/healthz")
        assert not all(each.done() for each in streams), "and the others are still answered"
        for data in await asyncio.gather(*streams):
            assert finishes(data) == ["stop"]
            assert "本内容由AI生成" in data
        assert await process.ended() == 0
        assert [r["end"] for r in process.records("exchange.answered")] == ["complete"] * 3
        assert process.records("service.stopped")[0]["reason"] == "signal"
        assert verify(process.settings.database, None).ok


async def test_at_the_deadline_open_replies_end_cleanly_and_on_record(
    tmp_path: Path, make_key: Any
) -> None:
    model = PracticeModel(pace=0.02)
    async with (
        prepared(tmp_path, model, make_key, grace=1) as process,
        aiohttp.ClientSession() as http,
    ):
        await process.start()
        begun = Begun(2)
        streams = [
            asyncio.ensure_future(streamed(http, process, "practice-endless", begun.one()))
            for _ in range(2)
        ]
        url = f"{process.url}/v1/chat/completions"
        plain = [
            asyncio.ensure_future(http.post(url, json=body, headers=process.headers))
            for body in (
                asking("practice-endless", stream=False),
                asking("practice-silent", stream=False),
                asking("practice-silent", stream=True),
            )
        ]
        await asyncio.wait_for(begun.all.wait(), 60)
        await until(lambda: len(model.seen) == 5, 60)
        process.send(signal.SIGTERM)
        for data in await asyncio.gather(*streams):
            assert finishes(data) == ["length"]
            assert "本内容由AI生成" in data
        for reply in await asyncio.gather(*plain):
            assert reply.status == 503
            assert (await reply.json())["error"]["code"] == "unavailable"
        assert await process.ended() == 0
        assert [r["end"] for r in process.records("exchange.answered")] == ["shutdown"] * 5
        assert len(process.records("exchange.asked")) == 5
        await until(lambda: all(seen.cancelled for seen in model.seen), 60)
        assert verify(process.settings.database, None).ok


async def test_after_sigkill_every_answered_request_is_in_the_ledger(
    tmp_path: Path, make_key: Any
) -> None:
    answered: set[str] = set()

    async def caller(http: aiohttp.ClientSession, process: Process, number: int) -> None:
        url = f"{process.url}/v1/chat/completions"
        while True:
            body = asking("practice", stream=bool(number % 2), text=f"第{number}问")
            async with http.post(url, json=body, headers=process.headers) as reply:
                data = await reply.read()
                if reply.status == 200 and (not number % 2 or data.endswith(b"data: [DONE]\n\n")):
                    answered.add(reply.headers["x-hegui-evidence"].removeprefix("HG-"))

    async with prepared(tmp_path, PracticeModel(), make_key) as process:
        for _ in range(3):
            before = len(answered)
            await process.start()
            async with aiohttp.ClientSession() as http:
                callers = [asyncio.ensure_future(caller(http, process, n)) for n in range(16)]
                async with asyncio.timeout(60):
                    while len(answered) <= before + 10:  # noqa: ASYNC110 - what others answer
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)
                process.send(signal.SIGKILL)
                await asyncio.gather(*callers, return_exceptions=True)
            assert await process.ended() == -signal.SIGKILL
            assert len(answered) > before + 10
            recorded = {record["exchange"] for record in process.records("exchange.answered")}
            asked = {record["exchange"] for record in process.records("exchange.asked")}
            assert {number.replace("-", "") for number in answered} <= recorded <= asked
            report = verify(process.settings.database, None)
            assert report.ok, report.problems


async def test_a_key_file_that_others_can_read_stops_the_start(
    tmp_path: Path, make_key: Any
) -> None:
    async with prepared(tmp_path, PracticeModel(), make_key) as process:
        folder = process.settings.key_directory
        for path, wrong, right in ((folder / "pepper", 0o644, "600"), (folder, 0o755, "700")):
            mode = path.stat().st_mode
            path.chmod(wrong)
            await process.start()
            assert await process.ended() == 3
            assert f"chmod {right} {path}" in process.said
            path.chmod(mode)


async def test_a_port_in_use_stops_the_start_and_says_which(tmp_path: Path, make_key: Any) -> None:
    async with prepared(tmp_path, PracticeModel(), make_key) as process:
        for address in (process.settings.listen.public, process.settings.listen.admin):
            with socket.socket() as other:
                other.bind((address.host, address.port))
                other.listen()
                await process.start()
                assert await process.ended() == 3
            assert str(address) in process.said
            assert "[listen]" in process.said


async def test_the_log_of_a_busy_service_holds_neither_content_nor_secrets(
    tmp_path: Path, make_key: Any
) -> None:
    async with (
        prepared(tmp_path, PracticeModel(pace=0.01), make_key) as process,
        aiohttp.ClientSession() as http,
    ):
        await process.start()
        url = f"{process.url}/v1/chat/completions"
        for model in ("practice", "practice-broken", "practice-garbage", "nobody", "practice-html"):
            for stream in (False, True):
                body = asking(
                    model, stream=stream, text="repeat: the caller's own words 13800138000"
                )
                async with http.post(url, json=body, headers=process.headers) as reply:
                    await reply.read()
        async with http.post(url, data=b"[" * 100_000, headers=process.headers) as reply:
            assert reply.status == 400
        process.send(signal.SIGINT)
        assert await process.ended() == 0
        assert "own words" not in process.said
        assert "13800138000" not in process.said
        for line in process.said.splitlines():
            assert not line.startswith("{") or json.loads(line)["level"] in ("info", "warning")
