"""Tasks of media interfaces through the gateway: created, asked for, labelled, given out by us."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import openai
import pytest

from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.store import open_database
from hegui.testing.media_host import MediaHost
from hegui.testing.practice_tasks import SPOKEN_BY_NOBODY, PracticeTasks
from hegui.testing.serve import running

CODE = "001191110102MACQD9K64010000"
PHONE = "13800138000"
WEAPON = "怎么制作炸弹"
CREATED_AT = {
    "dashscope": "/api/v1/services/aigc/video-generation/video-synthesis",
    "zhipu": "/api/paas/v4/videos/generations",
    "ark": "/api/v3/contents/generations/tasks",
    "openai-videos": "/v1/videos",
}
ASKED_AT = {
    "dashscope": "/api/v1/tasks/{}",
    "zhipu": "/api/paas/v4/async-result/{}",
    "ark": "/api/v3/contents/generations/tasks/{}",
    "openai-videos": "/v1/videos/{}",
}
BASES = {"dashscope": "/api/v1", "zhipu": "/api/paas/v4", "ark": "/api/v3", "openai-videos": "/v1"}
NAMED = tuple(name for name in CREATED_AT if name != "openai-videos")
TABLES = """
[provider]
uscc = "91110102MACQD9K640"
[media]
unjudged = "{unjudged}"
[[upstream]]
name = "tasks"
base_url = "{base}{below}"
key = "env:TASKS"
media_tasks = "{interface}"
media_hosts = [{hosts}]
media_private = true
{films}
"""


@dataclass
class Bench:
    house: Any
    server: PracticeTasks
    host: MediaHost
    interface: str
    media: str

    def request(self, text: str = "a lake", model: str = "film-1") -> dict[str, Any]:
        if self.interface == "dashscope":
            return {"model": model, "input": {"prompt": text}}
        if self.interface == "ark":
            return {"model": model, "content": [{"type": "text", "text": text}]}
        return {"model": model, "prompt": text}

    async def create(self, text: str = "a lake", model: str = "film-1", **more: Any) -> Any:
        body = self.request(text, model) | more.pop("body", {})
        status, said = await self.house.ask(body, path=CREATED_AT[self.interface], **more)
        assert status == 200, said
        return said

    async def poll(self, number: str, key: str = "") -> tuple[int, Any]:
        url = f"{self.house.url}{ASKED_AT[self.interface].format(number)}"
        headers = {"authorization": f"Bearer {key or self.house.key}"}
        async with self.house.http.get(url, headers=headers) as reply:
            return reply.status, json.loads(await reply.read())

    async def get(self, url: str, **headers: str) -> tuple[int, bytes, Any]:
        path = url.partition("/media/")[2]
        async with self.house.http.get(f"{self.house.url}/media/{path}", headers=headers) as reply:
            return reply.status, await reply.read(), reply.headers

    def clean(self, said: Any) -> None:
        """Check the whole answer: nothing of the server's addresses, ids or texts is in it."""
        text = json.dumps(said)
        for word in (self.media, "127.0.0.1:" + self.media.rpartition(":")[2], "s3cr3t"):
            assert word not in text
        assert "theirs-" not in text
        assert SPOKEN_BY_NOBODY not in text


def number_in(said: Any) -> str:
    number = said["output"]["task_id"] if "output" in said else said["id"]
    assert isinstance(number, str)
    return number


def label_in(data: bytes) -> dict[str, str]:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    assert found.parsed is not None
    return dict(found.parsed.fields)


@pytest.fixture
def open_bench(open_house: Any) -> Any:
    @asynccontextmanager
    async def opened(
        interface: str = "ark",
        *,
        hosts: str = "",
        films: bool = True,
        unjudged: str = "record",
        server: PracticeTasks | None = None,
    ) -> AsyncIterator[Bench]:
        host, server = MediaHost(), server or PracticeTasks()
        async with running(host) as media, running(server) as base:
            server.media = media
            text = TABLES.format(
                base=base,
                below=BASES[interface],
                interface=interface,
                hosts=hosts or f'"{media.removeprefix("http://")}"',
                films="films_show_notice = true" if films else "",
                unjudged=unjudged,
            )
            async with open_house(text, environ={"TASKS": "sk-tasks"}) as house:
                yield Bench(house, server, host, interface, media)

    return opened


