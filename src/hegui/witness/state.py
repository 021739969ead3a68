"""What a witness remembers: the logs that it follows, the last head it signed of each, evidence.

One SQLite file of its own. Everything that decides is read and written in one transaction.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from hegui.ledger.cosignature import SIGNERS, Key, read_key
from hegui.store import Schema, open_database
from hegui.terms import Corrupt, Misconfigured, Unavailable, Words

_FIRST: Final = """
CREATE TABLE followed (
  origin TEXT NOT NULL,
  vkey   TEXT NOT NULL,
  since  INTEGER NOT NULL,
  PRIMARY KEY (origin, vkey)
) STRICT, WITHOUT ROWID;

-- the largest head that was signed of each log; what is not followed any more stays remembered
CREATE TABLE head (
  origin TEXT PRIMARY KEY,
  hash   TEXT NOT NULL UNIQUE,
  size   INTEGER NOT NULL,
  root   BLOB NOT NULL,
  note   TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- kind 'split': two heads of one size, both signed by the log, which is proof in itself.
-- kind 'unproven': a head that came without proof that it extends the one held; the last one only,
-- for a third party can send a good head with a bad proof.
CREATE TABLE evidence (
  seq    INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  kind   TEXT NOT NULL,
  at     INTEGER NOT NULL,
  times  INTEGER NOT NULL,
  root   BLOB NOT NULL,
  held   TEXT NOT NULL,
  shown  TEXT NOT NULL,
  UNIQUE (origin, kind, root)
) STRICT;
"""

SCHEMA: Final = Schema(0x68677769, (_FIRST,))
"""``hgwi`` in the file's header."""

MOST_SPLITS: Final = 64
"""Pairs kept per log: one is proof enough, and a hostile log must not fill the disk."""

_GONE = Words(
    en="There is no witness in {path}. Make one: hegui witness init --dir {path} --name NAME",
    zh="{path} 中没有见证方。请先创建：hegui witness init --dir {path} --name 名称",
)
_FAILED = Words(
    en="The witness's file {path} cannot be used: {why}. Nothing was signed.",
    zh="见证方的文件 {path} 无法使用：{why}。没有签署任何内容。",
)
_BROKEN = Words(
    en="The witness's file {path} holds {what}, which is damaged. Keep the file, and ask whoever "
    "changed it.",
    zh="见证方的文件 {path} 中的 {what} 已损坏。请保留该文件，并查明是谁改动的。",
)


class Held(NamedTuple):
    """The last head that was signed of a log: its size and root, the note, and when (UTC ms)."""

    size: int
    root: bytes
    note: str
    at: int


class Evidence(NamedTuple):
    """Two heads that do not go together: the one that was signed, and the one that was shown."""

    origin: str
    kind: str
    at: int
    times: int
    held: str
    shown: str


class Log(NamedTuple):
    """A log that is followed, or was."""

    origin: str
    vkeys: tuple[str, ...]
    held: Held | None
    splits: int
    unproven: int


class State:
    """A witness's file. Methods may be called from any thread; each runs in one transaction."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        if not make and not path.exists():
            raise Misconfigured(_GONE.fill(path=path.parent))
        self._path = path
        self._lock = threading.Lock()
        self._connection = open_database(path, schema=SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator["Open"]:
        """Give the file for one decision: nobody else writes meanwhile.

        What was written is durable when this ends, and gone where it ends with an error.
        """
        with self._lock:
            try:
                self._connection.execute(begin)
                try:
                    yield Open(self._connection, self._path)
                except BaseException:
                    if self._connection.in_transaction:  # a full disk may have ended it already
                        self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except apsw.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise Unavailable(_FAILED.fill(path=self._path, why=error)) from error

    def reading(self) -> AbstractContextManager["Open"]:
        """Give the file to be read, as it is at one moment."""
        return self.transaction("BEGIN")


class Open:
    """The file within a transaction."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def follow(self, origin: str, vkey: str, at: int) -> bool:
        """Follow a log; tell whether that is new."""
        self._connection.execute(
            "INSERT OR IGNORE INTO followed VALUES (?, ?, ?)", (origin, vkey, at)
        )
        return bool(self._connection.changes())

    def unfollow(self, vkey: str) -> int:
        """Follow a log's key no longer; return how many entries that were."""
        self._connection.execute("DELETE FROM followed WHERE vkey = ?", (vkey,))
        return self._connection.changes()

    def keys_of(self, origin: str) -> list[Key]:
        """Return the keys that a log's head may be signed with; none: it is not followed."""
        rows = self._connection.execute("SELECT vkey FROM followed WHERE origin = ?", (origin,))
        return [self._key(str(vkey)) for (vkey,) in rows]

    def held(self, origin: str) -> Held | None:
        """Return the last head that was signed of a log."""
        row = self._connection.execute(
            "SELECT size, root, note, at FROM head WHERE origin = ?", (origin,)
        ).fetchone()
        return Held(*row) if row else None

    def latest(self, origin_hash: str) -> str | None:
        """Return the last signed note of the log whose origin has this SHA-256 in hex."""
        row = self._connection.execute(
            "SELECT note FROM head WHERE hash = ?", (origin_hash,)
        ).fetchone()
        return str(row[0]) if row else None

    def hold(self, origin: str, held: Held) -> None:
        """Remember a head as the last one signed."""
        self._connection.execute(
            "INSERT INTO head (origin, hash, size, root, note, at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root,"
            " note = excluded.note, at = excluded.at",
            (origin, sha256(origin.encode()).hexdigest(), *held),
        )

    def keep_split(self, origin: str, root: bytes, found: tuple[str, str], at: int) -> bool:
        """Keep two heads of one size, ``found`` = (held, shown); tell whether the pair is new."""
        if self._seen_again(origin, "split", root):
            return False
        count = self._count(origin, "split")
        if count >= MOST_SPLITS:
            return False
        self._keep(origin, "split", root, found, at)
        return True

    def keep_unproven(self, origin: str, root: bytes, found: tuple[str, str], at: int) -> None:
        """Keep a head that came without its proof, in place of the one kept before."""
        if self._seen_again(origin, "unproven", root):
            return
        times = self._connection.execute(
            "DELETE FROM evidence WHERE origin = ? AND kind = 'unproven' RETURNING times", (origin,)
        ).fetchall()
        self._keep(origin, "unproven", root, found, at)
        for (before,) in times:
            self._connection.execute(
                "UPDATE evidence SET times = times + ? WHERE origin = ? AND kind = 'unproven'",
                (before, origin),
            )

    def evidence(self) -> list[Evidence]:
        """Return all evidence, oldest first."""
        rows = self._connection.execute(
            "SELECT origin, kind, at, times, held, shown FROM evidence ORDER BY seq"
        )
        return [Evidence(*row) for row in rows]

    def logs(self) -> list[Log]:
        """Return every log that is followed, or whose head was signed, by origin."""
        rows = self._connection.execute("SELECT origin FROM followed UNION SELECT origin FROM head")
        origins = sorted(str(origin) for (origin,) in rows)
        return [
            Log(
                origin,
                tuple(key.vkey for key in self.keys_of(origin)),
                self.held(origin),
                self._count(origin, "split"),
                self._count(origin, "unproven"),
            )
            for origin in origins
        ]

    def _key(self, vkey: str) -> Key:
        try:
            return read_key(vkey, SIGNERS)
        except ValueError as error:
            raise Corrupt(_BROKEN.fill(path=self._path, what=repr(vkey[:80]))) from error

    def _seen_again(self, origin: str, kind: str, root: bytes) -> bool:
        self._connection.execute(
            "UPDATE evidence SET times = times + 1 WHERE origin = ? AND kind = ? AND root = ?",
            (origin, kind, root),
        )
        return bool(self._connection.changes())

    def _count(self, origin: str, kind: str) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM evidence WHERE origin = ? AND kind = ?", (origin, kind)
        ).fetchone()
        return int(row[0]) if row else 0

    def _keep(self, origin: str, kind: str, root: bytes, found: tuple[str, str], at: int) -> None:
        self._connection.execute(
            "INSERT INTO evidence (origin, kind, at, times, root, held, shown)"
            " VALUES (?, ?, ?, 1, ?, ?, ?)",
            (origin, kind, at, root, *found),
        )
