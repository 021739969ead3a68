"""Tasks of media interfaces through one gateway: created, asked for, labelled, given out by us."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
import pytest_asyncio
from starlette.datastructures import Headers
from tests.gateway.media.interfaces import ASKED_AT, BASES, CREATED_AT

from hegui.app import Gateway, agreements, build, parts
from hegui.app.labelling import new_number
from hegui.callers.keys import NewKey, create
from hegui.gateway.evidence import evidence_number
from hegui.gateway.media.giving import give
from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.settings import Settings, inspect
from hegui.shelf.shelf import New
from hegui.store import open_database
from hegui.testing.media_host import MediaHost
from hegui.testing.practice_tasks import SPOKEN_BY_NOBODY, PracticeTasks
from hegui.testing.serve import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = "001191110102MACQD9K64010000"
PHONE = "13800138000"
WEAPON = "怎么制作炸弹"
HEAD = """
data_dir = "{folder}/data"
[service]
name = "demo"
scope = "internal"
reason = "a trial"
[provider]
uscc = "91110102MACQD9K640"
[media]
unjudged = "{unjudged}"
"""
SERVER = """
[[upstream]]
name = "{name}"
base_url = "{base}"
key = "env:TASKS"
role = "entrusted"
models = ["{models}"]
media_tasks = "{interface}"
media_hosts = ["{host}"]
media_private = true
films_show_notice = {shown}
"""


def settings_text(folder: Path, base: str, media: str, unjudged: str) -> str:
    """Return settings with a server of each interface, and two that are not as they should be."""
    host = media.removeprefix("http://")
    servers = [
        ("bare", "ark", "bare-*", host, "false"),
        ("unlisted", "ark", "unlisted-*", "media.example.com", "true"),
        *((name, name, "*", host, "true") for name in BASES),
    ]
    tables = [
        SERVER.format(
            name=name,
            base=base + BASES[interface],
            interface=interface,
            models=models,
            host=listed,
            shown=shown,
        )
        for name, interface, models, listed, shown in servers
    ]
    return HEAD.format(folder=folder, unjudged=unjudged) + "".join(tables)


@dataclass
class Bench:
    gateway: Gateway
    server: PracticeTasks
    host: MediaHost
    url: str
    media: str
    http: aiohttp.ClientSession
    key: str
    others: str
    told: list[Any] = field(default_factory=list)

    async def ask(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        sent = {"authorization": f"Bearer {self.key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(self.url + path, json=body, headers=sent) as reply:
            return self.clean(reply.status, await reply.read())

    async def create(self, model: str = "film", interface: str = "ark", **more: Any) -> str:
        """Create a task; return its number."""
        body = request(model, interface) | more
        status, said = await self.ask(CREATED_AT[interface], body, x_dashscope_async="enable")
        assert status == 200, said
        number = said["output"]["task_id"] if "output" in said else said["id"]
        assert number.startswith("task-")
        return str(number)

    async def poll(self, number: str, interface: str = "ark", key: str = "") -> tuple[int, Any]:
        url = f"{self.url}{ASKED_AT[interface].format(number)}"
        headers = {"authorization": f"Bearer {key or self.key}"}
        async with self.http.get(url, headers=headers) as reply:
            return self.clean(reply.status, await reply.read())

    async def get(self, address: str, **headers: str) -> tuple[int, bytes, Any]:
        """Follow an address of ours."""
        assert address.startswith("http://127.0.0.1:8100/media/")
        url = f"{self.url}/media/{address.partition('/media/')[2]}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(url, headers=sent) as reply:
            return reply.status, await reply.read(), reply.headers

    def clean(self, status: int, data: bytes) -> tuple[int, Any]:
        """Check every answer: nothing of the server's addresses, ids or texts is in it."""
        text = data.decode()
        for word in (self.media, self.media.removeprefix("http://"), "s3cr3t", "theirs-"):
            assert word not in text
        assert SPOKEN_BY_NOBODY not in text
        return status, json.loads(text)

    def records(self, number: str) -> list[dict[str, Any]]:
        """Return all records of a task's exchange, in order."""
        connection = open_database(self.gateway.settings.database, read_only=True)
        try:
            rows = connection.execute("SELECT leaf FROM entry ORDER BY tenant, idx").fetchall()
        finally:
            connection.close()
        found = [json.loads(leaf) for (leaf,) in rows]
        return [one for one in found if one.get("exchange") == number.removeprefix("task-")]

    def kinds(self, number: str) -> list[str]:
        return [one["kind"] for one in self.records(number)]

    def change(self, sql: str, *cells: str) -> None:
        connection = open_database(self.gateway.settings.database)
        connection.execute(sql, cells)
        connection.close()


