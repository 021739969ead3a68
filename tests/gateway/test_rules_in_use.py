"""Rules that change while requests are under way: nobody is dropped, and all of it is on record."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.spine import Script, Spine, chunk, heard, spine

from hegui.app.packs import day_of
from hegui.ledger.kinds.packs import Attached
from hegui.terms import Misconfigured

TABLES = '[[screen.pack]]\npath = "own.yaml"\n'
DAY = 86_400_000
NOON = 1_764_043_200_000  # 2025-11-25 12:00 in Shanghai

PACK = """
pack: own
version: "1"
title: {en: our own, zh: 自有规则}
licence: proprietary
source: the compliance desk
rules:
"""
RULE = """
  - id: own.word{n}
    risk: A.3.b
    severity: high
    title: {{en: a word of our own, zh: 自有词}}
    mask: {{en: removed, zh: 已屏蔽}}
    literals: [{word}]
    added: {added}
    retired: {retired}
    cases: {{match: [说{word}吧], clean: [别的话]}}
"""


def pack(*words: str, added: str = "2025-01-01", retired: str = "") -> str:
    rules = [
        RULE.format(n=n, word=word, added=added, retired=retired) for n, word in enumerate(words)
    ]
    return PACK + "".join(rules)


def write(folder: Path, text: str) -> None:
    """Put a file in place in one step, as editors and deployments do."""
    made = folder / "own.tmp"
    made.write_text(text, encoding="utf-8")
    made.replace(folder / "own.yaml")


@asynccontextmanager
async def served(folder: Path, **more: Any) -> AsyncIterator[Spine]:
    async with spine(more.pop("script", None), tables=TABLES, folder=folder, **more) as s:
        s.gateway.rules.every = 0.02
        s.gateway.rules.look_again()
        yield s


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(250):  # rules that were never compiled here take their time
        while not holds():  # noqa: ASYNC110 - what is waited for is another task's doing
            await asyncio.sleep(0.01)


def refused(body: dict[str, Any]) -> str:
    return str(body["aigc"].get("refused", {}).get("rule", ""))


async def test_a_pack_that_is_changed_is_taken_over_and_on_record(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁"))
    async with served(tmp_path) as s:
        before = s.gateway.gate.judge.panel.digest
        assert refused(await s.ask("甲乙丙丁")) == "own.word0"
        assert not refused(await s.ask("戊己庚辛"))
        write(tmp_path, pack("甲乙丙丁", "戊己庚辛"))
        await until(lambda: s.gateway.gate.judge.panel.digest != before)
        assert refused(await s.ask("说戊己庚辛")) == "own.word1"
        start, change = s.records("packs.attached")
        assert (start["cause"], change["cause"]) == ("start", "file")
        assert start["panel"] == change["before"] == before
        assert change["panel"] == s.asked_record()["panel"] != before
        assert start["packs"]["own"] != change["packs"]["own"]
        assert change["count"] == 1
        assert set(change) >= set(Attached.__struct_fields__)


async def test_under_load_nobody_is_dropped_and_each_record_names_its_own_panel(
    tmp_path: Path,
) -> None:
    write(tmp_path, pack("甲乙丙丁"))
    async with served(tmp_path) as s:
        before = s.gateway.gate.judge.panel.digest
        ended = asyncio.Event()
        answered = 0

        async def ask(number: int) -> None:
            nonlocal answered
            while not ended.is_set():
                turn = f"第{number}位说戊己庚辛"
                chunks = await s.stream(turn)
                assert heard(chunks)
                answered += 1

        tasks = [asyncio.ensure_future(ask(n)) for n in range(6)]
        await until(lambda: answered > 6)
        write(tmp_path, pack("甲乙丙丁", "戊己庚辛"))
        await until(lambda: s.gateway.gate.judge.panel.digest != before)
        taken = answered
        await until(lambda: answered > taken + 12)
        ended.set()
        await asyncio.gather(*tasks)
        asked = s.records("exchange.asked")
        after = s.gateway.gate.judge.panel.digest
        assert len(asked) == len(s.records("exchange.answered")) == answered
        panels = [record["panel"] for record in asked]
        assert set(panels) == {before, after}
        assert panels == sorted(panels, key=[before, after].index), "old first, then new"
        for record in asked:
            found = "own.word1" in record["rules"]
            assert found == (record["panel"] == after), "and each was judged under that panel"


async def test_a_reply_under_way_ends_with_the_rules_it_began_with(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁"))
    pieces = ["先说几句。"] * 3 + ["戊己庚辛", "，甲乙丙丁"]
    chunks = [chunk({"content": piece}) for piece in pieces]
    script = Script(says=lambda _: chunks, pace=0.15)
    async with served(tmp_path, script=script) as s:
        before = s.gateway.gate.judge.panel.digest
        streaming = asyncio.ensure_future(s.stream("你好"))
        await until(lambda: script.written > 0)
        write(tmp_path, pack("庚辛壬癸", "戊己庚辛"))
        await until(lambda: s.gateway.gate.judge.panel.digest != before)
        text = heard(await streaming)
        assert "戊己庚辛" in text, "a rule that came later does not judge it"
        assert "甲乙丙丁" not in text, "a rule that went later still does"
        assert "自有词" in text, "and the refusal still knows how it is called"
        assert s.asked_record()["panel"] == before
        assert s.answered_record()["rules"] == {"own.word0": 1}


async def test_a_broken_pack_keeps_the_rules_and_says_so_everywhere(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁"))
    async with served(tmp_path) as s:
        before = s.gateway.gate.judge.panel.digest
        write(tmp_path, pack("甲乙丙丁").replace("A.3.b", "A.9.z"))
        await until(lambda: bool(s.records("packs.refused")))
        assert refused(await s.ask("甲乙丙丁")) == "own.word0"
        state = s.gateway.rules.state()
        assert state["stale"]
        assert state["problems"] == 1
        page = s.gateway.gate.metrics.page(exchanges=0, lag=0).decode()
        assert 'hegui_pack_reloads_total{result="broken"} 1.0' in page
        assert "hegui_packs_stale 1.0" in page
        (record,) = s.records("packs.refused")
        assert record["panel"] == before
        write(tmp_path, pack("甲乙丙丁"))
        await until(lambda: not s.gateway.rules.state()["stale"])
        assert s.gateway.gate.judge.panel.digest == before
        assert b"hegui_packs_stale 0.0" in s.gateway.gate.metrics.page(exchanges=0, lag=0)


async def test_a_pack_that_vanishes_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁"))
    async with served(tmp_path) as s:
        (tmp_path / "own.yaml").unlink()
        await until(lambda: bool(s.records("packs.refused")))
        assert refused(await s.ask("甲乙丙丁")) == "own.word0"


async def test_a_new_day_in_shanghai_brings_the_rules_of_that_day(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁", added="2025-11-26"))
    at = NOON
    async with served(tmp_path, clock=lambda: at) as s:
        assert not refused(await s.ask("甲乙丙丁"))
        at = NOON + DAY // 2 - 60_000
        await asyncio.sleep(0.1)
        assert [r["as_of"] for r in s.records("packs.attached")] == ["2025-11-25"]
        at = NOON + DAY // 2
        before = s.gateway.gate.judge.panel.digest
        await until(lambda: s.gateway.gate.judge.panel.digest != before)
        assert s.records("packs.attached")[-1]["as_of"] == "2025-11-26"
        assert s.records("packs.attached")[-1]["cause"] == "day"
        assert refused(await s.ask("说甲乙丙丁")) == "own.word0"


async def test_a_broken_pack_does_not_keep_the_day_from_turning(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁", retired="2025-11-26"))
    at = NOON
    async with served(tmp_path, clock=lambda: at) as s:
        write(tmp_path, "pack: [")
        await until(lambda: bool(s.records("packs.refused")))
        at = NOON + DAY
        before = s.gateway.gate.judge.panel.digest
        await until(lambda: s.gateway.gate.judge.panel.digest != before)
        assert not refused(await s.ask("甲乙丙丁"))
        assert s.gateway.rules.state()["stale"]
        assert len(s.records("packs.refused")) == 1


async def test_a_pack_that_is_broken_from_the_start_stops_start_up(tmp_path: Path) -> None:
    write(tmp_path, pack("甲乙丙丁").replace("甲乙丙丁]", "甲乙丙戊]", 1))
    with pytest.raises(Misconfigured, match=r"own\.yaml, line \d+ own\.word0: .*match"):
        async with served(tmp_path):
            pass


def test_legal_days_are_those_of_shanghai() -> None:
    assert day_of(NOON) == "2025-11-25"
    assert day_of(NOON + DAY // 2 - 1) == "2025-11-25"
    assert day_of(NOON + DAY // 2) == "2025-11-26"
