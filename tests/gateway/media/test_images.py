"""Generated pictures through the gateway, by the official client: labelled before a byte leaves."""

import asyncio
import hashlib
import io
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image
from tests.app.manifested import manifest_in
from tests.gateway.media.limits import reply_seconds

from hegui.app import agreements, parts
from hegui.app.labelling import new_number
from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.testing import media
from hegui.testing.certificates import chain
from hegui.testing.practice import PracticeModel

PROVIDER = '[provider]\nuscc = "91110102MACQD9K640"\n'
CODE = "001191110102MACQD9K64010000"
GENERATIONS = "/v1/images/generations"
REASONS = {
    "not-a-picture": "unknown_format",
    "not-base64": "not_base64",
    "truncated": "file_broken",
    "bomb": "too_large",
    "sixteen-bit": "invalid_request",
}


def made_in(answer: Any) -> list[bytes]:
    return [b64decode(entry.b64_json, validate=True) for entry in answer.data]


def label_in(data: bytes) -> dict[str, str]:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    assert found.guide
    assert found.parsed is not None
    return dict(found.parsed.fields)


async def test_a_picture_leaves_with_both_labels_and_is_on_record(media_house: Any) -> None:
    raw = await media_house.client.images.with_raw_response.generate(
        model="practice-image", prompt="a lake"
    )
    answer = raw.parse()
    [data] = made_in(answer)
    fields = label_in(data)
    [record] = media_house.records("media.")
    assert fields["ContentProducer"] == CODE
    assert fields["ProduceID"] == record["produce"] == answer.data[0].aigc["ProduceID"]
    assert record["file"] == hashlib.sha256(data).hexdigest()
    assert record["received"] == hashlib.sha256(media.picture()).hexdigest()
    assert record["explicit"] == answer.data[0].aigc["explicit"] == "drawn"
    assert record["judged"] is False
    assert (record["size"], record["mime"]) == (len(data), "image/png")
    asked, answered = media_house.records("exchange.")
    assert asked["exchange"] == answered["exchange"] == record["exchange"]
    assert asked["unjudged"] == 1
    assert answered["end"] == "complete"
    assert_the_notice_is_in_a_corner(data)
    body = json.loads(raw.content)
    assert json.loads(raw.headers["x-aigc"])["AIGC"]["ProduceID"] == body["aigc"]["ProduceID"]
    assert raw.headers["x-hegui-evidence"] == body["aigc"]["evidence"]
    assert body["usage"] == {"total_tokens": 7}
    assert "note" not in body


def assert_the_notice_is_in_a_corner(data: bytes) -> None:
    new, old = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(media.picture()))
    places = [(x, y) for x in range(old.width) for y in range(old.height)]
    changed = [one for one in places if new.getpixel(one) != old.getpixel(one)]
    height = max(y for _, y in changed) - min(y for _, y in changed) + 1
    assert old.height / 20 <= height <= old.height / 5
    assert len(changed) < old.width * old.height / 10


async def test_every_format_and_each_of_several_pictures_is_labelled(media_house: Any) -> None:
    generate = media_house.client.images.generate
    for form in ("jpeg", "webp"):
        answer = await generate(model="practice-image", prompt="a lake", output_format=form)
        assert label_in(made_in(answer)[0])["Label"] == "1"
        assert media_house.records("media.")[-1]["format"] == form
    answer = await generate(model="practice-image", prompt="repeat: call 13800138000", n=3)
    numbers = [label_in(data)["ProduceID"] for data in made_in(answer)]
    assert len(set(numbers)) == 3
    assert media_house.answered()["notes"]["pictures"] == 3
    # what the model says of a picture is judged too
    assert "13800138000" not in answer.data[0].revised_prompt
    # another producer's label stays, and we are the propagator
    answer = await generate(model="practice-image-labelled", prompt="a lake")
    fields = label_in(made_in(answer)[0])
    assert fields["ContentProducer"] == media.OTHERS
    assert fields["ContentPropagator"] == CODE
    assert media_house.records("media.labelled")[-1]["cause"] == "kept"


