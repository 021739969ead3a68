"""Many readings of many logs, each in a snapshot of its own, over connections that stay open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import apsw

from hegui.ledger.tiles.reader import LogReader
from hegui.store import Connection, Place, open_connection
from hegui.terms import Unavailable, Words

T = TypeVar("T")

_KEPT = 4
_PATIENCE = 65_536  # entries: hashed in some 50 ms

_UNREADABLE = Words(en="The ledger cannot be read: {why}.", zh="无法读取账本：{why}。")


class Logs:
    """The logs of one database, for callers in any thread. Reads files: not for the event loop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._idle: list[Connection] = []
        self._lock = Lock()
        self._closed = False

    def read(self, tenant: str, work: Callable[[LogReader], T]) -> T:
        """Return what ``work`` makes of a tenant's log; see ``LogReader`` for the errors.

        A higher tile that is not stored yet is ``Unavailable`` when it stands for many entries:
        who asks from outside may not keep this machine busy.
        """
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or open_connection(self._place, read_only=True)
        try:
            done = work(LogReader(connection, tenant, patience=_PATIENCE))
        except apsw.Error as error:
            connection.close(force=True)
            raise Unavailable(_UNREADABLE.fill(why=error)) from error
        except BaseException:
            self._put_back(connection)
            raise
        self._put_back(connection)
        return done

    def _put_back(self, connection: Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if len(self._idle) < _KEPT and not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the connections; one that is in use is closed when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


@contextmanager
def read_log(place: Place, tenant: str) -> Iterator[LogReader]:
    """Open the database at ``place`` for reading, and give one tenant's log in one snapshot."""
    connection = open_connection(place, read_only=True)
    try:
        yield LogReader(connection, tenant)
    except apsw.Error as error:
        raise Unavailable(_UNREADABLE.fill(why=error)) from error
    finally:
        connection.close()
