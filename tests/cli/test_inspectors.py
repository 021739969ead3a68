import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

Hegui = Callable[..., Result]
CREATE = ("inspectors", "create", "--from", "2026-11-01", "--to", "2026-11-30", "--purpose", "x17")


@pytest.fixture
def database(settings: Path) -> Path:
    return settings.parent / "hegui-data" / "hegui.db"


def records(database: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(database)) as connection:
        return [json.loads(row[0]) for row in connection.execute("SELECT leaf FROM entry")]


def test_a_key_is_shown_once_and_its_scope_is_on_record(hegui: Hegui, database: Path) -> None:
    made = json.loads(hegui(*CREATE, "--json").stdout)
    assert made["key"].startswith("hgi-")
    # the legal days of Asia/Shanghai, both included
    assert (made["since"], made["until"]) == (1_793_462_400_000, 1_796_054_400_000)
    (record,) = records(database)
    assert record["kind"] == "inspector.created"
    assert {name: record[name] for name in ("purpose", "since", "until", "expires")} == {
        name: made[name] for name in ("purpose", "since", "until", "expires")
    }
    secret = made["key"].rpartition("-")[2]
    files = database.parent.rglob("*")
    assert not any(secret.encode() in path.read_bytes() for path in files if path.is_file())
    listed = hegui("inspectors", "list").output
    assert "2026-11-01 – 2026-11-30" in listed
    assert secret not in listed


def test_a_revoked_key_is_listed_as_such_and_on_record(hegui: Hegui, database: Path) -> None:
    made = json.loads(hegui(*CREATE, "--json").stdout)
    assert hegui("inspectors", "revoke", made["id"]).exit_code == 0
    assert json.loads(hegui("inspectors", "list", "--json").stdout)[0]["state"] == "revoked"
    assert [one["kind"] for one in records(database)] == ["inspector.created", "inspector.revoked"]
    assert hegui("inspectors", "revoke", made["id"]).exit_code == 0
    assert len(records(database)) == 2


@pytest.mark.parametrize(
    "args",
    [
        ["inspectors", "revoke", "0000000000"],
        [*CREATE, "--expires", "400d"],
        [*CREATE, "--from", "2026-12-01"],
        [*CREATE, "--from", "yesterday"],
        [*CREATE, "--from", "2026-11-01T00:00:00"],
        [*CREATE, "--purpose", " "],
        ["inspectors", "create"],
    ],
)
def test_what_makes_no_sense_is_refused_with_exit_code_3(
    hegui: Hegui, database: Path, args: list[str]
) -> None:
    assert hegui("keys", "create").exit_code == 0
    assert database.exists()
    for lang in ("zh", "en"):
        result = hegui(*args, "--lang", lang)
        assert result.exit_code == 3
        assert "Traceback" not in result.output


def test_no_keys_yet_is_no_error(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    assert hegui("inspectors", "list").exit_code == 0
    assert json.loads(hegui("inspectors", "list", "--json").stdout) == []
