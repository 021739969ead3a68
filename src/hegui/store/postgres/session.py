"""A session that threads use like a connection of SQLite: ``execute``, rows, ``close``."""

import threading
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Final, TypeVar

from hegui.store.postgres.dialect import plain_insert, statement
from hegui.store.postgres.faults import is_away, is_lost, named
from hegui.store.postgres.server import Server, Session, end
from hegui.terms import Cell, Unavailable, Words

T = TypeVar("T")

_SECONDS: Final = 10.0
_HASTE: Final = 1.0
_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_READS: Final = frozenset({"SELECT", "SHOW", "VALUES"})
_LOST = Words(
    en="The session with the PostgreSQL server ended in the middle of a transaction. Try again.",
    zh="与 PostgreSQL 服务器的会话在事务中途断开。请重试。",
)
_UNKNOWN = Words(
    en="The session with the PostgreSQL server ended while a change was being made. Whether it was"
    " made is not known. Look before you make it again.",
    zh="与 PostgreSQL 服务器的会话在写入过程中断开，无法确定是否已写入。请先核实，再重新写入。",
)
_KNOWN_AWAY = Words(
    en="The PostgreSQL server is away. Try again shortly.",
    zh="PostgreSQL 服务器暂不可用。请稍后再试。",
)


class Rows:
    """Rows that have been fetched."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._left = iter(rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Walk the rows that are left."""
        return self._left

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None."""
        return next(self._left, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        return list(self._left)

    @property
    def get(self) -> Any:
        """The only value, or the only row, or all rows; None where there is none."""
        rows = [row[0] if len(row) == 1 else row for row in self._left]
        return rows[0] if len(rows) == 1 else (rows or None)


class PostgresConnection:
    """One session, for one thread at a time. Outside a transaction it is begun anew when lost.

    What was being carried out when it was lost may have been carried out. So only what changes
    nothing is carried out again, on a new session: a statement that reads (``SELECT``, ``SHOW``,
    ``VALUES``), and ``BEGIN``. Of any other it is ``Unavailable``, and the message says that nobody
    knows. Inside a transaction nothing is repeated: all of it is gone.

    ``BEGIN`` begins a snapshot for reading, ``BEGIN IMMEDIATE`` a transaction that writes. Every
    error of the server comes as one of the four. With ``once`` a lost session stays lost: for one
    that holds a lock. With ``hasty`` it waits for a second at most, and not at all while the server
    is known to be away: for the thread in which requests are served.
    """

    def __init__(self, server: Server, *, once: bool = False, hasty: bool = False) -> None:
        self._server = server
        self._seconds = _SECONDS
        self._once = once
        self._hasty = False
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._inside = False
        self._closed = False
        server.lane.enter()
        try:
            server.prepare()
            self._run(self._connected())
            self._hasty = hasty
            self._seconds = _HASTE if hasty else _SECONDS
        except BaseException as error:
            self.close()
            if isinstance(error, Exception):
                raise named(error) from error
            raise

    def execute(self, sql: str, cells: Sequence[Any] = (), /) -> Rows:
        """Carry out one statement and fetch its rows."""
        first = sql.split(None, 1)[0].upper()
        if first in {"BEGIN", "COMMIT", "ROLLBACK"} and "SAVEPOINT" not in sql:
            reads = first == "BEGIN" and "IMMEDIATE" not in sql
            self._bound(_SNAPSHOT if reads else first)
            return Rows([])
        reads = first in _READS
        return Rows(self._try(lambda session: session.fetch(statement(sql), *cells), repeats=reads))

    def insert(self, sql: str, rows: Sequence[tuple[Cell, ...]]) -> None:
        """Carry out a statement once for each row; plain insertions are copied in bulk."""
        plain = plain_insert(sql)
        if plain is None:
            self._try(lambda session: session.executemany(statement(sql), rows))
            return
        table, columns = plain
        self._try(
            lambda session: session.copy_records_to_table(table, records=rows, columns=columns)
        )

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._inside

    def close(self, force: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as apsw has it
        """End the session."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._session is not None:
                session, self._session = self._session, None
                self._run(end(session))
            self._server.lane.leave()

    def _bound(self, sql: str) -> None:
        with self._lock:
            if sql.startswith("BEGIN"):
                self._try(lambda session: session.execute(sql), repeats=True)
                self._inside = True
                return
            if self._inside:
                self._try(lambda session: session.execute(sql))
                self._inside = False

    def _try(self, work: Any, *, repeats: bool = False) -> list[tuple[Any, ...]]:
        if self._hasty and self._server.away:
            raise Unavailable(_KNOWN_AWAY)
        with self._lock:
            try:
                return self._again(work, repeats=repeats)
            except Exception as error:  # noqa: BLE001 - it is raised again, as one of the four
                if is_away(error):
                    self._drop()
                    self._server.away = self._server.away or self._hasty
                found = named(error)
                raise found from (error if found is not error else None)

    def _again(self, work: Any, *, repeats: bool) -> list[tuple[Any, ...]]:
        """Do ``work``; on a new session where the old one has ended and nothing hangs on it."""
        held = self._session is not None and not self._session.is_closed()
        if not held:
            if self._inside or self._once:
                self._inside = False
                raise Unavailable(_LOST)
            self._run(self._connected())  # where this fails, nothing was asked of the server
        try:
            return self._run(self._do(work))
        except Exception as error:
            if self._inside or self._once:
                raise
            if not repeats and is_lost(error):
                self._drop()
                raise Unavailable(_UNKNOWN) from error
            lost = held and is_away(error) and not isinstance(error, TimeoutError)
            if not (repeats and lost):
                raise
        self._drop()
        return self._run(self._do(work))

    async def _do(self, work: Any) -> list[tuple[Any, ...]]:
        found = await work(await self._connected())
        return [tuple(row) for row in found] if isinstance(found, list) else []

    async def _connected(self) -> Session:
        if self._session is None or self._session.is_closed():
            self._session = await self._server.connect()
        return self._session

    def _drop(self) -> None:
        session, self._session, self._inside = self._session, None, False
        if session is not None:
            self._server.lane.soon(session.terminate)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._server.lane.run(work, self._seconds)
