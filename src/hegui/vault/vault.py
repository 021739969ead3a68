"""The vault: content that can be opened while it may be kept, and then no more."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from hegui.store import Place, open_connection, random_bytes, read_all
from hegui.terms import BadRequest, Cell, Clock, Corrupt, Words, Write
from hegui.vault import sealing
from hegui.vault.epochs import Epochs, Keys, as_bytes
from hegui.vault.subjects import Subject, Subjects

_GONE = Words(
    en="{part} of exchange {exchange} is not kept: it never was, its term has ended, or it was"
    " erased.",
    zh="交互 {exchange} 的 {part} 未留存：从未保存、保存期限已过，或已被删除。",
)
_ALTERED = Words(
    en="{part} of exchange {exchange} does not open with its own key: it was changed or moved."
    " Keep the file, and run: hegui ledger verify",
    zh="交互 {exchange} 的 {part} 无法用其密钥打开：内容被改动或移动过。"
    "请保留原文件，并运行：hegui ledger verify",
)

_INSERT_CONTENT = (
    "INSERT INTO content (id, tenant, exchange, part, key_id, class, expires, sealed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT_CONTENT = (
    "SELECT c.key_id, c.sealed, k.epoch, k.wrapped FROM content AS c JOIN subject_key AS k"
    " ON k.key_id = c.key_id WHERE c.exchange = ? AND c.part = ? AND c.tenant = ?"
    " AND c.expires > ? ORDER BY c.seq"
)
_COUNT_EXPIRED = (
    "SELECT tenant, class, count(*) FROM content WHERE expires <= ? GROUP BY tenant, class"
)
_DELETE_EXPIRED = "DELETE FROM content WHERE expires <= ? AND tenant = ?"
_ANY_WRAPPED = "SELECT epoch, wrapped FROM subject_key WHERE epoch = ? LIMIT 1"


class Vault:
    """Seals content under a key per subject (Art. 11), and commits to it for the ledger (Art. 14).

    The vault reads the database and writes nothing: what must be written it returns as rows, which
    go into the same transaction as the entry they belong to. Starts only when the key files open
    what the database holds.
    """

    def __init__(
        self, place: Place, keys: Keys, clock: Clock, *, most_subjects: int = 20_000
    ) -> None:
        self._clock = clock
        self._lock = Lock()
        self._connection = open_connection(place, hasty=True)
        self._epochs = Epochs(keys)
        self._subjects = Subjects(self._query, keys, self._epochs, clock, most_subjects)
        self._subjects.tolerant = not isinstance(place, Path)
        for epoch, wrapped in self._query(_ANY_WRAPPED, (self._epochs.current,)):
            self._epochs.unwrap(epoch, wrapped)

    def subject(self, tenant: str, raw: str | None) -> Subject:
        """Return the person whom ``tenant`` calls ``raw``; without one, a subject for one exchange.

        Pass its ``writes`` on with the first entry about it, or the entry cannot be written.
        """
        if raw is None:
            return self._subjects.unidentified(tenant)
        return self._subjects.named(tenant, raw)

    def subject_row(self, tenant: str, raw: str) -> bytes:
        """Return the row under which tables such as ``standing`` know a person."""
        return self._subjects.row(tenant, raw)

    def forget(self, row: bytes) -> None:
        """Take a person's key out of memory. Other processes do so within a minute."""
        self._subjects.forget(row)

    def commitment(self, subject: Subject, exchange: str, part: str, content: bytes) -> str:
        """Return 64 hex digits that bind ``content`` and tell nothing of it without the key."""
        return sealing.commitment(subject.key, exchange, part, content)

    def seal(  # noqa: PLR0913, PLR0917 - seven facts make up a sealed row, each of another type or meaning
        self,
        subject: Subject,
        tenant: str,
        exchange: str,
        part: str,
        klass: str,
        content: bytes,
        expires_ms: int,
    ) -> tuple[Write, ...]:
        """Return the row that keeps ``content`` until ``expires_ms``, and never in the clear."""
        place = sealing.place_of(tenant, exchange, part, subject.key_id)
        sealed = sealing.seal(subject.key, place, exchange, part, content)
        cells = (
            random_bytes(16),
            tenant,
            exchange,
            part,
            subject.key_id,
            klass,
            expires_ms,
            sealed,
        )
        return (Write(_INSERT_CONTENT, cells),)

    def open(self, tenant: str, exchange: str, part: str) -> bytes:
        """Return kept content. Gone is ``BadRequest`` with status 404, altered is ``Corrupt``."""
        cells = (exchange, part, tenant, self._clock())
        for key_id, sealed, epoch, wrapped in self._query(_SELECT_CONTENT, cells):
            key = self._epochs.unwrap(epoch, wrapped)
            place = sealing.place_of(tenant, exchange, part, as_bytes(key_id))
            content = sealing.unseal(key, place, exchange, part, as_bytes(sealed))
            if content is None:
                raise Corrupt(_ALTERED.fill(part=part, exchange=exchange))
            return content
        raise BadRequest(
            _GONE.fill(part=part, exchange=exchange), status=404, code="content_not_kept"
        )

    def expired(self, now_ms: int) -> dict[str, dict[str, int]]:
        """Count the content whose term has ended, per tenant and class."""
        counts: dict[str, dict[str, int]] = {}
        for tenant, klass, count in self._query(_COUNT_EXPIRED, (now_ms,)):
            if isinstance(count, int):
                counts.setdefault(str(tenant), {})[str(klass)] = count
        return counts

    def expire(self, now_ms: int, tenant: str) -> tuple[int, tuple[Write, ...]]:
        """Return how much content of ``tenant`` has run out, and the write that deletes it.

        Pass the write on with a ``content.expired`` entry: deletion is on record (Art. 11).
        """
        count = sum(self.expired(now_ms).get(tenant, {}).values())
        return count, (Write(_DELETE_EXPIRED, (now_ms, tenant)),) if count else ()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _query(self, sql: str, cells: tuple[Cell, ...]) -> Sequence[tuple[Cell, ...]]:
        with self._lock:
            return read_all(self._connection, sql, cells)
