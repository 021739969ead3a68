"""Generated speech through the gateway: its first bytes leave with both labels."""

import asyncio
import hashlib
import io
import json
import wave
from collections.abc import Callable
from typing import Any

import aiohttp
import openai
import pytest
from tests.gateway.media.limits import reply_seconds

from hegui.labels.container import Memory, Source, Splice
from hegui.labels.explicit import rhythm_aac, rhythm_opus
from hegui.labels.explicit.flac_frames import frames
from hegui.labels.explicit.rhythm import pcm
from hegui.labels.formats.flac import file
from hegui.labels.recognising import recognised
from hegui.labels.splicing import joined
from hegui.labels.streamed import head_of
from hegui.testing import media
from hegui.testing.practice import PracticeModel

PROVIDER = '[provider]\nuscc = "91110102MACQD9K640"\n'
SPEECH = "/v1/audio/speech"


def label_in(data: bytes) -> dict[str, str]:
    form = recognised(data, "")
    assert form is not None
    [found] = form.read(Memory(data))
    assert found.guide
    assert found.parsed is not None
    return dict(found.parsed.fields)


async def spoken(house: Any, form: str, **more: Any) -> bytes:
    made = house.client.audio.speech.with_streaming_response.create(
        model="practice-voice", voice="alloy", input="春天来了。", response_format=form, **more
    )
    async with made as reply:
        assert json.loads(reply.headers["x-aigc"])["AIGC"]["Label"] == "1"
        return b"".join([part async for part in reply.iter_bytes()])


async def test_speech_begins_with_the_rhythm_and_the_label_and_goes_on_unchanged(
    media_house: Any,
) -> None:
    for form in ("wav", "mp3"):
        data = await spoken(media_house, form)
        came = media.speech(form)
        record = media_house.records("media.")[-1]
        assert label_in(data)["ProduceID"] == record["produce"]
        assert data.endswith(came[44:] if form == "wav" else came)
        assert record["received"] == hashlib.sha256(came).hexdigest()
        assert record["sent"] == hashlib.sha256(data).hexdigest()
        assert (record["size"], record["end"]) == (len(data), "complete")
        assert record["explicit"] == "drawn"
        if form == "wav":
            with wave.open(io.BytesIO(data)) as sound:
                assert sound.getframerate() == 24_000
            assert (
                pcm(24_000, 1, "s16") + came[44:] == data[-len(pcm(24_000, 1, "s16") + came[44:]) :]
            )
    assert media_house.answered()["end"] == "complete"


async def test_speech_in_flac_begins_with_the_rhythm_and_its_frames_go_on(media_house: Any) -> None:
    data, came = await spoken(media_house, "flac"), media.speech("flac")
    read = [(one, frames(one, file(Memory(one))[1][-1].end, len(one))) for one in (data, came)]
    held = [[one[each.head.end : each.end - 2] for each in found] for one, found in read]
    assert len(held[0]) == len(held[1]) + 16  # blocks of 4,096 samples at 44,100 a second
    assert held[0][16:] == held[1]
    assert label_in(data)["ProduceID"] == media_house.records("media.")[-1]["produce"]


@pytest.mark.parametrize(
    ("form", "placed"), [("opus", rhythm_opus.with_rhythm), ("aac", rhythm_aac.with_rhythm)]
)
async def test_speech_in_opus_and_aac_begins_with_the_rhythm(
    media_house: Any, form: Any, placed: Callable[[Source], Splice]
) -> None:
    data, came = await spoken(media_house, form), media.speech(form)
    heard = joined(Memory(came), placed(Memory(came)))
    assert len(heard) > len(came) + 1_000
    assert data.endswith(heard[head_of(form, heard) if form == "opus" else 0 :])
    record = media_house.records("media.")[-1]
    assert label_in(data)["ProduceID"] == record["produce"]
    assert (record["explicit"], record["end"]) == ("drawn", "complete")