def request(model: str, interface: str = "ark", text: str = "a lake") -> dict[str, Any]:
    if interface == "dashscope":
        return {"model": model, "input": {"prompt": text}}
    if interface == "ark":
        return {"model": model, "content": [{"type": "text", "text": text}]}
    return {"model": model, "prompt": text}


def address_in(said: Any) -> str:
    return str(said["aigc"]["media"][0]["url"])


def label_in(data: bytes) -> dict[str, str]:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    assert found.parsed is not None
    return dict(found.parsed.fields)


def new_key(settings: Settings, tenant: str) -> str:
    pepper = parts.pepper(settings)
    connection = open_database(settings.database)
    try:
        return create(connection, pepper, NewKey(tenant=tenant), parts.now())[0]
    finally:
        connection.close()


async def opened(stack: AsyncExitStack, folder: Path, unjudged: str) -> Bench:
    host, server = MediaHost(), PracticeTasks()
    media = await stack.enter_async_context(running(host))
    base = await stack.enter_async_context(running(server))
    server.media = media
    text = settings_text(folder, base, media, unjudged)
    settings, problems = inspect(text, environ={"TASKS": "sk-tasks"})
    assert settings is not None, [problem.sentence.en for problem in problems]
    key, others = new_key(settings, "default"), new_key(settings, "others")
    gateway = build(settings)
    await gateway.start()
    stack.push_async_callback(gateway.stop)
    url = await stack.enter_async_context(running(gateway.public))
    http = await stack.enter_async_context(aiohttp.ClientSession())
    return Bench(gateway, server, host, url, media, http, key, others)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield await opened(stack, tmp_path_factory.mktemp("tasks"), "record")


@pytest.mark.parametrize("interface", ["dashscope", "zhipu", "ark"])
async def test_a_task_ends_in_a_labelled_film_under_an_address_of_ours(
    bench: Bench, interface: str
) -> None:
    asked, fetched = len(bench.server.asked), len(bench.host.seen)
    number = await bench.create(interface=interface)
    status, said = await bench.poll(number, interface)
    address = address_in(said)
    assert status == 200
    assert json.dumps(said).count(address) == 2  # where the interface has it, and in aigc
    status, data, headers = await bench.get(address)
    assert (status, headers["content-type"]) == (200, "video/mp4")
    assert label_in(data)["ContentProducer"] == CODE
    assert said["aigc"]["media"][0]["explicit"] == "present"
    keys = [each.headers.get("authorization") for each in bench.server.asked[asked:]]
    assert keys == ["Bearer sk-tasks"] * 2
    assert all("authorization" not in headers for _, headers in bench.host.seen[fetched:])


async def test_what_is_on_record_leads_from_the_request_to_the_file(bench: Bench) -> None:
    number = await bench.create()
    await bench.poll(number)
    records = {one["kind"]: one for one in bench.records(number)}
    assert list(records) == [
        "exchange.asked",
        "media.task",
        "exchange.answered",
        "media.labelled",
        "media.stored",
        "media.task_ended",
    ]
    assert records["media.labelled"]["file"] == records["media.stored"]["file"]
    assert (records["media.task_ended"]["end"], records["media.task_ended"]["media"]) == ("kept", 1)
    assert "theirs-" not in json.dumps(records)


async def test_asking_twice_or_at_once_gives_the_same_address(bench: Bench) -> None:
    number, fetched = await bench.create(), len(bench.host.seen)
    answers = await asyncio.gather(*(bench.poll(number) for _ in range(4)))
    assert len({address_in(said) for _, said in answers}) == 1
    assert len(bench.host.seen) == fetched + 1
    assert bench.kinds(number).count("media.stored") == 1


async def test_a_task_that_runs_says_so(bench: Bench) -> None:
    bench.server.polls["slow"] = 3
    number = await bench.create("slow")
    states = [(await bench.poll(number))[1]["status"] for _ in range(3)]
    assert states == ["running", "running", "succeeded"]


