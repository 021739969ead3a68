import io
import json
import os
import termios
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from click.testing import Result

from hegui.app import parts
from hegui.app.upkeep import Upkeep, holders_of, open_vault
from hegui.cli import main
from hegui.cli.vault_shared import row_of
from hegui.gateway.evidence import evidence_number, new_exchange_id
from hegui.ledger import kinds, leaf
from hegui.settings import Settings, read
from hegui.store import open_database
from hegui.terms import Entry, Unavailable, Words
from hegui.testing.clock import FixedClock
from hegui.vault.vault import Place

Hegui = Callable[..., Result]
TEXT = "我的身份证号是多少"


@pytest.fixture
def kept(settings: Path) -> str:
    """One prompt of alice is kept; return its evidence number."""
    return keep(read(settings, {}), "alice")


def keep(settings: Settings, raw: str, klass: str = "findings", text: str = TEXT) -> str:
    ledger = parts.open_ledger(settings)
    vault = open_vault(settings, parts.now, holders_of(settings))
    exchange = new_exchange_id(parts.now())
    subject = vault.subject("default", raw)
    until = parts.now() + 86_400_000
    content = vault.seal(subject, "default", exchange, "prompt", klass, text.encode(), until)
    fields = {
        "appeal": exchange,
        "exchange": exchange,
        "commit": vault.commitment(subject, exchange, "prompt", text.encode()),
        "content": "kept",
        "contact": False,
        "due": until,
    }
    made = leaf.make(kinds.named("appeal.received"), parts.now(), "default", fields)
    ledger.add_blocking(Entry("default", made, (*subject.writes, *content)))
    vault.close()
    ledger.close()
    return evidence_number(exchange)


def records(settings: Path, name: str) -> list[dict[str, object]]:
    connection = open_database(read(settings, {}).database)
    found = [leaf.parse(row[0]) for row in connection.execute("SELECT leaf FROM entry")]
    connection.close()
    return [record for record in found if record["kind"] == name]


def test_erase_tells_the_day_and_that_backups_of_keys_are_not_destroyed(
    hegui: Hegui, kept: str
) -> None:
    assert kept
    for lang, day, backups in (("en", "complete by 2", "Backups"), ("zh", "前完成", "备份")):
        result = hegui("vault", "erase", "alice", "--by", "dpo", "--lang", lang)
        assert result.exit_code == 1  # under way; asked again, the same erasure is told
        assert day in result.output
        assert backups in result.output
        assert "alice" not in result.output


def test_rotate_completes_what_was_erased_and_status_says_so(
    hegui: Hegui, kept: str, settings: Path
) -> None:
    assert kept
    erased = json.loads(
        hegui("vault", "erase", "-", "--by", "dpo", "--json", stdin="alice\n").stdout
    )
    assert erased["state"] == "erased"
    under_way = hegui("vault", "status", "alice")
    assert under_way.exit_code == 1
    assert erased["id"] in under_way.output
    (pseudonym,) = erased["subjects"]
    assert hegui("vault", "status", "--pseudonym", pseudonym).exit_code == 1
    overview = json.loads(hegui("vault", "status", "--json").stdout)
    assert (overview["epoch"], overview["keys"]) == (1, 0)
    assert [each["id"] for each in overview["erasures"]] == [erased["id"]]
    (record,) = records(settings, "subject.erased")
    assert record["subjects"] == [pseudonym]


