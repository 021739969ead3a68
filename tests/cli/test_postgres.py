import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hegui.testing.postgres import PracticeServer

Hegui = Callable[..., Result]


@pytest.fixture
def on_server(hegui: Hegui, settings: Path, postgres: PracticeServer) -> Hegui:
    """Run a command whose settings name a server."""
    database = f'\n[database]\nurl = "{postgres.database()}"\npassword = "env:PRACTICE_PASSWORD"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + database, encoding="utf-8")

    def run(*args: str) -> Result:
        return hegui(*args, PRACTICE_PASSWORD=postgres.password, LANG="en_US.UTF-8")

    return run


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
