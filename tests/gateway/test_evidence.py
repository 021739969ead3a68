"""What an exchange leaves behind: durable before it is relied on, and never more than it may be."""

import asyncio
import contextlib
import json
import logging
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.spine import INSULT, PHONE, WEAPON, Script, heard, said, spine, spoken

from hegui.app import Gateway, build
from hegui.callers.caller import Caller
from hegui.gateway.evidence import Evidence, Exchange, Outcome, exchange_of, new_exchange_id
from hegui.ledger.verify import verify
from hegui.settings import Content
from hegui.settings.schema import Upstream
from hegui.store import open_database
from hegui.terms import BadRequest, Entry, Fault, Finding, HeguiError, Receipt, Unavailable, Words
from hegui.testing.clock import FixedClock

SUBJECT = "zhang.san-7391@example"


class SlowLedger:
    """A ledger on a slow disk: every entry takes a while, and is noted when it is durable."""

    def __init__(self, ledger: Any, wait: float) -> None:
        self.ledger, self.wait = ledger, wait
        self.held: dict[str, asyncio.Event] = {}  # kinds that wait for this as well
        self.durable: list[tuple[str, float]] = []
        self.metrics, self.found = ledger.metrics, ledger.found

    def hand_in(self, entry: Entry) -> asyncio.Future[Receipt]:
        return asyncio.ensure_future(self.add(entry))

    async def add(self, entry: Entry) -> Receipt:
        kind = json.loads(entry.leaf)["kind"]
        await asyncio.sleep(self.wait if kind.startswith("exchange") else 0)
        if kind in self.held:
            await self.held[kind].wait()
        receipt = await self.ledger.add(entry)
        self.durable.append((kind, time.monotonic()))
        return receipt

    def lag(self) -> int:
        return self.ledger.lag()

    def close(self) -> None:
        self.ledger.close()


class Waits:
    """A ledger whose next entry waits until it may go on."""

    def __init__(self, ledger: Any) -> None:
        self._ledger, self.came, self.goes = ledger, asyncio.Event(), asyncio.Event()

    async def add(self, entry: Entry) -> Receipt:
        self.came.set()
        await self.goes.wait()
        receipt: Receipt = await self._ledger.add(entry)
        return receipt


def on_a_slow_disk(gateway: Gateway) -> None:
    gateway.ledger = SlowLedger(gateway.ledger, 0.15)  # type: ignore[assignment]


@pytest.mark.parametrize("text", ["你好", WEAPON])
@pytest.mark.parametrize("stream", [True, False])
async def test_no_byte_before_the_question_is_durable_and_no_end_before_the_answer_is(
    text: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test, not of an interface
) -> None:
    async with spine(before=on_a_slow_disk) as s:
        ledger: Any = s.gateway.ledger
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}
        headers = {"authorization": f"Bearer {s.key}"}
        times = []
        spoken = asyncio.Event()
        if stream and text == "你好":
            ledger.held["exchange.answered"] = spoken
        async with s.http.post(
            f"{s.base}/v1/chat/completions", json=body, headers=headers
        ) as reply:
            began = time.monotonic()
            async for data, _ in reply.content.iter_chunks():
                times.append((time.monotonic(), data))
                if "好".encode() in data:
                    spoken.set()
        durable = dict(ledger.durable)
        assert durable["exchange.asked"] <= began
        whole = not stream or text == WEAPON
        ends = [at for at, data in times if whole or b"[DONE]" in data or b'"stop"' in data]
        assert durable["exchange.answered"] <= ends[0]
        if stream and text == "你好":
            early = [data for at, data in times if at < durable["exchange.answered"]]
            assert "好" in "".join(part.decode() for part in early), "the text need not wait"


async def test_the_model_is_called_while_the_question_is_written() -> None:
    async with spine(before=on_a_slow_disk) as s:
        ledger: Any = s.gateway.ledger
        called = ledger.held["exchange.asked"] = asyncio.Event()
        task = asyncio.ensure_future(s.ask("你好"))
        async with asyncio.timeout(60):
            while not s.script.asked:  # noqa: ASYNC110 - another task's doing
                await asyncio.sleep(0.002)
        assert not ledger.durable[2:]
        called.set()
        await task


@pytest.mark.parametrize(
    ("keep", "clean", "bad"),
    [("none", 0, 0), ("findings", 0, 2), ("all", 2, 2), ("sample", 2, 2)],
)
async def test_content_is_kept_as_the_settings_say_and_sealed(
    keep: str, clean: int, bad: int
) -> None:
    tables = f'[content]\nkeep = "{keep}"\nsample_percent = 100\n'
    async with spine(tables=tables) as s:
        for text, expected in (("你好", clean), (f"电话{PHONE}", bad)):
            asked = {"model": "m", "messages": [{"role": "user", "content": text}]}
            reply = await s.ask(text)
            exchange = s.asked_record()["exchange"]
            assert reply["aigc"]["ProduceID"] == exchange
            assert s.asked_record()["content"] == ("kept" if expected else "none")
            vault = s.gateway.vault
            if not expected:
                with pytest.raises(BadRequest):
                    vault.open("default", exchange, "prompt")
                continue
            assert json.loads(vault.open("default", exchange, "prompt")) == asked
            assert json.loads(vault.open("default", exchange, "reply")) == {"0.content": "好的。"}
        raw = database_bytes(s.gateway)
        assert "好的。".encode() not in raw
        assert PHONE.encode() not in raw


