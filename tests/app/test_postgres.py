"""The whole gateway on a PostgreSQL server, from the first question to the end of content."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.filing.statements.made import filled

from hegui.app import Gateway, agreements, build, parts, statements
from hegui.app import witness as witness_service
from hegui.app.attesting import outside_of
from hegui.app.copying import local_copy
from hegui.app.labelling import new_number
from hegui.app.published import vkeys
from hegui.callers.keys import NewKey, create
from hegui.ledger import leaf
from hegui.ledger.cosignature import seen_by
from hegui.ledger.cosigned import cosigned
from hegui.ledger.kinds import named
from hegui.ledger.note import open_checkpoint
from hegui.ledger.tiles import Logs
from hegui.ledger.verify import verify
from hegui.settings import Settings, inspect
from hegui.store import open_connection
from hegui.terms import BadRequest, Entry, HeguiError
from hegui.testing.postgres import PracticeServer
from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running
from hegui.testing.stopwatch import Stopwatch
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness

SETTINGS = """\
[service]
name = "demo"
scope = "internal"
reason = "a trial"

[[upstream]]
name = "practice"
base_url = "{upstream}/v1"
role = "own"

[content]
keep = "all"

[database]
url = "{url}"
password = "env:PRACTICE_PASSWORD"
spool_mb = 1
"""
TABLE = """
[[witness]]
name = "court"
url = "{url}"
vkey = "{vkey}"
every_seconds = 1
"""
COSIGNED = "SELECT tenant FROM cosigned ORDER BY tenant"
DAY = 86_400_000


@dataclass
class House:
    """A gateway on a server, and one who calls it."""

    settings: Settings
    gateway: Gateway
    base: str
    admin: str
    key: str
    http: aiohttp.ClientSession
    ahead: list[int]

    async def ask(self, text: str, user: str = "") -> tuple[int, dict[str, Any]]:
        message = {"role": "user", "content": text}
        body: dict[str, Any] = {"model": "practice", "messages": [message]}
        body |= {"user": user} if user else {}
        headers = {"authorization": f"Bearer {self.key}"}
        url = f"{self.base}/v1/chat/completions"
        data = io.BytesIO(json.dumps(body).encode())
        async with self.http.post(url, data=data, headers=headers) as reply:
            return reply.status, json.loads(await reply.read())

    async def metric(self, name: str) -> float:
        async with self.http.get(f"{self.admin}/metrics") as reply:
            lines = (await reply.text()).splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))

    async def ready(self) -> dict[str, Any]:
        async with self.http.get(f"{self.admin}/readyz") as reply:
            found: dict[str, Any] = await reply.json()
            return found

    def rows(self, sql: str) -> list[Any]:
        with closing(open_connection(parts.place_of(self.settings))) as connection:
            return connection.execute(sql).fetchall()

    async def records(self, kind: str = "exchange.") -> list[dict[str, Any]]:
        """Wait until all that is acknowledged has its place, and return what is on record."""
        await until(60, lambda: not self.rows("SELECT 1 FROM outbox"))
        rows = self.rows("SELECT leaf FROM entry WHERE tenant = 'default' ORDER BY idx")
        found = [leaf.parse(bytes(row)) for (row,) in rows]
        return [record for record in found if record["kind"].startswith(kind)]


async def until(seconds: float, fact: Callable[[], Any]) -> None:
    """Wait until something is so, which other threads and other processes bring about."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(fact):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(postgres: PracticeServer, folder: Path, tables: str = "") -> AsyncIterator[House]:
    """Open a gateway, and when it is closed have the verifier look at all that it left."""
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(running(PracticeModel()))
        text = SETTINGS.format(upstream=upstream, url=postgres.database()) + tables
        environ = {"PRACTICE_PASSWORD": postgres.password}
        settings, problems = inspect(text, path=folder / "hegui.toml", environ=environ)
        assert settings is not None, [problem.words.en for problem in problems]
        with closing(open_connection(parts.place_of(settings))) as connection:
            key, _ = create(connection, parts.pepper(settings), NewKey(), parts.now())
        ahead = [0]
        gateway = build(settings, clock=lambda: parts.now() + ahead[0])
        gateway.attesting.look_seconds = 0.05
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        base = await stack.enter_async_context(running(gateway.public))
        admin = await stack.enter_async_context(running(gateway.admin))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield House(settings, gateway, base, admin, key, http, ahead)
    with local_copy(settings) as copied:
        keys = {tenant: first for tenant, (first, *_) in vkeys(settings).items()}
        heads, outside = settings.data_dir / "heads", outside_of(settings)
        report = verify(copied.path, keys, heads=heads, outside=outside)
        assert report.ok, report.problems
        assert all(log.signed for log in report.logs)
        assert copied.waiting == 0
        assert bool(tables) == any("w.test/1" in said.en for said in report.proven), report.proven
    assert not list((settings.data_dir / "spool").glob("*.spool"))


