import json
import re
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hegui.app.demo.caller import Caller, Place
from hegui.app.demo.page import Facts, Page
from hegui.app.demo.plays import PLAYS
from hegui.store import open_database

STATIC = files("hegui.app.demo") / "static"
HTML, JS, CSS = [(STATIC / f).read_text("utf-8") for f in ("index.html", "demo.js", "demo.css")]


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    database = tmp_path / "hegui.db"
    open_database(database).close()
    place = Place("http://127.0.0.1:9", "hg-made-up", "demo", database, ())
    pasted = {"curl": "curl …", "snippet": "from openai …"}
    facts = Facts(started_ms=5, paste={"zh": pasted, "en": pasted})
    transport = httpx2.ASGITransport(app=Page(Caller(place), facts).app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def post(browser: httpx2.AsyncClient, path: str, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": "application/json", **headers}
    return await browser.post(path, content=data, headers=sent)


@pytest.mark.parametrize("path", ["/", "/demo.js", "/demo.css", "/seal.svg", "/facts", "/nothing"])
async def test_every_answer_forbids_what_the_page_does_not_need(
    browser: httpx2.AsyncClient, path: str
) -> None:
    reply = await browser.get(path)
    assert reply.status_code == (404 if path == "/nothing" else 200)
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_page_loads_nothing_from_elsewhere_and_writes_no_markup() -> None:
    for text in (HTML, JS, CSS):
        assert not re.search(r"https?://|//cdn|@import|url\(", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", JS)
    assert not re.search(r"\son\w+=|style=|<script>", HTML)


def test_the_page_says_everything_in_both_languages() -> None:
    blocks = re.split(r"\n  (?:zh|en): \{\n", JS.split("\n};", 1)[0])[1:]
    zh, en = (set(re.findall(r"(\w+): (?=[\"({])", block)) for block in blocks)
    assert zh == en
    used = set(re.findall(r"data-(?:say|flip)=\"(\w+)\"", HTML))
    used |= set(re.findall(r"say\(\"(\w+)\"\)", JS))
    assert used <= zh


async def test_another_site_cannot_speak_to_the_page(browser: httpx2.AsyncClient) -> None:
    foreign = await browser.get("/facts", headers={"host": "evil.example"})
    assert foreign.status_code == 400
    form = await post(browser, "/ask", {"text": "x"}, **{"content-type": "text/plain"})
    assert form.status_code == 400


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 100_000, [], {}, {"text": ""}, {"text": 5}, {"text": "x" * 2_001}]
)
async def test_a_question_that_makes_no_sense_is_a_400(
    browser: httpx2.AsyncClient, body: Any
) -> None:
    assert (await post(browser, "/ask", body)).status_code == 400


async def test_an_unknown_play_is_a_400_and_an_empty_ledger_is_told(
    browser: httpx2.AsyncClient,
) -> None:
    assert (await post(browser, "/play/nothing", {})).status_code == 400
    assert (await post(browser, "/flip", {"lang": "zh"})).json() == {"empty": True}


async def test_a_gateway_that_is_not_there_is_told_and_not_hidden(
    browser: httpx2.AsyncClient,
) -> None:
    reply = await post(browser, "/play/ordinary", {"lang": "en"})
    events = [json.loads(line) for line in reply.text.splitlines()]
    assert [event["e"] for event in events] == ["error", "end"]


async def test_the_facts_hold_every_play_in_both_languages(browser: httpx2.AsyncClient) -> None:
    plays = (await browser.get("/facts")).json()["plays"]
    for told in plays.values():
        assert [one["name"] for one in told] == [*PLAYS, "flip"]
    assert all(re.match(r"第.+条", one["article"]) for one in plays["zh"])
    assert all(re.match(r"Articles? \d", one["article"]) for one in plays["en"])
