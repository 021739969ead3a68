"""Appending to the logs of one database, inside a transaction that the writer opened.

Everything is read from the database each time: any process may append, and the transaction's lock
is what orders them. A log that does not hold together is never extended. Heads are signed after
(``hegui.ledger.signing``): what is acknowledged is durable, and a second later it is signed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from hegui.ledger import kinds, leaf
from hegui.ledger.note import Checkpoint
from hegui.ledger.stretch import BULK, checked_hashes, signed_edge, stored_hashes
from hegui.ledger.tree import Frontier, leaf_hash
from hegui.ledger.trust import Trust, split
from hegui.store import Connection, insert_all, write_all
from hegui.terms import BadRequest, Entry, Receipt, Words

SLACK_MS = 10_000
"""Entries of several processes interleave by as much as one may wait for the others (busy timeout).
An earlier time within this much is no step of the clock."""

_CLOCK_BACK = kinds.named("clock.back")

_NOT_SIGNED = Words("the frontier is not the one that was signed", "前沿哈希与签名时不同")
_NOT_THEIRS = Words("the frontier is not that of the entries", "前沿哈希与记录不符")
_NOT_A_LEAF = Words(
    en="This is not a leaf of tenant {tenant}. Make leaves with hegui.ledger.leaf.make.",
    zh="这不是租户 {tenant} 的记录。请使用 hegui.ledger.leaf.make 生成记录。",
)


class _Head(msgspec.Struct):
    t: int
    tenant: str


_read_head = msgspec.json.Decoder(_Head).decode

_SELECT = "SELECT origin, size, frontier, checkpoint, last_t FROM log WHERE tenant = ?"
_INSERT_ENTRY = "INSERT INTO entry (tenant, idx, hash, leaf) VALUES (?, ?, ?, ?)"
_INSERT_STEP = "INSERT INTO clock_step (tenant, idx) VALUES (?, ?)"
_INSERT_LOG = (
    "INSERT INTO log (tenant, origin, size, frontier, checkpoint, last_t) VALUES (?, ?, 0, x'', ?,"
    " 0)"
)
_UPDATE = "UPDATE log SET size = ?, frontier = ?, last_t = ? WHERE tenant = ?"


@dataclass(slots=True)
class _Log:
    """A tenant's log while one transaction extends it."""

    tenant: str
    frontier: Frontier
    last_t: int
    signed: int
    rows: list[tuple[str, int, bytes, bytes]] = field(default_factory=list)
    steps: list[tuple[str, int]] = field(default_factory=list)

    def push(self, record: bytes) -> Receipt:
        index, hashed = self.frontier.size, leaf_hash(record)
        self.frontier.push(hashed)
        self.rows.append((self.tenant, index, hashed, record))
        return Receipt(self.tenant, index, hashed)

    def note_time(self, at_ms: int) -> None:
        if at_ms + SLACK_MS < self.last_t:
            step = {"last": self.last_t, "by": self.last_t - at_ms}
            self.steps.append((self.tenant, self.frontier.size))
            self.push(leaf.make(_CLOCK_BACK, at_ms, self.tenant, step))
            self.last_t = at_ms
        elif at_ms > self.last_t:
            self.last_t = at_ms


@dataclass(frozen=True, slots=True)
class _Seen:
    """A log as this process left it, or found it good."""

    size: int
    edge: bytes