async def test_a_question_is_on_record_before_its_answer_and_its_content_ends_with_its_term(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    async with opened(postgres, tmp_path) as house:
        status, body = await house.ask("你好", user="somebody")
        assert status == 200
        assert body["aigc"]["ledger"] == {"asked": None}
        asked, answered = await house.records()
        assert (asked["kind"], answered["kind"]) == ("exchange.asked", "exchange.answered")
        pseudonyms = house.rows("SELECT pseudonym FROM subject")
        assert [(asked["subject"],)] == pseudonyms
        vault, exchange = house.gateway.vault, asked["exchange"]
        assert json.loads(vault.open("default", exchange, "prompt"))["user"] == "somebody"

        form = {"number": body["aigc"]["evidence"], "text": "请再看看"}
        async with house.http.post(f"{house.base}/appeal", data=form) as reply:
            assert reply.status == 200
        (appeal,) = await house.records("appeal.")
        assert appeal["exchange"] == exchange

        house.ahead[0] = 31 * DAY
        await house.gateway.tending.expire()
        (expired,) = await house.records("content.expired")
        assert expired["count"] == 2
        with pytest.raises(BadRequest):
            vault.open("default", exchange, "prompt")
        assert house.rows("SELECT part FROM content") == [("appeal",)]


async def soon(fact: Callable[[], Awaitable[bool]]) -> None:
    """Ask until something is so; it must be so for a question that is asked two seconds later."""
    with Stopwatch() as watch:
        asked = watch.seconds
        while not await fact():
            assert asked < 2
            await asyncio.sleep(0.05)
            asked = watch.seconds


async def suspended(house: House) -> bool:
    return bool((await house.ask("你好", user="somebody"))[1]["aigc"].get("refused"))


async def unknown(house: House) -> bool:
    return (await house.ask("你好"))[0] == 401


async def test_whoever_is_suspended_anywhere_is_refused_here_within_a_second(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    async with opened(postgres, tmp_path) as house:
        assert (await house.ask("你好", user="somebody"))[1].get("aigc", {}).get("refused") is None
        row = house.gateway.vault.subject_row("default", "somebody")
        with closing(open_connection(parts.place_of(house.settings))) as other:
            other.execute("INSERT INTO standing (subject_row, level) VALUES (?, ?)", (row, "x"))
        await soon(lambda: suspended(house))
        with closing(open_connection(parts.place_of(house.settings))) as other:
            other.execute("UPDATE caller_key SET revoked = ?", (parts.now(),))
        await soon(lambda: unknown(house))


async def test_while_the_server_is_away_the_spool_takes_what_comes_until_it_is_full(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    async with opened(postgres, tmp_path) as house:
        assert (await house.ask("一", user="known"))[0] == 200
        await asyncio.to_thread(postgres.kill)
        try:
            assert (await house.ask("二", user="known"))[0] == 200
            assert (await house.ask("三", user="stranger"))[0] == 200
            assert await house.metric("hegui_spool_records") == 4
            assert await house.metric("hegui_spool_limit_bytes") == 1 << 20
            assert await house.metric("hegui_spool_age_seconds") < 60
            risk = (await house.ready())["database"]["risk"]
            assert "only on this machine's disk" in risk["en"]
            assert "只存在于本机磁盘" in risk["zh"]
            assert (await house.ready())["ready"], "the spool takes them"
            answers = [await house.ask("长" * 60_000) for _ in range(8)]
            assert answers[0][0] == 200
            assert (answers[-1][0], answers[-1][1]["error"]["code"]) == (503, "unavailable")
            said = await house.ready()
            assert (said["ready"], "spool is full" in said["why"]["en"]) == (False, True)
        finally:
            await asyncio.to_thread(postgres.start)
        ledger: Any = house.gateway.ledger
        await until(60, lambda: not ledger.state().spool.records)
        await until(60, lambda: ledger.trouble is None)
        assert (await house.ready())["ready"]
        status, _ = await house.ask("四", user="stranger")
        assert status == 200
        records = await house.records()
        served = [record for record in records if record["kind"] == "exchange.answered"]
        assert len(served) >= 5
        assert len({record["subject"] for record in records if "subject" in record}) == 3
        assert await house.metric("hegui_spool_records") == 0
        assert "risk" not in (await house.ready())["database"]


async def test_a_lost_key_file_stops_the_start_on_a_server_as_on_a_file(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    async with opened(postgres, tmp_path) as house:
        await house.ask("你好", user="somebody")
        await house.records()
        for name in ("epoch-00001", "tenant-default", "pepper", "signing"):
            path = house.settings.key_directory / name
            path.rename(path.with_name(f"lost.{name}"))
            with pytest.raises(HeguiError, match=name):
                parts.require_keys(house.settings)
            path.with_name(f"lost.{name}").rename(path)


async def test_a_witness_signs_the_logs_on_a_server_each_under_the_key_of_its_tenant(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "witness"
    (key,) = witness_service.init(folder, "w.test/1", ml_dsa=False)
    state, cosigners = witness_service.opened(folder)
    async with AsyncExitStack() as stack:
        stack.callback(state.close)
        witness = witness_app(Witness(state, cosigners, parts.now))
        url = await stack.enter_async_context(running(witness))
        table = TABLE.format(url=url, vkey=key.vkey)
        house = await stack.enter_async_context(opened(postgres, tmp_path, table))
        record = leaf.make(named("key.revoked"), parts.now(), "school", {"key": "x"})
        await house.gateway.ledger.add(Entry("school", record))
        await until(60, lambda: len(vkeys(house.settings)) == 2)
        published = {tenant: first for tenant, (first,) in vkeys(house.settings).items()}
        assert "signing-school" in parts.key_directory(house.settings).names()
        assert len({own.rpartition("+")[2] for own in published.values()}) == 2
        for tenant, own in published.items():
            witness_service.follow(folder, f"{tenant}={own}", "")
        await until(60, lambda: house.rows(COSIGNED) == [("default",), ("school",)])
        for tenant, own in published.items():
            with closing(open_connection(parts.place_of(house.settings))) as connection:
                note = cosigned(connection, tenant)
            assert note is not None
            assert [one.name for one in seen_by(note, [key])] == ["w.test/1"]
            assert open_checkpoint(note, own).origin == own.partition("+")[0]


async def test_an_agreement_is_looked_up_on_the_server(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    async with opened(postgres, tmp_path) as house:
        at = parts.now()
        number = f"LA-{new_number(at)}"
        agreed = agreements.Agreement(
            agreement=number, subject="u", terms="0" * 64, since=at, until=at + DAY, by=""
        )
        await asyncio.to_thread(agreements.conclude, house.settings, agreed)
        assert agreements.in_force(house.settings, number, at) == agreed
        with pytest.raises(BadRequest):
            agreements.in_force(house.settings, number, at + DAY)


async def test_an_acceptance_is_on_record_once_on_a_server_too(
    postgres: PracticeServer, tmp_path: Path
) -> None:
    async with opened(postgres, tmp_path) as house:
        signed = statements.Signed("L-07", "legal")
        text = filled("service-agreement").encode()
        await asyncio.to_thread(statements.publish, house.settings, text, signed)
        url = f"{house.base}/statements/service-agreement/accept"
        sent = {"authorization": f"Bearer {house.key}"}
        (made,) = statements.register_of(house.settings).versions()
        with closing(Logs(parts.place_of(house.settings))) as logs:
            await until(60, lambda: logs.read("default", lambda log: log.size > (made.index or 0)))
        for _ in range(2):
            async with house.http.post(url, json={"user": "a"}, headers=sent) as reply:
                assert reply.status == 200, await reply.text()
        async with house.http.get(f"{url}?user=a", headers=sent) as reply:
            assert (await reply.json())["accepted"] is True
        (record,) = await house.records("statement.accepted")
        assert house.rows("SELECT subject, version FROM acceptance") == [(record["subject"], 1)]
