"""The file of the projections. It may be deleted at any time: the next look builds it anew."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import apsw

from hegui.filing.projection.rows import Key, Row
from hegui.store import open_database
from hegui.store.schema import Schema
from hegui.terms import Corrupt, Unavailable, Words

FILE: Final = "projections.db"

_TABLES: Final = """
CREATE TABLE mark (
  tenant TEXT PRIMARY KEY,
  facets TEXT NOT NULL,
  size   INTEGER NOT NULL,
  root   BLOB NOT NULL,
  pruned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
  tenant  TEXT NOT NULL,
  kind    TEXT NOT NULL,
  facets  TEXT NOT NULL,
  day     INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL,
  first_t INTEGER NOT NULL,
  last_t  INTEGER NOT NULL,
  PRIMARY KEY (tenant, kind, facets, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE noted (
  tenant TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  leaf   BLOB NOT NULL,
  PRIMARY KEY (tenant, idx)
) STRICT, WITHOUT ROWID;

-- a log that was found not to hold together, until a whole check finds that it does
CREATE TABLE trouble (
  tenant TEXT PRIMARY KEY,
  at     INTEGER NOT NULL,
  en     TEXT NOT NULL,
  zh     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
SCHEMA: Final = Schema(0x68677072, (_TABLES,))
"""``hgpr`` in the file's header."""

_MARK: Final = "SELECT size, root, pruned FROM mark WHERE tenant = ? AND facets = ?"
_SET_MARK: Final = (
    "INSERT OR REPLACE INTO mark (tenant, facets, size, root, pruned) VALUES (?,?,?,?,?)"
)
_ROWS: Final = (
    "SELECT kind, facets, day, count, first, last, first_t, last_t FROM tally WHERE tenant = ?"
)
_PUT: Final = "INSERT OR REPLACE INTO tally VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP: Final = "DELETE FROM tally WHERE tenant = ? AND kind = ? AND facets = ? AND day = ?"
_NOTED: Final = "SELECT idx, leaf FROM noted WHERE tenant = ?"
_NOTE: Final = "INSERT OR REPLACE INTO noted (tenant, idx, leaf) VALUES (?, ?, ?)"
_TROUBLE: Final = "SELECT at, en, zh FROM trouble WHERE tenant = ?"
_SET_TROUBLE: Final = "INSERT OR REPLACE INTO trouble (tenant, at, en, zh) VALUES (?, ?, ?, ?)"

_DAMAGED = Words(
    en="The summary of the ledger at {path} is damaged: {why}. It holds nothing of its own: delete "
    "it, and run the command again; it is built anew from the ledger.",
    zh="{path} 处的账本汇总已损坏：{why}。其中没有独有的内容：请删除该文件后重新运行命令，"
    "系统会根据账本重新生成。",
)
_BUSY = Words(
    en="Another process is bringing the summary of the ledger at {path} up to date. Try again "
    "shortly.",
    zh="另一个进程正在更新 {path} 处的账本汇总。请稍后再试。",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a log has been read and verified: entries, their root, and what was pruned since."""

    size: int = 0
    root: bytes = b""
    pruned: int = -1


class Projections:
    """The file, opened. Several processes may; one at a time changes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = open_database(path, schema=SCHEMA)
        except Corrupt as error:
            # its own words are for evidence: not to be kept, and no backup is needed
            raise self._damaged(error.__cause__ or "SQLite") from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the file for changes: all of them stand, or none."""
        with self._named():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._named():
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def mark(self, tenant: str, facets: str) -> Mark:
        """Return how far a log was read with these facets; from zero where with others."""
        row = self._one(_MARK, (tenant, facets))
        return Mark(int(row[0]), bytes(row[1]), int(row[2])) if row else Mark()

    def set_mark(self, tenant: str, facets: str, mark: Mark) -> None:
        """Say how far a log was read."""
        with self._named():
            self._connection.execute(_SET_MARK, (tenant, facets, mark.size, mark.root, mark.pruned))

    def rows(self, tenant: str) -> dict[Key, Row]:
        """Return all rows of a log."""
        with self._named():
            return {
                Key(*one[:3]): Row(*one[3:]) for one in self._connection.execute(_ROWS, (tenant,))
            }

    def put(self, tenant: str, rows: Mapping[Key, Row]) -> None:
        """Set rows, each in place of what was there."""
        with self._named():
            for key, row in rows.items():
                self._connection.execute(_PUT, (tenant, *key, *row))

    def drop(self, tenant: str, keys: Iterable[Key]) -> None:
        """Take rows out."""
        with self._named():
            for key in keys:
                self._connection.execute(_DROP, (tenant, *key))

    def noted(self, tenant: str) -> dict[int, bytes]:
        """Return the leaves of a log that are kept whole, by index."""
        with self._named():
            return dict(self._connection.execute(_NOTED, (tenant,)))

    def note(self, tenant: str, leaves: Mapping[int, bytes]) -> None:
        """Keep leaves whole."""
        with self._named():
            for index, leaf in leaves.items():
                self._connection.execute(_NOTE, (tenant, index, leaf))

    def forget(self, tenant: str, start: int = 0, count: int = 2**62) -> None:
        """Take out what is kept whole of a stretch of entries."""
        with self._named():
            self._connection.execute(
                "DELETE FROM noted WHERE tenant = ? AND idx >= ? AND idx < ?",
                (tenant, start, start + count),
            )

    def clear(self, tenant: str) -> None:
        """Take out all of a log, to build it from zero."""
        with self._named():
            for table in ("mark", "tally", "noted"):
                self._connection.execute(f"DELETE FROM {table} WHERE tenant = ?", (tenant,))  # noqa: S608 - our own names

    def trouble(self, tenant: str) -> tuple[int, Words] | None:
        """Return when (UTC ms) a log was found not to hold together, and what; None where not."""
        row = self._one(_TROUBLE, (tenant,))
        return (int(row[0]), Words(str(row[1]), str(row[2]))) if row else None

    def set_trouble(self, tenant: str, at_ms: int, words: Words | None) -> None:
        """Remember what does not hold together in a log; None: a whole check found nothing."""
        with self._named():
            if words is None:
                self._connection.execute("DELETE FROM trouble WHERE tenant = ?", (tenant,))
            else:
                self._connection.execute(_SET_TROUBLE, (tenant, at_ms, words.en, words.zh))

    def _one(self, sql: str, cells: tuple[str, ...]) -> Any:
        with self._named():
            return self._connection.execute(sql, cells).fetchone()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Raise what SQLite says as one of the four errors."""
        try:
            yield
        except (apsw.NotADBError, apsw.CorruptError) as error:
            raise self._damaged(error) from error
        except apsw.BusyError as error:
            raise Unavailable(_BUSY.fill(path=self.path)) from error
        except apsw.Error as error:
            raise Unavailable(_DAMAGED.fill(path=self.path, why=error)) from error

    def _damaged(self, error: object) -> Unavailable:
        # not Corrupt: the evidence is whole, and this can be made again
        return Unavailable(_DAMAGED.fill(path=self.path, why=error))
