"""Films of model servers that show no notice: hegui burns it in before a byte leaves."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.gateway.media.interfaces import ASKED_AT, BASES, CREATED_AT
from tests.gateway.media.limits import reply_seconds

from hegui.app import Gateway, build, parts
from hegui.callers.keys import NewKey, create
from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.runners.film_bench import FilmBench
from hegui.settings import inspect
from hegui.store import open_database
from hegui.testing.media_host import MediaHost
from hegui.testing.moving import moving, shows_notice
from hegui.testing.practice_tasks import PracticeTasks
from hegui.testing.serve import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = "001191110102MACQD9K64010000"
RUNNING = {
    "dashscope": "RUNNING",
    "zhipu": "PROCESSING",
    "ark": "running",
    "openai-videos": "in_progress",
}
AT_ONCE = "/api/v1/services/aigc/multimodal-generation/generation"
HEAD = """
data_dir = "{folder}/data"
[service]
name = "demo"
scope = "internal"
reason = "a trial"
[provider]
uscc = "91110102MACQD9K640"
[media]
unjudged = "record"
reply_seconds = 60
[media.films]
seconds = 60
"""
SERVER = """
[[upstream]]
name = "{name}"
base_url = "{base}"
key = "env:TASKS"
role = "entrusted"
models = ["*"]
media_tasks = "{name}"
media_hosts = ["{host}"]
media_private = true
"""
FILM = "/real.mp4"
OLD = {"avi": "video/x-msvideo", "flv": "video/x-flv"}


@dataclass
class Studio:
    gateway: Gateway
    server: PracticeTasks
    host: MediaHost
    url: str
    http: aiohttp.ClientSession
    key: str

    @property
    def films(self) -> FilmBench:
        films = self.gateway.gate.media.films
        assert films is not None
        return films

    async def ask(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.key}", **more}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as reply:
            data = await reply.read()
            for word in (self.server.media, self.server.media[7:], "s3cr3t", "theirs-"):
                assert word.encode() not in data
            return reply.status, json.loads(data) if data.startswith(b"{") else data

    async def create(self, interface: str = "ark", model: str = "film") -> str:
        body: dict[str, Any] = {"model": model, "prompt": "a lake"}
        if interface == "dashscope":
            body = {"model": model, "input": {"prompt": "a lake"}}
        more = {"x-dashscope-async": "enable"}
        status, said = await self.ask("POST", CREATED_AT[interface], body, **more)
        assert status == 200, said
        return str(said["output"]["task_id"] if "output" in said else said["id"])

    async def poll(self, number: str, interface: str = "ark") -> tuple[int, Any]:
        return await self.ask("GET", ASKED_AT[interface].format(number))

    async def film(self, said: Any) -> bytes:
        """Return the film that an answer leads to."""
        address = said["aigc"]["media"][0]["url"]
        status, data = await self.ask("GET", f"/media/{address.partition('/media/')[2]}")
        assert status == 200
        assert isinstance(data, bytes)
        return data

    async def working(self) -> int:
        """Return the process that works on a film, once there is one."""
        async with asyncio.timeout(60):
            while not self.films.processes(busy=True):  # noqa: ASYNC110 - a process tells nobody
                await asyncio.sleep(0.002)
        return min(self.films.processes(busy=True))

    def records(self, number: str) -> list[dict[str, Any]]:
        connection = open_database(self.gateway.settings.database, read_only=True)
        try:
            rows = connection.execute("SELECT leaf FROM entry ORDER BY tenant, idx").fetchall()
        finally:
            connection.close()
        found = [json.loads(leaf) for (leaf,) in rows]
        return [one for one in found if one.get("exchange") == number.removeprefix("task-")]

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        media = self.gateway.gate.media
        before, media.patience = media.patience, seconds
        try:
            yield
        finally:
            media.patience = before


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    folder: Path = tmp_path_factory.mktemp("films")
    film = moving()
    old = {
        f"/real.{form}": (mime, moving({"avi": "mpeg4"}.get(form, form), form=form))
        for form, mime in OLD.items()
    }
    host = MediaHost(files={FILM: ("video/mp4", film), **old})
    server = PracticeTasks(content=film)
    server.results = {
        "film": (FILM,),
        "cover": (FILM, "/gone.png"),
        **{form: (f"/real.{form}",) for form in OLD},
    }
    async with AsyncExitStack() as stack:
        server.media = await stack.enter_async_context(running(host))
        base = await stack.enter_async_context(running(server))
        tables = [
            SERVER.format(name=name, base=base + end, host=server.media[7:])
            for name, end in BASES.items()
        ]
        text = HEAD.format(folder=folder) + "".join(tables)
        settings, problems = inspect(text, environ={"TASKS": "sk-tasks"})
        assert settings is not None, [problem.sentence.en for problem in problems]
        pepper, connection = parts.pepper(settings), open_database(settings.database)
        key = create(connection, pepper, NewKey(tenant="default"), parts.now())[0]
        connection.close()
        gateway = build(settings)
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        url = await stack.enter_async_context(running(gateway.public))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Studio(gateway, server, host, url, http, key)
        assert gateway.gate.media.films is not None
        assert gateway.gate.media.films.held() == 0


def is_labelled(data: bytes) -> bool:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    assert found.parsed is not None
    return found.parsed.fields["ContentProducer"] == CODE and shows_notice(data)


@pytest.mark.parametrize("interface", list(BASES))
async def test_a_film_without_a_notice_gets_one_and_runs_until_it_has(
    studio: Studio, interface: str
) -> None:
    number = await studio.create(interface)
    content = f"/v1/videos/{number}/content"
    with studio.patience(0.0):
        said = (await studio.poll(number, interface))[1]
        assert RUNNING[interface] in json.dumps(said)
        assert "media" not in said["aigc"]
        process = await studio.working()
        os.kill(process, signal.SIGSTOP)
        for _ in range(3):
            status, said = await studio.poll(number, interface)
            assert (status, "media" in said["aigc"]) == (200, False)
            assert RUNNING[interface] in json.dumps(said)
        if interface == "openai-videos":
            assert (await studio.ask("GET", content))[0] == 409
        os.kill(process, signal.SIGCONT)
    _, said = await studio.poll(number, interface)
    [told] = said["aigc"]["media"]
    assert (told["explicit"], told["encoded"]) == ("drawn", "mpeg4, mpeg4, whole")
    assert is_labelled(await studio.film(said))
    if interface == "openai-videos":
        status, data = await studio.ask("GET", content)
        assert (status, is_labelled(data)) == (200, True)
    [record] = [one for one in studio.records(number) if one["kind"] == "media.labelled"]
    assert (record["medium"], record["explicit"]) == ("video", "drawn")
    assert record["content"] != record["shown"]


@pytest.mark.parametrize("form", list(OLD))
async def test_an_old_container_gets_its_notice_and_goes_out_as_what_it_is(
    studio: Studio, form: str
) -> None:
    number = await studio.create(model=form)
    said = (await studio.poll(number))[1]
    [told] = said["aigc"]["media"]
    assert (told["explicit"], told["mime"]) == ("drawn", OLD[form])
    assert is_labelled(await studio.film(said))
    kinds = {one["kind"]: one for one in studio.records(number)}
    assert (kinds["media.labelled"]["format"], kinds["media.stored"]["mime"]) == (form, OLD[form])
    assert (kinds["media.labelled"]["explicit"], kinds["media.labelled"]["medium"]) == (
        "drawn",
        "video",
    )


async def test_a_worker_that_is_killed_in_the_middle_shows_nothing(studio: Studio) -> None:
    number = await studio.create()
    asked = asyncio.ensure_future(studio.poll(number))
    os.kill(await studio.working(), signal.SIGKILL)
    status, said = await asked
    assert (status, said["status"], "media" in said["aigc"]) == (200, "failed", False)
    kinds = {one["kind"]: one for one in studio.records(number)}
    assert kinds["media.withheld"]["reason"] == "label_crashed"
    assert kinds["media.task_ended"]["reason"] == "withheld"
    assert "media.stored" not in kinds
    assert studio.films.processes() == set()


async def test_a_film_that_is_late_is_withheld_and_its_worker_killed(studio: Studio) -> None:
    number, seconds = await studio.create(), studio.films.bench.seconds
    studio.films.bench.seconds = 0.001
    try:
        _, said = await studio.poll(number)
    finally:
        studio.films.bench.seconds = seconds
    assert said["status"] == "failed"
    assert [one["reason"] for one in studio.records(number) if one["kind"] == "media.withheld"] == [
        "label_timeout"
    ]
    assert studio.films.processes() == set()


async def test_two_at_once_take_turns_and_each_is_burnt_in_once(studio: Studio) -> None:
    numbers, begun = [await studio.create() for _ in range(2)], studio.films.begun
    most, done = 0, asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, len(studio.films.processes()))
            await asyncio.sleep(0.002)

    watching = asyncio.ensure_future(watch())
    answers = await asyncio.gather(*(studio.poll(number) for number in numbers * 3))
    done.set()
    await watching
    assert most == 1
    assert len({said["aigc"]["media"][0]["url"] for _, said in answers}) == 2
    assert studio.films.begun == begun + 2


async def test_what_breaks_off_behind_a_film_does_not_burn_it_in_again(studio: Studio) -> None:
    number, begun = await studio.create("dashscope", "cover"), studio.films.begun
    for _ in range(2):
        status, said = await studio.poll(number, "dashscope")
        assert (status, said["error"]["code"]) == (502, "media_not_fetched")
    studio.server.results["cover"] = (FILM,)
    status, said = await studio.poll(number, "dashscope")
    assert is_labelled(await studio.film(said))
    assert studio.films.begun == begun + 1


async def test_a_film_that_is_answered_at_once_waits_for_its_notice(studio: Studio) -> None:
    body = {"model": "film", "input": {"prompt": "a lake"}}
    status, said = await studio.ask("POST", AT_ONCE, body)
    assert status == 200
    assert is_labelled(await studio.film(said))
    with reply_seconds(studio.gateway, 5):
        asked = asyncio.ensure_future(studio.ask("POST", AT_ONCE, body))
        os.kill(await studio.working(), signal.SIGSTOP)
        status, said = await asked
    assert (status, said["error"]["code"]) == (504, "upstream_timeout")
    async with asyncio.timeout(60):
        while studio.films.processes():  # noqa: ASYNC110 - it is being killed
            await asyncio.sleep(0.01)
