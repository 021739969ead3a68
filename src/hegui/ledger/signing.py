"""Signing the heads of what is durable: at most once a second, or each few thousand entries.

What is signed was read back from the database through a connection of its own, hashed anew and
compared; then the head goes to its second place, and only then into the database. A bit that flips
between hashing and signing would otherwise be signed, and nobody could ever undo it.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

import apsw

from hegui.ledger.edge import WIDE, Edge, Node
from hegui.ledger.heads import Head
from hegui.ledger.note import Checkpoint
from hegui.ledger.stretch import BULK, checked_hashes, covered, load_edge, signed_edge
from hegui.ledger.trust import SecondPlace, Trust, split
from hegui.store import Connection, Place, insert_all, open_connection, reading
from hegui.terms import Corrupt, HeguiError, Misconfigured

_log = logging.getLogger(__name__)

_STEP: Final = 16_384
"""Entries that are signed, or taken over, at a time at most: what is read is held in memory."""
_AT_A_TIME: Final = 16
"""Logs that are signed in one transaction, at most."""
_LOOK_SECONDS: Final = 30.0
"""How often an idle process looks for what another one left unsigned."""
_PATIENCE: Final = 1.0  # seconds until what failed is tried again

_LOGS = "SELECT tenant, origin, size, frontier, checkpoint FROM log ORDER BY tenant"
_INSERT_NODE = "INSERT INTO node (tenant, level, idx, hash) VALUES (?, ?, ?, ?)"
_STILL = "SELECT 1 FROM log WHERE tenant = ? AND checkpoint = ?"
_SIZE = "SELECT size FROM log WHERE tenant = ?"
_SIGNED = "UPDATE log SET checkpoint = ? WHERE tenant = ?"

_Stored: TypeAlias = tuple[str, str, int, bytes, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A log as it was found at start: entries beyond the signed head, or why it is refused.

    ``contradicts``: it is refused because it contradicts the second place, as a restored backup
    does.
    """

    tenant: str
    signed: int
    size: int
    refused: HeguiError | None = None
    contradicts: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of ``log``, and its signed head, found good; the second place, read before the row."""

    tenant: str
    size: int
    frontier: bytes
    note: str
    head: Checkpoint
    second: SecondPlace | HeguiError = None


@dataclass(frozen=True, slots=True)
class _Step:
    """What was read back and found good, and is to be written: tiles, and a head or none yet."""

    row: _Row
    edge: Edge
    nodes: list[Node]
    signs: bool

    @property
    def leaves(self) -> int:
        """Over how many entries the roots of its full tiles stand."""
        return sum(WIDE for node in self.nodes if node.level == 1)


class Signing:
    """The chore of a ledger's writer. Used by the writer's thread only, but for ``look``.

    ``seconds``: how long an entry may stay unsigned; ``leaves``: how many may. A log that does not
    hold together is named in ``trust.refused`` until it does. ``step``: how many entries are read
    at a time, at most.
    """

    def __init__(
        self,
        place: Place,
        trust: Trust,
        *,
        seconds: float = 1.0,
        leaves: int = 4_096,
        step: int = _STEP,
    ) -> None:
        self._place = place
        self._trust = trust
        self._seconds = seconds
        self._leaves = leaves
        self._step = step
        self._reader: Connection | None = None
        self._edges: dict[str, tuple[str, Edge]] = {}  # by tenant: signed head, and its edge
        self._whole: set[str] = set()  # logs that have all their tiles
        self._turn: list[str] = []  # logs that wait for their turn, once each
        self._due = 0.0  # at once: a process that was killed may have left something
        self._grown = False
        self.signed = 0

    def grown(self, unsigned: int) -> None:
        """Take note that a log has so many entries that are not signed."""
        if not self._grown:
            self._grown = True
            self._due = min(self._due, time.perf_counter() + self._seconds)
        if unsigned >= self._leaves:
            self._due = min(self._due, time.perf_counter())

    def wait(self) -> float:
        """Return the seconds until there is something to sign, or to look for."""
        return max(0.0, self._due - time.perf_counter())

    def run(self, connection: Connection) -> None:
        """Sign what is durable, a bounded part of it; what is left is due at once."""
        self._grown = False
        self._due = time.perf_counter() + _PATIENCE
        with self._snapshot() as reader:
            turn = self._at_hand(self._rows(reader))
        with self._compared(turn) as (reader, rows):
            steps = [step for row in rows for step in self._prepared(reader, row)]
        if steps:
            self._carry_out(connection, steps)
        unfinished = any(not step.signs or step.edge.size < step.row.size for step in steps)
        if unfinished or self._turn:
            self._due = time.perf_counter()
        elif steps:  # what grew meanwhile may belong to a log whose turn was over
            self._due = time.perf_counter() + min(self._seconds, _LOOK_SECONDS)
        elif not self._trust.refused:
            self._due = time.perf_counter() + _LOOK_SECONDS

    def finish(self, connection: Connection) -> None:
        """Sign all that is durable, then let go of the file."""
        try:
            while True:
                self.run(connection)
                if self.wait() > 0:
                    return
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Close what was opened here."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        try:
            reader.close(force=True)
        except apsw.Error as error:
            _log.warning("closing the database: %s: %s", type(error).__name__, error)

    def look(self) -> list[Found]:
        """Return the logs that hold more than was signed, or that are refused, once all is checked.

        For the start of a service, before anything else uses this object. ``Corrupt`` where the
        database is damaged.
        """
        with reading():
            return self._looked()

    def _looked(self) -> list[Found]:
        found = []
        with self._snapshot() as reader:
            tenants = [str(row[0]) for row in reader.execute(_LOGS).fetchall()]
        with self._compared(tenants) as (reader, rows):
            for tenant, refused in self._trust.refused.items():
                found.append(Found(tenant, 0, 0, refused))
            for row in rows:
                found += self._look_at(reader, row)
        self.let_go()
        return found

    def _look_at(self, reader: Connection, row: _Row) -> list[Found]:
        contradicts = True
        try:
            self._against_second_place(reader, row)
            contradicts = False
            self._check_tail(reader, row)
        except Corrupt as error:
            self._refuse(row.tenant, error)
            return [Found(row.tenant, row.head.size, row.size, error, contradicts)]
        tail = row.size > row.head.size
        return [Found(row.tenant, row.head.size, row.size)] if tail else []

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """Give a reader that sees one moment: what is committed, from the file."""
        if self._reader is None:
            self._reader = open_connection(self._place, read_only=True)
        self._reader.execute("BEGIN")
        try:
            yield self._reader
        finally:
            if self._reader.in_transaction:  # a damaged file may have ended it already
                self._reader.execute("ROLLBACK")

    @contextmanager
    def _compared(self, tenants: list[str]) -> Iterator[tuple[Connection, list[_Row]]]:
        """Give a reader of one moment, and these logs' rows with the second place.

        That is read first. What another process signs between the two is then only in the
        database, and never looks like a database that lost it.
        """
        seconds = {tenant: self._second_place(tenant) for tenant in tenants}
        with self._snapshot() as reader:
            rows = [row for row in self._rows(reader) if row.tenant in seconds]
            yield reader, [replace(row, second=seconds[row.tenant]) for row in rows]

    def _second_place(self, tenant: str) -> SecondPlace | HeguiError:
        try:
            return self._trust.second_place(tenant)
        except HeguiError as error:  # unreadable: raised when this log's turn comes, for it alone
            return error

    def _against_second_place(self, reader: Connection, row: _Row) -> bool:
        if isinstance(row.second, HeguiError) and not isinstance(row.second, Corrupt):
            raise row.second
        return self._trust.against(row.second, reader, row.tenant, row.head, row.size)

    def _rows(self, reader: Connection) -> list[_Row]:
        rows = []
        for row in reader.execute(_LOGS).fetchall():
            tenant, origin, size, frontier, note = cast("_Stored", row)
            try:
                head = self._trust.head(tenant, origin, size, note)
                rows.append(_Row(tenant, size, frontier, note, head))
            except (Corrupt, Misconfigured) as error:
                self._refuse(tenant, error)
        return rows

    def _at_hand(self, rows: list[_Row]) -> list[str]:
        """Return whose logs have their turn, a few: each costs two syncs, and appenders wait."""
        if not self._turn:
            self._turn = [row.tenant for row in rows if self._wants(row)]
        at_hand = self._turn[:_AT_A_TIME]
        del self._turn[:_AT_A_TIME]
        return at_hand

    def _wants(self, row: _Row) -> bool:
        grown = row.size > row.head.size or row.tenant in self._trust.refused
        return grown or row.tenant not in self._whole

    def _refuse(self, tenant: str, error: HeguiError) -> None:
        if tenant not in self._trust.refused:
            _log.error("%s", error.words.en)
        self._trust.refused[tenant] = error

    def _prepared(self, reader: Connection, row: _Row) -> list[_Step]:
        """Return what is to be written for a log, if anything is, once it was checked."""
        try:
            if row.tenant in self._trust.refused:
                self._against_second_place(reader, row)
                self._check_tail(reader, row)
            step = self._take_over(reader, row) or self._next_head(reader, row)
        except ValueError as error:
            self._refuse(row.tenant, split(row.tenant, row.size, str(error)))
        except HeguiError as error:
            self._refuse(row.tenant, error)
        else:
            self._trust.refused.pop(row.tenant, None)
            return [step] if step else []
        return []

    def _take_over(self, reader: Connection, row: _Row) -> _Step | None:
        """Make the tiles that a log of the first format, or a cut-off signing, does not have."""
        end = row.head.size - row.head.size % WIDE
        start = covered(reader, row.tenant)
        if start >= end:
            self._whole.add(row.tenant)
            return None
        edge = load_edge(reader, row.tenant, start)
        nodes = _extend(reader, row.tenant, edge, min(end, start + self._step))
        return _Step(row, edge, nodes, signs=False)

    def _next_head(self, reader: Connection, row: _Row) -> _Step | None:
        if row.size == row.head.size:
            return None
        restored = self._against_second_place(reader, row)
        edge = self._edge_of(reader, row).copy()
        end = min(row.size, edge.size + self._step)
        if not restored and isinstance(row.second, Head):
            # a crash may have left the second place ahead of the stored head
            end = max(end, row.second.checkpoint.size)
        nodes = _extend(reader, row.tenant, edge, end)
        if edge.size == row.size:
            _compare(edge, row)
        return _Step(row, edge, nodes, signs=True)

    def _edge_of(self, reader: Connection, row: _Row) -> Edge:
        """Return the edge of what was signed last."""
        note, edge = self._edges.get(row.tenant, ("", None))
        if edge is None or note != row.note:
            edge = signed_edge(reader, row.tenant, row.head)
            self._edges[row.tenant] = (row.note, edge)
        return edge

    def _check_tail(self, reader: Connection, row: _Row) -> None:
        if row.size == row.head.size:
            return
        try:
            edge = self._edge_of(reader, row).copy()
            _extend(reader, row.tenant, edge, row.size)
            _compare(edge, row)
        except ValueError as error:
            raise split(row.tenant, row.size, str(error)) from error

    def _carry_out(self, connection: Connection, steps: list[_Step]) -> None:
        """Write the steps in one transaction, but for those where another process was quicker."""
        done: dict[str, tuple[str, Edge]] = {}
        connection.execute("BEGIN IMMEDIATE")
        for step in steps:
            try:
                if self._still_to_do(connection, step):
                    self._write(connection, step, done)
            except Corrupt as error:
                self._refuse(step.row.tenant, error)
        connection.execute("COMMIT")
        self._edges |= done
        self.signed += len(done)

    def _still_to_do(self, connection: Connection, step: _Step) -> bool:
        row = step.row
        if connection.execute(_STILL, (row.tenant, row.note)).fetchone() is None:
            return False
        return step.signs or covered(connection, row.tenant) == step.edge.size - step.leaves

    def _write(
        self, connection: Connection, step: _Step, done: dict[str, tuple[str, Edge]]
    ) -> None:
        row, edge = step.row, step.edge
        if step.signs:
            # once more, under the lock: another process may have written there meanwhile, and died
            # before it could commit what it signed; then the next round begins from its head
            second = self._trust.second_place(row.tenant)
            [(size,)] = cast(
                "list[tuple[int]]", connection.execute(_SIZE, (row.tenant,)).fetchall()
            )
            restored = self._trust.against(second, connection, row.tenant, row.head, size)
            if not restored and isinstance(second, Head) and second.checkpoint.size > edge.size:
                return
            checkpoint = Checkpoint(row.head.origin, edge.size, edge.root())
            note = self._trust.sign(row.tenant, checkpoint)
            if row.head.size and not self._trust.heads.digest(row.tenant):
                _log.warning(
                    "no signed head of %s was kept in %s: it begins there with %d entries",
                    row.tenant,
                    self._trust.heads.folder,
                    edge.size,
                )
            if restored:
                kept = self._trust.heads.put_aside(row.tenant)
                _log.warning("the head that the log contradicts is kept as %s", kept)
            self._trust.heads.write(row.tenant, note)
            connection.execute(_SIGNED, (note, row.tenant))
            done[row.tenant] = (note, edge)
        insert_all(connection, _INSERT_NODE, [(row.tenant, *node) for node in step.nodes])


def _compare(edge: Edge, row: _Row) -> None:
    if edge.frontier().to_bytes() != row.frontier:
        raise ValueError("the frontier is not that of the entries")


def _extend(reader: Connection, tenant: str, edge: Edge, end: int) -> list[Node]:
    nodes = []
    for low in range(edge.size, end, BULK):
        nodes += edge.extend(checked_hashes(reader, tenant, low, min(end, low + BULK)))
    return nodes
