from pathlib import Path

import apsw
import pytest

from hegui.store import insert_all, open_database, write_all
from hegui.terms import Write

INSERT = "INSERT INTO standing (subject_row, level, until) VALUES (?, ?, ?)"
KEEP = INSERT + " ON CONFLICT (subject_row) DO NOTHING"


@pytest.fixture
def connection(tmp_path: Path) -> apsw.Connection:
    return open_database(tmp_path / "hegui.db")


def stored(connection: apsw.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM standing ORDER BY subject_row").fetchall()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 200])
def test_every_row_goes_in_once_whatever_their_number(
    connection: apsw.Connection, count: int
) -> None:
    rows = [(number.to_bytes(2, "big"), "warned", number) for number in range(count)]
    insert_all(connection, INSERT, rows)
    assert stored(connection) == rows


def test_the_order_of_different_statements_is_kept(connection: apsw.Connection) -> None:
    write_all(
        connection,
        [
            Write(INSERT, (b"a", "warned", 1)),
            Write(INSERT, (b"b", "warned", 2)),
            Write("DELETE FROM standing WHERE level = ?", ("warned",)),
            Write(INSERT, (b"c", "warned", 3)),
            Write(KEEP, (b"c", "suspended", 4)),
            Write(KEEP, (b"d", "suspended", 5)),
        ],
    )
    assert stored(connection) == [(b"c", "warned", 3), (b"d", "suspended", 5)]


def test_one_bad_row_fails_the_statement(connection: apsw.Connection) -> None:
    with pytest.raises(apsw.ConstraintError):
        insert_all(connection, INSERT, [(b"a", "warned", 1), (b"a", "warned", 2)])
