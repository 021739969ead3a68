"""Inspectors' keys: they open records of one log and one time, for a purpose and a term (Art. 19).

They are not callers' keys: neither opens the other's door. Kept only as a keyed hash.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hegui.callers.snapshot import Snapshot
from hegui.store import Connection, Place
from hegui.terms import BadRequest, Clock, Words, Write
from hegui.vault.keyed import keyed

# Without i, l, o and u: what is read aloud or copied by hand is not mistaken.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PREFIX: Final = "hgi-"
_ID_CHARS: Final = 10
_SECRET_CHARS: Final = 32
_KEY_CHARS: Final = len(_PREFIX) + _ID_CHARS + 1 + _SECRET_CHARS
_MOST_PURPOSE: Final = 300
_MOST_MS: Final = 366 * 86_400_000

_COLUMNS = "id, tenant, purpose, since, until, created, expires, revoked"
_INSERT = f"INSERT INTO inspector_key ({_COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - the column names are ours
_SELECT = f"SELECT {_COLUMNS}, hash FROM inspector_key ORDER BY created, id"  # noqa: S608 - see _INSERT
_REVOKE = "UPDATE inspector_key SET revoked = ? WHERE id = ? AND revoked IS NULL"

_NO_PURPOSE = Words(
    en="Write down what the inspection is for: 1 to {most} characters. It goes on record.",
    zh="请写明检查目的：1 至 {most} 个字符，会记录在案。",
)
_BACKWARDS = Words(
    en="The records' time ends before it begins: --from must lie before --to.",
    zh="记录期间的结束早于开始：--from 应早于 --to。",
)
_TERM = Words(
    en="An inspector's key ends between now and a year from now.",
    zh="检查密钥的失效时间应在现在与一年之间。",
)
_UNKNOWN = Words(
    en="There is no inspector's key {id}; hegui inspectors list shows them.",
    zh="没有编号为 {id} 的检查密钥；hegui inspectors list 可查看全部。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """A key as it is stored, without its hash. Times are UTC milliseconds, ends excluded.

    ``since`` and ``until`` bound the records by their own times; ``expires`` ends the key.
    """

    id: str
    tenant: str
    purpose: str
    since: int
    until: int
    created: int
    expires: int
    revoked: int | None = None

    def state(self, now: int) -> Literal["active", "expired", "revoked"]:
        """Say whether the key opens anything at ``now``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires <= now else "active"

    def covers(self, at_ms: int) -> bool:
        """Tell whether a record of this time is within the key's scope."""
        return self.since <= at_ms < self.until


@dataclass(frozen=True, slots=True)
class MadeInspector:
    """A new key: ``plain`` exists only here, ``write`` is the row that makes it known."""

    plain: str = field(repr=False)
    record: Inspector
    write: Write = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInspector:
    """What a key is made for; see ``Inspector``."""

    tenant: str
    purpose: str
    since: int
    until: int
    expires: int


def make(pepper: bytes, new: NewInspector, now: int) -> MadeInspector:
    """Make a key, without storing it: its row goes into one transaction with its evidence.

    ``hgi-`` id (50 bits) ``-`` secret (160 bits). A key without a purpose, without an end, or for
    no time at all is a ``BadRequest``.
    """
    if not (new.purpose.strip() and new.purpose.isprintable()) or len(new.purpose) > _MOST_PURPOSE:
        raise BadRequest(_NO_PURPOSE.fill(most=_MOST_PURPOSE), param="purpose")
    if new.since >= new.until:
        raise BadRequest(_BACKWARDS, param="from")
    if not now < new.expires <= now + _MOST_MS:
        raise BadRequest(_TERM, param="expires")
    key_id, secret = _drawn(_ID_CHARS), _drawn(_SECRET_CHARS)
    record = Inspector(
        id=key_id,
        tenant=new.tenant,
        purpose=new.purpose,
        since=new.since,
        until=new.until,
        created=now,
        expires=new.expires,
    )
    cells = tuple(getattr(record, name) for name in _COLUMNS.split(", "))
    write = Write(_INSERT, (*cells, _hash(pepper, key_id, secret)))
    return MadeInspector(f"{_PREFIX}{key_id}-{secret}", record, write)


def revocation(connection: Connection, key_id: str, now: int) -> tuple[Inspector, Write]:
    """Return a key and the write that revokes it. An unknown id is a ``BadRequest``."""
    for record in listing(connection):
        if record.id == key_id:
            return record, Write(_REVOKE, (now, key_id))
    raise BadRequest(_UNKNOWN.fill(id=key_id[:40]), status=404, param="id")


def listing(connection: Connection) -> list[Inspector]:
    """Return all keys, oldest first, without their hashes."""
    return [_record(row) for row in connection.execute(_SELECT)]


class InspectorBook:
    """All inspectors' keys, in memory: one made or revoked elsewhere counts within 0.5 s."""

    def __init__(self, place: Place, pepper: bytes, clock: Clock) -> None:
        self._pepper = pepper
        self._clock = clock
        self._keys = Snapshot(place, "inspector_key", _SELECT, _by_id, clock)

    def identify(self, header: str) -> Inspector | None:
        """Return whose key an ``Authorization`` header carries; None unless it is a living one."""
        scheme, _, plain = header.strip().partition(" ")
        key_id, secret = _parts(plain.strip())
        record, stored = self._keys.current().get(key_id, (None, b""))
        right = hmac.compare_digest(stored, _hash(self._pepper, key_id, secret))
        if scheme.lower() != "bearer" or record is None or not right:
            return None
        return record if record.state(self._clock()) == "active" else None

    def close(self) -> None:
        """Close the connection to the database."""
        self._keys.close()


def _drawn(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _parts(plain: str) -> tuple[str, str]:
    if len(plain) != _KEY_CHARS or not plain.isascii() or not plain.startswith(_PREFIX):
        return "", ""
    key_id, _, secret = plain[len(_PREFIX) :].partition("-")
    return key_id, secret


def _hash(pepper: bytes, key_id: str, secret: str) -> bytes:
    # a caller's key hashes as id-secret: the word keeps the two kinds apart
    return keyed(pepper, f"inspector-{key_id}-{secret}".encode())


def _record(row: tuple[Any, ...]) -> Inspector:
    return Inspector(**dict(zip(_COLUMNS.split(", "), row[:-1], strict=True)))


def _by_id(rows: list[tuple[Any, ...]]) -> dict[str, tuple[Inspector, bytes]]:
    return {row[0]: (_record(row), row[-1]) for row in rows}