def test_rotate_finishes_what_was_cut_off_and_completes_erasures(
    hegui: Hegui, settings: Path
) -> None:
    found, early = read(settings, {}), FixedClock(parts.now() - 600_000)
    keep(found, "alice")
    ledger, holders = parts.open_ledger(found), holders_of(found)

    def cut(seconds: float) -> None:
        raise Unavailable(Words(f"cut off for {seconds}", "中断"))

    with Upkeep(found, ledger, early, holders, cut) as upkeep:
        erasures = upkeep.erasures()
        row = row_of(found, "default", "alice")
        told = erasures.ask(erasures.person("default", row=row), "requested", "dpo")
        with pytest.raises(Unavailable):
            upkeep.rotate()
    ledger.close()
    result = hegui("vault", "rotate", "--lang", "en")
    assert result.exit_code == 0
    assert "Epoch 1 is closed" in result.output
    assert f"Erasure {told.id} is complete" in result.output
    assert "destroying the old key" in result.stderr
    status = hegui("vault", "status", "--pseudonym", told.subjects[0], "--lang", "zh")
    assert status.exit_code == 0
    assert "完成" in status.output
    assert json.loads(hegui("vault", "status", "alice", "--json").stdout)["erasures"] == []


def test_a_person_by_pseudonym_is_the_person_by_name(hegui: Hegui, kept: str) -> None:
    assert kept
    active = json.loads(hegui("vault", "status", "alice", "--json").stdout)["active"]
    result = hegui("vault", "erase", "--pseudonym", active[0], "--by", "dpo", "--json")
    assert json.loads(result.stdout)["subjects"] == active
    assert json.loads(hegui("vault", "status", "alice", "--json").stdout)["active"] == []


def test_open_prints_content_and_puts_it_on_record(hegui: Hegui, kept: str, settings: Path) -> None:
    result = hegui("vault", "open", kept, "prompt", "--by", "staff 7", "--purpose", "appeal")
    assert (result.exit_code, result.stdout) == (0, TEXT + "\n")
    (record,) = records(settings, "content.opened")
    assert (record["by"], record["purpose"]) == ("staff 7", "appeal")
    assert TEXT not in str(record)


def test_restricted_content_needs_a_second_person_and_a_basis(hegui: Hegui, settings: Path) -> None:
    number = keep(read(settings, {}), "bob", "appeal")
    told = json.loads(hegui("vault", "erase", "bob", "--by", "dpo", "--json").stdout)
    assert told["state"] == "restricted"
    said = ["vault", "open", number, "prompt", "--by", "staff 7", "--purpose", "report"]
    refused = hegui(*said)
    assert refused.exit_code == 3
    assert "--basis" in refused.output
    assert TEXT not in refused.output
    assert hegui(*said, "--basis", "Art. 14", "--and", "staff 7").exit_code == 3
    opened = hegui(*said, "--basis", "Art. 14", "--and", "staff 9", "--minutes", "5")
    assert opened.stdout == TEXT + "\n"
    (glass,) = records(settings, "glass.broken")
    assert (glass["basis"], glass["by"], glass["other"]) == ("Art. 14", "staff 7", "staff 9")


def test_an_export_that_holds_the_content_is_named_to_the_requester(
    hegui: Hegui, kept: str, settings: Path
) -> None:
    found = read(settings, {})
    vault = open_vault(found, parts.now, holders_of(found))
    exchange = kept.replace("HG-", "").replace("-", "")
    writes = vault.handing_over(Place("default", exchange, "prompt"), "inspector 3", parts.now())
    vault.close()
    connection = open_database(found.database)
    for write in writes:
        connection.execute(write.sql, write.cells)
    connection.close()
    assert "inspector 3" in hegui("vault", "erase", "alice", "--by", "dpo").output


def test_sinks_are_listed_in_both_languages(hegui: Hegui, kept: str) -> None:
    assert kept
    for lang, said in (("en", "cannot be called back"), ("zh", "无法收回")):
        result = hegui("vault", "sinks", "--lang", lang)
        assert result.exit_code == 0
        assert said in result.output
    names = [sink["name"] for sink in json.loads(hegui("vault", "sinks", "--json").stdout)]
    assert names[:3] == ["vault", "gateway-memory", "exports"]


