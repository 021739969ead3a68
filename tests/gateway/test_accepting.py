"""Whoever accepts what is published is on record once for each version, by pseudonym."""

import asyncio
import json
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, cast

from tests.filing.statements.made import filled
from tests.gateway.spine import Spine, spine
from tests.gateway.test_erasure import erase, real, rows

from hegui.app import parts, statements
from hegui.filing.statements import SORTS
from hegui.gateway.accepting import Accepting
from hegui.gateway.http import Doorkeeper, Methods
from hegui.ledger.port import Evidencing
from hegui.ledger.tiles import Logs
from hegui.terms import Entry, Receipt, Unavailable, Words
from hegui.testing.clock import FixedClock
from hegui.testing.serve import running

KIND = "service-agreement"
PATH = f"/statements/{KIND}/accept"


def publish(s: Spine, text: str = "甲。") -> statements.Version:
    signed = statements.Signed("L-07", "legal")
    return statements.publish(s.gateway.settings, filled(KIND, text).encode(), signed)


async def call(
    s: Spine, method: str, path: str = PATH, body: Any = None, key: str | None = None
) -> tuple[int, Any]:
    sent = {"authorization": f"Bearer {s.key if key is None else key}"}
    data = None if body is None else json.dumps(body)
    async with s.http.request(method, s.base + path, data=data, headers=sent) as reply:
        return reply.status, json.loads(await reply.read())


async def test_an_acceptance_is_on_record_once_and_a_newer_version_needs_a_new_one() -> None:
    async with spine() as s:
        first = publish(s)
        who = f"{PATH}?user=xiaoming"
        assert (await call(s, "GET", who))[1]["accepted"] is False
        said = await asyncio.gather(*(call(s, "POST", body={"user": "xiaoming"}) for _ in "1234"))
        assert {status for status, _ in said} == {200}
        assert len({json.dumps(one) for _, one in said}) == 1
        (record,) = s.records("statement.accepted")
        assert (record["version"], record["digest"]) == (1, first.digest)
        assert "xiaoming" not in json.dumps(record)
        status, told = await call(s, "GET", who)
        assert (status, told) == said[0]
        assert (told["accepted"], told["accepted_at"]) == (True, record["t"])
        assert (await call(s, "GET", f"{PATH}?user=other"))[1]["accepted"] is False

        publish(s, "乙。")
        assert (await call(s, "GET", who))[1]["accepted"] is False
        status, refused = await call(s, "POST", body={"user": "xiaoming", "version": 1})
        assert (status, refused["error"]["code"]) == (409, "statement_changed")
        status, _ = await call(s, "POST", body={"user": "xiaoming", "version": 2})
        assert status == 200
        again = s.records("statement.accepted")
        assert [one["version"] for one in again] == [1, 2]
        assert again[0]["subject"] == again[1]["subject"]


async def test_nothing_is_accepted_of_nobody_or_where_nothing_is_published() -> None:
    async with spine() as s:
        status, said = await call(s, "POST", body={"user": "a"})
        assert (status, said["error"]["code"]) == (404, "statement_not_published")
        assert (await call(s, "POST", "/statements/x/accept", {"user": "a"}))[0] == 404
        made = publish(s)
        for method, path, body, status in (
            ("POST", PATH, None, 400),
            ("POST", PATH, {}, 400),
            ("POST", PATH, {"user": 7}, 400),
            ("POST", PATH, {"user": "a", "version": True}, 400),
            ("POST", PATH, [], 400),
            ("GET", PATH, None, 400),
            ("GET", f"{PATH}?user=%ff", None, 400),
            ("GET", f"{PATH}?user={'a' * 600}", None, 400),
            ("PUT", PATH, {"user": "a"}, 405),
        ):
            assert (await call(s, method, path, body))[0] == status, (method, path, body)
        assert (await call(s, "POST", body={"user": "a"}, key="hg-wrong"))[0] == 401
        assert (await call(s, "GET", f"{PATH}?user=a", key="hg-wrong"))[0] == 401
        (s.gateway.settings.data_dir / "statements" / made.digest).write_bytes(b"")
        status, said = await call(s, "POST", body={"user": "a"})
        assert status == 500
        assert made.digest not in json.dumps(said)
        assert s.records("statement.accepted") == []


class Full:
    """A ledger that can write nothing."""

    async def add(self, entry: Entry) -> Receipt:
        raise Unavailable(Words(f"The disk of {entry.tenant} is full.", "磁盘已满。"))


async def test_what_cannot_be_recorded_is_not_accepted() -> None:
    async with spine() as s, AsyncExitStack() as after:
        publish(s)
        gateway, held = s.gateway, s.gateway._statements._rows
        keeper = Doorkeeper(gateway.gate, gateway._keys, None)
        logs = Logs(parts.place_of(gateway.settings))
        after.callback(logs.close)
        door = Accepting(gateway.gate, keeper, cast("Evidencing", Full()), logs, held)
        async with running(Methods(post=partial(door.accept, SORTS[KIND]))) as base:
            sent = {"authorization": f"Bearer {s.key}"}
            async with s.http.post(base, json={"user": "a"}, headers=sent) as reply:
                assert reply.status == 503, await reply.text()
        assert (await call(s, "GET", f"{PATH}?user=a"))[1]["accepted"] is False
        assert (await call(s, "POST", body={"user": "a"}))[0] == 200


async def test_whoever_is_erased_has_accepted_nothing(tmp_path: Path) -> None:
    clock = FixedClock(real())
    async with spine(clock=clock, folder=tmp_path) as s:
        publish(s)
        assert (await call(s, "POST", body={"user": "xiaoming"}))[0] == 200
        assert len(rows(s, "SELECT subject FROM acceptance")) == 1
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, erase, s, clock, "xiaoming")
        assert rows(s, "SELECT subject FROM acceptance") == []
        assert (await call(s, "GET", f"{PATH}?user=xiaoming"))[1]["accepted"] is False