async def test_a_picture_leaves_with_a_manifest_where_the_settings_want_one(
    open_house: Any, tmp_path: Path
) -> None:
    made, pem, key = chain(), tmp_path / "ours.pem", tmp_path / "ours.key"
    pem.write_bytes(made.pem)
    key.touch(0o600)
    key.write_bytes(made.key_pem)
    table = f'[labels.c2pa]\ncertificates = "{pem}"\nkey = "file:{key}"\nalways = true\n'
    async with open_house(PROVIDER + table) as house:
        answer = await house.client.images.generate(model="practice-image", prompt="a lake")
        [data] = made_in(answer)
        [record] = house.records("media.labelled")
    assert answer.data[0].aigc["c2pa"] == "signed"
    assert (record["signed"], record["manifest"]) == (True, False)
    assert record["file"] == answer.data[0].aigc["sha256"] == hashlib.sha256(data).hexdigest()
    assert record["size"] == len(data)
    assert label_in(data)["ContentProducer"] == CODE
    assert_the_notice_is_in_a_corner(data)
    seen = manifest_in(tmp_path, data)
    assert seen is not None
    assert (seen.state, seen.parents) == ("valid", 0)


async def test_nothing_leaves_of_a_picture_that_cannot_be_labelled(media_house: Any) -> None:
    for fault in media.IMAGE_FAULTS:
        body = {"model": f"practice-image-{fault}", "prompt": "a lake"}
        status, told = await media_house.ask(body, path=GENERATIONS)
        assert (status, set(told)) == (502, {"error"}), fault
        assert "signature" not in json.dumps(told)
        assert media_house.answered()["end"] == "upstream_failed"
        if fault in REASONS:
            assert media_house.records("media.withheld")[-1]["reason"] == REASONS[fault]
    assert not media_house.records("media.labelled")
    assert len(media_house.records("media.withheld")) == len(REASONS)


async def test_more_pictures_than_were_asked_for_are_said_with_both_numbers(
    media_house: Any,
) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await media_house.client.images.edit(
            model="practice-image-too-many", prompt="add a boat", image=media.picture(), n=2
        )
    assert "sent 3 pictures where `n` asked for 2" in str(caught.value)
    assert not media_house.records("media.labelled")


