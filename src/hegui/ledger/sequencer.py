"""The sequencer: gives what is acknowledged its place in a log, one process at a time.

Several gateways write to the outbox; whoever holds an advisory lock moves what lies there into the
logs, in the order in which each gateway wrote it, and signs the heads. The lock belongs to the
session in which all of that is done: when the session ends, for whatever reason, so does the lock,
and whatever was not committed has not happened. Another process then takes it within seconds.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from hegui.store import Connection, insert_all, write_all
from hegui.store.postgres.parcels import unpack_writes
from hegui.store.postgres.server import Server
from hegui.store.postgres.session import PostgresConnection
from hegui.terms import (
    BadRequest,
    Corrupt,
    Entry,
    HeguiError,
    Misconfigured,
    Receipt,
    Unavailable,
    Words,
)

_log = logging.getLogger(__name__)

LOCK: Final = 0x6867_7569_7365_7175
"""``hguisequ``: the advisory lock of whoever gives places."""

SILENT_MS: Final = 2_500
"""A holder that says nothing for so long is shut out by the server: it hangs, or is cut off."""

_LOOK: Final = 0.2  # seconds between two looks at an empty outbox
_TRY: Final = 0.5  # seconds between two tries to take the lock
_COUNT_EVERY: Final = 2.0
_AGAIN: Final = 10.0  # seconds until a log that was refused is tried again
_BATCH: Final = 4_096

_TAKE = "SELECT pg_try_advisory_lock(?)"
_BOUND = (
    f"SET idle_session_timeout = {SILENT_MS}",
    f"SET idle_in_transaction_session_timeout = {SILENT_MS}",
)
_WAITING = "SELECT id, tenant, leaf, after FROM outbox WHERE tenant <> ALL(?) ORDER BY seq LIMIT ?"
_OF_ONE = "SELECT id, tenant, leaf, after FROM outbox WHERE tenant = ? ORDER BY seq LIMIT ?"
_KNOWN = "SELECT id FROM placed WHERE id = ANY(?)"
_DONE = "DELETE FROM outbox WHERE id = ANY(?)"
_PLACED = "INSERT INTO placed (id, tenant, idx) VALUES (?, ?, ?)"
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 100000) AS n"

_UNKNOWN = Words(
    en="A record of tenant {tenant} in the outbox comes with rows that no hegui writes. Nothing was"
    " added. Look at who can write to the database.",
    zh="发件箱中租户 {tenant} 的一条记录附带了 hegui 不会写入的内容。未写入任何记录。"
    "请检查谁可以写入该数据库。",
)

Append = Callable[[Any, Sequence[Entry]], list[Receipt]]


class Chore(Protocol):
    """What is done in the holder's session between two looks: signing heads."""

    def wait(self) -> float:
        """Return the seconds after which it wants to run."""
        ...

    def run(self, connection: Any) -> None:
        """Do what is due."""
        ...

    def finish(self, connection: Any) -> None:
        """Do it for the last time."""
        ...

    def let_go(self) -> None:
        """Close what was opened for it."""
        ...


@dataclass(slots=True)
class SequencerState:
    """Whether this process gives places, how many wait for one, and the logs that are refused."""

    holds: bool = False
    waiting: int = 0
    refused: dict[str, HeguiError] = field(default_factory=dict)


