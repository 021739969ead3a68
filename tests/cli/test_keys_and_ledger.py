import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from hegui.app import parts
from hegui.callers import KeyBook
from hegui.ledger import kinds, leaf
from hegui.settings import read
from hegui.terms import BadRequest, Entry
from hegui.testing.clock import FixedClock

Hegui = Callable[..., Result]


@pytest.fixture
def database(settings: Path) -> Path:
    return settings.parent / "hegui-data" / "hegui.db"


def test_a_key_is_shown_once_and_never_stored(hegui: Hegui, database: Path) -> None:
    result = hegui(
        "keys", "create", "--tenant", "school", "--audience", "minor", "--expires", "90d"
    )
    assert result.exit_code == 0
    (plain,) = result.stdout.split()
    _, key_id, secret = plain.split("-")
    listed = hegui("keys", "list").output
    assert key_id in listed
    assert secret not in listed
    files = database.parent.rglob("*")
    assert not any(secret.encode() in path.read_bytes() for path in files if path.is_file())


def test_a_created_key_opens_the_gateways_door_until_it_is_revoked(
    hegui: Hegui, database: Path
) -> None:
    made = json.loads(hegui("keys", "create", "--json").stdout)
    clock = FixedClock(made["created"] + 1)
    pepper = (database.parent / "keys" / "pepper").read_bytes()
    book = KeyBook(database, pepper, clock)
    assert book.identify(f"Bearer {made['key']}").id == made["id"]
    assert hegui("keys", "revoke", made["id"]).exit_code == 0
    clock.forward(500)
    with pytest.raises(BadRequest):
        book.identify(f"Bearer {made['key']}")
    book.close()
    assert json.loads(hegui("keys", "list", "--json").stdout)[0]["state"] == "revoked"
    assert hegui("keys", "revoke", made["id"]).exit_code == 0