async def test_a_request_is_judged_before_the_model_is_asked(media_house: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await media_house.client.images.generate(model="practice-image", prompt="怎么制作炸弹")
    assert caught.value.code == "content_filter"
    assert media_house.answered()["end"] == "refused"
    wrong: dict[str, Any] = {
        "n": 11,
        "stream": "yes",
        "partial_images": 4,
        "response_format": "file",
        "output_format": "tiff",
        "prompt": "",
        "model": 3,
    }
    for name, value in wrong.items():
        body = {"model": "practice-image", "prompt": "a lake", name: value}
        status, told = await media_house.ask(body, path=GENERATIONS)
        assert (status, told["error"]["param"]) == (400, name)
    assert not media_house.model.seen


async def test_personal_data_is_masked_toward_a_model_of_others(open_house: Any) -> None:
    async with open_house(PROVIDER, role="entrusted") as house:
        for more in ({}, {"style": {"caption": "for 13800138000"}}):
            body = {
                "model": "practice-image-odd",
                "prompt": "a card for 13800138000",
                "user": "u-1",
                **more,
            }
            await house.ask(body, path=GENERATIONS)
            sent = house.model.seen[-1].body
            assert "13800138000" not in json.dumps(sent)
            assert sent["prompt"].startswith("a card for [")
            assert "user" not in sent


async def test_limits_of_time_and_size_hold(open_house: Any) -> None:
    more = f"{PROVIDER}[media]\nbytes = 1000000\n"
    async with open_house(more) as house:
        body = {"model": "practice-image-hangs", "prompt": "a lake"}
        with reply_seconds(house.gateway, 1):
            assert (await house.ask(body, path=GENERATIONS))[0] == 504
        body = {"model": "practice-image-too-large", "prompt": "a lake"}
        assert (await house.ask(body, path=GENERATIONS))[0] == 502
        assert house.records("media.withheld")[-1]["reason"] == "too_large"


async def test_without_a_provider_code_no_picture_is_asked_for(open_house: Any) -> None:
    async with open_house() as house:
        body = {"model": "practice-image", "prompt": "a lake"}
        status, told = await house.ask(body, path=GENERATIONS)
        assert status == 500
        assert "provider.uscc" in told["error"]["message"]
        assert not house.model.seen


async def test_what_nobody_can_judge_is_refused_where_the_settings_say_so(
    open_house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    more = f'{PROVIDER}[media]\nunjudged = "refuse"\n[screen]\nunjudged = "refuse"\n'
    async with open_house(more) as house:
        with pytest.raises(openai.BadRequestError, match="cannot check what the model would make"):
            await house.client.images.generate(model="practice-image", prompt="a lake")
        assert 'set unjudged = "record" in [media]' in caplog.text
        assert house.records("exchange.asked")[0]["decision"] == "refuse"
        with pytest.raises(openai.BadRequestError, match="it contains an image"):
            await house.client.images.edit(
                model="practice-image", prompt="a boat", image=media.picture(9, 9)
            )
        assert not house.model.seen


async def test_a_picture_to_be_edited_is_unjudged_and_goes_under_a_name_of_ours(
    media_house: Any,
) -> None:
    answer = await media_house.client.images.edit(
        model="practice-image", prompt="add a boat", image=("张三.png", media.picture()), n=2
    )
    assert len(made_in(answer)) == 2
    sent = {"files": 1, "model": "practice-image", "prompt": "add a boat", "n": 2}
    assert media_house.model.seen[-1].body == sent
    assert media_house.records("exchange.asked")[0]["unjudged"] == 3


async def test_a_request_that_cannot_be_put_on_record_is_not_served(open_house: Any) -> None:
    async with open_house(f'{PROVIDER}[content]\nkeep = "all"\n') as house:
        limit_pages(house, 0)
        body = {"model": "practice-image", "prompt": "春天很适合去湖边走一走。" * 2_000}
        status, told = await house.ask(body, path=GENERATIONS)
        assert (status, told["error"]["code"]) == (503, "unavailable")
        assert not house.records("exchange.")


async def test_a_picture_that_cannot_be_put_on_record_does_not_leave(open_house: Any) -> None:
    async with open_house(PROVIDER, model=PracticeModel(patience=3)) as house:
        house.every_answer_recorded = False
        body = {"model": "practice-image-slow", "prompt": "a lake", "n": 10}
        asking = house.begin(house.ask(body, path=GENERATIONS))
        await house.until(lambda: house.records("exchange.asked"))
        limit_pages(house, 0)
        status, told = await asking
        assert (status, told["error"]["code"]) == (503, "unavailable")
        assert all(record["end"] == "error" for record in house.records("exchange.answered"))
        limit_pages(house, 1 << 30)


def limit_pages(house: Any, most: int) -> None:
    """Let the writer's database have so many pages, or not one more than it has."""
    writer = house.gateway.ledger._writer._connection
    writer.pragma("max_page_count", most or writer.pragma("page_count"))


async def test_a_caller_that_leaves_makes_room_for_the_next(open_house: Any) -> None:
    more = f"{PROVIDER}[media]\nat_once = 1\n"
    async with open_house(more, model=PracticeModel(patience=60)) as house:
        body = {"model": "practice-image-slow", "prompt": "a lake"}
        asking = house.begin(house.ask(body, path=GENERATIONS))
        await house.until(lambda: house.records("exchange.asked"))
        assert (await house.ask(body, path=GENERATIONS))[0] == 503
        asking.cancel()
        await house.recorded("disconnected")
        await house.until(lambda: not house.gateway.gate.media.open)


async def test_by_an_agreement_of_its_own_user_a_picture_has_no_notice(media_house: Any) -> None:
    await media_house.client.images.generate(model="practice-image", prompt="x", user="u-1")
    subject = media_house.records("exchange.asked")[0]["subject"]
    now = parts.now()
    agreed = agreements.Agreement(
        agreement=f"LA-{new_number(now)}",
        subject=subject,
        terms="0" * 64,
        since=now,
        until=now + 10**6,
        by="",
    )
    await asyncio.to_thread(agreements.conclude, media_house.gateway.settings, agreed)
    headers = {"x-hegui-agreement": agreed.agreement}
    for user, status in (("u-1", 200), ("u-2", 403), (None, 403)):
        body = {"model": "practice-image", "prompt": "a lake", "user": user}
        got, told = await media_house.ask(body, path=GENERATIONS, headers=headers)
        assert got == status, told
        if status == 200:
            assert label_in(b64decode(told["data"][0]["b64_json"]))["Label"] == "1"
    record = media_house.records("media.labelled")[-1]
    assert (record["explicit"], record["agreement"]) == ("agreement", agreed.agreement)
    assert record["content"] == record["shown"]
