"""The rows of kept media and of tasks: what is asked of the database, and nothing else.

A row goes into the database in the transaction of the record that says so, and a withdrawal the
same way; the bytes follow. So an address never leads to what is on no record, and one that was
closed on record is closed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hegui.store import Place
from hegui.terms import Cell, Write
from hegui.vault.rows import Rows, number

Cause: TypeAlias = Literal["", "withdrawn", "erased", "superseded", "expired"]
State: TypeAlias = Literal["running", "done", "failed"]

_MEDIUM: Final = (
    "id, tenant, exchange, subject, mime, file, size, digest, stored, expires, ended, cause, gone"
)
_INSERT: Final = f"INSERT INTO medium ({_MEDIUM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
_SELECT: Final = f"SELECT {_MEDIUM} FROM medium"  # noqa: S608 - our own names
_END: Final = "UPDATE medium SET ended = ?, cause = ? WHERE id = ? AND ended IS NULL"
_GONE: Final = "UPDATE medium SET gone = ?, subject = '' WHERE id = ?"
_USED: Final = "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM medium WHERE gone IS NULL"
_FORGET: Final = "DELETE FROM medium WHERE gone < ?"
_KNOWN: Final = "SELECT count(*) FROM medium WHERE id = ? AND gone IS NULL"
_TASK: Final = (
    "id, tenant, exchange, subject, upstream, interface, theirs, agreement, created, expires,"
    " state, answer"
)
_INSERT_TASK: Final = (
    f"INSERT INTO media_task ({_TASK}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
)
_SELECT_TASK: Final = f"SELECT {_TASK} FROM media_task WHERE id = ? AND tenant = ?"  # noqa: S608 - our own names
_END_TASK: Final = (
    "UPDATE media_task SET state = ?, answer = ?, theirs = ''"
    " WHERE id = ? AND tenant = ? AND state = 'running'"
)
_FORGET_TASKS: Final = "DELETE FROM media_task WHERE expires < ?"
_ERASE_TASKS: Final = "DELETE FROM media_task WHERE subject = ? AND tenant = ?"

OF_SUBJECT: Final = (
    "SELECT 1 FROM medium WHERE subject = ? AND tenant = ? AND (ended IS NULL OR gone IS NULL)",
    "SELECT 1 FROM media_task WHERE subject = ? AND tenant = ?",
)
"""Whether anything of a person is here, by pseudonym and tenant."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A kept file. ``file`` is its name in the store; times are UTC ms, None where not yet."""

    id: str
    tenant: str
    exchange: str
    subject: str
    mime: str
    file: str
    size: int
    digest: str
    stored: int
    expires: int
    ended: int | None = None
    cause: Cause = ""
    gone: int | None = None

    def insertion(self) -> Write:
        """Return the row."""
        return Write(_INSERT, tuple(getattr(self, name) for name in _MEDIUM.split(", ")))

    def ending(self, at_ms: int, cause: Cause) -> Write:
        """Return what ends its address. One that has ended stays as it ended."""
        return Write(_END, (at_ms, cause, self.id))


@dataclass(frozen=True, slots=True)
class Task:
    """A task that a model server works on. ``theirs`` is its id there, gone once it has ended.

    ``agreement`` is the number of one under which the media may go without a notice (labelling
    measures, Art. 9), or empty; ``answer`` is JSON: what it ended with.
    """

    id: str
    tenant: str
    exchange: str
    subject: str
    upstream: str
    interface: str
    theirs: str
    agreement: str
    created: int
    expires: int
    state: State = "running"
    answer: str = ""

    def insertion(self) -> Write:
        """Return the row."""
        cells = tuple(getattr(self, name.strip()) for name in _TASK.split(","))
        return Write(_INSERT_TASK, cells)

    def ending(self, state: State, answer: str) -> Write:
        """Return what ends it. The first end counts, whoever comes second."""
        return Write(_END_TASK, (state, answer, self.id, self.tenant))


class Book:
    """Reads the rows, and writes those that no record goes with. For the loop and for threads."""

    def __init__(self, place: Place) -> None:
        self._rows = Rows(place)

    def close(self) -> None:
        """Close the connection."""
        self._rows.close()

    async def medium(self, id_: str) -> Medium | None:
        """Return the row of a file, also of one that has ended; None for none."""
        found = await self._media(f"{_SELECT} WHERE id = ?", id_)
        return found[0] if found else None

    async def of_exchange(self, exchange: str) -> list[Medium]:
        """Return all files of an exchange."""
        return await self._media(f"{_SELECT} WHERE exchange = ? ORDER BY stored, id", exchange)

    async def of_subject(self, tenant: str, subject: str) -> list[Medium]:
        """Return the files of a person, by pseudonym, that are there."""
        where = "WHERE subject = ? AND tenant = ? AND gone IS NULL"
        return await self._media(f"{_SELECT} {where}", subject, tenant)

    async def due(self, now: int, most: int = 500) -> list[Medium]:
        """Return files whose term has ended and whose address has not."""
        where = "WHERE expires <= ? AND ended IS NULL ORDER BY expires LIMIT ?"
        return await self._media(f"{_SELECT} {where}", now, most)

    async def ended(self, most: int = 500) -> list[Medium]:
        """Return files whose address has ended and whose bytes are still there."""
        where = "WHERE ended IS NOT NULL AND gone IS NULL ORDER BY ended LIMIT ?"
        return await self._media(f"{_SELECT} {where}", most)

    async def listing(self, *, ended: bool, most: int = 1_000) -> list[Medium]:
        """Return the newest files; with ``ended``, also those that have ended."""
        where = "" if ended else "WHERE ended IS NULL"
        return await self._media(f"{_SELECT} {where} ORDER BY stored DESC, id LIMIT ?", most)

    async def used(self) -> int:
        """Return the bytes of all files that are there."""
        return number((await self._query(_USED))[0][0])

    async def knows(self, id_: str) -> bool:
        """Tell whether a file's bytes are to be there."""
        return number((await self._query(_KNOWN, id_))[0][0]) > 0

    async def task(self, id_: str, tenant: str) -> Task | None:
        """Return a task of this tenant; another's is none."""
        found = await self._query(_SELECT_TASK, id_, tenant)
        return Task(*_any(found[0])) if found else None

    async def mark_gone(self, id_: str, at_ms: int) -> None:
        """Note that a file's bytes were deleted."""
        await self._apply(Write(_GONE, (at_ms, id_)))

    async def forget(self, before_ms: int, tasks_before_ms: int) -> None:
        """Delete rows of files that went before, and of tasks whose term had ended by then."""
        await self._apply(Write(_FORGET, (before_ms,)), Write(_FORGET_TASKS, (tasks_before_ms,)))

    async def erase_tasks(self, tenant: str, subject: str) -> None:
        """Delete the tasks of a person."""
        await self._apply(Write(_ERASE_TASKS, (subject, tenant)))

    async def _media(self, sql: str, *cells: Cell) -> list[Medium]:
        return [Medium(*_any(row)) for row in await self._query(sql, *cells)]

    async def _query(self, sql: str, *cells: Cell) -> Sequence[tuple[Cell, ...]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._rows.query, sql, cells)

    async def _apply(self, *writes: Write) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._rows.apply, writes)


def _any(row: tuple[Cell, ...]) -> tuple[Any, ...]:
    """Return a row whose columns are in the order of the dataclass, as the table types them."""
    return row
