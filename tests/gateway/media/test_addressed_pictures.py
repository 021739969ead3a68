"""Pictures that a model names by address, or that a caller wants an address of."""

import asyncio
import json
from base64 import b64decode
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from hegui.gateway.evidence import Evidence
from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.ledger import leaf
from hegui.terms import Entry, Receipt, Unavailable, Words
from hegui.testing import media
from hegui.testing.line import Line
from hegui.testing.media_host import MediaHost
from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running

PATH = "/v1/images/generations"
PROVIDER = '[provider]\nuscc = "91110102MACQD9K640"\n'


class Names:
    """A model server that names its pictures by address, whatever is asked."""

    def __init__(self, base: str) -> None:
        self.base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        line = Line(receive, send)
        await line.body()
        address = f"{self.base}/picture.png?Signature=s3cr3t"
        entry = {"url": address, "revised_prompt": "a calm lake", "source": address}
        await line.json(200, {"created": 1, "data": [entry], "debug": address})


def is_labelled(data: bytes) -> bool:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    return found.parsed is not None and found.guide


async def test_a_picture_named_by_address_leaves_labelled_and_its_address_never(
    open_house: Any,
) -> None:
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(running(MediaHost()))
        server = await stack.enter_async_context(running(Names(host)))
        more = f'media_hosts = ["{host.removeprefix("http://")}"]\nmedia_private = true'
        house = await stack.enter_async_context(
            open_house(PROVIDER, upstream=server, upstream_more=more)
        )
        for form in ("b64_json", "url"):
            body = {"model": "m", "prompt": "a lake", "response_format": form}
            status, told = await house.ask(body, path=PATH)
            assert status == 200
            text = json.dumps(told)
            assert "s3cr3t" not in text
            assert host not in text
            [entry] = told["data"]
            assert entry["revised_prompt"] == "a calm lake"
            assert ("url" in entry, "b64_json" in entry) == (form == "url", form == "b64_json")
            if form == "url":
                url = f"{house.url}/media/{entry['url'].partition('/media/')[2]}"
                async with house.http.get(url) as reply:
                    assert reply.content_type == "image/png"
                    data = await reply.read()
            else:
                data = b64decode(entry["b64_json"])
            assert is_labelled(data)
        [stored] = house.records("media.stored")
        assert stored["file"] == house.records("media.labelled")[-1]["file"]


async def test_a_picture_in_base64_is_kept_under_an_address_for_who_asks_for_one(
    open_house: Any,
) -> None:
    async with open_house(PROVIDER, model=PracticeModel()) as house:
        body = {"model": media.IMAGE, "prompt": "a lake", "response_format": "url"}
        status, told = await house.ask(body, path=PATH)
        assert status == 200
        url = f"{house.url}/media/{told['data'][0]['url'].partition('/media/')[2]}"
        async with house.http.get(url) as reply:
            assert is_labelled(await reply.read())
        body["model"] = f"{media.IMAGE}-address"
        status, told = await house.ask(body, path=PATH)
        assert (status, told["error"]["code"]) == (502, "media_not_fetched")
        assert "signature" not in json.dumps(told)


class Full:
    """A ledger that has no room for records of one kind, from the second of them on."""

    def __init__(self, ledger: Any, kind: str, room: int) -> None:
        self._ledger, self._kind, self._room = ledger, kind, room

    def hand_in(self, entry: Entry) -> "asyncio.Future[Receipt]":
        counts = leaf.parse(entry.leaf)["kind"] == self._kind
        self._room -= counts
        if counts and self._room < 0:
            raise Unavailable(Words("full", "已满"))
        future: asyncio.Future[Receipt] = self._ledger.hand_in(entry)
        return future

    async def add(self, entry: Entry) -> Receipt:
        return await self.hand_in(entry)


async def test_files_of_an_answer_that_breaks_before_its_record_are_withdrawn(
    open_house: Any,
) -> None:
    body = {"model": media.IMAGE, "prompt": "a lake", "response_format": "url", "n": 2}
    async with open_house(PROVIDER, model=PracticeModel()) as house:
        house.every_answer_recorded = False
        gate, ledger = house.gateway.gate, house.gateway.ledger
        whole = gate.evidence, gate.media.shelf
        unwritten = Full(ledger, "exchange.answered", 0)
        gate.evidence = Evidence(unwritten, gate.vault, gate.settings.content, gate.clock)
        assert (await house.ask(body, path=PATH))[0] == 503
        gate.evidence = whole[0]
        gate.media.shelf = replace(whole[1], ledger=Full(ledger, "media.stored", 1))
        assert (await house.ask(body, path=PATH))[0] == 503
        gate.media.shelf = whole[1]
        stored = [each["medium"] for each in house.records("media.stored")]
        withdrawn = [each["medium"] for each in house.records("media.withdrawn")]
        assert len(stored) == 3
        assert sorted(withdrawn) == sorted(stored)
        assert await gate.media.shelf.book.used() == 0
        assert (await house.ask(body, path=PATH))[0] == 200
        assert len(house.records("media.withdrawn")) == 3