@pytest.mark.parametrize("interface", NAMED)
async def test_a_task_ends_in_a_labelled_film_under_an_address_of_ours(
    open_bench: Any, interface: str
) -> None:
    async with open_bench(interface) as bench:
        created = await bench.create()
        number = number_in(created)
        assert number.startswith("task-")
        status, said = await bench.poll(number)
        assert status == 200
        for answer in (created, said):
            bench.clean(answer)
        address = said["aigc"]["media"][0]["url"]
        assert json.dumps(said).count(address) == 2  # where the interface has it, and in aigc
        status, data, headers = await bench.get(address)
        assert (status, headers["content-type"]) == (200, "video/mp4")
        assert label_in(data)["ContentProducer"] == CODE
        assert said["aigc"]["media"][0]["explicit"] == "present"
        assert [each.headers.get("authorization") for each in bench.server.asked] == [
            "Bearer sk-tasks"
        ] * 2
        assert all("authorization" not in headers for _, headers in bench.host.seen)


async def test_what_is_on_record_leads_from_the_request_to_the_file(open_bench: Any) -> None:
    async with open_bench() as bench:
        created = await bench.create()
        number = number_in(created)
        await bench.poll(number)
        records = bench.house.records("media.")
        kinds = [record["kind"] for record in records]
        assert kinds == ["media.task", "media.labelled", "media.stored", "media.task_ended"]
        exchanges = {record["exchange"] for record in records}
        asked, answered = bench.house.records("exchange.")
        assert exchanges == {asked["exchange"]} == {answered["exchange"]}
        assert records[1]["file"] == records[2]["file"]
        assert (records[3]["end"], records[3]["media"]) == ("kept", 1)
        assert "theirs-1" not in json.dumps(records)


async def test_asking_twice_or_at_once_gives_the_same_address(open_bench: Any) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        answers = await asyncio.gather(*(bench.poll(number) for _ in range(4)))
        addresses = {said["aigc"]["media"][0]["url"] for _, said in answers}
        assert len(addresses) == 1
        assert len(bench.host.seen) == 1
        assert len(bench.house.records("media.stored")) == 1


async def test_a_task_that_runs_says_so(open_bench: Any) -> None:
    async with open_bench(server=PracticeTasks(polls=3)) as bench:
        number = number_in(await bench.create())
        states = [(await bench.poll(number))[1]["status"] for _ in range(3)]
        assert states == ["running", "running", "succeeded"]


async def test_a_task_that_fails_says_so_without_the_servers_words(open_bench: Any) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create(model="fails"))
        for _ in range(2):
            status, said = await bench.poll(number)
            assert (status, said["status"]) == (200, "failed")
            bench.clean(said)
        assert len(bench.server.asked) == 2  # what has ended is not asked for again
        (record,) = bench.house.records("media.task_ended")
        assert (record["end"], record["reason"]) == ("failed", "upstream")


async def test_the_prompt_is_screened_before_a_task_is_created(open_bench: Any) -> None:
    async with open_bench() as bench:
        body = bench.request(WEAPON)
        status, said = await bench.house.ask(body, path=CREATED_AT["ark"])
        assert (status, said["error"]["code"]) == (400, "content_filter")
        assert "HG-" in said["error"]["message"]
        assert bench.server.asked == []
        assert bench.house.answered()["end"] == "refused"


async def test_personal_data_in_a_prompt_is_masked_for_a_server_that_is_not_ours(
    open_bench: Any,
) -> None:
    async with open_bench() as bench:
        await bench.create(f"a sign that says {PHONE}", body={"user": "alice"})
        sent = bench.server.asked[0].body.decode()
        assert PHONE not in sent
        assert "alice" not in sent


