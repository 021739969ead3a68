"""An export of a service that has witnesses: their signatures go along, and their keys."""

import asyncio
from pathlib import Path

import pyrage
import pytest
from tests.witness.conftest import COSIGNERS

from hegui.app import exporting, parts
from hegui.app.published import vkeys_of
from hegui.app.upkeep import holders_of, open_vault
from hegui.ledger import kinds, leaf
from hegui.ledger.export import Content, Scope
from hegui.ledger.export.data import verify
from hegui.settings import Settings, read
from hegui.store import open_database
from hegui.terms import Entry, Misconfigured
from hegui.testing.clock import FixedClock
from hegui.testing.records import record_of
from hegui.testing.serve import running
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness
from hegui.witness.state import State

TEXT = """[service]
name = "assistant"
scope = "internal"
reason = "used by our own staff only"
[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
role = "own"
[ledger]
ml_dsa = true
[[witness]]
name = "law-firm"
url = "{url}"
vkey = "{vkey}"
vkey_2 = "{vkey_2}"
"""


def service(folder: Path, url: str) -> Settings:
    """Return the settings of a service with one record and this witness."""
    first, second = (each.key.vkey for each in COSIGNERS)
    path = folder / "hegui.toml"
    path.write_text(TEXT.format(url=url, vkey=first, vkey_2=second), encoding="utf-8")
    settings = read(path, {})
    ledger = parts.open_ledger(settings)
    record = leaf.make(kinds.named("key.revoked"), parts.now(), "default", {"key": "x"})
    ledger.add_blocking(Entry("default", record))
    ledger.close()
    return settings


async def export(settings: Settings, out: Path) -> verify.Report:
    order = exporting.Order("default", out, Scope("staff-1", "a test"))
    await asyncio.to_thread(exporting.export, settings, order, lambda *_: None)
    keys = "\n".join(vkeys_of(settings, "default"))
    return verify.Check(str(out), keys, [each.key.vkey for each in COSIGNERS]).run()


async def test_an_export_carries_its_witnesses_signatures_and_their_keys(tmp_path: Path) -> None:
    state = State(tmp_path / "witness.db", make=True)
    async with running(witness_app(Witness(state, COSIGNERS, FixedClock()))) as base:
        settings = service(tmp_path, base)
        vkey, _ = vkeys_of(settings, "default")
        name = vkey.partition("+")[0]
        with state.transaction() as file:
            file.follow(name, vkey, 0)
        report = await export(settings, tmp_path / "out")
    state.close()
    assert report.problems == []
    held = [en for en, _ in report.holds]
    assert sum(en.startswith("witness w.test/1 signed this head") for en in held) == 2
    assert f"{name} signed this head (ML-DSA-44)" in held
    assert verify.NO_WITNESS not in report.gaps
    named = (tmp_path / "out/witnesses").read_text(encoding="utf-8").split()
    assert named == [each.key.vkey for each in COSIGNERS]


async def test_a_witness_that_does_not_answer_stops_no_export_and_is_told(tmp_path: Path) -> None:
    settings = service(tmp_path, "http://127.0.0.1:1")
    report = await export(settings, tmp_path / "out")
    assert report.problems == []
    assert verify.NO_WITNESS in report.gaps
    assert any("has not signed this head" in en for en, _ in report.gaps)


@pytest.mark.parametrize("sealed", [False, True])
def test_no_content_leaves_the_house_before_that_is_on_record(
    tmp_path: Path, *, sealed: bool
) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public()) if sealed else ""
    settings = service(tmp_path, "http://127.0.0.1:1")
    holders = holders_of(settings)
    vault, exchange = open_vault(settings, parts.now, holders), "01KSR49200AAAAAAAAAAAAAAAA"
    somebody = vault.subject("default", "somebody")
    end = parts.now() + 86_400_000
    kept = vault.seal(somebody, "default", exchange, "prompt", "findings", b"asked", end)
    commit = vault.commitment(somebody, exchange, "prompt", b"asked")
    fields = record_of("exchange.asked", exchange=exchange, commit=commit)
    record = leaf.make(kinds.named("exchange.asked"), parts.now(), "default", fields)
    ledger = parts.open_ledger(settings)
    ledger.add_blocking(Entry("default", record, (*somebody.writes, *kept)))
    ledger.close()
    vault.close()
    vault, opens = exporting.opener(settings, "default")
    scope = Scope("staff-1", "a test", content=Content("a test", opens), recipient=recipient)
    order = exporting.Order("default", tmp_path / "out", scope)

    def refuse(*_: int) -> None:
        settings.database.chmod(0o644)  # from here on the ledger takes nothing

    with pytest.raises(Misconfigured):
        exporting.export(settings, order, refuse)
    assert not order.place.exists()
    settings.database.chmod(0o600)
    opens.opened.clear()
    assert exporting.export(settings, order, lambda *_: None).contents == 1
    vault.close()
    with open_database(settings.database, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM handed_over").get == 1
