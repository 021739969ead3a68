"""The vault's way to the database: every statement of the vault goes through here."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeAlias

import apsw

from hegui.store import Place, open_connection, read_all, write_all
from hegui.terms import Cell, Unavailable, Words, Write

Query: TypeAlias = Callable[[str, tuple[Cell, ...]], Sequence[tuple[Cell, ...]]]

_UNREADABLE = Words(en="The vault cannot be read: {why}.", zh="无法读取保险库：{why}。")
_UNWRITABLE = Words(
    en="The vault could not be written: {why}. Nothing of this step was kept; run it again.",
    zh="保险库未能写入：{why}。这一步未保留任何改动，请重新执行。",
)


class Rows:
    """One connection, for any thread. The database's own errors become ``Unavailable``."""

    def __init__(self, place: Place, *, hasty: bool = False) -> None:
        self._lock = Lock()
        self._in_a_file = isinstance(place, Path)
        self._connection = open_connection(place, hasty=hasty)

    def query(self, sql: str, cells: tuple[Cell, ...] = ()) -> Sequence[tuple[Cell, ...]]:
        """Return all rows of one statement."""
        with self._lock:
            return read_all(self._connection, sql, cells)

    def apply(self, writes: Iterable[Write]) -> None:
        """Carry out writes that no record goes with, in one transaction, durable afterwards."""
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    write_all(self._connection, writes)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
        except apsw.Error as error:
            raise Unavailable(_UNWRITABLE.fill(why=error)) from error

    def scrub(self) -> bool:
        """Take old pages out of the write-ahead log, so that deleted bytes stand in no file.

        ``secure_delete`` overwrites what is deleted in the database itself; the write-ahead log
        keeps what pages looked like before until it is cut off. False when somebody is reading
        just now: call it again. A server keeps its log as its operator says: there, only the
        epoch's destroyed key closes what was deleted.
        """
        if not self._in_a_file:
            return True
        try:
            with self._lock:
                row = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except apsw.Error as error:
            raise Unavailable(_UNREADABLE.fill(why=error)) from error
        return row is not None and row[0] == 0

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def number(cell: Cell) -> int:
    """Return a cell of an INTEGER column; 0 where it is NULL."""
    return cell if isinstance(cell, int) else 0


def as_bytes(cell: Cell) -> bytes:
    """Return a cell of a BLOB column."""
    return cell if isinstance(cell, bytes) else b""
