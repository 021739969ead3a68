"""Counting leaves one after another: what becomes rows and noted records. Pure."""

from collections.abc import Mapping

from hegui.filing.projection.facets import Facets
from hegui.filing.projection.glance import Glance
from hegui.filing.projection.rows import Key, Row


class Tally:
    """Rows and noted records while leaves are read. What is no record counts as nothing.

    Goes on from ``rows``. ``only`` these keys count, where there are any, and only up to ``until``
    (UTC ms, included).
    """

    def __init__(
        self,
        facets: Facets,
        rows: Mapping[Key, Row] | None = None,
        *,
        only: frozenset[Key] | None = None,
        until: int = 2**63,
    ) -> None:
        self.noted: dict[int, bytes] = {}
        self._open = {key: list(row) for key, row in (rows or {}).items()}
        self._key_of = Glance(facets).key_of
        self._kept, self._keeps = facets.kept, facets.keeps
        self._only = only
        self._until = until

    @property
    def rows(self) -> dict[Key, Row]:
        """The rows as far as leaves were read."""
        return {key: Row(*cells) for key, cells in self._open.items()}

    def add(self, index: int, leaf: bytes) -> None:
        """Count one leaf. A kind or version that is not known counts as nothing."""
        found = self._key_of(leaf)
        if found is None:
            return
        key, at_ms = found
        if at_ms > self._until or (self._only is not None and key not in self._only):
            return
        if key.kind in self._kept and self._keeps(key.kind, key.facets):
            self.noted[index] = leaf
        row = self._open.get(key)
        if row is None:
            self._open[key] = [1, index, index, at_ms, at_ms]
            return
        row[0] += 1
        # no min and max: this is done for every leaf of the log
        if index > row[2]:
            row[2] = index
        elif index < row[1]:
            row[1] = index
        if at_ms > row[4]:
            row[4] = at_ms
        elif at_ms < row[3]:
            row[3] = at_ms
