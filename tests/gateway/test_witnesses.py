"""Witnesses of a running gateway: what they sign is kept, and one that fails stops nothing."""

import asyncio
from pathlib import Path

import pytest
from tests.gateway.spine import Spine, spine

from hegui.app import parts
from hegui.app import witness as witness_app_of
from hegui.app.gateway import Gateway
from hegui.app.published import vkeys_of
from hegui.ledger.cosignature import seen_by
from hegui.ledger.cosigned import cosigned
from hegui.store import open_database
from hegui.terms import Misconfigured
from hegui.testing.serve import running
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness

TABLE = '[[witness]]\nname = "{name}"\nurl = "{url}"\nvkey = "{vkey}"\nevery_seconds = 1\n'


def quickly(gateway: Gateway) -> None:
    gateway.attesting.look_seconds = 0.05


async def page(served: Spine, path: str) -> str:
    from hegui.testing.serve import running as serve

    async with serve(served.gateway.admin) as base, served.http.get(base + path) as answer:
        return await answer.text()


async def until_said(served: Spine, path: str, what: str) -> str:
    for _ in range(1_200):
        told = await page(served, path)
        if what in told:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(told)


async def test_heads_are_signed_while_the_service_runs(tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    (key,) = witness_app_of.init(folder, "w.test/1", ml_dsa=False)
    state, cosigners = witness_app_of.opened(folder)
    async with running(witness_app(Witness(state, cosigners, parts.now))) as url:
        table = TABLE.format(name="court", url=url, vkey=key.vkey)
        async with spine(folder=tmp_path, tables=table, before=quickly) as served:
            (vkey,) = vkeys_of(served.gateway.settings, "default")
            unknown = await until_said(served, "/readyz", "court")
            assert '"trouble":"log-unknown"' in unknown
            witness_app_of.follow(folder, f"default={vkey}", "")
            await until_said(served, "/metrics", 'outcome="signed"')
            await served.ask("你好")
            connection = open_database(served.gateway.settings.database, read_only=True)
            note = cosigned(connection, "default")
            connection.close()
    state.close()
    assert note is not None
    assert [one.name for one in seen_by(note, [key])] == ["w.test/1"]


async def test_a_witness_that_is_not_there_stops_nothing_and_is_told(tmp_path: Path) -> None:
    (key,) = witness_app_of.init(tmp_path / "witness", "w.test/1", ml_dsa=False)
    table = TABLE.format(name="court", url="http://127.0.0.1:9", vkey=key.vkey)
    async with spine(folder=tmp_path, tables=table, before=quickly) as served:
        told = await until_said(served, "/metrics", 'hegui_witness_trouble{witness="court"} 1.0')
        assert 'hegui_witness_behind{witness="court"}' in told
        assert (await served.ask("你好"))["choices"]


async def test_a_time_authority_without_its_certificate_stops_the_start(tmp_path: Path) -> None:
    table = '[ledger.timestamp]\nurl = "http://127.0.0.1:9"\nca = "missing.pem"\n'
    with pytest.raises(Misconfigured, match=r"missing\.pem"):
        async with spine(folder=tmp_path, tables=table):
            pass
