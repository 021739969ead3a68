"""Speech as events: labelled like speech as a file, by the same bytes, before the first leaves."""

import hashlib
import json
from base64 import b64decode
from typing import Any

from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.testing import media
from hegui.testing.practice import PracticeModel

PROVIDER = '[provider]\nuscc = "91110102MACQD9K640"\n'
SPEECH = "/v1/audio/speech"


def body(form: str = "mp3", fault: str = "") -> dict[str, Any]:
    model = f"practice-voice-{fault}" if fault else "practice-voice"
    asked = {"model": model, "voice": "alloy", "input": "春天来了。", "stream_format": "sse"}
    return {**asked, "response_format": form}


def read(raw: bytes) -> list[dict[str, Any]]:
    """Return the events; each must be named as it names itself."""
    told = []
    for one in raw.decode().strip().split("\n\n"):
        *name, data = one.split("\n")
        if data == "data: [DONE]":
            continue
        event = json.loads(data.removeprefix("data: "))
        if "error" not in event:
            assert name == [f"event: {event['type']}"]
        told.append(event)
    return told


def sound_of(told: list[dict[str, Any]]) -> bytes:
    return b"".join(
        b64decode(one["audio"], validate=True)
        for one in told
        if one.get("type") == "speech.audio.delta"
    )


async def asked(house: Any, form: str, fault: str = "") -> list[dict[str, Any]]:
    async with house.post(body(form, fault), path=SPEECH) as reply:
        assert reply.status == 200
        assert reply.content_type == "text/event-stream"
        assert json.loads(reply.headers["x-aigc"])["AIGC"]["Label"] == "1"
        return read(await reply.read())


async def test_events_hold_the_labelled_speech_and_the_usage(media_house: Any) -> None:
    for form in ("mp3", "wav"):
        told = await asked(media_house, form)
        assert [one["type"] for one in told[-2:]] == ["speech.audio.delta", "speech.audio.done"]
        assert told[-1]["usage"] == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
        data, came = sound_of(told), media.speech(form)
        found = recognised(data, "")
        assert found is not None
        [label] = found.read(Memory(data))
        assert label.guide
        assert label.parsed is not None
        record = media_house.records("media.streamed")[-1]
        assert label.parsed.fields["ProduceID"] == record["produce"]
        assert told[-1]["aigc"]["ProduceID"] == record["produce"]
        assert told[-1]["aigc"]["explicit"] == record["explicit"] == "drawn"
        assert data.endswith(came[44:] if form == "wav" else came)
        assert record["received"] == hashlib.sha256(came).hexdigest()
        assert record["sent"] == hashlib.sha256(data).hexdigest()
        assert media_house.answered()["end"] == "complete"
        # whoever joins the texts and decodes them once gets the same bytes
        joined = "".join(one["audio"] for one in told[:-1])
        assert b64decode(joined, validate=True) == data


async def test_the_first_event_holds_the_label(media_house: Any) -> None:
    told = await asked(media_house, "wav")
    first = sound_of(told[:1])
    assert b"AIGC" in first
    assert len(told) > 3


async def test_a_server_that_knows_no_events_is_asked_all_the_same(media_house: Any) -> None:
    told = await asked(media_house, "mp3", "plain")
    assert sound_of(told).endswith(media.speech("mp3"))
    assert told[-1]["type"] == "speech.audio.done"
    assert "usage" not in told[-1]


async def test_nothing_leaves_of_events_that_hold_no_sound(media_house: Any) -> None:
    for fault in ("not-sound", "empty", "truncated", "odd", "json"):
        status, told = await media_house.ask(body("wav", fault), path=SPEECH)
        assert (status, set(told)) == (502, {"error"}), fault
        assert media_house.answered()["end"] == "upstream_failed"
    assert not media_house.records("media.streamed")


async def test_events_that_break_off_end_in_an_error_and_never_look_whole(
    media_house: Any,
) -> None:
    for fault in ("error", "cut", "dies"):
        told = await asked(media_house, "wav", fault)
        assert "error" in told[-1]
        assert "speech.audio.done" not in {one.get("type") for one in told}
        assert media_house.records("media.streamed")[-1]["end"] == "cut"
        assert media_house.answered()["end"] == "upstream_failed"


async def test_a_stream_that_breaks_says_so_in_its_callers_language(media_house: Any) -> None:
    for lang, word in (("zh-CN,zh;q=0.9", "中断"), ("en", "broke off"), ("", "broke off")):
        headers = {"accept-language": lang}
        async with media_house.post(body("wav", "dies"), path=SPEECH, headers=headers) as reply:
            assert word in read(await reply.read())[-1]["error"]["message"]


async def test_the_last_bytes_wait_for_their_record(open_house: Any) -> None:
    async with open_house(PROVIDER, model=PracticeModel(patience=3)) as house:
        house.every_answer_recorded = False
        async with house.post(body("wav", "slow"), path=SPEECH) as reply:
            first = await reply.content.readuntil(b"\n\n")
            writer = house.gateway.ledger._writer._connection
            writer.pragma("max_page_count", writer.pragma("page_count"))
            while (await house.ask(house.body()))[0] == 200:
                pass  # fill the last page
            told = read(first + await reply.read())
        writer.pragma("max_page_count", 1 << 30)
        came, sent = media.speech("wav"), sound_of(told)
        assert "error" in told[-1]
        assert not sent.endswith(came[-100:])
        assert any(sent.endswith(came[-100:-cut]) for cut in (1, 2, 3))