async def test_who_waits_too_long_is_told_that_the_task_runs_and_gets_it_later(
    bench: Bench,
) -> None:
    bench.server.results["late"] = ("/late.mp4",)
    number = await bench.create("late")
    bench.gateway.gate.media.patience = 0.1
    try:
        status, said = await bench.poll(number)
        assert (status, said["status"], said["id"]) == (200, "running", number)
    finally:
        bench.gateway.gate.media.patience = 20.0
    assert (await bench.poll(number))[1]["status"] == "succeeded"
    assert bench.kinds(number).count("media.stored") == 1


async def test_a_user_who_was_suspended_since_is_told_of_no_task(bench: Bench) -> None:
    number = await bench.create(user="mallory")
    row = bench.gateway.vault.subject_row("default", "mallory")
    connection = open_database(bench.gateway.settings.database)
    connection.execute("INSERT INTO standing VALUES (?, 'suspended', NULL)", (row,))
    connection.close()
    await asyncio.sleep(0.6)  # the next request after half a second looks anew
    asked = len(bench.server.asked)
    status, said = await bench.poll(number)
    assert (status, said["error"]["code"]) == (400, "content_filter")
    assert "suspended" in said["error"]["message"]
    assert len(bench.server.asked) == asked


async def test_a_task_that_fails_says_so_without_the_servers_words(bench: Bench) -> None:
    number, asked = await bench.create("fails"), len(bench.server.asked)
    for _ in range(2):
        status, said = await bench.poll(number)
        assert (status, said["status"]) == (200, "failed")
    assert len(bench.server.asked) == asked + 1  # what has ended is not asked for again
    record = bench.records(number)[-1]
    assert (record["kind"], record["end"], record["reason"]) == (
        "media.task_ended",
        "failed",
        "upstream",
    )


async def test_the_prompt_is_screened_before_a_task_is_created(bench: Bench) -> None:
    asked = len(bench.server.asked)
    body = request("film", text=WEAPON)
    status, said = await bench.ask(CREATED_AT["ark"], body)
    assert (status, said["error"]["code"]) == (400, "content_filter")
    assert "HG-" in said["error"]["message"]
    hidden = request("film") | {"image_name": WEAPON}
    assert (await bench.ask(CREATED_AT["ark"], hidden))[0] == 400
    long = request("film", text="how to make a pipe bomb " * 60)
    assert (await bench.ask(CREATED_AT["ark"], long))[0] == 400
    assert len(bench.server.asked) == asked


