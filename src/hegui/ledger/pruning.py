"""Deleting leaves whose terms have ended; their hashes stay, so that every proof still holds.

Follows the pruning section of C2SP tlog-tiles: a *minimum index* in whole bundles, below which
leaves may be gone and from which on all are there. More is kept than it asks for: all hash tiles,
and leaves below the minimum whose own term runs on. What was deleted is a record of the log itself,
written in the same transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import apsw

from hegui.ledger import kinds, leaf
from hegui.ledger.edge import WIDE
from hegui.ledger.note import Checkpoint
from hegui.ledger.stretch import stored_leaves
from hegui.ledger.tree import leaf_hash
from hegui.store import Connection, Place, open_connection
from hegui.terms import Corrupt, Entry, Unavailable, Words, Write

DAY_MS: Final = 86_400_000
THREE_YEARS_DAYS: Final = 3 * 365 + 1
"""Any three years, whether or not a leap day lies in them (PIPL Art. 56)."""
MOST: Final = 8_192
"""Leaves of one record, one transaction: what else waits to be written waits no longer for it."""
_RUNS: Final = 1_000

_PRUNED = kinds.named("ledger.pruned")
_UNREADABLE = Words(en="The ledger cannot be read: {why}.", zh="无法读取账本：{why}。")

_HEAD = "SELECT size, checkpoint FROM log WHERE tenant = ?"
_LAST = (
    "SELECT leaf FROM entry WHERE tenant = ?1 AND idx ="
    " (SELECT max(record) FROM pruned WHERE tenant = ?1)"
)
_AGED = (
    "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx < ? AND length(leaf) > 0"
    ' AND NOT instr(leaf, CAST(\'"kind":"ledger.\' AS BLOB)) ORDER BY idx'
)
_EMPTY = "UPDATE entry SET leaf = x'' WHERE tenant = ? AND idx >= ? AND idx < ?"
_LIST = (
    "INSERT INTO pruned (tenant, start, count, record)"
    " SELECT tenant, ?, ?, idx FROM entry WHERE tenant = ? AND idx >= ? AND hash = ?"
)


WITH_THE_PLACE: Final = frozenset({_EMPTY, _LIST})
"""Rows of the ledger itself: they are written when the record gets its place, not before."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Before which times (UTC ms) records have served their term, by the classes that have one."""

    log: int
    years: int

    @classmethod
    def at(cls, now: int, log_days: int) -> "Terms":
        """Return the terms that end now; ``log_days`` is ``content.log_term``."""
        return cls(now - log_days * DAY_MS, now - max(log_days, THREE_YEARS_DAYS) * DAY_MS)


@dataclass(slots=True)
class Plan:
    """Leaves of one log that are to be deleted, and the minimum index when they are."""

    tenant: str
    size: int
    minimum: int
    indices: list[int] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def runs(self) -> list[tuple[int, int]]:
        """The stretches of neighbouring entries: first index and count."""
        runs: list[tuple[int, int]] = []
        for index in sorted(self.indices):
            if runs and sum(runs[-1]) == index:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((index, 1))
        return runs

    def entry(self, now: int, terms: Terms) -> Entry:
        """Return the record of the deletion, with the rows that carry it out."""
        runs = self.runs
        listed = "".join(f"{start} {count}\n" for start, count in runs)
        fields = {
            "count": len(self.indices),
            "list": sha256(listed.encode()).hexdigest(),
            "minimum": self.minimum,
            "kinds": kinds.fold(self.kinds),
            "log": max(0, terms.log),
            "years": max(0, terms.years),
        }
        record = leaf.make(_PRUNED, now, self.tenant, fields)
        place = (self.tenant, self.size, leaf_hash(record))
        writes = [Write(_EMPTY, (self.tenant, start, start + count)) for start, count in runs]
        writes += [Write(_LIST, (start, count, *place)) for start, count in runs]
        return Entry(self.tenant, record, tuple(writes))


def plan(place: Place, tenant: str, terms: Terms, *, most: int = MOST) -> Plan | None:
    """Return what is to be deleted next from ``tenant``'s log; None where nothing is.

    Only below the signed head. Records of kinds that this version does not know are kept, and so
    are the ledger's records of itself. Reads files: not for the loop.
    """
    connection = open_connection(place, read_only=True)
    try:
        connection.execute("BEGIN")
        row = connection.execute(_HEAD, (tenant,)).fetchone()
        if row is None:
            return None
        signed = Checkpoint.parse(str(row[1]).rpartition("\n\n")[0] + "\n").size
        found = Plan(tenant, int(row[0]), _minimum(connection, tenant))
        old = found.minimum
        _walk(connection, found, signed, terms, most)
        _take_aged(connection, found, old, terms, most)
    except apsw.Error as error:
        raise Unavailable(_UNREADABLE.fill(why=error)) from error
    except ValueError as error:
        raise Corrupt(_UNREADABLE.fill(why=error)) from error
    else:
        return found if found.indices else None
    finally:
        connection.close()


def tenants(place: Place) -> list[str]:
    """Return whose logs there are. Reads files: not for the loop."""
    connection = open_connection(place, read_only=True)
    try:
        return [str(name) for (name,) in connection.execute("SELECT tenant FROM log")]
    except apsw.Error as error:
        raise Unavailable(_UNREADABLE.fill(why=error)) from error
    finally:
        connection.close()


def _minimum(connection: Connection, tenant: str) -> int:
    row = connection.execute(_LAST, (tenant,)).fetchone()
    last = leaf.parse(row[0]).get("minimum") if row else 0
    return last if isinstance(last, int) else 0


def _walk(connection: Connection, found: Plan, signed: int, terms: Terms, most: int) -> None:
    """Move the minimum on by whole bundles in which no record's term of class ``log`` runs on."""
    while found.minimum + WIDE <= signed and len(found.indices) < most:
        start = found.minimum
        leaves = stored_leaves(connection, found.tenant, start, start + WIDE)
        ended = _ended(leaves, terms)
        if ended is None:
            return
        for place, kind in ended:
            found.indices.append(start + place)
            found.kinds[kind] += 1
        found.minimum += WIDE


def _ended(leaves: Sequence[bytes], terms: Terms) -> list[tuple[int, str]] | None:
    """Return which leaves have served their term; None where one of class ``log`` has not."""
    ended = []
    for place, record in enumerate(leaves):
        kind, retention, time = _head(record)
        if retention == "log":
            if time >= terms.log:
                return None
            ended.append((place, kind))
        elif retention == "three-years" and time < terms.years:
            ended.append((place, kind))
    return ended


def _head(record: bytes) -> tuple[str, str, int]:
    """Return kind, retention class and time of a record; no class where it is always kept."""
    parsed = leaf.parse(record) if record else {}
    kind = kinds.kind(str(parsed.get("kind")))
    if kind is None or kind.name.startswith("ledger.") or "opaque" in parsed:
        return "", "", 0
    if kind.retention == "lasting":
        return kind.name, "", 0
    return kind.name, kind.retention, int(parsed["t"])


def _take_aged(connection: Connection, found: Plan, minimum: int, terms: Terms, most: int) -> None:
    """Take what was kept below the minimum until its own term ended, oldest first."""
    runs = len(found.runs)
    for index, record in connection.execute(_AGED, (found.tenant, minimum)):
        kind, retention, time = _head(record)
        if not retention:
            continue
        if time >= (terms.years if retention == "three-years" else terms.log):
            return
        runs += 1
        if len(found.indices) >= most or runs > _RUNS:
            return
        found.indices.append(index)
        found.kinds[kind] += 1
