"""Anybody brings a file and reads what its label says; nobody brings anything else down."""

import asyncio
import html
import io
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.gateway.spine import Spine, spine

from hegui.app.label_doors import LabelDoors
from hegui.gateway.gate import Gate
from hegui.gateway.http import Methods, not_found
from hegui.gateway.label_page import LabelPage
from hegui.labels.formats.png import PNG
from hegui.labels.value import Implicit
from hegui.testing import pictures
from hegui.testing.clock import FixedClock
from hegui.testing.hostile_uploads import hostile_uploads
from hegui.testing.labelled import CODE, labelled
from hegui.testing.serve import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRESH = pictures.samples()["png"]
GOOD = labelled(PNG, FRESH)
MANY = "[label_page]\nper_minute = 6000\n"
EVIL = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>$title"


def form(data: bytes, name: str = "a.png", part: str = "file") -> aiohttp.FormData:
    made = aiohttp.FormData(quote_fields=False)
    made.add_field(part, io.BytesIO(data), filename=name, content_type="image/png")
    return made


async def page(s: Spine, data: Any, lang: str = "zh", **headers: str) -> tuple[int, str]:
    async with s.http.post(f"{s.base}/label?lang={lang}", data=data, headers=headers) as reply:
        return reply.status, await reply.text()


async def told(s: Spine, data: Any, base: str = "", **headers: str) -> tuple[int, Any]:
    sent = {"accept": "application/json", **headers}
    async with s.http.post(f"{base or s.base}/label", data=data, headers=sent) as reply:
        return reply.status, json.loads(await reply.read())


def gate_with(s: Spine, proxies: tuple[str, ...] = (), clock: Any = None, **keys: Any) -> Gate:
    """Return the house's gate under other settings of the page."""
    settings = s.gateway.settings
    settings = replace(
        settings,
        label_page=replace(settings.label_page, **keys),
        listen=replace(settings.listen, proxies=proxies),
    )
    return replace(s.gateway.gate, settings=settings, clock=clock or s.gateway.gate.clock)


@asynccontextmanager
async def served(s: Spine, **keys: Any) -> AsyncIterator[str]:
    """Serve the page alone, under other settings, with the house's reader; yield its base URL."""
    doors: Any = s.gateway._labels
    shown = LabelPage(gate_with(s, **keys), doors._readers[0])
    async with running(Methods(get=shown.show, post=shown.receive)) as base:
        yield base


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Spine]:
    async with spine(tables=MANY, scope="public") as s:
        yield s


async def test_the_page_follows_the_browsers_language_and_runs_nothing(house: Spine) -> None:
    for accept, words, tongue in (
        ("en-US,en", "Read a file", "en"),
        ("zh-CN", "查看文件", "zh-CN"),
    ):
        async with house.http.get(
            f"{house.base}/label", headers={"accept-language": accept}
        ) as reply:
            text, policy = await reply.text(), reply.headers["content-security-policy"]
            assert reply.headers["cache-control"] == "no-store"
        assert words in text
        assert f'<html lang="{tongue}">' in text
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script" not in text
        assert not re.search(r"\s(?:on\w+|style)=", text), "nothing that the policy would stop"
        assert "<label for=file>" in text


async def test_a_right_label_is_told_with_its_place_its_values_and_the_verdict(
    house: Spine,
) -> None:
    status, text = await page(house, form(GOOD))
    assert status == 200
    for words in ("符合标准要求", "属于人工智能生成合成内容", "png-xmp", "第 33 字节", CODE):
        assert words in text
    status, text = await page(house, form(GOOD), "en")
    assert "as the standard wants it" in text
    assert "the place that the guide names" in text
    status, said = await told(house, form(GOOD))
    assert (status, said["verdict"], said["count"]) == (200, "compliant", 1)
    assert said["labels"][0]["fields"]["ProduceID"] == "a-1"
    assert said["file"] == {"name": "a.png", "bytes": len(GOOD)}


