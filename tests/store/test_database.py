import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from hegui.store import database, open_database
from hegui.store.schema import MIGRATIONS
from hegui.terms import Corrupt, Misconfigured


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hegui.db"


def test_a_new_database_is_readable_by_its_owner_only_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        open_database(path).execute("CREATE TABLE x (y INTEGER) STRICT")
    finally:
        os.umask(before)
    files = list(path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_what_is_acknowledged_survives_a_power_cut_and_what_is_deleted_is_overwritten(
    path: Path,
) -> None:
    connection = open_database(path)
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    assert [connection.pragma(name) for name in pragmas] == ["wal", 2, 1, 1]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_database_that_others_can_read_stops_and_names_the_command(path: Path, mode: int) -> None:
    open_database(path).close()
    path.chmod(mode)
    with pytest.raises(Misconfigured, match=f"{mode:04o}.*chmod 600") as caught:
        open_database(path)
    assert "chmod 600" in caught.value.words.zh


def test_a_newer_format_is_refused_and_left_alone(path: Path) -> None:
    connection = open_database(path)
    connection.execute("UPDATE schema_version SET v = 99")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(Misconfigured, match="format 99"):
            open_database(path, read_only=read_only)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT v FROM schema_version").fetchall() == [(99,)]


def test_older_formats_are_migrated_in_order_and_once(path: Path) -> None:
    open_database(path).close()
    connection = apsw.Connection(str(path))
    steps = (
        *MIGRATIONS,
        "CREATE TABLE later (a INTEGER) STRICT",
        "ALTER TABLE later ADD COLUMN b INTEGER",
    )
    for _ in range(2):
        database.migrate(connection, path, steps)
    assert connection.execute("SELECT v FROM schema_version").get == len(MIGRATIONS) + 2
    assert connection.execute("SELECT a, b FROM later").fetchall() == []


def test_a_migration_that_fails_leaves_the_database_as_it_was(path: Path) -> None:
    open_database(path).close()
    connection = apsw.Connection(str(path))
    with pytest.raises(apsw.SQLError):
        database.migrate(connection, path, (*MIGRATIONS, "CREATE TABLE half (a)", "nonsense"))
    assert connection.execute("SELECT v FROM schema_version").get == len(MIGRATIONS)
    assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchall()


def test_an_older_format_is_not_changed_by_a_reader(path: Path) -> None:
    open_database(path).close()
    connection = apsw.Connection(str(path))
    with pytest.raises(Misconfigured, match="hegui serve"):
        database.migrate(connection, path, (*MIGRATIONS, "SELECT 1"), read_only=True)


def test_another_programs_database_is_never_touched(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="another program"):
        open_database(path)


def test_a_file_that_is_no_database_is_corrupt(path: Path) -> None:
    path.write_bytes(b"not a database " * 100)
    path.chmod(0o600)
    with pytest.raises(Corrupt):
        open_database(path)


def test_reading_where_nothing_is_makes_nothing(path: Path) -> None:
    with pytest.raises(Misconfigured, match="no database"):
        open_database(path, read_only=True)
    assert not path.exists()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="missing"):
        open_database(tmp_path / "missing" / "hegui.db")


def test_readers_cannot_write(path: Path) -> None:
    open_database(path).close()
    with pytest.raises(apsw.ReadOnlyError):
        open_database(path, read_only=True).execute("DELETE FROM standing")


def test_opening_it_again_in_one_process_keeps_the_locks_that_protect_it(path: Path) -> None:
    # closing any descriptor of a file drops all POSIX locks of its process on it; another process
    # would then take itself for the last user, and fold away the log that this one writes to
    connection = open_database(path)
    connection.execute("INSERT INTO standing VALUES (x'00', 'suspended', NULL)")
    open_database(path).close()
    open_database(path, read_only=True).close()
    code = "import sys, sqlite3; sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode=DELETE')"
    other = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "database is locked" in other.stderr
    connection.execute("INSERT INTO standing VALUES (x'01', 'suspended', NULL)")
    assert connection.pragma("journal_mode") == "wal"


def test_who_opens_a_new_file_waits_for_another_that_is_making_it(path: Path) -> None:
    path.touch(0o600)
    with closing(apsw.Connection(str(path))) as other:
        other.set_busy_timeout(60_000)  # whoever opens it may read it just when this one commits
        other.execute("BEGIN IMMEDIATE")  # not in WAL yet: SQLite refuses the change at once
        end = threading.Timer(0.2, other.execute, ("COMMIT",))
        end.start()
        open_database(path).close()
        end.join()
