"""Erasure: from a person's request until no key that opened their data exists any more.

``active`` → ``restricted`` (stored, not processed) → ``erased`` (keys and content deleted) →
``complete`` (the epochs in which the keys were wrapped are closed, and every sink has answered).
Each step is one transaction with its record; a step that was cut off is taken by ``advance``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from hegui.store import random_bytes
from hegui.terms import BadRequest, Cell, Clock, Erasure, HeguiError, Sink, SinkState, Words, Write
from hegui.vault import moving
from hegui.vault.epochs import Epochs, epochs_of
from hegui.vault.remembered import Remembered
from hegui.vault.rotating import Record
from hegui.vault.rows import Rows, as_bytes, number

State: TypeAlias = Literal["restricted", "erased", "complete"]
GROUNDS: Final = ("requested", "consent-withdrawn", "purpose-ended", "term-ended", "unlawful")
_DAY_MS: Final = 86_400_000
REPEATED: Final = "repeated after an older database was restored"
"""Who erases, in the record, where the person had asked before."""
_LAG_MS: Final = 600_000  # from when a key is due until it is destroyed, and everybody has answered

_UNKNOWN = Words(
    en="Nothing is kept of this person in the log of tenant {tenant}: they never came, or were"
    " erased. Check the tenant and how the person is written.",
    zh="租户 {tenant} 下没有此人的任何留存：从未出现过，或已被删除。请核对租户和当事人的写法。",
)

_BY_ROW = "SELECT pseudonym FROM subject WHERE row = ? AND tenant = ? ORDER BY seq"
_ROW_OF = (
    "SELECT row FROM subject WHERE pseudonym = ? AND tenant = ?"
    " AND pseudonym NOT IN (SELECT pseudonym FROM erased_subject)"
)
_KEYS_BY_ROW = "SELECT key_id FROM subject_key WHERE subject_row = ? AND tenant = ? ORDER BY seq"
_INSERT = (
    "INSERT INTO erasure (id, tenant, subject_row, state, asked) VALUES (?, ?, ?, 'restricted', ?)"
)
_BROUGHT_BACK = (
    "SELECT subject_row, tenant FROM subject_key WHERE key_id = ? AND subject_row IS NOT NULL"
    " AND key_id NOT IN (SELECT key_id FROM erased_key)"
)
_INSERT_SUBJECT = "INSERT INTO erased_subject (pseudonym, erasure) VALUES (?, ?)"
_DETACH_SUBJECT = "UPDATE subject SET row = ? WHERE pseudonym = ?"
_DETACH_KEY = "UPDATE subject_key SET subject_row = NULL WHERE key_id = ?"
_DEFER = "UPDATE erasure SET kept_until = ? WHERE id = ?"
_ERASED = (
    "UPDATE erasure SET state = 'erased', erased = ?, epoch = (SELECT max(number) FROM epoch)"
    " WHERE id = ?"
)
_COMPLETE = "UPDATE erasure SET state = 'complete', completed = ?, subject_row = NULL WHERE id = ?"
_DELETE_ACCEPTED = "DELETE FROM acceptance WHERE subject = ? AND tenant = ?"
_DELETE_SUBJECT = "DELETE FROM subject WHERE pseudonym = ?"
_COLUMNS = "id, tenant, state, asked, kept_until, erased, epoch, completed"
_ALL = f"SELECT {_COLUMNS} FROM erasure ORDER BY seq"  # noqa: S608 - our own constant
_OPEN = f"SELECT {_COLUMNS} FROM erasure WHERE state <> 'complete' ORDER BY seq"  # noqa: S608 - our own constant
_BY_ID = f"SELECT {_COLUMNS} FROM erasure WHERE id = ?"  # noqa: S608 - our own constant
_OF_ROW = f"SELECT {_COLUMNS} FROM erasure WHERE subject_row = ? ORDER BY seq"  # noqa: S608 - our own constant
_OF_SUBJECT = (
    f"SELECT {_COLUMNS} FROM erasure WHERE tenant = ?"  # noqa: S608 - our own constant
    " AND id IN (SELECT erasure FROM erased_subject WHERE pseudonym = ?)"
)
_SUBJECTS = "SELECT pseudonym FROM erased_subject WHERE erasure = ? ORDER BY pseudonym"
_KEYS = "SELECT key_id FROM erased_key WHERE erasure = ? ORDER BY key_id"
_SINKS = "SELECT sink, state FROM erasure_sink WHERE erasure = ? ORDER BY sink"
_UPSERT_SINK = (
    "INSERT INTO erasure_sink (erasure, sink, state, at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (erasure, sink) DO UPDATE SET state = excluded.state, at = excluded.at"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data are to be erased: the pseudonyms and keys that one row has."""

    tenant: str
    row: bytes
    subjects: tuple[str, ...]
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an erasure has come. Times are UTC ms; ``due`` is the day the requester is told.

    ``kept_until`` is when the last legal term ends that holds something back; 0 where none does.
    """

    id: str
    tenant: str
    state: State
    subjects: tuple[str, ...]
    asked: int
    kept_until: int | None
    erased: int | None
    epoch: int | None
    completed: int | None
    sinks: dict[str, SinkState]
    due: int


@dataclass(frozen=True, slots=True)
class Erasures:
    """Takes requests to erase, and carries each as far as it can be carried now."""

    rows: Rows
    epochs: Epochs
    record: Record
    sinks: Sequence[Sink]
    clock: Clock
    epoch_days: int
    remembered: Remembered

    def person(self, tenant: str, *, row: bytes = b"", pseudonym: str = "") -> Person:
        """Find a person by their row or a pseudonym; unknown is ``BadRequest`` (404)."""
        if pseudonym:
            found = self.rows.query(_ROW_OF, (pseudonym, tenant))
            row = as_bytes(found[0][0]) if found else b""
        subjects = tuple(str(name) for (name,) in self.rows.query(_BY_ROW, (row, tenant)))
        if not subjects:
            words = _UNKNOWN.fill(tenant=tenant)
            raise BadRequest(words, status=404, code="subject_unknown")
        keys = self.rows.query(_KEYS_BY_ROW, (row, tenant))
        return Person(tenant, row, subjects, tuple(as_bytes(key) for (key,) in keys))

    def ask(self, person: Person, ground: str, by: str) -> Standing:
        """Restrict the person's data at once, then erase what no legal term holds back.

        The person is a stranger from the first step on: who asks again gets a new pseudonym and a
        new key.
        """
        made = random_bytes(8).hex()
        writes = [Write(_INSERT, (made, person.tenant, person.row, self.clock()))]
        for name in person.subjects:
            writes.append(Write(_INSERT_SUBJECT, (name, made)))
            writes.append(Write(_DETACH_SUBJECT, (random_bytes(32), name)))
            writes.append(Write(_DELETE_ACCEPTED, (name, person.tenant)))
        for key in person.keys:
            writes.append(Write(moving.INSERT_ERASED, (key, made)))
            writes.append(Write(_DETACH_KEY, (key,)))
        fields = {"erasure": made, "subjects": _few(person.subjects), "by": by, "ground": ground}
        self.remembered.add(person.keys)
        self.record(person.tenant, "subject.restricted", fields, tuple(writes))
        self.advance(made)
        return self._of(made)

    def advance(self, only: str = "") -> list[Standing]:
        """Carry every open erasure on; return those that have become complete."""
        completed = []
        waiting = [self._of(only)] if only else self.under_way()
        for standing in waiting:
            if standing.state == "restricted" and (standing.kept_until or 0) <= self.clock():
                self._erase(standing)
            fresh = self._of(standing.id)
            if fresh.state == "erased" and self._complete(fresh):
                completed.append(self._of(standing.id))
        return completed

    def repeat(self) -> list[Standing]:
        """Erase again whom an older copy of the database brought back; return those erasures."""
        again = []
        for key in self.remembered.ids():
            for row, tenant in self.rows.query(_BROUGHT_BACK, (key,)):
                person = self.person(str(tenant), row=as_bytes(row))
                again.append(self.ask(person, "requested", REPEATED))
        return again

    def under_way(self) -> list[Standing]:
        """Return all erasures that are not complete, the oldest first."""
        return self.standings(_OPEN)

    def standings(self, sql: str = _ALL, cells: tuple[Cell, ...] = ()) -> list[Standing]:
        """Return all erasures, the oldest first."""
        return [self._standing(row) for row in self.rows.query(sql, cells)]

    def of(self, tenant: str, *, row: bytes = b"", pseudonym: str = "") -> list[Standing]:
        """Return a person's erasures. By their row only until they are complete."""
        if pseudonym:
            return self.standings(_OF_SUBJECT, (tenant, pseudonym))
        return self.standings(_OF_ROW, (row,))

    def _erase(self, standing: Standing) -> None:
        now = self.clock()
        part = moving.parting(self.rows, self.epochs, standing.tenant, standing.id, now)
        fields = {
            "erasure": standing.id,
            "subjects": _few(standing.subjects),
            "keys": len(part.keys),
            "content": part.deleted,
            "shared": part.shared,
        }
        writes = [*part.writes]
        if part.kept:
            writes.append(Write(_DEFER, (part.until, standing.id)))
            fields |= {"kept": part.kept, "until": part.until}
            self.record(standing.tenant, "erasure.deferred", fields, tuple(writes))
        else:
            writes += [Write(_DELETE_SUBJECT, (name,)) for name in standing.subjects]
            writes.append(Write(_ERASED, (now, standing.id)))
            self.record(standing.tenant, "subject.erased", fields, tuple(writes))
        self.rows.scrub()

    def _complete(self, standing: Standing) -> bool:
        """Ask the sinks; put completion on record when they and the epochs are through."""
        keys = tuple(as_bytes(key) for (key,) in self.rows.query(_KEYS, (standing.id,)))
        told = Erasure(
            standing.id, standing.tenant, standing.subjects, keys, standing.erased or self.clock()
        )
        states = dict(standing.sinks)
        for sink in self.sinks:
            if states.get(sink.name, "waiting") == "waiting":
                states[sink.name] = self._ask(sink, told)
        changed = [name for name, state in states.items() if standing.sinks.get(name) != state]
        now = self.clock()
        rows = [Write(_UPSERT_SINK, (standing.id, name, states[name], now)) for name in changed]
        last = standing.epoch or 0
        opened = any(e.number <= last and not e.closed for e in epochs_of(self.rows.query))
        if opened or "waiting" in states.values():
            if rows:
                self.rows.apply(rows)
            return False
        fields = {
            "erasure": standing.id,
            "subjects": _few(standing.subjects),
            "epoch": last,
            "sinks": states,
        }
        done = Write(_COMPLETE, (now, standing.id))
        self.record(standing.tenant, "erasure.completed", fields, (*rows, done))
        self.remembered.drop(keys)
        self.rows.scrub()
        return True

    def _ask(self, sink: Sink, erasure: Erasure) -> SinkState:
        try:
            return sink.erase(erasure, self.clock())
        except HeguiError:
            return "waiting"

    def _of(self, wanted: str) -> Standing:
        return self.standings(_BY_ID, (wanted,))[0]

    def _standing(self, row: tuple[Cell, ...]) -> Standing:
        made, tenant, state = str(row[0]), str(row[1]), str(row[2])
        asked, kept, erased, epoch, completed = (
            cell if isinstance(cell, int) else None for cell in row[3:8]
        )
        names = self.rows.query(_SUBJECTS, (made,))
        sinks = self.rows.query(_SINKS, (made,))
        return Standing(
            id=made,
            tenant=tenant,
            state=_state(state),
            subjects=tuple(str(name) for (name,) in names),
            asked=asked or 0,
            kept_until=kept,
            erased=erased,
            epoch=epoch,
            completed=completed,
            sinks={str(name): _sink_state(str(said)) for name, said in sinks},
            due=completed or self._due(kept, epoch),
        )

    def _due(self, kept_until: int | None, epoch: int | None) -> int:
        """Return when the erasure will be complete, if nobody rotates earlier."""
        now, days = self.clock(), self.epoch_days * _DAY_MS
        if epoch is None and kept_until and kept_until > now:
            return kept_until + days + _LAG_MS
        known = {each.number: each.opened for each in epochs_of(self.rows.query)}
        opened = known.get(epoch if epoch is not None else max(known), 0)
        return max(now, (opened or now) + days) + _LAG_MS


def _few(subjects: Sequence[str]) -> list[str]:
    """Return the pseudonyms, as many as a leaf holds; a person has one, hardly ever two."""
    return list(subjects[:16])


def _state(said: str) -> State:
    return "complete" if said == "complete" else "erased" if said == "erased" else "restricted"


def _sink_state(said: str) -> SinkState:
    return "done" if said == "done" else "handed-over" if said == "handed-over" else "waiting"


def living(rows: Rows) -> int:
    """Count the keys that are kept."""
    return number(rows.query("SELECT count(*) FROM subject_key")[0][0])