class Sequencer:
    """A thread that gives places while it holds the lock, and otherwise waits for it."""

    def __init__(self, server: Server, append: Append, chore: Chore, known: frozenset[str]) -> None:
        self._statements = known
        self.state = SequencerState()
        self._server = server
        self._append = append
        self._chore = chore
        self._ended = threading.Event()
        self._counted = 0.0
        self._said = ""
        self._retry = 0.0
        server.lane.enter()
        self._thread = threading.Thread(target=self._go_on, name="hegui-sequencer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Place and sign what waits, if the lock can be had, and let go of it."""
        self._ended.set()
        self._thread.join()
        self._chore.let_go()
        self._server.lane.leave()

    def _go_on(self) -> None:
        while True:
            last = self._ended.is_set()  # whoever is told to end while it failed tries once more
            try:
                self._attend()
            except Exception as error:  # noqa: BLE001 - the thread must live; what failed is said, and tried again
                self._say(error)
            else:
                last = True
            self.state.holds = False
            if last:
                return
            self._ended.wait(_TRY)

    def _say(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if said != self._said:
            _log.warning("no places are given from here for now: %s", said)
        self._said = said

    def _attend(self) -> None:
        """Wait for the lock, and give places while it is held, until the end."""
        connection = PostgresConnection(self._server, once=True)
        try:
            while not connection.execute(_TAKE, (LOCK,)).get:
                self._count(connection)
                if self._ended.wait(_TRY):
                    return
            for setting in _BOUND:
                connection.execute(setting)
            self.state.holds, self._said = True, ""
            while not self._ended.is_set():
                self._place_all(connection)
                if self._chore.wait() <= 0:
                    self._tend(connection, self._chore.run)
                self._count(connection)
                self._ended.wait(max(0.0, min(_LOOK, self._chore.wait())))
            self._place_all(connection)
            self._tend(connection, self._chore.finish)
        finally:
            connection.close()

    def _tend(self, connection: PostgresConnection, work: Callable[[Any], None]) -> None:
        try:
            work(connection)
        except (Corrupt, BadRequest, Misconfigured) as error:
            self._say(error)
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _count(self, connection: Connection) -> None:
        now = time.monotonic()
        if now - self._counted >= _COUNT_EVERY:
            self.state.waiting = connection.execute(_COUNT).fetchone()[0]
            self._counted = now

    def _place_all(self, connection: PostgresConnection) -> None:
        if self.state.refused and time.monotonic() > self._retry:
            self.state.refused.clear()
        while True:
            cells = (list(self.state.refused), _BATCH)
            tenants: list[str] = []
            try:
                moved = self._place(connection, _WAITING, cells, tenants)
            except (Corrupt, BadRequest, Misconfigured):
                connection.execute("ROLLBACK")
                moved = self._place_each(connection, sorted(set(tenants)))
            if moved < _BATCH or (self._chore.wait() <= 0 and not self._ended.is_set()):
                return

    def _carry_out(self, connection: PostgresConnection, tenant: str, after: bytes) -> None:
        """Write the rows of the ledger itself that came with a record. We know their statements."""
        try:
            writes = unpack_writes(after)
        except ValueError as error:
            raise Corrupt(_UNKNOWN.fill(tenant=tenant)) from error
        if any(write.sql not in self._statements for write in writes):
            raise Corrupt(_UNKNOWN.fill(tenant=tenant))
        connection.execute("SAVEPOINT after")
        try:
            write_all(connection, writes)
        except Unavailable as error:
            import asyncpg

            if not isinstance(error.__cause__, asyncpg.IntegrityConstraintViolationError):
                raise
            # the record has been acknowledged: it gets its place, and what it came with is told
            _log.error("rows that came with a record of %s are there already", tenant)
            connection.execute("ROLLBACK TO SAVEPOINT after")

    def _place_each(self, connection: PostgresConnection, tenants: list[str]) -> int:
        """Give places log by log, so that one that does not hold together stops no other."""
        moved = 0
        for tenant in tenants:
            try:
                moved += self._place(connection, _OF_ONE, (tenant, _BATCH), [])
            except (Corrupt, BadRequest, Misconfigured) as error:
                connection.execute("ROLLBACK")
                _log.error("%s", error)
                self.state.refused[tenant] = error
                self._retry = time.monotonic() + _AGAIN
        return moved

    def _place(
        self, connection: PostgresConnection, sql: str, cells: tuple[Any, ...], tenants: list[str]
    ) -> int:
        """Move one batch in one transaction; return how many were moved."""
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute(sql, cells).fetchall()
        tenants += [row[1] for row in rows]
        ids = [row[0] for row in rows]
        known = {number for (number,) in connection.execute(_KNOWN, (ids,))} if ids else set()
        fresh = [row for row in rows if row[0] not in known]
        receipts = self._append(connection, [Entry(row[1], row[2]) for row in fresh])
        for row in fresh:
            if row[3] is not None:
                self._carry_out(connection, row[1], row[3])
        placed = [
            (row[0], receipt.tenant, receipt.index)
            for row, receipt in zip(fresh, receipts, strict=True)
        ]
        if rows:
            insert_all(connection, _PLACED, placed)
            connection.execute(_DONE, (ids,))
        connection.execute("COMMIT")
        return len(rows)
