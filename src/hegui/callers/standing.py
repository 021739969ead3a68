"""Standing: which subjects have been suspended (Art. 14 para. 2), known without asking the disk."""

from typing import Any, Final

from hegui.callers.snapshot import Snapshot
from hegui.store import Place
from hegui.terms import Clock

_SELECT = "SELECT subject_row, level, until FROM standing"
MILD: Final = frozenset({"good", "warned"})
"""Levels with which a subject is still served. Any other, and any unknown one, suspends."""


class StandingBook:
    """The standing of all subjects, in memory, at most half a second old.

    Raises ``Unavailable`` when it cannot be read: a suspended subject is not served because
    the list of the suspended was lost.
    """

    def __init__(self, place: Place, clock: Clock) -> None:
        self._clock = clock
        self._rows = Snapshot(place, "standing", _SELECT, _by_row, clock)

    def suspended(self, subject_row: bytes) -> bool:
        """Tell whether the subject of this row (an HMAC, see the vault) is suspended now."""
        level, until = self._rows.current().get(subject_row, ("good", None))
        return level not in MILD and (until is None or until > self._clock())

    def close(self) -> None:
        """Close the connection to the database."""
        self._rows.close()


def _by_row(rows: list[tuple[Any, ...]]) -> dict[bytes, tuple[str, int | None]]:
    return {bytes(row): (level, until) for row, level, until in rows}
