"""An inspector's key at the public listener: what it opens, and what is on record of it."""

import asyncio
import json
from typing import Any

import pytest
from tests.gateway.spine import Spine, spine

from hegui.app import parts
from hegui.app.published import vkeys_of
from hegui.callers.inspectors import NewInspector, make, revocation
from hegui.ledger import kinds, leaf, tiles
from hegui.ledger.note import open_checkpoint
from hegui.ledger.tiles import read_bundle
from hegui.store import open_database
from hegui.terms import Entry, Unavailable, Words

NOW = 1_780_000_000_000
KIND = kinds.named("service.stopped")

# seconds: keys made elsewhere count with the next request after half a second
KNOWN = 0.6


async def filled(s: Spine, count: int = 600) -> int:
    """Add records, one a second from NOW on; return the signed size."""
    await asyncio.gather(
        *(
            s.gateway.ledger.add(
                Entry(
                    "default",
                    leaf.make(KIND, NOW + 1000 * n, "default", {"reason": "test", "answered": n}),
                )
            )
            for n in range(count)
        )
    )
    vkey = vkeys_of(s.gateway.settings, "default")[0]
    async with asyncio.timeout(60):
        while True:
            _, note = await get(s, "checkpoint")
            size = open_checkpoint(note.decode(), vkey).size
            if size >= count:
                return size
            await asyncio.sleep(0.05)


async def get(s: Spine, path: str, key: str = "", log: str = "default") -> tuple[int, bytes]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with s.http.get(f"{s.base}/log/{log}/{path}", headers=headers) as reply:
        return reply.status, await reply.read()


def key_for(s: Spine, **changes: Any) -> str:
    """Make an inspector's key and return it once the gateway knows it."""
    settings, at = s.gateway.settings, parts.now()
    asked: dict[str, Any] = {"tenant": "default", "purpose": "inspection 17", "since": NOW}
    new = NewInspector(**{**asked, "until": NOW + 300_000, "expires": at + 60_000, **changes})
    made = make(parts.pepper(settings), new, at)
    connection = open_database(settings.database)
    connection.execute(made.write.sql, made.write.cells)
    connection.close()
    return made.plain


def reads(s: Spine) -> list[dict[str, Any]]:
    connection = open_database(s.gateway.settings.database, read_only=True)
    rows = connection.execute("SELECT leaf FROM entry ORDER BY tenant, idx").fetchall()
    connection.close()
    records = [json.loads(row[0]) for row in rows]
    return [record for record in records if record["kind"] == "inspector.read"]


async def test_a_key_opens_the_bundles_of_its_time_and_no_others() -> None:
    async with spine() as s:
        await filled(s)
        key = key_for(s)
        await asyncio.sleep(KNOWN)
        for n, wanted in ((0, 200), (1, 200), (2, 403)):
            size = await filled(s, 0)
            place = tiles.Place(None, n, tiles.width_at(0, n, size))
            status, body = await get(s, place.path, key)
            assert status == wanted, n
            if wanted == 200:
                assert len(read_bundle(body, place.width)) == 256
        assert json.loads(body)["error"]["code"] == "outside_scope"


async def test_each_access_is_on_record_once_a_stretch_and_minute_and_before_it_is_served() -> None:
    async with spine() as s:
        await filled(s)
        key = key_for(s)
        await asyncio.sleep(KNOWN)
        statuses = await asyncio.gather(*(get(s, "tile/entries/000", key) for _ in range(8)))
        await get(s, "tile/entries/001", key)
        assert {status for status, _ in statuses} == {200}
        (record,) = reads(s)
        assert (record["first"], record["last"], record["seconds"]) == (0, 65_535, 60)
        assert record["key"] == key.split("-")[1]


async def test_nothing_is_shown_when_its_access_cannot_be_recorded() -> None:
    async with spine() as s:
        await filled(s)
        key = key_for(s)
        await asyncio.sleep(KNOWN)

        class Full:
            async def add(self, entry: Entry) -> None:
                raise Unavailable(Words("the disk is full", f"{entry.tenant}：磁盘已满"))

        s.gateway._inspecting._ledger = Full()  # type: ignore[assignment] # a ledger whose disk is full
        status, body = await get(s, "tile/entries/000", key)
        assert status == 503
        assert b"answered" not in body
        assert reads(s) == []


async def test_another_tenants_log_stays_closed() -> None:
    async with spine() as s:
        await filled(s)
        key = key_for(s, tenant="school")
        await asyncio.sleep(KNOWN)
        status, body = await get(s, "tile/entries/000", key)
        assert (status, json.loads(body)["error"]["code"]) == (403, "outside_scope")


@pytest.mark.parametrize("ended", ["revoked", "expired", "made up"])
async def test_a_key_that_ended_opens_nothing(ended: str) -> None:
    async with spine() as s:
        await filled(s)
        key = key_for(s, **({"expires": parts.now() + 300} if ended == "expired" else {}))
        if ended == "revoked":
            connection = open_database(s.gateway.settings.database)
            _, write = revocation(connection, key.split("-")[1], parts.now())
            connection.execute(write.sql, write.cells)
            connection.close()
        await asyncio.sleep(KNOWN)
        sent = key if ended != "made up" else "hgi-0123456789-" + "0" * 32
        assert (await get(s, "tile/entries/000", sent))[0] == 401
        assert reads(s) == []


async def test_without_a_key_the_tiles_are_open_and_the_entries_are_not() -> None:
    async with spine() as s:
        await filled(s)
        assert (await get(s, "tile/0/000"))[0] == 200
        assert (await get(s, "tile/entries/000"))[0] == 401
