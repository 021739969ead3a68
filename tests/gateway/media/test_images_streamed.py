"""Pictures as events: unfinished ones too leave with both labels, and nothing else leaves."""

import io
import json
from base64 import b64decode
from typing import Any

import openai
import pytest
from PIL import Image

from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.testing import media
from hegui.testing.media_events import MIDWAY
from hegui.testing.practice import PracticeModel

PROVIDER = '[provider]\nuscc = "91110102MACQD9K640"\n'
GENERATIONS = "/v1/images/generations"


def label_in(data: bytes) -> dict[str, str]:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    assert found.guide
    assert found.parsed is not None
    return dict(found.parsed.fields)


def body(fault: str = "", **more: Any) -> dict[str, Any]:
    model = f"practice-image-{fault}" if fault else "practice-image"
    return {"model": model, "prompt": "a lake", "stream": True, "partial_images": 2, **more}


async def told_of(house: Any, fault: str = "", **more: Any) -> list[dict[str, Any]]:
    async with house.post(body(fault, **more), path=GENERATIONS) as reply:
        assert reply.status == 200, await reply.text()
        assert json.loads(reply.headers["x-aigc"])["AIGC"]["Label"] == "1"
        lines = (await reply.text()).split("\n")
    data = [one.removeprefix("data: ") for one in lines if one.startswith("data: ")]
    return [json.loads(one) for one in data if one != "[DONE]"]


async def test_every_picture_leaves_labelled_by_the_official_client(media_house: Any) -> None:
    stream = await media_house.client.images.generate(
        model="practice-image", prompt="a lake", stream=True, partial_images=2
    )
    told = [event async for event in stream]
    kinds = [event.type for event in told]
    assert kinds == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [event.partial_image_index for event in told[:2]] == [0, 1]
    assert told[-1].usage.total_tokens == 7
    records = media_house.records("media.labelled")
    for event, record, tint in zip(told, records, (5, 4, 0), strict=True):
        data = b64decode(event.b64_json, validate=True)
        assert label_in(data)["ProduceID"] == record["produce"] == event.aigc["ProduceID"]
        assert record["explicit"] == event.aigc["explicit"] == "drawn"
        new = Image.open(io.BytesIO(data))
        old = Image.open(io.BytesIO(media.picture(tint=tint)))
        assert new.size == old.size
        assert new.tobytes() != old.tobytes()  # the notice is on it
        assert not hasattr(event, "note")
    assert len({record["produce"] for record in records}) == 3
    answered = media_house.answered()
    assert answered["end"] == "complete"
    assert answered["notes"]["pictures"] == 3
    assert answered["notes"]["partial"] == 2


async def test_an_edit_has_names_of_its_own_and_several_pictures_come(media_house: Any) -> None:
    stream = await media_house.client.images.edit(
        model="practice-image",
        prompt="a boat",
        image=media.picture(),
        stream=True,
        partial_images=1,
        n=2,
    )
    told = [event async for event in stream]
    kinds = [event.type for event in told]
    assert kinds == ["image_edit.partial_image", "image_edit.completed"] * 2
    assert all(label_in(b64decode(event.b64_json))["Label"] == "1" for event in told)
    assert media_house.model.seen[-1].body["stream"] == "true"


async def test_without_partial_pictures_the_whole_one_comes_as_an_event(media_house: Any) -> None:
    [event] = await told_of(media_house, partial_images=0)
    assert event["type"] == "image_generation.completed"
    assert label_in(b64decode(event["b64_json"]))["Label"] == "1"
    assert event["aigc"]["evidence"]


async def test_a_stream_that_fails_midway_ends_in_an_error_after_labelled_pictures(
    media_house: Any,
) -> None:
    for fault in MIDWAY:
        told = await told_of(media_house, fault)
        assert "error" in told[-1]
        assert len(told) == 3
        assert all(label_in(b64decode(event["b64_json"]))["Label"] == "1" for event in told[:-1])
        assert media_house.answered()["end"] == "upstream_failed"
        assert media_house.answered()["notes"]["pictures"] == 2
    assert len(media_house.records("media.withheld")) == 1  # late-truncated


async def test_more_pictures_than_were_asked_for_do_not_leave(media_house: Any) -> None:
    told = await told_of(media_house, "too-many")
    assert [event.get("partial_image_index") for event in told[:2]] == [0, 1]
    assert (
        "one more picture than was asked for (`n` 1, unfinished ones at most 2)"
        in (told[2]["error"]["message"])
    )
    assert len(told) == 3


async def test_nothing_leaves_where_the_first_cannot_be_labelled(media_house: Any) -> None:
    for fault in ("not-a-picture", "not-base64", "truncated", "bomb", "http-500"):
        status, told = await media_house.ask(body(fault), path=GENERATIONS)
        assert (status, set(told)) == (502, {"error"}), fault
        assert media_house.answered()["end"] == "upstream_failed"
    assert not media_house.records("media.labelled")


async def test_what_is_asked_for_is_judged_first_and_addresses_are_not_streamed(
    media_house: Any,
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await media_house.client.images.generate(
            model="practice-image", prompt="怎么制作炸弹", stream=True
        )
    assert caught.value.code == "content_filter"
    asked = body(response_format="url")
    status, told = await media_house.ask(asked, path=GENERATIONS)
    assert (status, told["error"]["param"]) == (400, "response_format")
    assert not media_house.model.seen


async def test_an_event_larger_than_a_picture_may_be_is_not_gathered(open_house: Any) -> None:
    more = f"{PROVIDER}[media]\nbytes = 1000000\n"
    async with open_house(more, model=PracticeModel()) as house:
        status, _ = await house.ask(body("too-large"), path=GENERATIONS)
        assert status == 502
        assert not house.records("media.labelled")


async def test_a_picture_that_cannot_be_put_on_record_does_not_leave(open_house: Any) -> None:
    async with open_house(PROVIDER, model=PracticeModel(patience=3)) as house:
        house.every_answer_recorded = False
        async with house.post(body("slow"), path=GENERATIONS) as reply:
            assert b"partial_image" in await reply.content.readuntil(b"\n\n")
            await house.until(lambda: len(house.records("media.labelled")) == 2)
            writer = house.gateway.ledger._writer._connection
            writer.pragma("max_page_count", writer.pragma("page_count"))
            while (await house.ask(house.body()))[0] == 200:
                pass  # fill the last page
            rest = await reply.read()
        writer.pragma("max_page_count", 1 << 30)
        assert b"image_generation.completed" not in rest
        assert b"evidence_unavailable" in rest
