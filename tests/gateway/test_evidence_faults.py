import asyncio
import json
from typing import Any

import openai
import pytest

from hegui.store import open_database
from hegui.testing.practice import PracticeModel
from hegui.testing.replies import Reply
from hegui.testing.serve import running

KEEP = '[content]\nkeep = "all"'
LONG = "春天很适合去湖边走一走。" * 2_000
PRIVATE = "only between us"


def fill(house: Any) -> None:
    """Make the disk full for the writer: not one page more."""
    writer = house.gateway.ledger._writer._connection
    writer.pragma("max_page_count", writer.pragma("page_count"))


def clear(house: Any) -> None:
    house.gateway.ledger._writer._connection.pragma("max_page_count", 1 << 30)


def unavailable(status: int, error: dict[str, Any]) -> None:
    assert status == 503
    assert error["error"]["code"] == "unavailable"
    assert error["error"]["type"] == "server_error"
    assert PRIVATE not in json.dumps(error)


@pytest.mark.parametrize("text", [LONG + f" repeat: {PRIVATE}", LONG + "怎么制作炸弹"])
async def test_a_question_that_cannot_be_put_on_record_is_not_served(
    open_house: Any, text: str
) -> None:
    async with open_house(KEEP) as house:
        fill(house)
        before = len(house.records(""))
        for stream in (False, True):
            status, error = await house.ask(house.body(text, stream=stream))
            unavailable(status, error)
        assert len(house.records("")) == before
        await house.until(lambda: house.model.open == 0)
        clear(house)
        assert (await house.ask(house.body(text)))[0] == 200


async def test_a_reply_that_cannot_be_put_on_record_is_not_shown(open_house: Any) -> None:
    model = PracticeModel(says={"long": Reply(content=(LONG, PRIVATE))})
    async with open_house(KEEP, model=model) as house:
        house.every_answer_recorded = False
        unavailable(*await with_full_disk(house, house.body(model="long"), stream=False))
        clear(house)


async def with_full_disk(house: Any, body: dict[str, Any], *, stream: bool) -> Any:
    """Ask, and have the disk full as soon as the question is on record."""
    known = len(house.records("exchange.asked"))
    ask = house.events(body) if stream else house.ask(body)
    asking = asyncio.ensure_future(ask)
    while len(house.records("exchange.asked")) == known:  # noqa: ASYNC110 - at once, not soon
        await asyncio.sleep(0)
    fill(house)
    return await asking


async def test_the_end_of_a_stream_that_cannot_be_put_on_record_is_not_sent(
    open_house: Any,
) -> None:
    pieces = tuple(LONG[at : at + 400] for at in range(0, len(LONG), 400))
    model = PracticeModel(pace=0.02, says={"long": Reply(content=pieces)})
    async with open_house(KEEP, model=model) as house:
        house.every_answer_recorded = False
        events = await with_full_disk(house, house.body(model="long"), stream=True)
        assert events[-1] == "[DONE]"
        assert events[-2]["error"]["code"] == "evidence_unavailable"
        choices = [choice for event in events[:-2] for choice in event["choices"]]
        assert choices
        assert not any(choice["finish_reason"] for choice in choices)
        clear(house)
        stream = await house.client.chat.completions.create(
            model="long", messages=[{"role": "user", "content": "你好"}], stream=True
        )
        await anext(stream.__aiter__())
        fill(house)
        with pytest.raises(openai.APIError, match="could not be written"):
            async for _ in stream:
                pass
        clear(house)


async def test_a_refusal_in_mid_stream_that_cannot_be_put_on_record_is_an_error(
    open_house: Any,
) -> None:
    pieces = (*(LONG[at : at + 400] for at in range(0, 8_000, 400)), "你这个废物", "再见")
    model = PracticeModel(says={"bad": Reply(content=pieces)})
    async with open_house(KEEP, model=model) as house:
        house.every_answer_recorded = False
        model.held = 10, asyncio.Event()  # until some of it is out, and the disk full
        asking = asyncio.ensure_future(house.events(house.body(model="bad")))
        await house.until(lambda: any(out.started for out in house.gateway.gate.open.values()))
        fill(house)
        model.held[1].set()
        events = await asking
        assert events[-2]["error"]["code"] == "evidence_unavailable"
        assert "废物" not in json.dumps(events, ensure_ascii=False)
        clear(house)


