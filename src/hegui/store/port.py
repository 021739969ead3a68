"""The port: what the rooms ask of a database, whichever it is.

They write SQL that SQLite and PostgreSQL both understand, with ``?`` for the values. A file is
opened through ``apsw``, a server through ``asyncpg``; nobody above knows which.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from hegui.store.postgres.server import Server
from hegui.terms import Cell

Place: TypeAlias = Path | Server
"""Where a database is: a file, or a server."""


class Rows(Protocol):
    """The answer to a statement. Read once."""

    def __iter__(self) -> Iterator[Any]:
        """Walk the rows, each a tuple."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    @property
    def get(self) -> Any:
        """The only value, or the only row, or all rows; None where there is none."""
        ...


class Connection(Protocol):
    """One session with a database. ``apsw.Connection`` is one."""

    def execute(self, statements: str, bindings: Sequence[Cell] = ..., /) -> Rows:
        """Carry out one statement."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def close(self, force: bool = ...) -> None:  # noqa: FBT001 - as apsw has it
        """End the session."""
        ...
