"""Subjects: the persons behind exchanges, known here only by a pseudonym and a key."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock

from hegui.store import random_bytes
from hegui.terms import Clock, Corrupt, Unavailable, Write
from hegui.vault import sealing
from hegui.vault.epochs import Epochs
from hegui.vault.holders import Keys, key_name
from hegui.vault.keyed import keyed
from hegui.vault.rows import Query, as_bytes, number

FRESH_MS = 60_000
"""How long a subject is taken from memory."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, or with ``pseudonym`` nothing: the unidentified caller of one exchange.

    ``writes`` are the rows that must go with the first entry about this subject. They are given
    again until they are seen in the database; written twice they change nothing. ``row`` is the
    person's place in tables such as ``standing``.
    """

    pseudonym: str | None
    key_id: bytes
    key: bytes = field(repr=False)
    row: bytes | None = field(default=None, repr=False)
    writes: tuple[Write, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class _Held:
    subject: Subject
    read_ms: int
    epoch: int  # under which the key in its writes is wrapped


_SELECT = (
    "SELECT s.pseudonym, k.key_id, k.epoch, k.wrapped FROM subject AS s, subject_key AS k"
    " WHERE s.row = ? AND k.subject_row = ? ORDER BY s.seq, k.seq LIMIT 1"
)
_SELECT_ROW = "SELECT row FROM subject WHERE pseudonym = ? AND tenant = ?"
_SELECT_ERASED = "SELECT erasure FROM erased_key WHERE key_id = ?"
_LAST_ERASURE = "SELECT max(seq) FROM erasure"
_SELECT_ERASURES = "SELECT seq, subject_row FROM erasure WHERE seq > ? ORDER BY seq"
_INSERT_SUBJECT = (
    "INSERT INTO subject (row, tenant, pseudonym) VALUES (?, ?, ?)"
    " ON CONFLICT (pseudonym) DO NOTHING"
)
INSERT_KEY = (
    "INSERT INTO subject_key (key_id, subject_row, tenant, epoch, wrapped) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (key_id) DO NOTHING"
)


class Subjects:
    """Finds and makes subjects. Keeps the raw identity nowhere, not even in memory.

    ``tolerant``: where the database cannot be read, who is remembered goes on as before, and who is
    not is made anew; two pseudonyms of one person are found by row later. For a server that may be
    away while a spool takes what is written.
    """

    def __init__(self, query: Query, keys: Keys, epochs: Epochs, clock: Clock, most: int) -> None:
        self.tolerant = False
        self._query = query
        self._keys = keys
        self._epochs = epochs
        self._clock = clock
        self._most = most
        self._tenant_keys: dict[str, bytes] = {}
        self._held: OrderedDict[bytes, _Held] = OrderedDict()
        self._lock = Lock()
        self.erasures = number(query(_LAST_ERASURE, ())[0][0])

    def row(self, tenant: str, raw: str) -> bytes:
        """Return a person's row: HMAC-SHA-256 of the raw identity under the tenant's key."""
        key = self._tenant_keys.get(tenant)
        if key is None:
            key = self._keys.load_or_create(key_name(tenant), sealing.KEY_BYTES)
            self._tenant_keys[tenant] = key
        return keyed(key, raw.encode("utf-8", "surrogatepass"))

    def named(self, tenant: str, raw: str) -> Subject:
        """Return the person whom ``tenant`` calls ``raw``, made anew where there is none."""
        row = self.row(tenant, raw)
        now = self._clock()
        held = self._held.get(row)
        if held is not None and not held.subject.writes and now - held.read_ms < FRESH_MS:
            return held.subject
        with self._lock:
            try:
                stored = self._stored(row)
            except Unavailable:
                if not self.tolerant:
                    raise
                stored = held.subject if held is not None else None
            if stored is None:
                stored = self._waiting(tenant, row, held) or self._new(tenant, row)
            self._held[row] = _Held(stored, now, self._epochs.current)
            self._held.move_to_end(row)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        return stored

    def known(self, tenant: str, pseudonym: str) -> Subject | None:
        """Return the person whom records call ``pseudonym``, while their key is kept."""
        rows = self._query(_SELECT_ROW, (pseudonym, tenant))
        return self._stored(as_bytes(rows[0][0])) if rows else None

    def look(self) -> None:
        """Forget whoever was erased since the last look. ``erasures`` is the last one known."""
        for seq, row in self._query(_SELECT_ERASURES, (self.erasures,)):
            self.erasures = number(seq)
            self.forget(as_bytes(row))

    def unidentified(self, tenant: str) -> Subject:
        """Return a subject for one exchange, whose key nobody else's content shares."""
        return self._keyed(tenant, None, None, ())

    def forget(self, row: bytes) -> None:
        """Take a person out of memory, because they were erased or suspended."""
        with self._lock:
            self._held.pop(row, None)

    def _stored(self, row: bytes) -> Subject | None:
        found = self._query(_SELECT, (row, row))
        if not found:
            return None
        pseudonym, key_id, epoch, wrapped = found[0]
        try:
            key = self._epochs.unwrap(epoch, wrapped)
        except Corrupt:  # or its epoch was closed in between, and the row says another one now
            pseudonym, key_id, epoch, wrapped = (self._query(_SELECT, (row, row)) or found)[0]
            key = self._epochs.unwrap(epoch, wrapped)
        return Subject(str(pseudonym), as_bytes(key_id), key, row)

    def _waiting(self, tenant: str, row: bytes, held: _Held | None) -> Subject | None:
        """Return a person who is not durable yet; another exchange may still fail to write them.

        Not one who was written and erased since; and never wrapped under an epoch that has passed.
        """
        if held is None or not held.subject.writes:
            return None
        subject = held.subject
        if self._query(_SELECT_ERASED, (subject.key_id,)):
            return None
        if held.epoch == self._epochs.current:
            return subject
        write = self._key_row(tenant, row, subject.key_id, subject.key)
        return replace(subject, writes=(*subject.writes[:-1], write))

    def _new(self, tenant: str, row: bytes) -> Subject:
        pseudonym = random_bytes(12).hex()
        person = Write(_INSERT_SUBJECT, (row, tenant, pseudonym))
        return self._keyed(tenant, pseudonym, row, (person,))

    def _keyed(
        self, tenant: str, pseudonym: str | None, row: bytes | None, writes: tuple[Write, ...]
    ) -> Subject:
        key_id, key = random_bytes(16), random_bytes(sealing.KEY_BYTES)
        write = self._key_row(tenant, row, key_id, key)
        return Subject(pseudonym, key_id, key, row, (*writes, write))

    def _key_row(self, tenant: str, row: bytes | None, key_id: bytes, key: bytes) -> Write:
        epoch, wrapped = self._epochs.wrap(key)
        return Write(INSERT_KEY, (key_id, row, tenant, epoch, wrapped))