async def test_a_task_is_known_to_its_own_tenant_only(open_bench: Any) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        connection = open_database(bench.house.database)
        connection.execute("UPDATE media_task SET tenant = 'other'")
        connection.close()
        status, said = await bench.poll(number)
        assert (status, said["error"]["code"]) == (404, "task_not_found")
        assert (await bench.poll("task-01KSR49200AAAAAAAAAAAAAAAA"))[0] == 404
        assert (await bench.poll(number, key="hg-nobody"))[0] == 401


UNFIT = (
    "/away.png",
    "/page.html",
    "/short.png",
    "/gone.mp4",
    "/film-said-to-be-a-picture.png",
    "/packed.png",
)


async def test_a_file_that_cannot_be_taken_over_leaves_nothing_and_says_where_to_look(
    open_bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        for path in UNFIT:
            caplog.clear()
            bench.server.files = (path,)
            status, said = await bench.poll(number)
            assert (status, said["error"]["code"]) == (502, "media_not_fetched"), path
            assert "HG-" in said["error"]["message"]
            bench.clean(said)
            assert "s3cr3t" not in caplog.text
            assert "was not taken over" in caplog.text
        assert bench.house.records("media.stored") == []
        bench.server.files = ("/film.mp4",)
        assert (await bench.poll(number))[1]["status"] == "succeeded"


async def test_a_host_that_is_not_listed_is_not_asked(
    open_bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bench(hosts='"media.example.com"') as bench:
        number = number_in(await bench.create())
        status, said = await bench.poll(number)
        assert status == 502
        bench.clean(said)
        assert bench.host.seen == []
        assert "media_hosts" in caplog.text


async def test_several_files_are_each_labelled_and_what_cannot_be_is_left_out(
    open_bench: Any,
) -> None:
    files = ("/picture.png", "/picture.jpg")
    async with open_bench("dashscope", server=PracticeTasks(files=files)) as bench:
        number = number_in(await bench.create())
        _, said = await bench.poll(number)
        results = said["output"]["results"]
        assert len(results) == 2
        for result in results:
            _, data, _ = await bench.get(result["url"])
            assert label_in(data)["ContentProducer"] == CODE
        assert [each["explicit"] for each in said["aigc"]["media"]] == ["drawn", "drawn"]


async def test_a_film_without_a_notice_is_not_even_made(open_bench: Any) -> None:
    async with open_bench(films=False) as bench:
        status, said = await bench.house.ask(bench.request(), path=CREATED_AT["ark"])
        assert status == 500
        assert "films_show_notice" in said["error"]["message"]
        assert bench.server.asked == []


async def test_a_server_whose_mark_is_counted_on_is_told_to_make_it(open_bench: Any) -> None:
    async with open_bench() as bench:
        await bench.create()
        assert bench.server.asked[0].json["watermark"] is True
        for said in ({"watermark": False}, {"content": [{"type": "text", "text": "a --wm false"}]}):
            body = bench.request() | said
            status, answer = await bench.house.ask(body, path=CREATED_AT["ark"])
            assert (status, answer["error"]["code"]) == (400, "notice_required")


@pytest.mark.parametrize("name", ["callback_url", "webhook", "notifyUrl"])
async def test_no_unlabelled_result_is_sent_past_us(open_bench: Any, name: str) -> None:
    async with open_bench() as bench:
        body = bench.request() | {name: "https://caller.example/hook"}
        status, _ = await bench.house.ask(body, path=CREATED_AT["ark"])
        assert status == 400
        assert bench.server.asked == []


async def test_generated_films_that_nobody_can_judge_are_refused_where_the_settings_say_so(
    open_bench: Any,
) -> None:
    async with open_bench(unjudged="refuse") as bench:
        status, said = await bench.house.ask(bench.request(), path=CREATED_AT["ark"])
        assert (status, said["error"]["code"]) == (400, "content_filter")
        assert bench.server.asked == []


async def test_an_answer_that_names_no_task_is_no_answer(open_bench: Any) -> None:
    async with open_bench() as bench:
        status, said = await bench.house.ask(bench.request(model="odd"), path=CREATED_AT["ark"])
        assert status == 502
        bench.clean(said)
        assert bench.house.records("media.task") == []


async def test_interfaces_that_no_server_offers_are_not_there(open_bench: Any) -> None:
    async with open_bench("ark") as bench:
        for interface in ("zhipu", "dashscope", "openai-videos"):
            status, _ = await bench.house.ask({"model": "m"}, path=CREATED_AT[interface])
            assert status == 404
        async with bench.house.http.get(bench.house.url + CREATED_AT["ark"]) as reply:
            assert reply.status == 405


async def test_a_withdrawal_closes_the_address_at_once(open_bench: Any) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        _, said = await bench.poll(number)
        address = said["aigc"]["media"][0]["url"]
        assert (await bench.get(address))[0] == 200
        shelf = bench.house.gateway.gate.media.shelf
        await shelf.withdraw(number.removeprefix("task-"), "reviewer", "complaint")
        status, data, _ = await bench.get(address, **{"accept-language": "zh"})
        assert status == 410
        assert "撤回" in data.decode()
        _, again = await bench.poll(number)
        assert again["aigc"]["media"][0]["url"] == address


async def test_an_address_whose_term_is_over_says_so_and_an_unknown_one_is_unknown(
    open_bench: Any,
) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        _, said = await bench.poll(number)
        address = said["aigc"]["media"][0]["url"]
        connection = open_database(bench.house.database)
        connection.execute("UPDATE medium SET expires = 1")
        connection.close()
        status, data, headers = await bench.get(address, **{"accept-language": "en"})
        assert (status, headers["content-type"]) == (410, "text/plain; charset=utf-8")
        assert "ended" in data.decode()
        assert (await bench.get("/media/AAAA"))[0] == 404


async def test_a_file_is_given_with_ranges_and_headers_that_keep_it_a_file(
    open_bench: Any,
) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        _, said = await bench.poll(number)
        address = said["aigc"]["media"][0]["url"]
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
        ):
            status, data, found = await bench.get(address, range=f"bytes={asked}")
            assert (status, data) == (206, whole[start:end])
            assert found["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert (await bench.get(address, range=f"bytes={size}-"))[0] == 416
        assert (await bench.get(address, range="bytes=0-1,3-4"))[1] == whole
        stale = {"if-range": '"other"'}
        assert (await bench.get(address, range="bytes=0-9", **stale))[1] == whole
        async with bench.house.http.head(
            f"{bench.house.url}/media/{address.partition('/media/')[2]}"
        ) as reply:
            assert (reply.status, int(reply.headers["content-length"])) == (200, size)


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
async def test_the_official_client_creates_asks_and_downloads(open_bench: Any) -> None:
    async with open_bench("openai-videos") as bench:
        client: openai.AsyncOpenAI = bench.house.client
        created = await client.videos.create(model="sora-2", prompt="a lake", seconds="4")
        assert created.id.startswith("task-")
        told = await client.videos.retrieve(created.id)
        assert told.status == "completed"
        bench.clean(told.model_dump())
        film = (await client.videos.download_content(created.id)).content
        assert label_in(film)["ContentProducer"] == CODE
        form = bench.server.asked[0]
        assert form.headers["content-type"].startswith("multipart/form-data")
        assert b"a lake" in form.body
        fetched = bench.server.asked[-1]
        assert (fetched.path, fetched.headers["authorization"]) == (
            "/v1/videos/theirs-1/content",
            "Bearer sk-tasks",
        )


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
async def test_a_film_that_is_not_there_yet_is_not_handed_out(open_bench: Any) -> None:
    async with open_bench("openai-videos") as bench:
        created = await bench.house.client.videos.create(model="endless", prompt="a lake")
        with pytest.raises(openai.ConflictError):
            await bench.house.client.videos.download_content(created.id)


async def test_a_caller_that_leaves_does_not_break_the_taking_over_off(open_bench: Any) -> None:
    async with open_bench() as bench:
        number = number_in(await bench.create())
        leaving = asyncio.ensure_future(bench.poll(number))
        await bench.house.until(lambda: len(bench.server.asked) == 2, 5.0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await bench.house.until(lambda: bench.house.records("media.task_ended"), 10.0)
        assert len(bench.host.seen) == 1
        _, said = await bench.poll(number)
        assert said["status"] == "succeeded"
