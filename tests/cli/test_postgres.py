import json
from pathlib import Path

from tests.cli.conftest import Hegui
from tests.ledger.conftest import FIELDS

from hegui.app import parts
from hegui.app.upkeep import holders_of, open_vault
from hegui.gateway.evidence import evidence_number, new_exchange_id
from hegui.ledger import kinds, leaf
from hegui.ledger.export.data import verify as verify_export
from hegui.settings import read
from hegui.terms import Entry
from hegui.testing.postgres import PracticeServer


def test_keys_are_made_listed_and_revoked_on_a_server_and_verified(on_server: Hegui) -> None:
    assert on_server("check").exit_code == 0
    made = json.loads(on_server("keys", "create", "--json").stdout)
    assert json.loads(on_server("keys", "list", "--json").stdout)[0]["id"] == made["id"]
    assert on_server("keys", "revoke", made["id"]).exit_code == 0
    assert json.loads(on_server("keys", "list", "--json").stdout)[0]["state"] == "revoked"
    vkeys = json.loads(on_server("ledger", "vkey", "--json").stdout)
    assert list(vkeys) == ["default"]
    result = on_server("ledger", "verify", "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert "2 entries" in result.output
    assert "signature checked" in result.output
    assert not list(Path("hegui-data").glob("copy-*"))
    assert not Path("hegui-data/hegui.db").exists()


def test_a_changed_entry_on_a_server_is_named(on_server: Hegui, postgres: PracticeServer) -> None:
    on_server("keys", "create")
    on_server("keys", "create")
    name = Path("hegui.toml").read_text(encoding="utf-8").rpartition('"\npassword')[0]
    database = name.rpartition("/")[2]
    postgres.sql("UPDATE hegui.entry SET leaf = set_byte(leaf, 9, 0) WHERE idx = 1", database)
    result = on_server("ledger", "verify", "--jobs", "1")
    assert result.exit_code == 1
    assert "entry 1" in result.output


def test_a_server_that_is_not_there_is_told_and_nothing_of_the_password(
    hegui: Hegui, settings: Path
) -> None:
    text = (
        '\n[database]\nurl = "postgresql://a@127.0.0.1:1/b"\npassword = "env:PRACTICE_PASSWORD"\n'
    )
    settings.write_text(settings.read_text(encoding="utf-8") + text, encoding="utf-8")
    for words in (("check",), ("keys", "create"), ("ledger", "verify")):
        result = hegui(*words, PRACTICE_PASSWORD="do-not-tell", LANG="en_US.UTF-8")
        assert result.exit_code in {2, 3}
        assert "do-not-tell" not in result.output
        assert "PostgreSQL" in result.output


def kept_on_the_server(settings: Path, password: str) -> str:
    """Keep a prompt of alice's; return its exchange."""
    known = read(settings, {"PRACTICE_PASSWORD": password})
    ledger, exchange = parts.open_ledger(known), new_exchange_id(parts.now())
    vault = open_vault(known, parts.now, holders_of(known))
    subject, until = vault.subject("default", "alice"), parts.now() + 86_400_000
    text = "我的问题".encode()
    commit = vault.commitment(subject, exchange, "prompt", text)
    fields = {**FIELDS["exchange.asked"], "exchange": exchange, "commit": commit}
    made = leaf.make(kinds.named("exchange.asked"), parts.now(), "default", fields)
    content = vault.seal(subject, "default", exchange, "prompt", "findings", text, until)
    ledger.add_blocking(Entry("default", made, (*subject.writes, *content)))
    vault.close()
    ledger.close()
    return exchange


def test_evidence_on_a_server_is_handed_over_read_and_erased_like_any_other(
    on_server: Hegui, settings: Path, postgres: PracticeServer
) -> None:
    exchange = kept_on_the_server(settings, postgres.password)
    out = settings.parent / "out"
    exported = on_server("ledger", "export", "--out", str(out), "--content", "case 4", "--json")
    assert exported.exit_code == 0, exported.output
    assert json.loads(exported.stdout)["contents"] == 1
    vkey = json.loads(on_server("ledger", "vkey", "--json").stdout)["default"]
    assert verify_export.Check(str(out), vkey, []).run().problems == []
    receipt = on_server("ledger", "receipt", evidence_number(exchange), "-o", str(out) + ".zip")
    assert receipt.exit_code == 0, receipt.output
    made = on_server(
        *"inspectors create --from 2026-01-01 --to 2036-01-01 --purpose case --json".split()
    )
    assert made.exit_code == 0, made.output
    key = json.loads(made.stdout)["id"]
    assert json.loads(on_server("inspectors", "list", "--json").stdout)[0]["id"] == key
    assert on_server("inspectors", "revoke", key).exit_code == 0
    opened = on_server(
        *("vault", "open", evidence_number(exchange), "prompt", "--by", "dpo", "--purpose", "case")
    )
    assert "我的问题" in opened.output
    erased = json.loads(on_server("vault", "erase", "alice", "--by", "dpo", "--json").stdout)
    assert erased["state"] == "erased"
    assert on_server("vault", "sinks").exit_code == 0
    assert on_server("ledger", "verify", "--jobs", "1").exit_code == 0


def test_duties_are_computed_from_a_log_on_a_server(
    on_server: Hegui, postgres: PracticeServer
) -> None:
    on_server("keys", "create")
    role = ("--by", "staff-17", "--role", "annotation-lead")
    done = on_server("duty", "attest", "a8-train", *role, "--says", "All five.")
    assert done.exit_code == 0, done.output
    found = json.loads(on_server("duty", "show", "a8-train", "--json").stdout)
    assert found["state"] == "attested"
    first = json.loads(on_server("duty", "list", "--verify", "--json").stdout)
    assert first["trouble"] is None
    assert first["checkpoint"]["size"] >= 2
    assert Path("hegui-data/projections.db").exists()
    name = Path("hegui.toml").read_text(encoding="utf-8").rpartition('"\npassword')[0]
    database = name.rpartition("/")[2]
    postgres.sql("UPDATE hegui.entry SET leaf = set_byte(leaf, 9, 0) WHERE idx = 1", database)
    assert on_server("duty", "list").exit_code == 2  # the attestation is cited