async def test_no_label_is_told_together_with_what_that_does_not_mean(house: Spine) -> None:
    _, text = await page(house, form(FRESH))
    assert "没有在此文件中找到标识" in text
    assert "这不等于内容由人创作" in text
    _, text = await page(house, form(FRESH), "en")
    assert "That does not mean that a person made the content" in text


async def test_what_is_wrong_is_told_with_its_clause(house: Spine) -> None:
    wrong = labelled(PNG, FRESH, Implicit("4", CODE, "", "", CODE, "a 1", ""))
    _, text = await page(house, form(wrong), "en")
    assert "something about it is not right" in text
    for clause in ("GB 45438-2025, E.1 c)", "GB 45438-2025, 6.1 a)", "GB 45438-2025, E.1 j)"):
        assert clause in text
    _, said = await told(house, form(wrong))
    assert said["verdict"] == "noncompliant"
    assert {one["clause"] for one in said["findings"]} >= {"GB 45438-2025, E.1 c)"}


async def test_values_and_names_out_of_a_file_never_become_markup(house: Spine) -> None:
    values = Implicit(EVIL, EVIL, EVIL, EVIL, f"{EVIL}\u202e", EVIL, EVIL)
    for data, name in (
        (labelled(PNG, FRESH, values), "a.png"),
        (GOOD, EVIL.replace('"', "'").replace("/", "") + ".png"),
        (f"<meta name=AIGC content='{html.escape(EVIL)}'>".encode(), "a.html"),
    ):
        for lang in ("zh", "en"):
            status, text = await page(house, form(data, name), lang)
            assert status == 200
            assert "<script" not in text
            assert "<img" not in text
            assert "\u202e" not in text
            assert "&lt;script&gt;" in text
            assert "$title" in text, "and is no template either"
    async with house.http.post(
        f"{house.base}/label", data=form(GOOD, EVIL), headers={"accept": "application/json"}
    ) as reply:
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["x-content-type-options"] == "nosniff"


async def test_hostile_files_are_answered_and_the_next_visitor_too(house: Spine) -> None:
    doors: Any = house.gateway._labels
    before = doors._readers[0].killed
    for name, data in hostile_uploads().items():
        status, said = await told(house, form(data, name))
        assert status == 200, name
        assert said["verdict"] in ("inconclusive", "not_found", "noncompliant"), name
        assert len(said["labels"]) <= 20
    assert doors._readers[0].killed == before, "the readers' own bounds were enough"
    assert (await told(house, form(GOOD)))[1]["verdict"] == "compliant"


async def test_a_reader_that_was_killed_is_told_and_the_next_visitor_finds_another(
    house: Spine,
) -> None:
    doors: Any = house.gateway._labels
    reader = doors._readers[0]
    killed = reader.killed
    await told(house, form(GOOD))
    os.kill(reader.pid, signal.SIGSTOP)
    reader._desk.seconds = 0.3
    status, said = await told(house, form(GOOD))
    assert (status, said["verdict"]) == (200, "inconclusive")
    assert said["findings"][0]["code"] == "reading-late"
    reader._desk.seconds = 10.0
    assert (await told(house, form(GOOD)))[1]["verdict"] == "compliant"
    async with house.http.get(f"{house.base}/label") as reply:
        assert reply.status == 200
    shown = house.gateway.gate.metrics.page(exchanges=0, lag=0).decode()
    assert f"hegui_label_readers_killed {killed + 1}.0" in shown
    assert 'hegui_label_files_total{door="page",told="compliant"}' in shown


async def test_the_largest_file_is_read_and_one_byte_more_is_told_so(house: Spine) -> None:
    most = house.gateway.settings.label_page.bytes
    assert most == 20 * 1024 * 1024
    status, said = await told(house, form(bytes(most)))
    assert (status, said["verdict"]) == (200, "inconclusive")
    status, said = await told(house, form(bytes(most + 1)))
    assert (status, said["error"]["code"]) == (413, "file_too_large")
    status, text = await page(house, form(bytes(most + 100_000)))
    assert status == 413, "announced by its length, and answered all the same"
    assert "20 MiB" in text
    assert "<form" in text