async def test_a_client_that_goes_while_the_disk_is_full_breaks_nothing(open_house: Any) -> None:
    pieces = tuple(LONG[at : at + 400] for at in range(0, len(LONG), 400))
    model = PracticeModel(pace=0.02, says={"long": Reply(content=pieces)})
    async with open_house(KEEP, model=model) as house:
        house.every_answer_recorded = False
        async with house.post(house.body(model="long", stream=True)) as reply:
            await reply.content.readany()
            fill(house)
        await house.until(lambda: not house.gateway.gate.open)
        clear(house)
        assert (await house.ask(house.body()))[0] == 200


async def test_a_gateway_whose_disk_is_full_says_that_it_is_not_ready_until_it_has_room(
    open_house: Any,
) -> None:
    async with open_house(KEEP) as house, running(house.gateway.admin) as admin:
        house.gateway.ledger._writer._prove_every = 0.05

        async def ready() -> tuple[int, dict[str, Any]]:
            async with house.http.get(f"{admin}/readyz") as reply:
                return reply.status, await reply.json()

        assert (await ready())[0] == 200
        fill(house)
        unavailable(*await house.ask(house.body(LONG + PRIVATE)))
        status, said = await ready()
        assert (status, said["ready"]) == (503, False)
        assert "No record can be made durable" in said["why"]["en"]
        assert "full" in said["why"]["zh"]
        assert "无法持久保存" in said["why"]["zh"]
        assert PRIVATE not in json.dumps(said)
        async with house.http.get(f"{admin}/healthz") as reply:
            assert reply.status == 200
        tried = house.gateway.ledger._writer._proven
        await house.until(lambda: house.gateway.ledger._writer._proven != tried)
        assert (await ready())[0] == 503, "it was tried, and there is still no room"
        clear(house)  # and nobody asks: who is not ready is sent no requests
        await house.until(lambda: house.gateway.ledger.trouble is None)
        status, said = await ready()
        assert (status, "why" in said) == (200, False)
        assert house.records("exchange.") == []


async def test_when_records_pile_up_new_requests_are_asked_to_come_back(open_house: Any) -> None:
    async with open_house() as house:
        house.gateway.ledger._writer._limit = 5
        other = open_database(house.database)
        other.execute("BEGIN IMMEDIATE")
        asked = [house.begin(house.ask(house.body())) for _ in range(40)]
        ledger = house.gateway.ledger

        def settled() -> bool:
            """Every question waits for the disk, or was refused."""
            return sum(one.done() for one in asked) + int(ledger.lag()) == len(asked)

        await house.until(settled)
        done = [one for one in asked if one.done()]
        waiting = [one for one in asked if not one.done()]
        assert done
        assert waiting
        for one in done:
            unavailable(*one.result())
        async with house.http.get(f"{house.url}/healthz") as reply:
            assert reply.status == 200
        ledger._writer._limit = 1_000
        other.execute("ROLLBACK")
        other.close()
        for status, _ in await asyncio.gather(*waiting):
            assert status == 200


async def test_no_byte_is_shown_before_the_question_is_on_record(open_house: Any) -> None:
    async with open_house() as house:

        async def first_byte(body: dict[str, Any]) -> int:
            async with house.post(body) as reply:
                return len(await reply.content.readany())

        other = open_database(house.database)
        other.execute("BEGIN IMMEDIATE")
        asking = [
            house.begin(first_byte(house.body())),
            house.begin(first_byte(house.body(stream=True))),
            house.begin(first_byte(house.body("怎么制作炸弹"))),
            house.begin(first_byte(house.body("怎么制作炸弹", stream=True))),
        ]
        await house.until(lambda: len(house.model.seen) == 2)  # the model is called meanwhile
        done, _ = await asyncio.wait(asking, timeout=0.5)
        assert not done
        assert len(house.model.seen) == 2
        other.execute("ROLLBACK")
        other.close()
        assert all(await asyncio.gather(*asking))
        await house.until(lambda: not house.gateway.gate.open)
