"""Whoever was refused can say so, without an account, and learns by when there is an answer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.spine import WEAPON, Spine, spine

from hegui.gateway.appeal import AppealPage
from hegui.testing.clock import FixedClock

NUMBER = "HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV"


async def send(s: Spine, lang: str = "zh", **form: str) -> tuple[int, str]:
    async with s.http.post(f"{s.base}/appeal?lang={lang}", data=form) as reply:
        return reply.status, await reply.text()


async def test_the_address_in_a_refusal_opens_the_form_with_its_number_filled_in() -> None:
    async with spine(scope="public") as s:
        body = await s.ask(WEAPON)
        address = body["aigc"]["refused"]["appeal"]
        path = address.removeprefix(s.gateway.settings.public_url)
        async with s.http.get(s.base + path) as reply:
            page = await reply.text()
            assert reply.status == 200
            assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert f"value='{body['aigc']['evidence']}'" in page
        assert "15" in page
        assert "投诉电话 12345" in page
        assert f"lang=en&amp;number={body['aigc']['evidence']}" in page, "and keeps it in English"


async def test_an_appeal_is_recorded_with_the_day_it_is_due_and_sealed(tmp_path: Path) -> None:
    clock = FixedClock()  # 2025-11-24, 16:00 UTC: already the 25th in Beijing
    clock.at_ms = 1_764_000_000_000
    async with spine(clock=clock, folder=tmp_path) as s:
        body = await s.ask(WEAPON)
        number = body["aigc"]["evidence"]
        status, page = await send(s, number=number.lower(), text="我在写小说", contact="a@b.cn")
        assert status == 200
        (record,) = s.records("appeal.received")
        assert record["exchange"] == s.asked_record()["exchange"]
        assert record["due"] == clock.at_ms + 15 * 86_400_000
        assert record["contact"] is True
        assert f"AP-{record['appeal']}" in page
        assert "2025-12-10" in page, "the day in Beijing"
        sealed = json.loads(s.gateway.vault.open("default", record["appeal"], "appeal"))
        assert sealed == {"text": "我在写小说", "contact": "a@b.cn"}
        raw = (tmp_path / "data" / "hegui.db-wal").read_bytes()
        assert "我在写小说".encode() not in raw
        _, page = await send(s, lang="en", number=number, text="a novel")
        assert "You will have an answer by 2025-12-10" in page
        assert s.records("appeal.received")[-1]["contact"] is False


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"number": NUMBER},
        {"text": "x"},
        {"number": NUMBER, "text": " \n"},
        {"number": "HG-123", "text": "x"},
        {"number": NUMBER, "text": "字" * 4001},
        {"number": NUMBER, "text": "x" * 70_000},
        {"number": NUMBER, "text": "x", "contact": "c" * 201},
        {"number": NUMBER, "text": "x", **{f"f{n}": "y" for n in range(20)}},
    ],
)
async def test_what_is_missing_or_too_large_is_said_and_not_recorded(form: dict[str, str]) -> None:
    async with spine() as s:
        status, page = await send(s, **form)
        assert status == 400
        assert "role=alert" in page
        assert s.records("appeal.received") == []


async def test_what_was_typed_is_shown_again_and_never_runs() -> None:
    evil = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>$title"
    async with spine() as s:
        status, page = await send(s, number=evil, text=evil, contact=evil)
        assert status == 400
        async with s.http.get(f"{s.base}/appeal", params={"number": evil, "lang": evil}) as reply:
            shown = await reply.text()
        for each in (page, shown):
            assert "<script" not in each
            assert "<img" not in each
            assert "'\"" not in each
            assert "&lt;script&gt;" in each
            assert "$title" in each, "and is no template either"


async def test_bytes_that_are_no_form_are_refused_politely() -> None:
    async with spine() as s:
        for data in (b"\xff\xfe", b"number=%ff&text=%ff", b"&" * 5000, b"text=" + b"%F0" * 100):
            async with s.http.post(f"{s.base}/appeal", data=data) as reply:
                assert reply.status == 400
                assert "<form" in await reply.text()


async def test_one_address_cannot_flood_the_queue_and_everybody_can_appeal_again_later() -> None:
    clock = FixedClock()
    async with spine(clock=clock) as s:
        statuses = [(await send(s, number=NUMBER, text="x"))[0] for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        clock.forward(61_000)
        assert (await send(s, number=NUMBER, text="x"))[0] == 200
        assert len(s.records("appeal.received")) == 6
        page = AppealPage(s.gateway.gate, s.gateway.ledger)
        clock.forward(61_000)
        refused = [page.too_many(f"10.0.{n // 250}.{n % 250}") for n in range(200)]
        assert refused.index(True) == 120, "together, too"
        for n in range(11_000):
            page.too_many(f"10.{n // 62_500}.{n // 250 % 250}.{n % 250}")
        assert len(page._recent) <= 10_002, "what is remembered is bounded while they are refused"


async def test_an_appeal_that_cannot_be_recorded_is_not_said_to_be() -> None:
    async with spine() as s:
        page: Any = s.gateway
        page.ledger.close()
        status, text = await send(s, number=NUMBER, text="请再看看")
        assert status == 503
        assert "AP-" not in text
        assert "请再看看" in text, "nothing typed is lost"


async def test_a_page_of_another_site_files_nothing_in_its_visitors_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with spine() as s:
        form = {"number": NUMBER, "text": "planted"}
        for path in ("/appeal", "/appeal/receipt", "/label"):
            for site, refused in (("cross-site", True), ("same-origin", False), ("none", False)):
                headers = {"sec-fetch-site": site}
                async with s.http.post(s.base + path, data=form, headers=headers) as reply:
                    assert (reply.status == 403) is refused, (path, site)
        assert len(s.records("appeal.received")) == 2
        host, port = s.base.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /appeal HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nnumber")
        await writer.drain()
        writer.close()  # and who leaves half-way is no error in the log
        assert (await send(s, number=NUMBER, text="planted"))[0] == 200
    assert "Exception" not in caplog.text
