import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from hegui.terms import Misconfigured
from hegui.testing.stopwatch import Stopwatch

PLUGINS = """
import os, threading

class Trouble:
    name, version, rules = "trouble", "1", {"trouble": "A.2.e"}
    def __init__(self, how="", mark=""):
        self.how, self.mark = how, mark
    def inspect(self, texts):
        if not any(self.mark in text for text in texts):
            return [[] for _ in texts]
        return getattr(self, self.how)(texts)
    def chosen(self, texts):
        return getattr(self, texts[0].split()[1])(texts)
    def raises(self, texts):
        raise RuntimeError("quotes the content: " + texts[0])
    def hangs(self, texts):
        threading.Event().wait()
    def crashes(self, texts):
        os._exit(3)
    def miscounts(self, texts):
        return [[] for _ in texts][1:]
    def too_many(self, texts):
        return [[] for _ in texts] * 2
    def nan(self, texts):
        return [[("trouble", 0, 1, float("nan"))] for _ in texts]
    def infinite(self, texts):
        return [[("trouble", 0, 1, float("inf"))] for _ in texts]
    def outside(self, texts):
        return [[("trouble", 0, len(text) + 9, 1.0)] for text in texts]
    def backwards(self, texts):
        return [[("trouble", 2, 1, 1.0)] for _ in texts]
    def unknown_rule(self, texts):
        return [[("another", 0, 1, 1.0)] for _ in texts]
    def nothing(self, texts):
        return None
    def words(self, texts):
        return "no findings here"
    def prints(self, texts):
        print("this goes to standard output", flush=True)
        return [[] for _ in texts]

class Unloadable:
    def __init__(self):
        raise RuntimeError("no")
"""
FAULTS = (
    "raises miscounts too_many nan infinite outside backwards unknown_rule nothing words"
).split()


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a plug-in where a third party would: on the path of the interpreter."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "troubles.py").write_text(PLUGINS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def attached(how: str, mark: str = "", *, deadline_ms: int = 60_000) -> str:
    """Return its table; the deadline is only short where a test waits for it to pass."""
    return f"""
[screen]
[[screen.detector]]
name = "trouble"
plugin = "troubles:Trouble"
deadline_ms = {deadline_ms}
options = {{ how = "{how}", mark = "{mark}" }}
"""


@pytest.mark.parametrize("how", ["hangs", "crashes"])
async def test_a_detector_that_answers_no_more_never_lets_a_question_through(
    open_house: Any, how: str
) -> None:
    deadline_ms = 300 if how == "hangs" else 60_000
    async with open_house(attached(how, deadline_ms=deadline_ms)) as house:
        for stream in (False, True):
            await nothing_passes(house, how, stream=stream)


async def test_a_detector_that_answers_nonsense_never_lets_a_question_through(
    open_house: Any,
) -> None:
    async with open_house(attached("chosen")) as house:
        for how in FAULTS:
            await nothing_passes(house, how, stream=how < "n")


async def nothing_passes(house: Any, how: str, *, stream: bool) -> None:
    with Stopwatch() as watch:
        text = await house.said("practice", f"请做 {how}", stream=stream)
        assert watch.seconds < 5, how
    assert "没有放行" in text, how
    asked = house.records("exchange.asked")[-1]
    assert asked["decision"] == "refuse", how
    assert asked["faults"], how
    assert asked["faults"][0].startswith("trouble: ")
    assert "quotes" not in str(asked)
    assert house.answered()["end"] == "refused"
    assert not house.model.seen


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("how", ["raises", "hangs", "nan", "miscounts"])
async def test_a_broken_detector_never_lets_a_reply_through(
    open_house: Any, how: str, *, stream: bool
) -> None:
    deadline_ms = 3_000 if how == "hangs" else 60_000  # the question is judged within it as well
    async with open_house(attached(how, mark="You said", deadline_ms=deadline_ms)) as house:
        text = await house.said("practice", "repeat: take an umbrella", stream=stream)
        assert "umbrella" not in text
        assert "could not be completed" in text
        record = house.answered()
    assert record["end"] == "refused"
    assert record["decision"] == "refuse"
    assert record["faults"]
    assert record["faults"][0].startswith("trouble: ")


async def test_a_fault_is_refused_and_the_next_request_is_judged_again(open_house: Any) -> None:
    async with open_house(attached("crashes", mark="now")) as house:
        for _ in range(2):
            assert "could not be completed" in await house.said("practice", "now", stream=False)
            async with asyncio.timeout(60):  # the worker is started anew
                while True:
                    text = await house.said("practice", "repeat: later", stream=False)
                    if "could not" not in text:
                        break
                    await asyncio.sleep(0.05)
            assert "later" in text


async def test_a_plug_in_that_prints_disturbs_nothing(open_house: Any) -> None:
    async with open_house(attached("prints")) as house:
        assert "later" in await house.said("practice", "repeat: later", stream=False)


async def test_who_waits_for_a_slow_detector_keeps_nobody_else_waiting(open_house: Any) -> None:
    async with open_house(attached("hangs", mark="now", deadline_ms=5_000)) as house:
        slow = house.begin(house.said("practice", "now", stream=False))
        await house.until(lambda: house.gateway.gate.open)
        for _ in range(5):
            with Stopwatch() as watch:
                async with house.http.get(f"{house.url}/healthz") as reply:
                    assert reply.status == 200
                assert watch.seconds < 1
        assert not slow.done()
        await slow


async def test_a_caller_who_goes_while_a_detector_thinks_leaves_nothing_open(
    open_house: Any,
) -> None:
    async with open_house(attached("hangs", mark="now")) as house:
        asking = asyncio.ensure_future(house.ask(house.body("now")))
        await house.until(lambda: house.gateway.gate.open)
        await asyncio.sleep(0.1)
        asking.cancel()
        await house.until(lambda: not house.gateway.gate.open)
        assert house.records() == []
        assert not house.model.seen


@pytest.mark.parametrize("plugin", ["troubles:Unloadable", "troubles:Nobody", "nowhere:Nobody"])
async def test_a_detector_that_cannot_be_loaded_stops_the_start(
    open_house: Any, plugin: str
) -> None:
    text = attached("").replace("troubles:Trouble", plugin).replace("options", "# options")
    with pytest.raises(Misconfigured, match="cannot be loaded"):
        async with open_house(text):
            raise AssertionError("started without its detector")


LONG = "13800138000，" * 60_000


async def test_while_a_long_prompt_is_judged_others_are_answered(open_house: Any) -> None:
    async with open_house("[limits]\nbody_bytes = 8000000") as house:
        body = house.body(LONG)
        # what is counted is what this process computed: that it was not let run is no one's wait
        started = time.process_time()
        long = house.begin(house.ask(body))
        waits = []
        while not long.done():
            one = time.process_time()
            async with house.http.get(f"{house.url}/healthz") as reply:
                assert reply.status == 200
            waits.append(time.process_time() - one)
            await asyncio.sleep(0.005)
        total = time.process_time() - started
        assert (await long)[0] == 200
        assert house.records("exchange.asked")[0]["rules"] == {"pii.mobile": 60_000}
    assert len(waits) > 5
    assert max(waits) < total / 2
