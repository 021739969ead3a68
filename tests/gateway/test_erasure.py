"""A person is erased while the gateway answers: it goes on, and forgets them."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.spine import WEAPON, Script, Spine, said, spine

from hegui.app.upkeep import Upkeep
from hegui.store import open_database
from hegui.terms import BadRequest
from hegui.testing.clock import FixedClock
from hegui.vault.epochs import LOOK_MS
from hegui.vault.erasing import Standing
from hegui.vault.sinks import FORGOTTEN_MS

KEEP_ALL = '[content]\nkeep = "all"\n'


def real() -> int:
    return time.time_ns() // 1_000_000


def upkeep_of(s: Spine, clock: FixedClock) -> Upkeep:
    def pause(seconds: float) -> None:
        clock.forward(round(seconds * 1_000))

    gateway = s.gateway
    return Upkeep(gateway.settings, gateway.ledger, clock, gateway._holders, pause)


def erase(s: Spine, clock: FixedClock, raw: str) -> Standing:
    with upkeep_of(s, clock) as upkeep:
        erasures = upkeep.erasures()
        row = s.gateway.vault.subject_row("default", raw)
        return erasures.ask(erasures.person("default", row=row), "requested", "dpo")


def rows(s: Spine, sql: str) -> list[tuple[Any, ...]]:
    connection = open_database(s.gateway.settings.database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def test_a_person_is_erased_and_comes_again_while_the_gateway_runs(tmp_path: Path) -> None:
    clock = FixedClock(real())
    async with spine(Script(), tables=KEEP_ALL, clock=clock, folder=tmp_path) as s:
        await s.ask("我叫小明", user="xiaoming")
        before = s.asked_record()["subject"]
        assert len(s.gateway._history) > 0
        loop = asyncio.get_running_loop()
        standing = await loop.run_in_executor(None, erase, s, clock, "xiaoming")
        assert standing.state == "erased"
        clock.forward(LOOK_MS)
        await s.gateway.tending.look()
        assert len(s.gateway._history) == 0
        await s.ask("我叫小明", user="xiaoming")
        after = s.asked_record()["subject"]
        assert after not in (before, "unidentified")
        exchange = s.asked_record()["exchange"]
        assert b"xiaoming" in s.gateway.vault.open("default", exchange, "prompt")
        clock.forward(FORGOTTEN_MS + 7 * 86_400_000)
        await loop.run_in_executor(None, _rotate, s, clock)
        clock.forward(LOOK_MS)
        await s.ask("还在吗", user="xiaoming")
        assert s.asked_record()["subject"] == after
        (done,) = s.records("erasure.completed")
        assert done["subjects"] == [before]


def _rotate(s: Spine, clock: FixedClock) -> None:
    with upkeep_of(s, clock) as upkeep:
        upkeep.tend()


async def test_a_reply_that_is_under_way_when_its_person_is_erased_ends_and_is_on_record(
    tmp_path: Path,
) -> None:
    clock = FixedClock(real())
    asked = asyncio.Event()
    go_on = asyncio.Event()

    class Slow(Script):
        async def _answer(self, line: Any, answer: Any) -> None:
            asked.set()
            await go_on.wait()
            await super()._answer(line, answer)

    async with spine(
        Slow(lambda body: said("好的。", body)), tables=KEEP_ALL, clock=clock, folder=tmp_path
    ) as s:
        waiting = asyncio.ensure_future(s.ask("我叫小明", user="xiaoming"))
        await asked.wait()
        while not s.records("exchange.asked"):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.01)
        await asyncio.get_running_loop().run_in_executor(None, erase, s, clock, "xiaoming")
        go_on.set()
        body = await waiting
        assert body["choices"]
        assert s.answered_record()["end"] == "complete"
        assert rows(s, "SELECT count(*) FROM content") == [(0,)]
        assert rows(s, "SELECT count(*) FROM subject_key") == [(0,)]


async def test_an_appeal_is_sealed_for_the_person_whose_exchange_it_names(tmp_path: Path) -> None:
    clock = FixedClock(real())
    async with spine(clock=clock, folder=tmp_path) as s:
        body = await s.ask(WEAPON, user="xiaoming")
        form = {"number": body["aigc"]["evidence"], "text": "这是小说"}
        async with s.http.post(f"{s.base}/appeal", data=form) as reply:
            assert reply.status == 200
        (record,) = s.records("appeal.received")
        assert rows(s, "SELECT count(*) FROM content_key") == [(2,)]
        await asyncio.get_running_loop().run_in_executor(None, erase, s, clock, "xiaoming")
        (told,) = s.records("subject.erased")
        assert told["shared"] == 1
        assert "小说" in s.gateway.vault.open("default", record["appeal"], "appeal").decode()
        with pytest.raises(BadRequest):
            s.gateway.vault.open("default", s.asked_record()["exchange"], "prompt")
