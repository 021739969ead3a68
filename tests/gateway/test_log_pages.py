"""What everybody may read of the log, over HTTP: enough to check it, and nothing beyond."""

import asyncio
import gzip
from typing import Any

import pytest
from tests.gateway.spine import Spine, spine

from hegui.app.published import vkeys_of
from hegui.ledger import kinds, leaf, tiles, tree
from hegui.ledger.note import Checkpoint, open_checkpoint
from hegui.store import open_database
from hegui.terms import BadRequest, Entry, Words

KIND = kinds.named("service.stopped")
COUNT = 600


class FakeInspectors:
    """Knows one key, whose scope is the first 512 entries."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, int, int]] = []

    async def may_read(self, authorization: str, tenant: str, start: int, end: int) -> bool:
        if authorization != "Bearer in-spector":
            return False
        if end > 512:
            raise BadRequest(Words("not in scope", "超出范围"), status=403, code="out_of_scope")
        self.shown.append((tenant, start, end))
        return True


async def filled(s: Spine, count: int = COUNT) -> Checkpoint:
    """Add records until the signed log has at least ``count``; return its head."""
    records = (
        leaf.make(KIND, 1_780_000_000_000, "default", {"reason": "test", "answered": n})
        for n in range(count)
    )
    await asyncio.gather(*(s.gateway.ledger.add(Entry("default", each)) for each in records))
    vkey = vkeys_of(s.gateway.settings, "default")[0]
    async with asyncio.timeout(60):
        while True:
            _, _, note = await get(s, "checkpoint")
            head = open_checkpoint(note.decode(), vkey)
            if head.size >= count:
                return head
            await asyncio.sleep(0.05)


async def get(
    s: Spine, path: str, *, method: str = "GET", log: str = "default", **headers: str
) -> tuple[int, Any, bytes]:
    sent = {"accept-encoding": "identity"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{s.base}/log/{log}/{path}"
    async with s.http.request(method, url, headers=sent, auto_decompress=False) as reply:
        return reply.status, reply.headers, await reply.read()


async def test_anybody_can_rebuild_and_check_the_log_from_its_public_addresses() -> None:
    async with spine() as s:
        head = await filled(s)
        status, headers, _ = await get(s, "checkpoint")
        assert status == 200
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert headers["cache-control"] == "public, max-age=2"
        hashes: dict[int, list[bytes]] = {}
        for place in tiles.places_of(head.size):
            status, headers, data = await get(s, place.path)
            assert status == 200
            assert headers["content-type"] == "application/octet-stream"
            lasting = "31536000" if place.width == 256 else "3600"
            assert headers["cache-control"] == f"public, max-age={lasting}, immutable"
            hashes.setdefault(place.level or 0, []).extend(tiles.read_tile(data, place.width))
        log = tiles.TileTree(head.size, lambda level, start, end: hashes[level][start:end])
        assert log.root() == head.root
        assert hashes[0] == hashes[0][: head.size]
        assert hashes[1] == [tree.root_of(hashes[0][n : n + 256]) for n in (0, 256)]


async def test_an_older_partial_tile_is_the_beginning_of_the_tile_that_took_its_place() -> None:
    async with spine() as s:
        await filled(s)
        whole = (await get(s, "tile/0/000"))[2]
        for width in (1, 7, 255):
            status, _, data = await get(s, f"tile/0/000.p/{width}")
            assert (status, data) == (200, whole[: width * 32])


async def test_nothing_above_the_signed_head_is_served() -> None:
    async with spine() as s:
        head = await filled(s)
        assert head.size < 768
        for path in (
            "tile/0/003",
            "tile/0/002",
            f"tile/0/002.p/{head.size - 511}",
            "tile/1/000",
            "tile/1/000.p/3",
            "tile/2/000.p/1",
            "tile/63/000.p/1",
            "tile/0/x999/x999/x999/x999/x999/999",
        ):
            status, headers, body = await get(s, path)
            assert status == 404, path
            assert headers["cache-control"] == "no-store", "it may be there a second later"
            assert b"entries" in body


ELSEWHERE = [
    "",
    "checkpoint/",
    "checkpoint.0",
    "tile/",
    "tile/0/0",
    "tile/00/000",
    "tile/0/000.p/256",
    "tile/0/x000/001",
    "tile/64/000",
    "tile/data/000",
    "tile/0/000%00",
    "tile/0/..%2f..%2fcheckpoint.0",
    "tile/0/" + "x001/" * 400 + "000",
]


async def test_every_other_address_is_a_404() -> None:
    async with spine() as s:
        for path in ELSEWHERE:
            assert (await get(s, path))[0] == 404, path
        assert (await get(s, "checkpoint", log="nobody"))[0] == 404
        async with s.http.get(f"{s.base}/log/checkpoint") as reply:
            assert reply.status == 404


async def test_heads_are_asked_for_as_well_and_nothing_else_is() -> None:
    async with spine() as s:
        await filled(s, 3)
        for path in ("checkpoint", "tile/0/000.p/1"):
            (status, headers, body), whole = await get(s, path, method="HEAD"), await get(s, path)
            assert (status, body) == (200, b"")
            assert headers["content-length"] == str(len(whole[2]))
        for method in ("POST", "PUT", "DELETE"):
            assert (await get(s, "checkpoint", method=method))[0] == 405


async def test_entries_are_shown_to_nobody_without_an_inspectors_key() -> None:
    async with spine() as s:
        await filled(s, 3)
        for headers in ({}, {"authorization": f"Bearer {s.key}"}, {"authorization": "Bearer x"}):
            for path in ("tile/entries/000.p/1", "tile/entries/000", "tile/entries/999"):
                status, answered, body = await get(s, path, **headers)
                assert status == 401
                assert answered["www-authenticate"] == "Bearer"
                assert b"service.started" not in body


async def test_an_inspector_is_shown_bundles_within_the_scope_of_the_key() -> None:
    inspectors = FakeInspectors()

    def attach(gateway: Any) -> None:
        gateway.inspectors = inspectors

    key = {"authorization": "Bearer in-spector"}
    async with spine(before=attach) as s:
        await filled(s)
        status, headers, data = await get(s, "tile/entries/001", **key)
        assert status == 200
        assert headers["cache-control"] == "private, no-store"
        hashes = [tree.leaf_hash(record) for record in tiles.read_bundle(data, 256)]
        assert b"".join(hashes) == (await get(s, "tile/0/001"))[2]
        assert inspectors.shown == [("default", 256, 512)]
        status, headers, packed = await get(
            s, "tile/entries/001", accept_encoding="br, gzip;q=0.5", **key
        )
        assert headers["content-encoding"] == "gzip"
        assert len(packed) < len(data) / 2
        assert gzip.decompress(packed) == data
        plain = await get(s, "tile/entries/001", accept_encoding="gzip;q=0", **key)
        assert plain[2] == data
        assert (await get(s, "tile/entries/002.p/1", **key))[0] == 403
        assert (await get(s, "tile/entries/000.p/9", **key))[0] == 200


async def test_a_bundle_with_a_pruned_entry_is_gone_and_its_tile_is_not() -> None:
    def attach(gateway: Any) -> None:
        gateway.inspectors = FakeInspectors()

    key = {"authorization": "Bearer in-spector"}
    async with spine(before=attach) as s:
        await filled(s, 9)
        connection = open_database(s.gateway.settings.database)
        connection.execute("UPDATE entry SET leaf = x'' WHERE idx = 4")
        connection.close()
        status, _, body = await get(s, "tile/entries/000.p/8", **key)
        assert status == 410
        assert b"pruned" in body
        assert (await get(s, "tile/entries/000.p/4", **key))[0] == 200
        assert (await get(s, "tile/0/000.p/8"))[0] == 200


async def test_many_who_read_at_once_wait_or_are_told_to_and_nobody_else_does() -> None:
    async with spine() as s:
        head = await filled(s, 300)
        asked = [get(s, "tile/0/000") for _ in range(300)]
        began = asyncio.get_running_loop().time()
        answers, reply = await asyncio.gather(asyncio.gather(*asked), s.ask("你好"))
        assert asyncio.get_running_loop().time() - began < 10
        assert {status for status, _, _ in answers} <= {200, 503}
        assert sum(status == 200 for status, _, _ in answers) >= 64
        assert reply["choices"]
        assert all("retry-after" in each[1] for each in answers if each[0] == 503)
        assert head.size >= 300


async def test_a_log_that_does_not_hold_together_is_not_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with spine() as s:
        await filled(s, 3)
        connection = open_database(s.gateway.settings.database)
        connection.execute("UPDATE entry SET hash = x'00' WHERE idx = 1")
        status, _, body = await get(s, "tile/0/000.p/3")
        assert status == 500
        assert b"does not hold together" in body
        assert "does not hold together" in caplog.text
        connection.execute("UPDATE entry SET hash = zeroblob(32) WHERE idx = 1")
        connection.close()