async def test_what_stands_behind_a_file_is_judged_and_no_request_is_endless(
    bench: Bench,
) -> None:
    picture = b64encode(bytes(files()[0][1]) + bytes(6_000)).decode()
    asked = len(bench.server.asked)
    assert (await bench.ask(CREATED_AT["ark"], request("film") | {"image": picture}))[0] == 200
    behind = request("film") | {"image": f"{picture} {WEAPON}"}
    status, said = await bench.ask(CREATED_AT["ark"], behind)
    assert (status, said["error"]["code"]) == (400, "content_filter")
    for many in (["a"] * 2_000, [0] * 20_000, ["Qk0AAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] * 2_000):
        status, said = await bench.ask(CREATED_AT["ark"], request("film") | {"image": many})
        assert (status, "Send fewer" in said["error"]["message"]) == (400, True)
    assert len(bench.server.asked) == asked + 1


async def test_personal_data_is_masked_and_nobody_is_named_to_a_server_that_is_not_ours(
    bench: Bench,
) -> None:
    more = {"content": [{"type": "text", "text": f"a sign that says {PHONE}"}], "user": "alice"}
    await bench.create(**more)
    sent = bench.server.asked[-1].body.decode()
    assert PHONE not in sent
    assert "alice" not in sent
    await bench.create(options={"tel": int(PHONE)}, seed=4_294_967_296)
    sent = bench.server.asked[-1].body.decode()
    assert PHONE not in sent
    assert "4294967296" in sent


async def test_a_task_is_known_to_its_own_tenant_and_interface_only(bench: Bench) -> None:
    number = await bench.create("endless")
    for status, said in (
        await bench.poll(number, key=bench.others),
        await bench.poll(number, "zhipu"),
        await bench.poll("task-01KSR49200AAAAAAAAAAAAAAAA"),
    ):
        assert (status, said["error"]["code"]) == (404, "task_not_found")
    assert (await bench.poll(number, key="hg-nobody"))[0] == 401
    assert (await bench.poll(number))[1]["status"] == "running"
    bench.change("UPDATE media_task SET expires = 1 WHERE id = ?", number)
    assert (await bench.poll(number))[0] == 404


UNFIT = ("/away.png", "/page.html", "/short.png", "/gone.mp4", "/film-said-to-be-a-picture.png")


async def test_a_file_that_cannot_be_taken_over_leaves_nothing_and_says_where_to_look(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    number = await bench.create("unfit", "dashscope")
    for path in UNFIT:
        caplog.clear()
        bench.server.results["unfit"] = ("/film.mp4", path)
        status, said = await bench.poll(number, "dashscope")
        assert (status, said["error"]["code"]) == (502, "media_not_fetched"), path
        assert "HG-" in said["error"]["message"]
        assert "was not taken over" in caplog.text
        assert "s3cr3t" not in caplog.text
    shelf = bench.gateway.gate.media.shelf
    rows = await shelf.book.of_exchange(number.removeprefix("task-"))
    assert len(rows) == len(UNFIT)
    assert {row.cause for row in rows} == {"superseded"}  # nobody was told of the good ones
    bench.server.results["unfit"] = ("/film.mp4",)
    assert (await bench.poll(number, "dashscope"))[1]["output"]["task_status"] == "SUCCEEDED"


async def test_a_host_that_is_not_listed_is_not_asked(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    number, fetched = await bench.create("unlisted-film"), len(bench.host.seen)
    status, _ = await bench.poll(number)
    assert status == 502
    assert len(bench.host.seen) == fetched
    assert "media_hosts" in caplog.text
    registry = bench.gateway.gate.metrics.registry
    counted = {"medium": "file", "result": "not_fetched"}
    assert registry.get_sample_value("hegui_media_items_total", counted)


async def test_what_cannot_be_labelled_is_left_out_and_on_record(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.server.results["some"] = ("/picture.png", "/broken.mp4", "/picture.jpg")
    number = await bench.create("some", "dashscope")
    _, said = await bench.poll(number, "dashscope")
    assert len(said["aigc"]["media"]) == 2
    assert [each["explicit"] for each in said["aigc"]["media"]] == ["drawn", "drawn"]
    for result in said["output"]["results"]:
        _, data, _ = await bench.get(result["url"])
        assert label_in(data)["ContentProducer"] == CODE
    assert bench.kinds(number).count("media.withheld") == 1
    bench.server.results["none"] = ("/broken.mp4",)
    number = await bench.create("none")
    _, said = await bench.poll(number)
    assert said["status"] == "failed"
    assert evidence_number(number.removeprefix("task-")) in caplog.text
    assert "item 1 was withheld (file_broken): " in caplog.text
    assert bench.records(number)[-1]["reason"] == "withheld"


async def test_media_that_are_answered_at_once_are_taken_over_at_once(bench: Bench) -> None:
    path = "/api/v1/services/aigc/multimodal-generation/generation"
    bench.server.results["at-once"] = ("/picture.png", "/picture.jpg")
    status, said = await bench.ask(path, request("at-once", "dashscope"))
    assert status == 200
    [choice] = said["output"]["choices"]
    addresses = [part["image"] for part in choice["message"]["content"]]
    assert [each["url"] for each in said["aigc"]["media"]] == addresses
    for address in addresses:
        assert label_in((await bench.get(address))[1])["ContentProducer"] == CODE
    exchange = said["aigc"]["media"][0]["ProduceID"].partition("-")[0]
    assert bench.kinds(exchange) == [
        "exchange.asked",
        *("media.labelled", "media.stored") * 2,
        "exchange.answered",
    ]
    bench.server.results["at-once"] = ("/broken.mp4",)
    status, said = await bench.ask(path, request("at-once", "dashscope"))
    assert (status, said["error"]["code"]) == (502, "media_withheld")
    assert bench.server.asked[-1].headers.get("x-dashscope-async") is None


async def test_a_film_without_a_notice_is_not_even_made(bench: Bench) -> None:
    asked, media = len(bench.server.asked), bench.gateway.gate.media
    films, media.films = media.films, None  # as where PyAV is not installed
    try:
        status, said = await bench.ask(CREATED_AT["ark"], request("bare-film"))
    finally:
        media.films = films
    assert status == 500
    assert "films_show_notice" in said["error"]["message"]
    assert "pip install av" in said["error"]["message"]
    assert len(bench.server.asked) == asked


async def test_a_user_who_agreed_to_label_gets_a_film_without_a_notice(bench: Bench) -> None:
    status, _ = await bench.ask(CREATED_AT["ark"], request("film") | {"user": "bob"})
    assert status == 200
    now, settings = parts.now(), bench.gateway.settings
    subject = bench.gateway.vault.subject("default", "bob").pseudonym
    assert subject
    number = f"LA-{new_number(now)}"
    agreement = agreements.Agreement(
        agreement=number,
        subject=subject,
        terms="0" * 64,
        since=now - 1,
        until=now + 3_600_000,
        by="",
    )
    await asyncio.to_thread(agreements.conclude, settings, agreement)
    body = request("bare-film")
    status, said = await bench.ask(CREATED_AT["ark"], body, x_hegui_agreement=number)
    assert (status, said["error"]["code"]) == (403, "agreement")
    body |= {"user": "bob"}
    status, said = await bench.ask(CREATED_AT["ark"], body, x_hegui_agreement=number)
    assert status == 200
    _, told = await bench.poll(said["id"])
    assert told["aigc"]["media"][0]["explicit"] == "agreement"
    _, data, _ = await bench.get(address_in(told))
    assert label_in(data)["ContentProducer"] == CODE


async def test_a_server_whose_mark_is_counted_on_is_told_to_make_it(bench: Bench) -> None:
    for interface, place in (("ark", ["watermark"]), ("dashscope", ["parameters", "watermark"])):
        await bench.create(interface=interface)
        value: Any = bench.server.asked[-1].json
        for name in place:
            value = value[name]
        assert value is True
    for said in ({"watermark": False}, {"content": [{"type": "text", "text": "a --wm false"}]}):
        status, answer = await bench.ask(CREATED_AT["ark"], request("film") | said)
        assert (status, answer["error"]["code"]) == (400, "notice_required")


async def test_no_unlabelled_result_is_sent_past_us(bench: Bench) -> None:
    asked = len(bench.server.asked)
    for name in ("callback_url", "webhook", "notifyUrl"):
        body = request("film") | {"options": {name: "https://caller.example/hook"}}
        status, said = await bench.ask(CREATED_AT["ark"], body)
        assert (status, said["error"]["param"]) == (400, name)
    assert len(bench.server.asked) == asked


async def test_an_answer_that_names_no_task_is_no_answer(bench: Bench) -> None:
    assert (await bench.ask(CREATED_AT["ark"], request("odd")))[0] == 502


async def test_other_paths_and_methods_lead_nowhere(bench: Bench) -> None:
    for path in ("/api/v1/models", "/api/v1/services/aigc/x", "/api/v3/chat/completions"):
        assert (await bench.ask(path, {"model": "m"}))[0] == 404
    async with bench.http.get(bench.url + CREATED_AT["ark"]) as reply:
        assert reply.status == 405


async def test_an_address_closes_when_it_is_withdrawn_and_when_its_term_is_over(
    bench: Bench,
) -> None:
    number = await bench.create()
    address = address_in((await bench.poll(number))[1])
    assert (await bench.get(address))[0] == 200
    shelf = bench.gateway.gate.media.shelf
    await shelf.withdraw(number.removeprefix("task-"), "reviewer", "complaint")
    status, data, _ = await bench.get(address, accept_language="zh")
    assert status == 410
    assert "撤回" in data.decode()
    assert address_in((await bench.poll(number))[1]) == address
    other = address_in((await bench.poll(await bench.create()))[1])
    bench.change("UPDATE medium SET expires = 1 WHERE ended IS NULL")
    status, data, headers = await bench.get(other, accept_language="en")
    assert (status, headers["content-type"]) == (410, "text/plain; charset=utf-8")
    assert "ended" in data.decode()
    assert (await bench.get(other[:-1] + ("A" if other[-1] != "A" else "B")))[0] == 404


async def test_a_file_is_given_in_ranges_and_with_headers_that_keep_it_a_file(
    bench: Bench,
) -> None:
    address = address_in((await bench.poll(await bench.create()))[1])
    _, whole, headers = await bench.get(address)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-disposition"].startswith('inline; filename="M-')
    assert "sandbox" in headers["content-security-policy"]
    size = len(whole)
    for asked, start, end in (
        ("0-9", 0, 10),
        (f"{size - 5}-", size - 5, size),
        ("-7", size - 7, size),
        (f"3-{size * 2}", 3, size),
    ):
        status, data, found = await bench.get(address, range=f"bytes={asked}")
        assert (status, data) == (206, whole[start:end])
        assert found["content-range"] == f"bytes {start}-{end - 1}/{size}"
    assert (await bench.get(address, range=f"bytes={size}-"))[0] == 416
    assert (await bench.get(address, range="bytes=0-1,3-4"))[1] == whole
    assert (await bench.get(address, range="bytes=0-9", if_range='"other"'))[1] == whole
    url = f"{bench.url}/media/{address.rpartition('/')[2]}"
    async with bench.http.head(url, headers={"range": "bytes=0-9"}) as reply:
        assert (reply.status, int(reply.headers["content-length"])) == (200, size)


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
async def test_the_official_client_creates_asks_and_downloads(bench: Bench) -> None:
    url = f"{bench.url}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key=bench.key, max_retries=0) as client:
        picture = next(data for path, data in files() if path.endswith(".png"))
        with pytest.raises(openai.BadRequestError):  # as sent, it has no model
            await client.videos.create(prompt="a lake")
        created = await client.videos.create(
            model="sora-2", prompt="a lake", seconds="4", input_reference=picture
        )
        form = bench.server.asked[-1]
        assert form.headers["content-type"].startswith("multipart/form-data")
        assert b"a lake" in form.body
        assert picture in form.body
        told = await client.videos.retrieve(created.id)
        assert told.status == "completed"
        bench.clean(200, json.dumps(told.model_dump()).encode())
        film = (await client.videos.download_content(created.id)).content
        assert label_in(film)["ContentProducer"] == CODE
        fetched = bench.server.asked[-1]
        assert fetched.path.startswith("/v1/videos/theirs-")
        assert fetched.headers["authorization"] == "Bearer sk-tasks"
        waiting = await client.videos.create(model="endless", prompt="a lake")
        with pytest.raises(openai.ConflictError):
            await client.videos.download_content(waiting.id)


def files() -> list[tuple[str, bytes]]:
    from hegui.testing.media_host import FILES

    return [(path, data) for path, (_, data) in FILES.items()]


async def test_a_caller_that_leaves_does_not_break_the_taking_over_off(bench: Bench) -> None:
    number, asked = await bench.create(), len(bench.server.asked)
    leaving = asyncio.ensure_future(bench.poll(number))
    async with asyncio.timeout(60):
        while len(bench.server.asked) == asked:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.002)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        while "media.task_ended" not in bench.kinds(number):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
    assert (await bench.poll(number))[1]["status"] == "succeeded"
    assert len(bench.server.asked) == asked + 1


async def test_films_that_nobody_can_judge_are_refused_and_tasks_are_those_of_all_gateways(
    bench: Bench, tmp_path: Path
) -> None:
    number = await bench.create()
    address = address_in((await bench.poll(number))[1])
    running_on = await bench.create("film", "zhipu")
    settings = bench.gateway.settings
    async with AsyncExitStack() as stack:
        second = await opened(stack, tmp_path, "refuse")
        status, said = await second.ask(CREATED_AT["ark"], request("film"))
        assert (status, said["error"]["code"]) == (400, "content_filter")
        assert second.server.asked == []
    again = build(settings)  # another process on the same data, as after a restart
    await again.start()
    async with running(again.public) as url:
        other = Bench(**{**vars(bench), "gateway": again, "url": url})
        assert address_in((await other.poll(number))[1]) == address
        assert (await other.get(address))[0] == 200
        assert (await other.poll(running_on, "zhipu"))[1]["task_status"] == "SUCCESS"
        bench.server.results["both"] = ("/late.mp4",)
        both = await bench.create("both")
        answers = await asyncio.gather(bench.poll(both), other.poll(both))
        assert len({address_in(said) for _, said in answers}) == 1
        rows = await bench.gateway.gate.media.shelf.book.of_exchange(both.removeprefix("task-"))
        assert [row.cause for row in rows] == [""], "one of the two drew, and the other waited"
    await again.stop()


async def test_a_withdrawal_cuts_off_who_is_downloading(bench: Bench) -> None:
    shelf = bench.gateway.gate.media.shelf
    exchange = "01KSR49200BBBBBBBBBBBBBBBB"
    new = New("default", exchange, "unidentified", bytes(3 << 20), "image/png", ".png")
    [kept] = await shelf.keep([new])
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if len(sent) == 2:  # the head, and the first of three stretches
            await shelf.withdraw(kept.medium.id, "r", "")

    await give(send, shelf, kept.medium, Headers(), "GET")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"] is True


@asynccontextmanager
async def polled(bench: Bench, number: str, interface: str = "ark") -> AsyncIterator[Any]:
    """Ask for a task, and let its files be taken over at the end of this."""
    async with AsyncExitStack() as held:
        takers = bench.gateway.gate.media.takers
        for _ in range(bench.gateway.settings.shelf.fetches):
            await held.enter_async_context(takers)
        asking = asyncio.ensure_future(bench.poll(number, interface))
        async with asyncio.timeout(30):
            while not takers._waiters:  # noqa: ASYNC110 - it waits for its turn, and tells nobody
                await asyncio.sleep(0.002)
        yield asking


@pytest.mark.parametrize("result", ["/film.mp4", "/broken.mp4"])
async def test_the_first_gateway_to_end_a_task_is_the_only_one_that_does(
    bench: Bench, result: str
) -> None:
    bench.server.results["elsewhere"] = (result,)
    number = await bench.create("elsewhere")
    answer = json.dumps({"id": number, "status": "succeeded", "aigc": {"evidence": "HG-1"}})
    async with polled(bench, number) as asking:
        sql = "UPDATE media_task SET state = 'done', answer = ?, theirs = '' WHERE id = ?"
        bench.change(sql, answer, number)
    assert await asking == (200, json.loads(answer))
    assert "media.task_ended" not in bench.kinds(number)
    rows = await bench.gateway.gate.media.shelf.book.of_exchange(number.removeprefix("task-"))
    assert [row.cause for row in rows] == ["superseded"] * (result == "/film.mp4")


async def test_nothing_is_kept_of_who_was_erased_while_the_film_was_labelled(bench: Bench) -> None:
    number = await bench.create(user="dora")
    subject = bench.gateway.vault.subject("default", "dora").pseudonym
    assert subject
    shelf = bench.gateway.gate.media.shelf
    async with polled(bench, number) as asking:
        await shelf.erase("default", subject)
    status, said = await asking
    assert (status, said["error"]["code"]) == (404, "task_not_found")
    [row] = await shelf.book.of_exchange(number.removeprefix("task-"))
    assert row.cause == "erased"
    assert row.gone is not None
    assert "media.task_ended" not in bench.kinds(number)


async def test_what_was_kept_for_a_caller_who_left_is_withdrawn(bench: Bench) -> None:
    path = "/api/v1/services/aigc/multimodal-generation/generation"
    bench.server.results["leaves"] = ("/picture.png", "/slow.png")
    leaving = asyncio.ensure_future(bench.ask(path, request("leaves", "dashscope")))
    async with asyncio.timeout(20):
        while "/slow.png" not in dict(bench.host.seen):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        row = None
        while row is None or row.gone is None:
            await asyncio.sleep(0.01)
            [row] = await bench.gateway.gate.media.shelf.book.listing(ended=True, most=1)
    assert (row.cause, row.mime) == ("superseded", "image/png")


async def test_a_word_of_the_server_never_leads_to_somebody_elses_file(bench: Bench) -> None:
    theirs = await bench.create()
    await bench.poll(theirs)
    rows = await bench.gateway.gate.media.shelf.book.of_exchange(theirs.removeprefix("task-"))
    number = await bench.create(interface="dashscope")
    bench.server.request_id = rows[0].id
    try:
        _, said = await bench.poll(number, "dashscope")
    finally:
        bench.server.request_id = "r-1"
    assert "/media/" not in said["request_id"]
    assert said["output"]["results"][0]["url"] == address_in(said)