async def test_a_reply_found_wanting_keeps_its_question_too() -> None:
    async with spine(Script(lambda b: said(f"打{PHONE}", b))) as s:
        await s.ask("问个号码")
        exchange = s.asked_record()["exchange"]
        assert s.asked_record()["content"] == "none"
        asked = json.loads(s.gateway.vault.open("default", exchange, "prompt"))
        assert asked["messages"][0]["content"] == "问个号码"
        reply = json.loads(s.gateway.vault.open("default", exchange, "reply"))
        assert reply == {"0.content": "打[手机号-1]"}, "what was released, not what was masked"


def rows(gateway: Gateway, query: str) -> list[tuple[Any, ...]]:
    connection = open_database(gateway.settings.database, read_only=True)
    with contextlib.closing(connection):
        return connection.execute(query).fetchall()


def database_bytes(gateway: Gateway) -> bytes:
    path = gateway.settings.database
    files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    return b"".join(each.read_bytes() for each in files if each.exists())


async def test_who_asks_is_a_pseudonym_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hegui")
    tables = '[content]\nkeep = "all"\n'
    async with spine(tables=tables, keys={"other": {"tenant": "other"}}) as s:
        for text in ("你好", WEAPON, f"电话{PHONE}"):
            for stream in (False, True):
                body = {"messages": [{"role": "user", "content": text}], "stream": stream}
                await s.post({**body, "user": SUBJECT})
                await s.post({**body, "safety_identifier": SUBJECT, "user": "x"})
        names = {r["subject"] for r in s.records("exchange.asked")}
        assert len(names) == 1, "one person is one pseudonym"
        await s.post({**body, "user": SUBJECT}, key=s.keys["other"])
        others = {r["subject"] for r in s.records("exchange.asked")} - names
        assert len(others) == 1, "another tenant knows them by another one"
        assert SUBJECT not in json.dumps(s.script.asked)
        assert SUBJECT not in json.dumps(s.script.headers)
        assert SUBJECT.encode() not in database_bytes(s.gateway)
        assert SUBJECT not in caplog.text
        assert s.key not in caplog.text
        assert PHONE not in caplog.text
        await s.ask("你好")
        await s.ask("你好")
        anonymous = [r for r in s.records("exchange.asked") if r["subject"] == "unidentified"]
        assert len(anonymous) == 2
        query = "SELECT count(DISTINCT key_id) FROM subject_key WHERE subject_row IS NULL"
        assert rows(s.gateway, query)[0][0] >= 2, "a key of its own for every exchange"


async def test_expired_content_is_deleted_and_that_is_on_record(tmp_path: Path) -> None:
    clock = FixedClock()
    tables = '[content]\nkeep = "all"\ndays = 30\n'
    async with spine(tables=tables, clock=clock, folder=tmp_path) as s:
        await s.ask("你好")
        exchange = s.asked_record()["exchange"]
        clock.forward(29 * 86_400_000)
        await s.gateway.tending.expire()
        assert s.gateway.vault.open("default", exchange, "prompt")
        clock.forward(2 * 86_400_000)
        second = build(s.gateway.settings, clock=clock)  # another gateway on this database
        waits: Any = Waits(second.ledger)
        there = replace(s.gateway.tending, ledger=waits, leases=second._leases)
        expiring = asyncio.ensure_future(there.expire())
        await waits.came.wait()
        await s.gateway.tending.expire()
        waits.goes.set()
        await expiring
        await s.gateway.tending.expire()
        await second._undo.aclose()
        with pytest.raises(BadRequest):
            s.gateway.vault.open("default", exchange, "prompt")
        (record,) = s.records("content.expired")
        assert record["count"] == 2
        assert record["classes"] == {"all": 2}
        assert rows(s.gateway, "SELECT count(*) FROM content") == [(0,)]
    assert verify(tmp_path / "data" / "hegui.db", None).ok


async def test_when_evidence_cannot_be_written_nothing_is_shown() -> None:
    class Full(SlowLedger):
        async def add(self, entry: Entry) -> Receipt:
            if json.loads(entry.leaf)["kind"] == self.refuses:
                raise _unavailable()
            return await self.ledger.add(entry)

        refuses = ""

    def full(gateway: Gateway) -> None:
        gateway.ledger = Full(gateway.ledger, 0)  # type: ignore[assignment]

    async with spine(before=full) as s:
        ledger: Any = s.gateway.ledger
        for kind in ("exchange.asked", "exchange.answered"):
            for text in ("你好", WEAPON):
                ledger.refuses = kind
                status, data, _ = await s.post({"messages": [{"role": "user", "content": text}]})
                assert status == 503
                assert "好的" not in data.decode()
        ledger.refuses = "exchange.answered"
        _, data, _ = await s.post(
            {"messages": [{"role": "user", "content": "你好"}], "stream": True}
        )
        assert b'"stop"' not in data, "its end is not sent"
        ledger.refuses = ""