def test_abandon_is_the_way_out_when_a_key_is_gone(hegui: Hegui, kept: str, settings: Path) -> None:
    assert hegui("vault", "abandon", "1", "--by", "dpo").exit_code == 1
    (read(settings, {}).key_directory / "epoch-00001").unlink()
    blocked = hegui("vault", "status")
    assert blocked.exit_code == 3
    assert "epoch-00001" in blocked.output
    assert hegui("vault", "abandon", "1", "--by", "dpo").exit_code == 0
    assert hegui("vault", "status").exit_code == 0
    said = ["vault", "open", kept, "prompt", "--by", "x", "--purpose", "x"]
    assert "not kept" in hegui(*said, "--lang", "en").output


@pytest.mark.parametrize(
    "args",
    [
        ["erase", "--by", "dpo"],
        ["erase", "alice", "--pseudonym", "x", "--by", "dpo"],
        ["erase", "nobody", "--by", "dpo"],
        ["erase", "alice", "--tenant", "nowhere", "--by", "dpo"],
        ["erase", "alice"],
        ["erase", "alice", "--by", "dpo", "--reason", "because"],
        ["open", "nonsense", "prompt", "--by", "x", "--purpose", "x"],
        ["open", "HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV", "prompt", "--by", "x", "--purpose", "x"],
        ["abandon", "0", "--by", "x"],
        ["status", "-"],
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    hegui: Hegui, kept: str, settings: Path, args: list[str]
) -> None:
    assert kept
    keys = sorted(read(settings, {}).key_directory.iterdir())
    result = hegui("vault", *args, "--lang", "zh")
    assert result.exit_code == 3
    assert "Traceback" not in result.output
    assert sorted(read(settings, {}).key_directory.iterdir()) == keys
    assert records(settings, "subject.restricted") == []


def test_without_a_database_nothing_is_made(hegui: Hegui, settings: Path) -> None:
    for args in (["status"], ["rotate"], ["erase", "x", "--by", "y"]):
        assert hegui("vault", *args).exit_code == 3
    assert hegui("vault", "sinks").exit_code == 2
    assert not read(settings, {}).database.exists()


def test_a_terminal_is_shown_control_characters_and_a_pipe_gets_them(
    hegui: Hegui, settings: Path, tmp_path: Path
) -> None:
    evil = "甲\x1b]52;c;cm0=\x07\n\tb\x9b2J\u202e\r👨\u200d👩"
    number = keep(read(settings, {}), "eve", text=evil)
    said = ["vault", "open", number, "prompt", "--by", "x", "--purpose", "x", "--lang"]
    piped = hegui(*said, "en")
    assert (piped.stdout, piped.stderr) == (evil + "\n", "")
    near, far = os.openpty()
    raw = termios.tcgetattr(far)
    raw[1] &= ~termios.OPOST
    termios.tcsetattr(far, termios.TCSANOW, raw)
    told = io.StringIO()
    with os.fdopen(far, "w", encoding="utf-8") as terminal, os.fdopen(near, "rb") as screen:
        for lang in ("en", "zh"):
            with redirect_stdout(terminal), redirect_stderr(told), pytest.raises(SystemExit):
                main([*said, lang])
        terminal.write("\0")  # a terminal gives what was written in as many pieces as it likes
        terminal.flush()
        seen = b""
        while not seen.endswith(b"\0"):
            seen += screen.read1()
    page = "甲\\x1b]52;c;cm0=\\x07\n\tb\\x9b2J\\u202e\\x0d👨\u200d👩\n"
    assert seen.decode() == page * 2 + "\0"
    assert told.getvalue().count("--output") == 2
    into = tmp_path / "kept"
    assert hegui(*said, "en", "--output", str(into)).output == ""
    assert (into.read_bytes(), into.stat().st_mode & 0o777) == (evil.encode(), 0o600)
    opened = len(records(settings, "content.opened"))
    again = hegui(*said, "zh", "--output", str(into))
    assert (again.exit_code, len(records(settings, "content.opened"))) == (3, opened)
