"""What others have said about the logs' heads, as it is kept in the database.

Nothing of it is an entry of the log: a head that recorded its own cosignatures would make the next
head, and so on without end. Writing takes the database's lock for a moment, like any append.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import apsw

from hegui.ledger.cosignature import split
from hegui.store import Connection
from hegui.terms import Unavailable, Words

_UNWRITTEN = Words(
    en="What witnesses said could not be written: {why}. It is asked for again.",
    zh="无法写入见证结果：{why}。稍后会重新获取。",
)


_KEPT: Final = "SELECT size, checkpoint FROM cosigned WHERE tenant = ?"
_KEEP: Final = (
    "INSERT INTO cosigned (tenant, size, checkpoint) VALUES (?, ?, ?)"
    " ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint"
    " WHERE cosigned.checkpoint = ? RETURNING tenant"
)


class Standing(NamedTuple):
    """What is known of a witness of one log. Times are UTC ms, 0 where there is none yet.

    ``size`` is what the witness holds, as far as known; ``trouble`` is a short word, empty when the
    last request went well; ``failures`` counts requests in a row that did not.
    """

    name: str
    size: int = 0
    signed: int = 0
    asked: int = 0
    failures: int = 0
    trouble: str = ""


class Stamped(NamedTuple):
    """A head, and a time-stamping authority's answer over the bytes of ``checkpoint``."""

    size: int
    at: int
    checkpoint: str
    answer: bytes


def cosigned(connection: Connection, tenant: str) -> str | None:
    """Return the newest head of ``tenant``'s log that witnesses have signed, with their lines."""
    row = connection.execute(
        "SELECT checkpoint FROM cosigned WHERE tenant = ?", (tenant,)
    ).fetchone()
    return str(row[0]) if row else None


def keep_lines(
    connection: Connection, tenant: str, checkpoint: str, size: int, lines: Iterable[str]
) -> None:
    """Add cosignature lines to the head ``checkpoint``; an older head is replaced, never restored.

    To be called within a transaction.
    """
    added, done = list(lines), False
    while not done:
        row = connection.execute(_KEPT, (tenant,)).fetchone()
        held = (int(row[0]), str(row[1])) if row else (0, "")
        if held[0] > size:
            return
        same = row is not None and held[0] == size and split(held[1])[0] == split(checkpoint)[0]
        kept = held[1] if same else checkpoint
        for line in added:
            kept = _with(kept, line)
        # on a server the line of another witness may have come between: then once more
        written = connection.execute(_KEEP, (tenant, size, kept, held[1]))
        done = written.fetchone() is not None


def standing(connection: Connection, tenant: str, name: str) -> Standing:
    """Return what is known of a witness of ``tenant``'s log."""
    row = connection.execute(
        "SELECT name, size, signed, asked, failures, trouble FROM witness"
        " WHERE tenant = ? AND name = ?",
        (tenant, name),
    ).fetchone()
    return Standing(*row) if row else Standing(name)


def keep_standing(connection: Connection, tenant: str, known: Standing) -> None:
    """Write what is known of a witness. To be called within a transaction."""
    connection.execute(
        "INSERT INTO witness (tenant, name, size, signed, asked, failures, trouble)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, name) DO UPDATE SET"
        " size = excluded.size, signed = excluded.signed, asked = excluded.asked,"
        " failures = excluded.failures, trouble = excluded.trouble",
        (tenant, *known),
    )


def stamped(connection: Connection, tenant: str) -> Stamped | None:
    """Return the latest time stamp of ``tenant``'s log."""
    row = connection.execute(
        "SELECT size, at, checkpoint, answer FROM stamped WHERE tenant = ?"
        " ORDER BY at DESC, size DESC LIMIT 1",
        (tenant,),
    ).fetchone()
    return Stamped(*row) if row else None


def keep_stamp(connection: Connection, tenant: str, stamp: Stamped) -> None:
    """Add a time stamp. To be called within a transaction."""
    connection.execute(
        "INSERT INTO stamped (tenant, size, at, checkpoint, answer) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant, size, at) DO UPDATE SET checkpoint = excluded.checkpoint,"
        " answer = excluded.answer",
        (tenant, *stamp),
    )


def tenants(connection: Connection) -> list[str]:
    """Return the tenants whose logs are in the database."""
    rows = connection.execute("SELECT tenant FROM log ORDER BY tenant")
    return [str(tenant) for (tenant,) in rows]


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Hold the database's lock for a few rows; durable at the end, gone after an error."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it already
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except apsw.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise Unavailable(_UNWRITTEN.fill(why=error)) from error


def _with(note: str, line: str) -> str:
    """Return a note with a signature line in place of the one by the same key, or at its end."""
    text, lines = split(note)
    _, (new,) = split(f"{text}\n{line}")
    head, block = note[: len(text) + 1], note[len(text) + 1 :].splitlines(keepends=True)
    same = (new.name, new.stamp)
    kept = [old for old, read in zip(block, lines, strict=True) if (read.name, read.stamp) != same]
    return head + "".join(kept) + line
