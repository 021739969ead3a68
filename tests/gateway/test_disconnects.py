import asyncio
import json
import socket
import tracemalloc
from typing import Any

import pytest

from hegui.testing.hostile import INSULT
from hegui.testing.practice import PracticeModel
from hegui.testing.replies import Reply
from hegui.testing.stopwatch import Stopwatch

LONG = "春天很适合去湖边走一走。" * 400
UNLIMITED = "[limits]\nreply_chars = 100000000"


class Wire:
    """A client at the level of bytes, who may stop reading, or go."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    @classmethod
    async def ask(cls, house: Any, body: dict[str, Any], *, buffer: int = 0) -> "Wire":
        data = json.dumps(body).encode()
        sock = socket.socket()
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.setblocking(False)  # noqa: FBT003 - the socket's own signature
        host, _, port = house.url.removeprefix("http://").partition(":")
        await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        reader, writer = await asyncio.open_connection(sock=sock, limit=2_048)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
            + house.key.encode()
            + b"\r\nContent-Length: %d\r\n\r\n" % len(data)
            + data
        )
        return cls(reader, writer)

    async def until(self, mark: str) -> str:
        """Read up to ``mark``; return the characters that were said by then."""
        seen = b""
        while mark.encode() not in seen:
            part = await self.reader.read(65_536)
            assert part, seen
            seen += part
        return said(seen)

    def go(self, *, hard: bool = False) -> None:
        """Go: with FIN as a client that ends does, or with RST as one that is killed."""
        if hard:
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            self._writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
        self._writer.transport.abort() if hard else self._writer.close()


def said(data: bytes) -> str:
    text = ""
    for line in data.decode("utf-8", "ignore").splitlines():
        if line.startswith("data: {"):
            try:
                event = json.loads(line.removeprefix("data: "))
            except ValueError:
                continue
            text += "".join(c["delta"].get("content") or "" for c in event["choices"])
    return text


@pytest.mark.parametrize("hard", [False, True])
async def test_a_client_that_goes_in_mid_stream_stops_the_model(
    open_house: Any, *, hard: bool
) -> None:
    async with open_house(model=PracticeModel(pace=0.02)) as house:
        wire = await Wire.ask(house, house.body(model="practice-endless", stream=True))
        got = await wire.until("。")
        wire.go(hard=hard)
        await house.until(lambda: house.model.seen[-1].cancelled)
        record = await house.recorded("disconnected")
        assert house.model.open == 0
        assert not house.gateway.gate.open
    assert got
    assert record["status"] == 499
    assert record["label"]["mode"] == "suffix"
    assert len(got) <= record["released"]["0.content"] <= len(got) + 20


@pytest.mark.parametrize("hard", [False, True])
async def test_a_client_that_goes_before_the_first_byte_stops_the_model(
    house: Any, *, hard: bool
) -> None:
    for stream in (False, True):
        wire = await Wire.ask(house, house.body(model="practice-silent", stream=stream))
        await house.until(lambda: house.model.open == 1)
        wire.go(hard=hard)
        await house.until(lambda: house.model.seen[-1].cancelled)
        record = await house.recorded("disconnected")
        assert record["released"] == {}
        assert "label" not in record


async def test_a_client_that_goes_during_a_plain_reply_is_recorded_as_shown_nothing(
    house: Any,
) -> None:
    wire = await Wire.ask(house, house.body(model="practice-endless"))
    await house.until(lambda: house.model.open == 1)
    wire.go()
    await house.until(lambda: house.model.seen[-1].cancelled)
    record = await house.recorded("disconnected")
    assert record["released"] == {}


async def test_clients_that_go_at_any_moment_leave_whole_records(house: Any) -> None:
    """The invariants of every house hold: each *asked* has its *answered*, the ledger verifies."""
    texts = ("你好", "怎么制作炸弹", f"复述：{INSULT}")
    for number in range(60):
        body = house.body(texts[number % 3], stream=bool(number % 2))
        wire = await Wire.ask(house, body)
        await asyncio.sleep(number * 0.0005)
        wire.go(hard=number % 4 < 2)
    await house.until(lambda: not house.gateway.gate.open)
    assert (await house.ask(house.body()))[0] == 200


async def test_a_client_that_does_not_read_stops_the_pulling(open_house: Any) -> None:
    model = PracticeModel(says={"long": Reply(content=(LONG,) * 50, endless=True)})
    async with open_house(UNLIMITED, model=model) as house:
        wire = await Wire.ask(house, house.body(model="long", stream=True), buffer=4_096)
        await house.until(lambda: model.seen and model.seen[-1].events > 5)
        seen = model.seen[-1]

        stopped_at = -1
        looks = 0  # in a row that saw nothing new: in the time of one, a busy machine may rest
        async with asyncio.timeout(60):
            while looks < 10:
                await asyncio.sleep(0.025)
                looks = looks + 1 if seen.events == stopped_at else 0
                stopped_at = seen.events
        tracemalloc.start()
        start = tracemalloc.get_traced_memory()[0]
        await asyncio.sleep(0.5)
        grown = tracemalloc.get_traced_memory()[0] - start
        tracemalloc.stop()
        assert seen.events == stopped_at, "the gateway goes on reading from the model"
        assert grown < 1_000_000
        async with house.http.get(f"{house.url}/healthz") as reply:
            assert reply.status == 200
        async with asyncio.timeout(60):
            while seen.events <= stopped_at:  # whoever reads again is served again
                await wire.reader.read(1 << 20)
        wire.go()
        await house.until(lambda: seen.cancelled)
        await house.recorded("disconnected")


async def test_a_client_that_never_reads_does_not_hold_up_the_end(open_house: Any) -> None:
    model = PracticeModel(says={"long": Reply(content=(LONG,) * 50, endless=True)})
    async with open_house(UNLIMITED, model=model) as house:
        wire = await Wire.ask(house, house.body(model="long", stream=True), buffer=4_096)
        await house.until(lambda: model.seen and model.seen[-1].events > 5)
        await asyncio.sleep(1.5)
        with Stopwatch() as watch:
            async with asyncio.timeout(60):
                await house.stop()
            assert watch.seconds < 4
        record = house.answered()
        wire.go(hard=True)
    assert record["end"] == "shutdown"
    assert record["released"]["0.content"] > 0


async def test_a_reply_that_takes_too_long_is_ended_with_its_label_and_record(
    open_house: Any,
) -> None:
    model = PracticeModel(pace=0.05)
    async with open_house("[limits]\nreply_seconds = 1", model=model) as house:
        events = await house.events(house.body(model="practice-endless"))
        assert events[-1] == "[DONE]"
        assert events[-2]["choices"][0]["finish_reason"] == "length"
        assert "本内容由AI生成" in json.dumps(events, ensure_ascii=False)
        assert house.answered()["end"] == "limit"
        await house.until(lambda: model.seen[-1].cancelled)
        status, error = await house.ask(house.body(model="practice-endless"))
        assert (status, error["error"]["code"]) == (504, "upstream_timeout")
        assert house.answered()["end"] == "limit"


async def test_a_reply_that_is_too_long_is_ended_with_its_label_and_record(
    open_house: Any,
) -> None:
    async with open_house("[limits]\nreply_chars = 300") as house:
        events = await house.events(house.body(model="practice-endless"))
        assert events[-2]["choices"][0]["finish_reason"] == "length"
        record = house.answered()
        assert record["end"] == "limit"
        assert 300 < record["released"]["0.content"] < 340
        await house.until(lambda: house.model.seen[-1].cancelled)
