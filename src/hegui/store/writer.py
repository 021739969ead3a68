"""The writer: one thread per process that makes items durable in a SQLite file.

How they are gathered and what each is told is ``Groups``; here is what SQLite does, and its errors.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

import apsw

from hegui.store.database import open_database
from hegui.store.groups import PROVE_SECONDS, Groups, R, T
from hegui.terms import Corrupt, HeguiError, Unavailable, Words

S = TypeVar("S")

_log = logging.getLogger(__name__)

_FAILED = Words(
    en="The record could not be written: {why}. Nothing of it was kept.",
    zh="记录未能写入：{why}。未保留任何部分。",
)
_DAMAGED = Words(
    en="The database is damaged: {why}. Keep the file, and run: hegui ledger verify",
    zh="数据库已损坏：{why}。请保留原文件，并运行：hegui ledger verify",
)

_REOPEN = (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.ProtocolError)
_ENVIRONMENT = (*_REOPEN, apsw.FullError, apsw.BusyError, apsw.LockedError, apsw.NoMemError)
"""Errors of the disk and of other processes: no item of the group is to blame."""

_TRIAL: Final = (
    "CREATE TABLE trial (filler BLOB)",
    "INSERT INTO trial VALUES (zeroblob(65536))",
    "DROP TABLE trial",
)
"""Writes pages that were not there before, as much as some dozen records need: one page may find
room in a log that a larger group does not."""


class Chore(Protocol):
    """Something that is done on the writer's connection between groups, in its thread.

    Each of its own transactions. What it raises is logged and rolled back, and ends nothing.
    """

    def wait(self) -> float:
        """Return the seconds after which it wants to run, though nothing is handed in."""

    def run(self, connection: apsw.Connection) -> None:
        """Do what is due."""

    def finish(self, connection: apsw.Connection) -> None:
        """Do it for the last time: the writer is being closed."""


class Writer(Groups[T, R]):
    """Makes items durable in a SQLite file.

    ``commit(connection, items)`` runs inside one ``BEGIN IMMEDIATE`` … ``COMMIT`` and returns a
    result per item.
    """

    def __init__(
        self,
        path: Path,
        commit: Callable[[apsw.Connection, list[T]], Sequence[R]],
        *,
        limit: int = 20_000,
        batch: int = 2_000,
        chore: Chore | None = None,
        prove: float = PROVE_SECONDS,
    ) -> None:
        self._path = path
        self._commit = commit
        self._chore = chore
        # opened here, so that a wrong file stops start-up and not the first request
        self._connection: apsw.Connection | None = open_database(path)
        super().__init__(limit=limit, batch=batch, prove=prove)

    def _end(self) -> None:
        """Close the connection. What the disk says to its last checkpoint loses nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close(force=True)
        except apsw.Error as error:
            _log.warning("closing the database: %s: %s", type(error).__name__, error)

    def _wait(self) -> float | None:
        return None if self._chore is None else self._chore.wait()

    def _tend(self, *, ended: bool) -> None:
        chore = self._chore
        if chore is None or (not ended and chore.wait() > 0):
            return
        try:
            if self._connection is None:
                self._connection = open_database(self._path)
            if ended:
                chore.finish(self._connection)
            else:
                chore.run(self._connection)
        except Exception as error:  # noqa: BLE001 - a dead writer would hang every caller; the chore tries again
            self._roll_back(reopen=isinstance(error, _REOPEN))
            _log.warning("between groups: %s: %s", type(error).__name__, error)

    def _blameless(self, error: Exception) -> bool:
        # no connection is left where the file was to blame, or could not be opened again
        return self._connection is None or isinstance(error, _ENVIRONMENT)

    def _named(self, error: Exception) -> Exception:
        return _named(error)

    def _transact(self, items: list[T]) -> Sequence[R]:
        started = time.perf_counter()
        results = self._whole(lambda connection: self._counted(connection, items))
        self.metrics.commits += 1
        self.metrics.items += len(items)
        self.metrics.last_commit_seconds = time.perf_counter() - started
        return results

    def _try(self) -> None:
        self._whole(_trial)

    def _whole(self, work: Callable[[apsw.Connection], S]) -> S:
        """Do ``work`` in a transaction that stands or falls as a whole."""
        try:
            if self._connection is None:
                self._connection = open_database(self._path)
            self._connection.execute("BEGIN IMMEDIATE")
            done = work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(reopen=isinstance(error, _REOPEN))
            raise
        return done

    def _counted(self, connection: apsw.Connection, items: list[T]) -> Sequence[R]:
        results = self._commit(connection, items)
        if len(results) != len(items):
            raise AssertionError("a commit returns one result per item")
        return results

    def _roll_back(self, *, reopen: bool) -> None:
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error:
            reopen = True
        if reopen:
            # after an I/O error SQLite asks for a fresh look at the file
            self._end()


def _trial(connection: apsw.Connection) -> None:
    for statement in _TRIAL:
        connection.execute(statement)


def _named(error: Exception) -> Exception:
    """Return ``error`` as one of the four, where the database raised it."""
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return _because(Corrupt(_DAMAGED.fill(why=error)), error)
    if isinstance(error, apsw.Error):
        return _because(Unavailable(_FAILED.fill(why=error)), error)
    return error


def _because(named: HeguiError, cause: Exception) -> HeguiError:
    named.__cause__ = cause
    return named
