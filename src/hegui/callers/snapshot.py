"""A table kept in memory, renewed when any process has written to the database."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from hegui.store import Place, watch
from hegui.terms import Clock

T = TypeVar("T")

LOOK_EVERY_MS: Final = 500


class Snapshot(Generic[T]):
    """What ``load`` makes of the rows of ``query`` on ``table``, at most half a second old.

    Fails closed: when it cannot be told whether the snapshot is still true, ``current`` raises
    ``Unavailable``. For one thread.
    """

    def __init__(
        self,
        place: Place,
        table: str,
        query: str,
        load: Callable[[list[tuple[Any, ...]]], T],
        clock: Clock,
    ) -> None:
        self._load = load
        self._clock = clock
        self._watched = watch(place, table, query)
        self._looked = 0
        self._held: T
        self._look(clock())

    def current(self) -> T:
        """Return the snapshot, renewed if the table may have changed since it was looked at."""
        now = self._clock()
        # A clock that stepped back must not put the next look off.
        if not 0 <= now - self._looked < LOOK_EVERY_MS:
            self._look(now)
        return self._held

    def close(self) -> None:
        """Stop looking."""
        self._watched.close()

    def _look(self, now: int) -> None:
        rows = self._watched.look()
        if rows is not None:
            self._held = self._load(rows)
        self._looked = now