def _unavailable() -> HeguiError:
    return Unavailable(Words("full", "已满"))


async def test_a_leaf_never_outgrows_its_two_kilobytes(tmp_path: Path) -> None:
    """Long names, hundreds of rules and fields, sixteen choices, many faults: folded, not lost."""
    tables = '[content]\nkeep = "all"\n'
    async with spine(tables=tables, folder=tmp_path) as s:
        gate = s.gateway.gate
        evidence = Evidence(gate.evidence._ledger, gate.vault, Content(), gate.clock)
        for name in ("模" * 400, '"\\\x01' * 300, "\U0001f600" * 200, "a" * 5000):
            upstream = Upstream(name=name[:200], base_url="http://x/v1")
            caller = gate_caller()
            exchange = Exchange(
                id=new_exchange_id(gate.clock()),
                judge=gate.judge,
                caller=caller,
                subject=gate.vault.subject("default", None),
                body=b"{}",
                model=name,
                upstream=upstream,
                policy=gate.policies["adult", True],
                stream=True,
            )
            findings = [Finding(f"{name[:50]}{n}", "A.1.a", 0, 1, 1.0, "d") for n in range(500)]
            faults = [Fault(f"{name[:90]}{n}", name) for n in range(50)]
            roles = {"system": 10**6, "user": 10**6, "tool": 10**6, "history": 10**9}
            exchange.prompt.tally.findings += findings
            exchange.prompt.tally.faults += faults
            exchange.prompt.roles = roles
            await evidence.asked(exchange, 10**9)
            outcome = Outcome(model=name, notes=dict.fromkeys([name, "b", "c"], 10**9))
            outcome.tally.findings += findings
            outcome.tally.faults += faults
            path = f"tool_calls.12.{name}.function.arguments"
            outcome.released = {f"{n}.{path}.{n}": "x" * n for n in range(160)}
            outcome.label = {"mode": "ui-required", "produce_id": exchange.id}
            await evidence.answered(exchange, outcome)
            record = s.answered_record()
            total = sum(len(text) for text in outcome.released.values())
            assert sum(record["released"].values()) == total
            assert sum(record["rules"].values()) == 500
            assert sum(s.asked_record()["rules"].values()) == 500
        leaves = rows(s.gateway, "SELECT leaf FROM entry")
        assert max(len(row[0]) for row in leaves) <= 2048


def gate_caller() -> Any:
    return Caller("default", "k" * 10, "adult", None, "default", "reply")


async def test_a_hostile_reply_cannot_make_its_record_unwritable() -> None:
    fields = {f"f{n}" * 30: "好" * 3 for n in range(200)}
    chunks = [
        {
            "id": "x",
            "model": "模" * 3000,
            "choices": [{"index": n % 16, "delta": fields, "finish_reason": None}],
        }
        for n in range(16)
    ]
    async with spine(Script(lambda _: chunks)) as s:
        await s.stream("你好", n=16)
        record = s.answered_record()
        assert record["end"] == "complete"
        assert "…" in record["released"]
        surrogates = [{"choices": [{"index": 0, "delta": {"\ud800k": "\ud800"}}]}]
        s.script.says = lambda _: surrogates
        await s.stream("你好")
        assert s.answered_record()["end"] == "complete"


async def test_a_model_name_as_long_as_they_come_is_on_record() -> None:
    async with spine() as s:
        await s.ask("你好", model="模型" * 3000)
        assert s.asked_record()["model"].startswith("模型模型")


def test_an_exchange_is_named_by_a_ulid_whose_first_ten_characters_are_its_time() -> None:
    one, other = new_exchange_id(1_469_918_176_385), new_exchange_id(1_469_918_176_385)
    assert one[:10] == other[:10] == "01ARYZ6S41"  # the specification's own example
    assert one[10:] != other[10:]
    assert new_exchange_id(2**48 - 1)[:10] == "7ZZZZZZZZZ"


def test_evidence_numbers_read_back_however_they_are_typed() -> None:
    exchange = new_exchange_id(1_780_000_000_000)
    number = f"HG-{exchange[:10]}-{exchange[10:18]}-{exchange[18:]}"
    for typed in (number, number.lower(), number.replace("-", " "), f" {number} ", exchange):
        assert exchange_of(typed) == exchange
    for typed in ("", "HG-", "HG-123", "八" * 26, f"{number}X", "Z" * 26, "\ufb01" * 30):
        assert exchange_of(typed) is None
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", exchange)


async def test_the_ledger_verifies_and_every_exchange_has_both_records(tmp_path: Path) -> None:
    async with spine(folder=tmp_path) as s:
        s.script.says = lambda b: spoken(f"打{PHONE}{INSULT}") if b.get("stream") else said("好", b)
        for text in ("你好", WEAPON):
            await s.ask(text)
            heard(await s.stream(text))
        asked = [r["exchange"] for r in s.records("exchange.asked")]
        assert asked == [r["exchange"] for r in s.records("exchange.answered")]
    report = verify(tmp_path / "data" / "hegui.db", None)
    assert report.ok, report.problems
