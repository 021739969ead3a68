"""The rows of a projection, and what is asked of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hegui.filing.projection.facets import fits
from hegui.measures.evidence import Match

DAY_MS: Final = 86_400_000


def day_of(at_ms: int) -> int:
    """Return the UTC day, counted from 1970."""
    return at_ms // DAY_MS


class Key(NamedTuple):
    """What is counted together: a kind, its facets, and the UTC day of the records' own time."""

    kind: str
    facets: str
    day: int


class Row(NamedTuple):
    """How many, the first and the last index, the earliest and the latest time (UTC ms)."""

    many: int
    first: int
    last: int
    first_t: int
    last_t: int


@dataclass(frozen=True, slots=True)
class Head:
    """The checkpoint up to which records count: a tenant's log, its size, and its root in hex.

    ``signed``: this very head carries the log's signature; one of the past was shown to be the
    beginning of a signed one.
    """

    tenant: str
    origin: str
    size: int
    root: str
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Cited:
    """A record that was shown to be in the log: its place, its kind, its leaf's hash in hex."""

    index: int
    kind: str
    leaf: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A record that is kept whole: where it stands, and its fields with the head."""

    index: int
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What of the records fits a query: how many, and where the newest stands (-1: none)."""

    count: int = 0
    newest: int = -1
    newest_t: int = 0


class Summary:
    """The records up to a checkpoint and a time, counted: what a board is computed from."""

    def __init__(
        self, head: Head, as_of: int, rows: Mapping[Key, Row], noted: Iterable[Noted] = ()
    ) -> None:
        self.head = head
        self.as_of = as_of
        self.noted: tuple[Noted, ...] = tuple(sorted(noted, key=lambda one: one.index))
        self._noted: dict[str, list[Noted]] = {}
        for one in self.noted:
            self._noted.setdefault(str(one.record["kind"]), []).append(one)
        self._rows: dict[str, list[tuple[Key, Row]]] = {}
        for key, row in rows.items():
            self._rows.setdefault(key.kind, []).append((key, row))

    def whole(self, *kinds: str) -> list[Noted]:
        """Return the records of these kinds that are kept whole, in the order of the log."""
        found = [one for kind in sorted(set(kinds)) for one in self._noted.get(kind, ())]
        return sorted(found, key=lambda one: one.index)

    def find(self, matches: Iterable[Match], within_days: int | None = None) -> Found:
        """Return what fits one of ``matches``.

        ``within_days``: of the UTC day of ``as_of`` and so many days before it.
        """
        since = day_of(self.as_of) - within_days if within_days is not None else None
        count, newest, newest_t = 0, -1, 0
        seen: set[Key] = set()
        for match in matches:
            for key, row in self._of(match):
                if key in seen or (since is not None and key.day < since):
                    continue
                seen.add(key)
                count += row.many
                if row.last > newest:
                    newest, newest_t = row.last, row.last_t
        return Found(count, newest, newest_t)

    def _of(self, match: Match) -> Iterator[tuple[Key, Row]]:
        for key, row in self._rows.get(match.kind, ()):
            if fits(key.facets, match):
                yield key, row
