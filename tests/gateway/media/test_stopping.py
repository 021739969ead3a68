"""What becomes of media that are under way when the service stops."""

from typing import Any

import aiohttp

from hegui.testing.practice import PracticeModel

PROVIDER = '[provider]\nuscc = "91110102MACQD9K640"\n'


async def test_a_stop_ends_pictures_with_an_error_and_cuts_speech(open_house: Any) -> None:
    async with open_house(PROVIDER, model=PracticeModel(patience=30)) as house:
        body = {"model": "practice-image-slow", "prompt": "a lake"}
        asking = house.begin(house.ask(body, path="/v1/images/generations"))
        spoken = {"model": "practice-voice-slow", "input": "你好", "response_format": "wav"}
        async with house.post(spoken, path="/v1/audio/speech") as reply:
            assert (await reply.content.readany())[:4] == b"RIFF"
            await house.until(lambda: len(house.records("exchange.asked")) == 2)
            await house.stop()
            whole = True
            try:
                await reply.read()
            except aiohttp.ClientError:
                whole = False
            assert not whole
        status, told = await asking
        assert (status, set(told)) == (503, {"error"})
        assert [r["end"] for r in house.records("media.streamed")] == ["cut"]
        ends = {record["end"] for record in house.records("exchange.answered")}
        assert ends == {"shutdown"}