def test_keys_that_end_after_the_last_day_of_the_calendar_are_listed(
    hegui: Hegui, settings: Path
) -> None:
    assert settings.is_file()
    assert hegui("keys", "create", "--expires", "9999-12-31").exit_code == 0
    assert "9999-12-31" in hegui("keys", "list").stdout
    period = ("--from", "2026-11-01", "--to", "9999-12-31T23:59:59-12:00")
    assert hegui("inspectors", "create", *period, "--purpose", "x").exit_code == 0
    assert "2026-11-01 – 9999-12-31" in hegui("inspectors", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "create"),
        ("keys", "list"),
        ("keys", "revoke", "abcdefghij"),
        ("ledger", "export", "--out", "out"),
        ("vault", "status"),
    ],
)
def test_a_damaged_database_is_named_and_no_crash(
    hegui: Hegui, database: Path, words: tuple[str, ...]
) -> None:
    assert hegui("keys", "create").exit_code == 0
    with closing(sqlite3.connect(database)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        named = "SELECT rootpage FROM sqlite_schema WHERE name IN ('log', 'caller_key')"
        pages = [page for (page,) in connection.execute(named)]
    whole = bytearray(database.read_bytes())
    for page in pages:
        whole[(page - 1) * size : page * size] = b"\xff" * size
    database.write_bytes(whole)
    result = hegui(*words)
    assert result.exit_code == 2
    assert "数据库已损坏" in result.output
    assert "hegui ledger verify" in result.output


def test_creation_and_revocation_are_on_record(hegui: Hegui, database: Path) -> None:
    made = json.loads(hegui("keys", "create", "--json").stdout)
    hegui("keys", "revoke", made["id"])
    with closing(sqlite3.connect(database)) as connection, connection:
        leaves = [json.loads(leaf) for (leaf,) in connection.execute("SELECT leaf FROM entry")]
    connection.close()
    assert [leaf["kind"] for leaf in leaves] == ["key.created", "key.revoked"]
    assert all(leaf["key"] == made["id"] for leaf in leaves)


@pytest.mark.parametrize(
    "args",
    [
        ["keys", "revoke", "0000000000"],
        ["keys", "create", "--expires", "soon"],
        ["keys", "create", "--expires", "2001-01-01"],
        ["keys", "create", "--tenant", "a\nb"],
        ["keys", "create", "--audience", "child"],
    ],
)
def test_what_makes_no_sense_is_refused_with_exit_code_3(
    hegui: Hegui, database: Path, args: list[str]
) -> None:
    hegui("keys", "create")
    assert database.exists()
    result = hegui(*args, "--lang", "zh")
    assert result.exit_code == 3
    assert "Traceback" not in result.output


def test_no_keys_yet_is_no_error(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    assert hegui("keys", "list").exit_code == 0
    assert json.loads(hegui("keys", "list", "--json").stdout) == []


def test_a_whole_ledger_verifies_and_says_what_is_not_proven(hegui: Hegui, database: Path) -> None:
    hegui("keys", "create")
    hegui("keys", "create", "--tenant", "学校")
    assert database.exists()
    result = hegui("ledger", "verify", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["ok"]
    assert [(log["size"], log["signed"]) for log in report["logs"]] == [(1, True), (1, True)]
    assert report["not_proven"]
    assert "不能证明" in hegui("ledger", "verify", "--lang", "zh").output
    assert "Not proven" in hegui("ledger", "verify", "--lang", "en").output


def test_one_changed_byte_is_named_with_exit_code_1(hegui: Hegui, database: Path) -> None:
    hegui("keys", "create")
    hegui("keys", "create")
    with closing(sqlite3.connect(database)) as connection, connection:
        (leaf,) = connection.execute("SELECT leaf FROM entry WHERE idx = 1").fetchone()
        changed = leaf.replace(b"adult", b"adulu")
        connection.execute("UPDATE entry SET leaf = ? WHERE idx = 1", (changed,))
    connection.close()
    for lang in ("zh", "en"):
        result = hegui("ledger", "verify", "--lang", lang)
        assert result.exit_code == 1
        assert "entry 1" in result.output


def test_a_copy_is_checked_against_a_given_key(
    hegui: Hegui, database: Path, tmp_path: Path
) -> None:
    hegui("keys", "create")
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    source.close()
    target.close()
    unsigned = json.loads(hegui("ledger", "verify", "--db", str(copy), "--json").stdout)
    assert [log["signed"] for log in unsigned["logs"]] == [False]
    wrong = "default=hegui.local/assistant+00000000+AAAA"
    assert hegui("ledger", "verify", "--db", str(copy), "--vkey", wrong).exit_code == 1
    assert hegui("ledger", "verify", "--db", str(copy), "--vkey", "x").exit_code == 3


def test_a_ledger_that_is_not_there_cannot_be_told(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    assert hegui("ledger", "verify").exit_code == 2
    assert hegui("ledger", "verify", "--db", "absent.db").exit_code == 2


def test_the_printed_verifier_key_is_all_that_an_inspector_needs(
    hegui: Hegui, database: Path, tmp_path: Path
) -> None:
    assert hegui("ledger", "vkey").exit_code == 2
    hegui("keys", "create")
    vkey = hegui("ledger", "vkey").stdout.strip()
    assert vkey.startswith("default=")
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    checked = hegui("ledger", "verify", "--db", str(copy), "--vkey", vkey, "--json")
    assert checked.exit_code == 0
    assert [log["signed"] for log in json.loads(checked.stdout)["logs"]] == [True]
    assert json.loads(hegui("ledger", "vkey", "--json").stdout) == {"default": vkey[8:]}


def test_who_asks_for_verifier_keys_is_told_what_is_damaged_or_missing(
    hegui: Hegui, database: Path
) -> None:
    assert "no log yet" in hegui("ledger", "vkey", "--lang", "en").stderr
    hegui("keys", "create")
    key = database.parent / "keys" / "signing"
    held = key.read_bytes()
    key.unlink()
    for lang, noun in (("en", "log"), ("zh", "账本")):
        missing = hegui("ledger", "vkey", "--lang", lang)
        assert missing.exit_code == 2
        assert str(key.parent) in missing.stderr
        assert noun in missing.stderr
    assert hegui("ledger", "vkey", "--json").stdout == "{}\n"
    key.parent.rename(aside := key.parent.with_name("aside"))
    assert f"no folder {key.parent}" in hegui("ledger", "vkey", "--lang", "en").stderr
    assert not key.parent.exists()
    aside.rename(key.parent)
    key.write_bytes(held)
    key.chmod(0o600)
    assert hegui("ledger", "vkey").exit_code == 0
    database.write_bytes(b"no database" * 1_000)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    damaged = hegui("ledger", "vkey", "--lang", "en")
    assert (damaged.exit_code, damaged.stdout) == (2, "")
    assert f"{database} cannot be read" in damaged.stderr


def test_a_restored_backup_is_accepted_with_a_name_and_a_reason(
    hegui: Hegui, database: Path
) -> None:
    assert hegui("keys", "create").exit_code == 0
    backup = database.read_bytes()
    assert hegui("keys", "create").exit_code == 0
    nothing = hegui("ledger", "accept-restored", "--by", "a", "--reason", "b", "--lang", "en")
    assert (nothing.exit_code, "nothing to accept" in nothing.output) == (3, True)
    database.write_bytes(backup)
    refused = hegui("keys", "create", "--lang", "en")
    assert refused.exit_code == 2
    assert "accept-restored" in refused.output
    found = json.loads(hegui("ledger", "verify", "--json").stdout)
    assert ["older copy" in one["en"] for one in found["problems"]] == [True]
    said = ("--by", "张三", "--reason", "disk lost", "--lang", "en")
    accepted = hegui("ledger", "accept-restored", *said)
    assert accepted.exit_code == 0, accepted.output
    assert "1 entries that the old head counted are lost" in accepted.output
    assert hegui("keys", "create").exit_code == 0
    assert hegui("ledger", "verify").exit_code == 0


def test_a_record_is_kept_for_the_longest_six_months_whatever_fewer_days_are_set(
    hegui: Hegui, database: Path, settings: Path
) -> None:
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text + "\n[content]\nlog_days = 180\n", encoding="utf-8")
    ledger = parts.open_ledger(read(settings, {}))
    at = parts.now() - 183 * 86_400_000  # 1 March to 31 August: one day less than six months
    record = leaf.make(kinds.named("key.revoked"), at, "default", {"key": "k"})
    for _ in range(256):
        ledger.submit(Entry("default", record))
    ledger.close()
    assert database.exists()
    assert json.loads(hegui("ledger", "prune", "--json").stdout)["pruned"] == {}
    assert "184" in hegui("ledger", "prune", "--lang", "en").output


def test_records_whose_terms_have_ended_are_pruned_and_said_beforehand(
    hegui: Hegui, database: Path, settings: Path
) -> None:
    ledger = parts.open_ledger(read(settings, {}))
    revoked = kinds.named("key.revoked")
    for number in range(300):
        record = leaf.make(revoked, 1_500_000_000_000, "default", {"key": f"k{number}"})
        ledger.submit(Entry("default", record))
    ledger.close()
    dry = hegui("ledger", "prune", "--dry-run", "--lang", "en").output
    assert "256 records would be deleted, of entries below 256" in dry
    assert json.loads(hegui("ledger", "prune", "--json").stdout)["pruned"] == {"default": 256}
    assert "无需清理" in hegui("ledger", "prune").output
    found = json.loads(hegui("ledger", "verify", "--json").stdout)
    assert (found["ok"], found["logs"][0]["pruned"]) == (True, 256)
    assert "256 leaves pruned" in hegui("ledger", "verify", "--lang", "en").output
    assert database.stat().st_mode & 0o777 == 0o600