async def test_an_endless_upload_is_cut_off(house: Spine) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            sent += 1 << 20
            yield bytes(1 << 20)

    kind = {"content-type": "multipart/form-data; boundary=XX"}
    try:
        status, _ = await page(house, endless(), **kind)
    except aiohttp.ClientError:
        status = 413  # the line was cut while it still sent
    assert status == 413
    assert sent < 100 << 20
    assert (await told(house, form(GOOD)))[0] == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"x=1", 415), (form(GOOD, part="other"), 400), (form(b"", ""), 400)],
    ids=["no form", "another part", "nothing chosen"],
)
async def test_what_is_no_file_is_refused_with_the_form_again(
    house: Spine, data: Any, status: int
) -> None:
    got, text = await page(house, data)
    assert got == status
    assert "role=alert" in text
    assert "<form" in text


async def test_a_slow_upload_is_given_up_and_leaves_no_place_taken(house: Spine) -> None:
    async with served(house, seconds=3, at_once=1) as base:
        held, ended = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"--XX\r\n"
            held.set()
            await ended.wait()
            yield b"x"

        kind = {"content-type": "multipart/form-data; boundary=XX"}
        first = asyncio.ensure_future(told(house, slow(), base, **kind))
        await held.wait()
        status = 200
        while status == 200:  # what was sent is not there at once
            status, said = await told(house, form(GOOD), base)
        assert (status, said["error"]["code"]) == (503, "unavailable"), "the only place is taken"
        asyncio.get_running_loop().call_later(4, ended.set)  # a second after its time has passed
        status, said = await first
        assert (status, said["error"]["code"]) == (408, "too_slow")
        assert (await told(house, form(GOOD), base))[0] == 200


async def test_many_at_once_are_answered_or_told_to_wait(house: Spine) -> None:
    answers = await asyncio.gather(*(told(house, form(GOOD)) for _ in range(30)))
    assert {status for status, _ in answers} <= {200, 429, 503}
    assert all(said["verdict"] == "compliant" for status, said in answers if status == 200)
    assert any(status == 200 for status, _ in answers)
    assert (await told(house, form(GOOD)))[0] == 200, "and no place stays taken"


async def test_one_address_comes_so_often_and_is_told_when_to_come_again(house: Spine) -> None:
    clock = FixedClock()
    async with served(house, clock=clock, per_minute=2) as base:
        for _ in range(2):
            assert (await told(house, form(GOOD), base))[0] == 200
        async with house.http.post(f"{base}/label?lang=en", data=form(GOOD)) as reply:
            assert (reply.status, reply.headers["retry-after"]) == (429, "30")
            assert "in 30 seconds" in await reply.text()
        clock.forward(30_000)
        assert (await told(house, form(GOOD), base))[0] == 200


async def test_behind_a_proxy_of_ours_its_callers_are_counted_apart(house: Spine) -> None:
    for proxies, statuses in (((), [200, 429]), (("127.0.0.1",), [200, 200])):
        async with served(house, proxies=proxies, per_minute=1) as base:
            callers = [{"x-forwarded-for": f"203.0.113.{n}"} for n in range(2)]
            got = [(await told(house, form(GOOD), base, **one))[0] for one in callers]
            assert got == statuses


def holding(folder: Path, mark: str) -> list[Path]:
    """Return the files in which a text stands."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if mark.encode() in file.read_bytes()]


async def test_nothing_of_a_file_is_kept_or_logged(
    house: Spine, caplog: pytest.LogCaptureFixture
) -> None:
    mark = "bring-me-nowhere"
    data = labelled(PNG, FRESH, Implicit("1", CODE, mark, "", CODE, mark, ""))
    before = len(house.records())
    assert mark in (await page(house, form(data, f"{mark}.png")))[1]
    assert len(house.records()) == before
    assert holding(house.gateway.settings.data_dir.parent, mark) == []
    assert mark not in caplog.text


async def test_a_page_that_is_switched_off_is_not_there(house: Spine) -> None:
    nothing: Any = None
    assert LabelDoors(gate_with(house, on=False), nothing, nothing).page is not_found
