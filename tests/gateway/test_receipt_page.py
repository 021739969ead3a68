"""Whoever has an appeal's number gets a receipt that holds without us."""

import io
import json
import re
import zipfile
from typing import Any

from tests.gateway.spine import WEAPON, Spine, spine

from hegui.app.published import vkeys_of
from hegui.ledger.receipts import verify_receipt
from hegui.testing.clock import FixedClock


async def appealed(s: Spine) -> str:
    """Appeal; return the number that the page tells, having checked that it offers a receipt."""
    body = await s.ask(WEAPON)
    form = {"number": body["aigc"]["evidence"], "text": "我在写小说", "contact": "a@b.cn"}
    async with s.http.post(f"{s.base}/appeal?lang=zh", data=form) as reply:
        page = await reply.text()
    found = re.search(
        r"action='(/appeal/receipt\?lang=zh)'><input type=hidden name=number "
        r"value='(AP-[0-9A-Z]{26})'",
        page,
    )
    assert found
    assert "下载回执" in page
    return found[2]


async def fetch(s: Spine, number: str, lang: str = "zh") -> tuple[int, Any, bytes]:
    url = f"{s.base}/appeal/receipt?lang={lang}"
    async with s.http.post(url, data={"number": number}) as reply:
        return reply.status, reply.headers, await reply.read()


async def test_the_appellant_downloads_a_receipt_that_holds_without_us() -> None:
    async with spine(scope="public") as s:
        number = await appealed(s)
        status, headers, data = await fetch(s, number)
        assert status == 200
        assert headers["content-type"] == "application/zip"
        assert headers["content-disposition"] == f'attachment; filename="receipt-{number}.zip"'
        assert headers["cache-control"] == "no-store"
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            files = {name: file.read(name) for name in file.namelist()}
        vkey = vkeys_of(s.gateway.settings, "default")[0]
        found = verify_receipt.check(files, vkey)
        assert found.code == 0
        (shown,) = found.records
        assert shown["record"] == s.records("appeal.received")[0]
        assert f"AP-{shown['record']['appeal']}" == number
        for secret in ("我在写小说", "a@b.cn", s.asked_record()["subject"]):
            assert secret.encode() not in b"".join(files.values())


async def test_that_a_receipt_was_given_is_on_record_before_it_is() -> None:
    async with spine() as s:
        number = await appealed(s)
        (before,) = s.records("appeal.received")
        assert s.records("receipt.issued") == []
        await fetch(s, number.lower())
        (record,) = s.records("receipt.issued")
        assert record["about"] == before["appeal"]
        assert record["to"] == "holder"
        assert len(record["shown"]) == 1
        s.gateway.ledger.close()
        status, _, page = await fetch(s, number)
        assert status == 503
        assert b"PK" not in page[:2]


NAME_NOTHING = [
    ("", 400),
    ("HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV", 400),
    ("AP-", 400),
    ("AP-01ARZ3NDEKTSV4RRFFQ69G5FA", 400),
    ("<script>alert(1)</script>'\"", 400),
    ("x" * 70_000, 400),
    ("AP-01ARZ3NDEKTSV4RRFFQ69G5FAV", 404),
]


async def test_a_number_that_names_no_appeal_gives_nothing() -> None:
    async with spine() as s:
        for number, status in NAME_NOTHING:
            got, headers, data = await fetch(s, number)
            page = data.decode()
            assert got == status, number[:40]
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "role=alert" in page
            assert "<script" not in page
        assert s.records("receipt.issued") == []


async def test_the_form_asks_for_a_number_in_both_languages() -> None:
    async with spine() as s:
        for lang, said in (("zh", "申诉编号"), ("en", "Number of the appeal")):
            async with s.http.get(f"{s.base}/appeal/receipt?lang={lang}") as reply:
                page = await reply.text()
                assert reply.status == 200
            assert said in page
            other = "en" if lang == "zh" else "zh"
            assert f"/appeal/receipt?lang={other}" in page


async def test_numbers_cannot_be_tried_by_the_thousand() -> None:
    clock = FixedClock()
    async with spine(clock=clock) as s:
        tried = [(await fetch(s, "AP-01ARZ3NDEKTSV4RRFFQ69G5FAV"))[0] for _ in range(7)]
        assert tried == [404] * 5 + [429] * 2
        clock.forward(61_000)
        assert (await fetch(s, "AP-01ARZ3NDEKTSV4RRFFQ69G5FAV"))[0] == 404


async def test_another_tenants_appeal_has_a_receipt_of_its_own_log() -> None:
    async with spine(keys={"school": {"tenant": "school"}}) as s:
        _, data, _ = await s.post(
            {"messages": [{"role": "user", "content": WEAPON}]}, key=s.keys["school"]
        )
        form = {"number": json.loads(data)["aigc"]["evidence"], "text": "x"}
        async with s.http.post(f"{s.base}/appeal?lang=zh", data=form) as reply:
            number = re.search(r"AP-[0-9A-Z]{26}", await reply.text())
        assert number
        status, _, packed = await fetch(s, number[0])
        assert status == 200
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            files = {name: file.read(name) for name in file.namelist()}
        school, first = (vkeys_of(s.gateway.settings, of)[0] for of in ("school", "default"))
        assert verify_receipt.check(files, school).code == 0
        assert verify_receipt.check(files, first).code == 1
