"""Subjects: the persons behind exchanges, known here only by a pseudonym and a key."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from hegui.store import random_bytes
from hegui.terms import Cell, Clock, Unavailable, Write
from hegui.vault import sealing
from hegui.vault.epochs import Epochs, Keys, as_bytes, key_name
from hegui.vault.keyed import keyed

FRESH_MS = 60_000
"""How long a subject is taken from memory; so long may a key live on here after its erasure."""


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


Query = Callable[[str, tuple[Cell, ...]], Sequence[tuple[Cell, ...]]]

_SELECT_PSEUDONYM = "SELECT pseudonym FROM subject WHERE row = ? ORDER BY seq LIMIT 1"
_SELECT_KEY = (
    "SELECT key_id, epoch, wrapped FROM subject_key WHERE subject_row = ? ORDER BY seq LIMIT 1"
)
_INSERT_SUBJECT = (
    "INSERT INTO subject (row, tenant, pseudonym) VALUES (?, ?, ?)"
    " ON CONFLICT (pseudonym) DO NOTHING"
)
_INSERT_KEY = (
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
                # not durable yet: another exchange of the same moment may still fail to write it
                waiting = held is not None and held.subject.writes
                stored = held.subject if held and waiting else self._new(tenant, row)
            self._held[row] = _Held(stored, now)
            self._held.move_to_end(row)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        return stored

    def unidentified(self, tenant: str) -> Subject:
        """Return a subject for one exchange, whose key nobody else's content shares."""
        return self._keyed(tenant, None, None, ())

    def forget(self, row: bytes) -> None:
        """Take a person out of memory, because they were erased or suspended."""
        with self._lock:
            self._held.pop(row, None)

    def _stored(self, row: bytes) -> Subject | None:
        named = self._query(_SELECT_PSEUDONYM, (row,))
        keyed = self._query(_SELECT_KEY, (row,))
        if not named or not keyed:
            return None
        key_id, epoch, wrapped = keyed[0]
        key = self._epochs.unwrap(epoch, wrapped)
        return Subject(str(named[0][0]), as_bytes(key_id), key, row)

    def _new(self, tenant: str, row: bytes) -> Subject:
        pseudonym = random_bytes(12).hex()
        person = Write(_INSERT_SUBJECT, (row, tenant, pseudonym))
        return self._keyed(tenant, pseudonym, row, (person,))

    def _keyed(
        self, tenant: str, pseudonym: str | None, row: bytes | None, writes: tuple[Write, ...]
    ) -> Subject:
        key_id, key = random_bytes(16), random_bytes(sealing.KEY_BYTES)
        epoch, wrapped = self._epochs.wrap(key)
        subject = Subject(pseudonym, key_id, key, row)
        cells = (key_id, row, tenant, epoch, wrapped)
        return replace(subject, writes=(*writes, Write(_INSERT_KEY, cells)))
