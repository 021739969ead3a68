"""Appending to the logs of one database, inside a transaction that the writer opened.

Everything is read from the database each time: any process may append, and the transaction's lock
is what orders them. A log that does not hold together is never extended and never signed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from hegui.ledger import kinds, leaf
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.ledger.tree import Frontier, leaf_hash
from hegui.store import Connection, insert_all, write_all
from hegui.terms import BadRequest, Corrupt, Entry, HeguiError, Receipt, Words

SLACK_MS = 10_000
"""Entries of several processes interleave by as much as one may wait for the others (busy timeout).
An earlier time within this much is no step of the clock."""

_CLOCK_BACK = kinds.named("clock.back")

_NOT_A_LEAF = Words(
    en="This is not a leaf of tenant {tenant}. Make leaves with hegui.ledger.leaf.make.",
    zh="这不是租户 {tenant} 的记录。请使用 hegui.ledger.leaf.make 生成记录。",
)
_SPLIT = Words(
    en="The log of tenant {tenant} does not hold together at size {size}: {why}. Nothing was added."
    " Keep the file, and run: hegui ledger verify",
    zh="租户 {tenant} 的账本在第 {size} 条处前后不一致：{why}。未写入任何记录。"
    "请保留原文件，并运行：hegui ledger verify",
)


class _Head(msgspec.Struct):
    t: int
    tenant: str


_read_head = msgspec.json.Decoder(_Head).decode

_SELECT = "SELECT origin, size, frontier, checkpoint, last_t FROM log WHERE tenant = ?"
_INSERT_ENTRY = "INSERT INTO entry (tenant, idx, hash, leaf) VALUES (?, ?, ?, ?)"
_INSERT_STEP = "INSERT INTO clock_step (tenant, idx) VALUES (?, ?)"
_UPSERT = (
    "INSERT INTO log (tenant, origin, size, frontier, checkpoint, last_t) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, frontier = excluded.frontier,"
    " checkpoint = excluded.checkpoint, last_t = excluded.last_t"
)


@dataclass(slots=True)
class _Log:
    """A tenant's log while one transaction extends it."""

    tenant: str
    origin: str
    frontier: Frontier
    last_t: int
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


class Appender:
    """The commit function of a ledger's writer. Used by the writer's thread only."""

    def __init__(
        self, signer_for: Callable[[str], Signer], origin_for: Callable[[str], str]
    ) -> None:
        self._signer_for = signer_for
        self._origin_for = origin_for
        self._trusted: dict[str, Signer] = {}

    def __call__(self, connection: Connection, entries: Sequence[Entry]) -> list[Receipt]:
        """Extend each tenant's log by its entries, in order; sign each head once."""
        logs: dict[str, _Log] = {}
        receipts = []
        for entry in entries:
            log = logs.get(entry.tenant)
            if log is None:
                log = logs[entry.tenant] = self._open(connection, entry.tenant)
            log.note_time(time_of(entry))
            receipts.append(log.push(entry.leaf))
        write_all(connection, (write for entry in entries for write in entry.writes))
        for log in logs.values():
            self._close(connection, log)
        return receipts

    def _open(self, connection: Connection, tenant: str) -> _Log:
        row = connection.execute(_SELECT, (tenant,)).fetchone()
        if row is None:
            return _Log(tenant, self._origin_for(tenant), Frontier(), 0)
        origin, size, edge, signed, last_t = row
        try:
            frontier = Frontier.from_bytes(size, edge)
        except ValueError as error:
            raise _split(tenant, size, str(error)) from error
        head = Checkpoint(origin, size, frontier.root()).text()
        if not signed.startswith(head + "\n"):
            raise _split(tenant, size, "the frontier is not the one that was signed")
        if tenant not in self._trusted:
            self._check_key(tenant, size, signed)
        return _Log(tenant, origin, frontier, last_t)

    def _check_key(self, tenant: str, size: int, signed: str) -> None:
        signer = self._signer_for(tenant)
        try:
            open_note(signed, signer.vkey)
        except HeguiError as error:
            raise _split(tenant, size, "its head was not signed by this key") from error
        self._trusted[tenant] = signer

    def _close(self, connection: Connection, log: _Log) -> None:
        insert_all(connection, _INSERT_ENTRY, log.rows)
        if log.steps:
            insert_all(connection, _INSERT_STEP, log.steps)
        signer = self._trusted.get(log.tenant) or self._signer_for(log.tenant)
        self._trusted[log.tenant] = signer
        frontier = log.frontier
        text = Checkpoint(log.origin, frontier.size, frontier.root()).text()
        cells = (log.tenant, log.origin, frontier.size, frontier.to_bytes(), signer.sign(text))
        connection.execute(_UPSERT, (*cells, log.last_t))


def time_of(entry: Entry) -> int:
    """Return the time in an entry's leaf; ``BadRequest`` where it is no leaf of its tenant."""
    try:
        head = _read_head(entry.leaf)
    except msgspec.DecodeError as error:
        raise BadRequest(_NOT_A_LEAF.fill(tenant=entry.tenant)) from error
    if head.tenant != entry.tenant or len(entry.leaf) > leaf.MOST_BYTES:
        raise BadRequest(_NOT_A_LEAF.fill(tenant=entry.tenant))
    return head.t


def _split(tenant: str, size: int, why: str) -> Corrupt:
    return Corrupt(_SPLIT.fill(tenant=tenant, size=size, why=why))
