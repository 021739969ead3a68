"""What the provider tells the public is shown as published, or not at all."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from tests.filing.statements.made import filled
from tests.gateway.spine import Spine, spine

from hegui.app import statements
from hegui.terms import BadRequest
from hegui.testing.clock import FixedClock

SIGNED = statements.Signed("L-07", "<b>legal</b>")


async def get(s: Spine, path: str) -> tuple[int, str]:
    async with s.http.get(s.base + path) as reply:
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        return reply.status, await reply.text()


def publish(s: Spine, text: str) -> statements.Version:
    return statements.publish(s.gateway.settings, text.encode(), SIGNED)


async def test_what_is_not_published_is_plainly_said_so() -> None:
    async with spine() as s:
        status, page = await get(s, "/about?lang=zh")
        assert (status, page.count("提供者尚未公布")) == (200, 8)
        assert "has not published" in (await get(s, "/about/?lang=en"))[1]
        for path in (
            "/about/labels/1",
            "/about/x/1",
            "/about/labels/0x1",
            "/about/labels/1/2",
            "/about/labels/٣",
            "/about/labels",
        ):
            status, page = await get(s, f"{path}?lang=en")
            assert (status, "There is no such" in page) == (404, True), path


async def test_a_version_is_shown_with_its_digest_entry_and_time_limits() -> None:
    async with spine() as s:
        first = publish(s, filled("complaints"))
        second = publish(s, filled("complaints", "改过的内容。"))
        status, page = await get(s, "/about/complaints/2?lang=zh")
        assert status == 200, page
        assert second.digest in page
        assert f"账本第 {second.index} 条" in page
        assert "15 日" in page
        assert "改过的内容" in page
        assert "&lt;b&gt;legal" in page
        status, old = await get(s, "/about/complaints/1?lang=en")
        assert "A newer version is in force" in old
        async with s.http.get(f"{s.base}/about/complaints/1.toml") as reply:
            assert sha256(await reply.read()).hexdigest() == first.digest
        statements.withdraw(s.gateway.settings, "complaints", "L-07")
        assert "Withdrawn on" in (await get(s, "/about/complaints/2?lang=en"))[1]
        for lang, says in (("en", "replaced it, and was withdrawn"), ("zh", "该版本已撤回")):
            old = (await get(s, f"/about/complaints/1?lang={lang}"))[1]
            assert says in old
            assert "is in force" not in old
        assert (await get(s, "/about?lang=en"))[1].count("has not published") == 8


async def test_no_markup_of_a_statement_ever_runs() -> None:
    evil = "<script>alert(1)</script>[x](javascript:alert(1))<img src=x onerror=y>${body}'"
    async with spine() as s:
        for kind in ("labels", "licences"):
            publish(s, filled(kind, evil))
            status, page = await get(s, f"/about/{kind}/1")
            assert status == 200
            assert "<script" not in page
            assert "<img" not in page
            assert "href='javascript" not in page
            assert "&lt;script&gt;" in page
            assert "${body}" in page


async def test_an_expired_licence_is_shown_as_expired() -> None:
    clock = FixedClock()
    async with spine(clock=clock) as s:
        publish(s, filled("licences"))
        assert "expired" not in (await get(s, "/about/licences/1?lang=en"))[1]
        clock.at_ms = 4_133_980_800_000  # 2101
        assert "expired" in (await get(s, "/about/licences/1?lang=en"))[1]


async def test_what_was_changed_is_not_shown(tmp_path: Path) -> None:
    async with spine(folder=tmp_path) as s:
        made = publish(s, filled("labels"))
        folder = tmp_path / "data" / "statements"
        text, note = folder / made.digest, folder / "labels-1.json"
        good = text.read_bytes()
        text.write_bytes(good.replace("按".encode(), "乱".encode()))
        status, page = await get(s, "/about/labels/1?lang=en")
        assert status == 500
        assert "not what was published" in page
        assert str(tmp_path) not in page
        evil = filled("labels", "伪造").encode()
        (folder / sha256(evil).hexdigest()).write_bytes(evil)
        held = json.loads(note.read_text())
        held["leaf"] = held["leaf"].replace(made.digest, sha256(evil).hexdigest())
        note.write_text(json.dumps(held))
        status, page = await get(s, "/about/labels/1?lang=zh")
        assert status == 500, "a leaf that was made up is on no record"
        assert "伪造" not in page


async def test_a_withdrawal_that_is_on_no_record_hides_nothing(tmp_path: Path) -> None:
    async with spine(folder=tmp_path) as s:
        publish(s, filled("labels"))
        publish(s, filled("privacy"))
        statements.withdraw(s.gateway.settings, "privacy", "L-07")
        note = tmp_path / "data" / "statements" / "labels-1.json"
        good = json.loads(note.read_text())
        theirs = json.loads(note.with_name("privacy-1.json").read_text())["withdrawn"]
        made_up = {**theirs, "leaf": theirs["leaf"].replace('"privacy"', '"labels"')}
        for withdrawn in (made_up, theirs, {"index": 0, "leaf": good["leaf"]}, {"index": 0}, 7):
            note.write_text(json.dumps({**good, "withdrawn": withdrawn}))
            for path in ("/about?lang=en", "/about/labels/1?lang=en"):
                status, page = await get(s, path)
                assert (status, "not what was published" in page) == (500, True), withdrawn
        note.write_text(json.dumps(good))
        assert (await get(s, "/about?lang=en"))[1].count("has not published") == 7


async def test_the_appeal_page_says_the_published_limits_or_that_there_are_none() -> None:
    async with spine() as s:
        assert "has not published its time limits" in (await get(s, "/appeal?lang=en"))[1]
        made = publish(s, filled("complaints").replace("feedback_days = 15", "feedback_days = 20"))
        assert "15 日内受理，15 日内处理，20 日内反馈" in (await get(s, "/appeal?lang=zh"))[1]
        (s.gateway.settings.data_dir / "statements" / made.digest).write_bytes(b"")
        assert (await get(s, "/appeal?lang=zh"))[0] == 200, "damage bars nobody"
        with pytest.raises(BadRequest, match="appeal_days"):
            publish(s, filled("complaints").replace("= 15", "= 3"))
