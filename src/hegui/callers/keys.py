"""Callers' keys: made once, shown once, kept only as a keyed hash."""

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from hegui.callers.snapshot import Snapshot
from hegui.store import Connection, Place
from hegui.terms import BadRequest, Clock, Words, Write
from hegui.vault.keyed import keyed

Audience: TypeAlias = Literal["adult", "minor"]
LabelMode: TypeAlias = Literal["default", "suffix", "interface"]
RefusalMode: TypeAlias = Literal["reply", "error"]

# Without i, l, o and u: what is read aloud or copied by hand is not mistaken.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARS: Final = 10
_SECRET_CHARS: Final = 32
_KEY_CHARS: Final = len("hg--") + _ID_CHARS + _SECRET_CHARS
_LONGEST_TENANT: Final = 100
_LONGEST_NOTE: Final = 200

_COLUMNS = "id, tenant, audience, label_mode, refusal_mode, created, expires, revoked, note"
_INSERT = (
    f"INSERT INTO caller_key ({_COLUMNS}, hash) "  # noqa: S608 - the column names are ours
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = f"SELECT {_COLUMNS}, hash FROM caller_key ORDER BY created, id"  # noqa: S608 - see _INSERT
_REVOKE = "UPDATE caller_key SET revoked = ? WHERE id = ? AND revoked IS NULL"

_MISSING = Words(
    en="No API key was sent. Send one as 'Authorization: Bearer hg-…'.",
    zh="请求没有携带 API 密钥。请以 Authorization: Bearer hg-… 的形式发送。",
)
_INVALID = Words(
    en="The API key is not valid. Check it, or ask the provider for a new one.",
    zh="API 密钥无效。请核对，或向服务提供者重新申请。",
)
_REVOKED = Words(
    en="The API key has been revoked. Ask the provider for a new one.",
    zh="API 密钥已吊销。请向服务提供者重新申请。",
)
_EXPIRED = Words(
    en="The API key has expired. Ask the provider for a new one.",
    zh="API 密钥已过期。请向服务提供者重新申请。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is made for. ``expires`` is in UTC milliseconds; None means no end."""

    tenant: str = "default"
    audience: Audience = "adult"
    label_mode: LabelMode = "default"
    refusal_mode: RefusalMode = "reply"
    expires: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A key as it is stored, without its hash. Times are in UTC milliseconds."""

    id: str
    tenant: str
    audience: Audience
    label_mode: LabelMode
    refusal_mode: RefusalMode
    created: int
    expires: int | None
    revoked: int | None
    note: str

    def state(self, now: int) -> Literal["active", "expired", "revoked"]:
        """Say whether the key opens anything at ``now``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key: ``plain`` exists only here, ``write`` is the row that makes it known."""

    plain: str = field(repr=False)
    record: KeyRecord
    write: Write = field(repr=False)


def make(pepper: bytes, new: NewKey, now: int) -> MadeKey:
    """Make a key, without storing it: its row goes into one transaction with its evidence.

    ``hg-`` id (50 bits) ``-`` secret (160 bits). Stored is HMAC-SHA256(pepper, id and secret).
    """
    if not (new.tenant.strip() and new.tenant.isprintable() and len(new.tenant) <= _LONGEST_TENANT):
        raise BadRequest(
            Words(
                en="A tenant's name is 1 to 100 printable characters.",
                zh="租户名应为 1 至 100 个可见字符。",
            ),
            param="tenant",
        )
    if len(new.note) > _LONGEST_NOTE or not new.note.isprintable():
        raise BadRequest(
            Words(
                en="A key's note is at most {most} printable characters, in one line.",
                zh="密钥备注最多 {most} 个可见字符，且不能换行。",
            ).fill(most=_LONGEST_NOTE),
            param="note",
        )
    if new.expires is not None and new.expires <= now:
        raise BadRequest(
            Words(en="The key would have expired already.", zh="这个密钥一生成就已过期。"),
            param="expires",
        )
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_CHARS))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_CHARS))
    record = KeyRecord(
        id=key_id,
        tenant=new.tenant,
        audience=new.audience,
        label_mode=new.label_mode,
        refusal_mode=new.refusal_mode,
        created=now,
        expires=new.expires,
        revoked=None,
        note=new.note,
    )
    cells = tuple(getattr(record, name) for name in _COLUMNS.split(", "))
    write = Write(_INSERT, (*cells, _hash(pepper, key_id, secret)))
    return MadeKey(f"hg-{key_id}-{secret}", record, write)


def create(connection: Connection, pepper: bytes, new: NewKey, now: int) -> tuple[str, KeyRecord]:
    """Make a key and store it. Return the plain key, which is never to be had again."""
    made = make(pepper, new, now)
    connection.execute(made.write.sql, made.write.cells)
    return made.plain, made.record


def revocation(connection: Connection, key_id: str, now: int) -> tuple[KeyRecord, Write]:
    """Return a key and the write that revokes it. An unknown id is a ``BadRequest``."""
    for record in listing(connection):
        if record.id == key_id:
            return record, Write(_REVOKE, (now, key_id))
    raise BadRequest(
        Words(
            en="There is no key {id}; hegui keys list shows them.",
            zh="没有编号为 {id} 的密钥；hegui keys list 可查看全部。",
        ).fill(id=key_id[:40]),
        status=404,
        param="id",
    )


def revoke(connection: Connection, key_id: str, now: int) -> KeyRecord:
    """Revoke a key for good and return it; one revoked before keeps its first time."""
    _, write = revocation(connection, key_id, now)
    connection.execute(write.sql, write.cells)
    return next(record for record in listing(connection) if record.id == key_id)


def listing(connection: Connection) -> list[KeyRecord]:
    """Return all keys, oldest first, without their hashes."""
    return [_record(row) for row in connection.execute(_SELECT)]


class KeyBook:
    """All keys, in memory: a key created or revoked by another process counts within 0.5 s."""

    def __init__(self, place: Place, pepper: bytes, clock: Clock) -> None:
        self._pepper = pepper
        self._clock = clock
        self._keys = Snapshot(place, "caller_key", _SELECT, _by_id, clock)

    def identify(self, header: str | None) -> KeyRecord:
        """Return the key of an ``Authorization`` header's value.

        Anything else is a ``BadRequest`` with status 401, which never repeats what was sent, and
        tells that a key has expired or was revoked only to the one who holds its secret.
        """
        scheme, _, plain = (header or "").strip().partition(" ")
        plain = plain.strip()
        if not plain or scheme.lower() != "bearer":
            raise _refused(_MISSING)
        key_id, secret = _parts(plain)
        record, stored = self._keys.current().get(key_id, (None, b""))
        right = hmac.compare_digest(stored, _hash(self._pepper, key_id, secret))
        if record is None or not right:
            raise _refused(_INVALID)
        state = record.state(self._clock())
        if state != "active":
            raise _refused(_REVOKED if state == "revoked" else _EXPIRED)
        return record

    def close(self) -> None:
        """Close the connection to the database."""
        self._keys.close()


def _refused(words: Words) -> BadRequest:
    return BadRequest(words, status=401, code="invalid_api_key")


def _parts(plain: str) -> tuple[str, str]:
    if len(plain) != _KEY_CHARS or not plain.isascii() or not plain.startswith("hg-"):
        return "", ""
    key_id, _, secret = plain[3:].partition("-")
    return key_id, secret


def _hash(pepper: bytes, key_id: str, secret: str) -> bytes:
    return keyed(pepper, f"{key_id}-{secret}".encode())


def _record(row: tuple[Any, ...]) -> KeyRecord:
    return KeyRecord(**dict(zip(_COLUMNS.split(", "), row[:-1], strict=True)))


def _by_id(rows: list[tuple[Any, ...]]) -> dict[str, tuple[KeyRecord, bytes]]:
    return {row[0]: (_record(row), row[-1]) for row in rows}