class Appender:
    """The commit function of a ledger's writer. Used by the writer's thread only.

    ``grown(unsigned)`` is told after each group how many entries of a log are not signed yet.
    """

    def __init__(self, trust: Trust, grown: Callable[[int], None]) -> None:
        self._trust = trust
        self._grown = grown
        self._seen: dict[str, _Seen] = {}
        # what the last transaction would have left: whether it was committed, the row will show
        self._left: dict[str, _Seen] = {}

    def __call__(self, connection: Connection, entries: Sequence[Entry]) -> list[Receipt]:
        """Extend each tenant's log by its entries, in order."""
        logs: dict[str, _Log] = {}
        receipts = []
        for entry in entries:
            log = logs.get(entry.tenant)
            if log is None:
                log = logs[entry.tenant] = self._open(connection, entry.tenant)
            log.note_time(time_of(entry))
            receipts.append(log.push(entry.leaf))
        for log in logs.values():
            self._close(connection, log)
        # after the entries: a row may say which entry it belongs to
        write_all(connection, (write for entry in entries for write in entry.writes))
        return receipts

    def _open(self, connection: Connection, tenant: str) -> _Log:
        refused = self._trust.refused.get(tenant)
        if refused is not None and not self._trust.accepting:
            raise refused
        row = connection.execute(_SELECT, (tenant,)).fetchone()
        if row is None:
            return self._begin(connection, tenant)
        origin, size, edge, note, last_t = row
        try:
            frontier = Frontier.from_bytes(size, edge)
        except ValueError as error:
            raise split(tenant, size, str(error)) from error
        head = self._trust.head(tenant, origin, size, note)
        if head.size == size and head.root != frontier.root():
            raise split(tenant, size, _NOT_SIGNED)
        found = _Seen(size, edge)
        if found == self._left.get(tenant):
            self._seen[tenant] = found
        elif found != self._seen.get(tenant):
            self._examine(connection, tenant, head, found)
            self._seen[tenant] = found
        return _Log(tenant, frontier, last_t, head.size)

    def _begin(self, connection: Connection, tenant: str) -> _Log:
        """Begin a log with the signed head of an empty one, so that it has a head at all times."""
        empty = self._trust.begin(tenant)
        if not self._trust.accepting:
            self._trust.against_second_place(connection, tenant, empty, 0)
        note = self._trust.sign(tenant, empty)
        connection.execute(_INSERT_LOG, (tenant, empty.origin, note))
        self._seen.pop(tenant, None)
        return _Log(tenant, Frontier(), 0, 0)

    def _examine(self, connection: Connection, tenant: str, head: Checkpoint, found: _Seen) -> None:
        """Follow the log from where it was good last to where it is now, or raise ``Corrupt``.

        What this process meets for the first time is followed leaf by leaf from the signed head;
        what others appended meanwhile by its hashes (before it is signed, leaves are hashed too).
        """
        seen = self._seen.get(tenant)
        try:
            if seen is None:
                frontier, read = signed_edge(connection, tenant, head).frontier(), checked_hashes
            else:
                frontier, read = Frontier.from_bytes(seen.size, seen.edge), stored_hashes
            for low in range(frontier.size, found.size, BULK):
                for hashed in read(connection, tenant, low, min(found.size, low + BULK)):
                    frontier.push(hashed)
        except ValueError as error:
            raise split(tenant, found.size, str(error)) from error
        if (frontier.size, frontier.to_bytes()) != (found.size, found.edge):
            raise split(tenant, found.size, _NOT_THEIRS)

    def _close(self, connection: Connection, log: _Log) -> None:
        insert_all(connection, _INSERT_ENTRY, log.rows)
        if log.steps:
            insert_all(connection, _INSERT_STEP, log.steps)
        left = _Seen(log.frontier.size, log.frontier.to_bytes())
        connection.execute(_UPDATE, (left.size, left.edge, log.last_t, log.tenant))
        self._left[log.tenant] = left
        self._grown(left.size - log.signed)


def time_of(entry: Entry) -> int:
    """Return the time in an entry's leaf; ``BadRequest`` where it is no leaf of its tenant."""
    try:
        head = _read_head(entry.leaf)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(_NOT_A_LEAF.fill(tenant=entry.tenant)) from error
    if head.tenant != entry.tenant or len(entry.leaf) > leaf.MOST_BYTES:
        raise BadRequest(_NOT_A_LEAF.fill(tenant=entry.tenant))
    return head.t
