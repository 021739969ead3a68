"""A copy of the logs on a server as a file, for those who read files: the verifier, an export."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from hegui.app import parts
from hegui.settings import Settings
from hegui.store import Connection, Place, insert_all, open_connection, open_database

_TABLES: Final = ("log", "clock_step", "node", "cosigned", "stamped", "pruned")
"""Small beside the entries. What holds persons, keys or content is never copied."""

_BULK: Final = 5_000
_HERE: Final = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_ENTRIES: Final = (
    "SELECT tenant, idx, hash, leaf FROM entry WHERE tenant = ? AND idx >= ? ORDER BY idx LIMIT ?"
)
_INSERT_ENTRY: Final = "INSERT INTO entry (tenant, idx, hash, leaf) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Copied:
    """Where the copy is, its number of entries, and how many records wait for a place."""

    path: Path
    entries: int
    waiting: int


@contextmanager
def local_copy(settings: Settings) -> Iterator[Copied]:
    """Copy the logs of the settings' server, as they stand at one moment, into a file for a while.

    The file has the format of a database of our own, mode 0600, and is removed at the end. It lies
    in ``data_dir``, for it may be large.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="copy-", dir=settings.data_dir) as folder:
        yield copy_logs(parts.place_of(settings), Path(folder) / "hegui.db")


def copy_logs(place: Place, path: Path) -> Copied:
    """Copy the logs at ``place`` into a new file at ``path``."""
    with (
        closing(open_connection(place, read_only=True)) as server,
        closing(open_database(path)) as file,
    ):
        server.execute("BEGIN")
        entries = _copy(server, file)
        waiting = server.execute("SELECT count(*) FROM outbox").fetchone()[0]
        server.execute("COMMIT")
    return Copied(path, entries, waiting)


def _copy(server: Connection, file: apsw.Connection) -> int:
    here = {name for (name,) in file.execute(_HERE)}
    file.execute("BEGIN IMMEDIATE")
    for table in _TABLES:
        if table in here:
            rows = server.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
            if rows:
                places = ", ".join("?" * len(rows[0]))
                insert_all(file, f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - ours
    count = 0
    # from the entries themselves: a log without a head must not look as if it were empty
    owners = server.execute("SELECT DISTINCT tenant FROM entry").fetchall()
    for (tenant,) in owners:
        at = 0
        while rows := server.execute(_ENTRIES, (tenant, at, _BULK)).fetchall():
            insert_all(file, _INSERT_ENTRY, rows)
            count, at = count + len(rows), rows[-1][1] + 1
    file.execute("COMMIT")
    return count
