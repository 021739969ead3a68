"""Opening a database, whichever it is, and looking whether a table in it has changed."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import apsw

from hegui.store.database import open_database
from hegui.store.port import Connection, Place
from hegui.store.postgres.server import Server
from hegui.store.postgres.session import PostgresConnection
from hegui.terms import Corrupt, HeguiError, Unavailable, Words

_EVERY: Final = 0.4  # seconds between two looks at a server
_TABLES: Final = "SELECT v FROM changed WHERE name = ?"

_CANNOT = Words(
    en="The database cannot be read, so it is not known who may ask. Try again shortly.",
    zh="数据库暂时无法读取，不能确认谁可以调用。请稍后再试。",
)
_UNREADABLE = Words(en="The database cannot be read: {why}.", zh="无法读取数据库：{why}。")
_DAMAGED = Words(
    en="The database is damaged: {why}. Keep the file, and run: hegui ledger verify",
    zh="数据库已损坏：{why}。请保留原文件，并运行：hegui ledger verify",
)


def open_connection(place: Place, *, read_only: bool = False, hasty: bool = False) -> Connection:
    """Open a session with a database; errors as ``open_database`` has them.

    ``hasty`` is for who must not wait for a server that is away.
    """
    if isinstance(place, Path):
        return open_database(place, read_only=read_only)
    return PostgresConnection(place, hasty=hasty)


def exists(place: Place) -> bool:
    """Tell whether there is a database yet. A server's is made when it is first opened."""
    return place.exists() if isinstance(place, Path) else True


class Watched(Protocol):
    """A small table that is kept in memory, and looked at again and again."""

    def look(self) -> list[tuple[Any, ...]] | None:
        """Return the rows if they may have changed since the last look, else None.

        ``Unavailable`` where it cannot be told: then nobody knows any more.
        """
        ...

    def close(self) -> None:
        """Stop looking."""
        ...


def watch(place: Place, table: str, query: str) -> Watched:
    """Watch ``table`` through ``query``. The first look returns the rows."""
    if isinstance(place, Path):
        return _FileWatched(place, query)
    return _ServerWatched(place, table, query)


class _FileWatched:
    """Asks SQLite itself whether any process has written."""

    def __init__(self, path: Path, query: str) -> None:
        self._query = query
        self._connection = open_database(path)
        self._connection.pragma("query_only", value=True)
        self._version: object = None

    def look(self) -> list[tuple[Any, ...]] | None:
        try:
            version = self._connection.pragma("data_version")
            if version == self._version:
                return None
            rows = list(self._connection.execute(self._query))
        except apsw.Error as error:
            raise Unavailable(_CANNOT) from error
        self._version = version
        return rows

    def close(self) -> None:
        self._connection.close()


class _ServerWatched:
    """Has a thread ask the server, so that whoever looks never waits for the network.

    While the server is away, what was read last is gone on with for ``patience`` seconds: nobody
    who is cut off from it as well can have changed it. Somebody who still reaches it can; that
    is what remains (docs/postgresql.md).
    """

    def __init__(self, server: Server, table: str, query: str) -> None:
        self._server = server
        self._connection = PostgresConnection(server)
        self._ask = (_TABLES, (table,))
        self._query = query
        self._version: object = None
        self._rows: list[tuple[Any, ...]] | None = None
        self._read_at = 0.0
        self._gate = threading.Lock()
        self._ended = threading.Event()
        try:
            self._read()
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(target=self._go_on, name=f"hegui-{table}", daemon=True)
        self._thread.start()

    def look(self) -> list[tuple[Any, ...]] | None:
        with self._gate:
            if time.monotonic() - self._read_at > self._server.patience:
                raise Unavailable(_CANNOT)
            rows, self._rows = self._rows, None
            return rows

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._connection.close()

    def _go_on(self) -> None:
        while not self._ended.wait(_EVERY):
            try:
                self._read()
            except HeguiError:
                self._server.away = True  # ``look`` tells whoever asks, once it has lasted
            else:
                self._server.away = False

    def _read(self) -> None:
        started = time.monotonic()
        # the version first: a change in between is seen as one more, never as none
        version = self._connection.execute(*self._ask).get
        rows = None
        if version != self._version:
            rows = self._connection.execute(self._query).fetchall()
        with self._gate:
            self._version, self._read_at = version, started
            if rows is not None:
                self._rows = rows


def read_all(connection: Connection, sql: str, cells: tuple[Any, ...] = ()) -> list[Any]:
    """Return the rows of a query; errors as ``reading`` has them."""
    with reading():
        return connection.execute(sql, cells).fetchall()


@contextmanager
def reading() -> Iterator[None]:
    """Name the database's own errors: ``Corrupt`` where it is damaged, else ``Unavailable``."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise Corrupt(_DAMAGED.fill(why=error)) from error
    except apsw.Error as error:
        raise Unavailable(_UNREADABLE.fill(why=error)) from error
