"""A table kept in memory, renewed when any process has written to the database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import apsw

from hegui.store import open_database
from hegui.terms import Clock, Unavailable, Words

T = TypeVar("T")

LOOK_EVERY_MS: Final = 500

_CANNOT = Words(
    en="The database cannot be read, so it is not known who may ask. Try again shortly.",
    zh="数据库暂时无法读取，不能确认谁可以调用。请稍后再试。",
)


class Snapshot(Generic[T]):
    """What ``load`` makes of the rows of ``query``, at most half a second old.

    Fails closed: when it cannot be told whether the snapshot is still true, ``current`` raises
    ``Unavailable``. For one thread.
    """

    def __init__(
        self, path: Path, query: str, load: Callable[[list[tuple[Any, ...]]], T], clock: Clock
    ) -> None:
        self._query = query
        self._load = load
        self._clock = clock
        self._connection = open_database(path)
        self._connection.pragma("query_only", value=True)
        self._version: object = None
        self._looked = 0
        self._held: T
        self._look(clock())

    def current(self) -> T:
        """Return the snapshot, renewed if the database has changed since it was last looked at."""
        now = self._clock()
        # A clock that stepped back must not put the next look off.
        if not 0 <= now - self._looked < LOOK_EVERY_MS:
            self._look(now)
        return self._held

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _look(self, now: int) -> None:
        try:
            version = self._connection.pragma("data_version")
            if version != self._version:
                rows = list(self._connection.execute(self._query))
                self._held = self._load(rows)
                self._version = version
        except apsw.Error as error:
            raise Unavailable(_CANNOT) from error
        self._looked = now