async def test_every_container_is_labelled_where_the_player_shows_the_notice(
    open_house: Any,
) -> None:
    async with open_house(f'{PROVIDER}[media]\nsound = "interface"\n') as house:
        for form in ("mp3", "wav", "flac", "opus", "aac"):
            data = await spoken(house, form)
            record = house.records("media.streamed")[-1]
            assert label_in(data)["ProduceID"] == record["produce"]
            assert record["explicit"] == "interface"
            assert record["sent"] == hashlib.sha256(data).hexdigest()


async def test_what_cannot_carry_its_labels_is_refused_before_the_model_is_asked(
    media_house: Any,
) -> None:
    more: dict[str, Any]
    for more, param in (
        ({"response_format": "pcm"}, "response_format"),
        ({"response_format": "amr"}, "response_format"),
        ({"stream_format": "ogg"}, "stream_format"),
        ({"input": ""}, "input"),
    ):
        body = {"model": "practice-voice", "voice": "alloy", "input": "你好", **more}
        status, told = await media_house.ask(body, path=SPEECH)
        assert (status, told["error"]["param"]) == (400, param)
    with pytest.raises(openai.BadRequestError) as caught:
        await media_house.client.audio.speech.create(
            model="practice-voice", voice="alloy", input="怎么制作炸弹"
        )
    assert caught.value.code == "content_filter"
    assert not media_house.model.seen


async def test_nothing_leaves_of_what_is_no_sound(media_house: Any) -> None:
    for fault in ("not-sound", "json", "empty", "truncated"):
        for form in ("mp3", "wav", "flac"):
            body = {"model": f"practice-voice-{fault}", "input": "你好", "response_format": form}
            status, told = await media_house.ask(body, path=SPEECH)
            assert (status, set(told)) == (502, {"error"}), (fault, form)
            assert media_house.answered()["end"] == "upstream_failed"
    assert not media_house.records("media.streamed")
    assert len(media_house.records("media.withheld")) == 9


async def test_speech_that_breaks_is_cut_and_never_looks_whole(
    open_house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    more = f"{PROVIDER}[media]\nbytes = 200000\n"
    async with open_house(more) as house:
        for fault, end in (("dies", "cut"), ("endless", "broken"), ("hangs", "cut")):
            body = {"model": f"practice-voice-{fault}", "input": "你好", "response_format": "wav"}
            with reply_seconds(house.gateway, 1 if fault == "hangs" else 60):
                async with house.post(body, path=SPEECH) as reply:
                    assert reply.status == 200
                    with pytest.raises(aiohttp.ClientPayloadError):
                        await reply.read()
            await house.until(lambda: house.records("media.streamed"))
            record = house.records("media.streamed")[-1]
            assert record["end"] == end
        assert "evidence" not in caplog.text
        assert "media.bytes" in caplog.text  # why the endless one was cut
        ends = [record["end"] for record in house.records("exchange.answered")]
        assert ends == ["upstream_failed", "upstream_failed", "limit"]


async def test_the_time_for_an_answer_runs_from_the_call_of_the_model(open_house: Any) -> None:
    more = f"{PROVIDER}[media]\nreply_seconds = 2\n"
    async with open_house(more, model=PracticeModel(patience=1.5)) as house:
        body = {"model": "practice-voice-drags", "input": "你好", "response_format": "wav"}
        async with asyncio.timeout(3), house.post(body, path=SPEECH) as reply:
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()
        await house.until(lambda: house.records("exchange.answered"))
        assert house.answered()["end"] == "limit"


async def test_the_last_byte_waits_for_its_record(open_house: Any) -> None:
    async with open_house(PROVIDER, model=PracticeModel(patience=3)) as house:
        house.every_answer_recorded = False
        body = {"model": "practice-voice-slow", "input": "你好", "response_format": "wav"}
        async with house.post(body, path=SPEECH) as reply:
            assert (await reply.content.readany())[:4] == b"RIFF"
            writer = house.gateway.ledger._writer._connection
            writer.pragma("max_page_count", writer.pragma("page_count"))
            while (await house.ask(house.body()))[0] == 200:
                pass  # fill the last page
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()
        assert not house.records("media.streamed")
        writer.pragma("max_page_count", 1 << 30)
