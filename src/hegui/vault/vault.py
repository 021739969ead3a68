"""The vault: content that can be opened while it may be kept, and then no more."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hegui.store import Place as Database
from hegui.store import random_bytes
from hegui.terms import BadRequest, Clock, Corrupt, Unavailable, Words, Write
from hegui.vault import sealing
from hegui.vault.epochs import Epochs
from hegui.vault.holders import FileHolder, Holder, Keys
from hegui.vault.rows import Rows, as_bytes
from hegui.vault.subjects import Subject, Subjects

RESTRICTED: Final = "content_restricted"
"""The code of the error that restricted content gives."""

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
_RESTRICTED = Words(
    en="{part} of exchange {exchange} is restricted: the person asked for erasure, and it is only"
    " stored until a legal term ends (PIPL Art. 47). To open it, two persons name a legal basis:"
    " hegui vault open --basis … --by … --and … --purpose …",
    zh="交互 {exchange} 的 {part} 已被限制处理：当事人已要求删除，仅因法定保存期限未满而存储"
    "（《个人信息保护法》第四十七条）。确需打开的，须由两人写明法律依据："
    "hegui vault open --basis … --by … --and … --purpose …",
)

_INSERT_CONTENT = (
    "INSERT INTO content (id, tenant, exchange, part, key_id, class, expires, sealed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_SHARE = "INSERT INTO content_key (content_id, key_id, wrapped) VALUES (?, ?, ?)"
_SELECT_CONTENT = (
    "SELECT c.id, c.key_id, c.sealed, k.epoch, k.wrapped, e.erasure FROM content AS c"
    " JOIN subject_key AS k ON k.key_id = c.key_id LEFT JOIN erased_key AS e ON e.key_id = c.key_id"
    " WHERE c.exchange = ? AND c.part = ? AND c.tenant = ? AND c.expires > ? ORDER BY c.seq"
)
_SELECT_SHARES = (
    "SELECT s.wrapped, k.epoch, k.wrapped, e.erasure FROM content_key AS s"
    " JOIN subject_key AS k ON k.key_id = s.key_id LEFT JOIN erased_key AS e ON e.key_id = s.key_id"
    " WHERE s.content_id = ? ORDER BY (e.erasure IS NOT NULL), k.seq"
)
_COUNT_EXPIRED = (
    "SELECT tenant, class, count(*) FROM content WHERE expires <= ? GROUP BY tenant, class"
)
_DELETE_EXPIRED = "DELETE FROM content WHERE expires <= ? AND tenant = ?"
_HOLDERS = (
    "SELECT c.key_id FROM content AS c WHERE c.tenant = ? AND c.exchange = ? AND c.part = ?"
    " UNION SELECT s.key_id FROM content AS c JOIN content_key AS s ON s.content_id = c.id"
    " WHERE c.tenant = ? AND c.exchange = ? AND c.part = ?"
)
_INSERT_HANDED = (
    "INSERT INTO handed_over (tenant, key_id, exchange, part, receiver, at)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


class Place(NamedTuple):
    """Where content belongs: it opens nowhere else."""

    tenant: str
    exchange: str
    part: str


def sealed_for(
    subjects: Sequence[Subject], place: Place, content_id: bytes, plain: bytes
) -> tuple[bytes, tuple[Write, ...]]:
    """Return salt and content (``plain``) sealed in format v2, and the rows of its key."""
    own = random_bytes(sealing.KEY_BYTES)
    sealed = sealing.seal_shared(own, sealing.place_of(*place, content_id), plain)
    shares = [
        (content_id, each.key_id, sealing.share(each.key, place.exchange, place.part, own))
        for each in subjects
    ]
    return sealed, tuple(Write(_INSERT_SHARE, share) for share in shares)


class Vault:
    """Seals content under a key per subject (Art. 11), and commits to it for the ledger (Art. 14).

    The vault reads the database and writes nothing: what must be written it returns as rows, which
    go into the same transaction as the entry they belong to. Starts only when the key files open
    what the database holds. ``holders`` are the keepers of epochs' keys, by name; files in ``keys``
    unless told otherwise.
    """

    def __init__(
        self,
        place: Database,
        keys: Keys,
        clock: Clock,
        *,
        holders: Mapping[str, Holder] | None = None,
        most_subjects: int = 20_000,
    ) -> None:
        self._clock = clock
        self._rows = Rows(place, hasty=True)
        self._query = self._rows.query
        try:
            holders = holders or {"file": FileHolder(keys)}
            self._epochs = Epochs(self._query, holders, clock)
            self._subjects = Subjects(self._query, keys, self._epochs, clock, most_subjects)
            self._subjects.tolerant = not isinstance(place, Path)
        except BaseException:
            self._rows.close()
            raise

    def subject(self, tenant: str, raw: str | None) -> Subject:
        """Return the person whom ``tenant`` calls ``raw``; without one, a subject for one exchange.

        Pass its ``writes`` on with the first entry about it, or the entry cannot be written.
        """
        self.look()
        if raw is None:
            return self._subjects.unidentified(tenant)
        return self._subjects.named(tenant, raw)

    def known(self, tenant: str, pseudonym: str) -> Subject | None:
        """Return the person whom records call ``pseudonym``; nothing where no key is kept."""
        self.look()
        return self._subjects.known(tenant, pseudonym)

    def look(self) -> int:
        """Learn of new epochs and erasures, at most every five seconds.

        Returns a number that grows with every erasure. A gateway calls it by the clock as well, so
        that it forgets the erased though nobody asks.
        """
        try:
            if self._epochs.look():
                self._subjects.look()
        except Unavailable:
            # a server that is away: nobody who is cut off from it as well can have erased anybody
            if not self._subjects.tolerant:
                raise
        return self._subjects.erasures

    def subject_row(self, tenant: str, raw: str) -> bytes:
        """Return the row under which tables such as ``standing`` know a person."""
        return self._subjects.row(tenant, raw)

    def forget(self, row: bytes) -> None:
        """Take a person's key out of memory. Of an erasure other processes learn by ``look``."""
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
        *,
        also: Subject | None = None,
    ) -> tuple[Write, ...]:
        """Return the rows that keep ``content`` until ``expires_ms``, and never in the clear.

        ``also`` is a second person whom the content names: it then opens with either's key, and
        when one of them is erased, with the other's only. The commitment is ``subject``'s.
        """
        content_id = random_bytes(16)
        shares: tuple[Write, ...] = ()
        place = Place(tenant, exchange, part)
        if also is None or also.key_id == subject.key_id:
            bound = sealing.place_of(*place, subject.key_id)
            sealed = sealing.seal(subject.key, bound, exchange, part, content)
        else:
            salt = sealing.commitment_salt(subject.key, exchange, part)
            sealed, shares = sealed_for((subject, also), place, content_id, salt + content)
        cells = (content_id, tenant, exchange, part, subject.key_id, klass, expires_ms, sealed)
        return (Write(_INSERT_CONTENT, cells), *shares)

    def open(self, tenant: str, exchange: str, part: str, *, restricted: bool = False) -> bytes:
        """Return kept content. Gone is ``BadRequest`` with status 404, altered is ``Corrupt``.

        Content of a person who asked for erasure is ``BadRequest`` with status 403, unless
        ``restricted`` says that the permission of two persons was checked (``opening``).
        """
        return self._opened(Place(tenant, exchange, part), restricted=restricted)[1]

    def reveal(self, tenant: str, exchange: str, part: str) -> tuple[bytes, bytes]:
        """Return kept content and the salt of its commitment: all that a third party needs.

        SHA-256 over salt and content is the ``commit`` of its record. Errors are those of ``open``;
        restricted content is never revealed.
        """
        salt, content = self._opened(Place(tenant, exchange, part), restricted=False)
        return content, salt

    def _opened(self, place: Place, *, restricted: bool) -> tuple[bytes, bytes]:
        """Return salt and content."""
        try:
            return self._open(place, restricted=restricted)
        except Corrupt:  # or an epoch was closed while we read: the rows say another one now
            return self._open(place, restricted=restricted)

    def _open(self, place: Place, *, restricted: bool) -> tuple[bytes, bytes]:
        cells = (place.exchange, place.part, place.tenant, self._clock())
        rows = self._query(_SELECT_CONTENT, cells)
        if not rows:
            raise BadRequest(
                _GONE.fill(part=place.part, exchange=place.exchange),
                status=404,
                code="content_not_kept",
            )
        content_id, key_id, cell, epoch, wrapped, erasure = rows[0]
        sealed = as_bytes(cell)
        if sealing.is_shared(sealed):
            opened = self._open_shared(place, as_bytes(content_id), sealed, restricted=restricted)
        elif erasure is not None and not restricted:
            raise _refused(place)
        else:
            key = self._epochs.unwrap(epoch, wrapped)
            bound = sealing.place_of(*place, as_bytes(key_id))
            content = sealing.unseal(key, bound, place.exchange, place.part, sealed)
            salt = sealing.commitment_salt(key, place.exchange, place.part)
            opened = (salt, content) if content is not None else None
        if opened is None:
            raise Corrupt(_ALTERED.fill(part=place.part, exchange=place.exchange))
        return opened

    def _open_shared(
        self, place: Place, content_id: bytes, sealed: bytes, *, restricted: bool
    ) -> tuple[bytes, bytes] | None:
        """Open with the key of whoever is not erased; with an erased one's only if told to."""
        shares = self._query(_SELECT_SHARES, (content_id,))
        if not shares:
            return None
        share, epoch, wrapped, erasure = shares[0]
        if erasure is not None and not restricted:
            raise _refused(place)
        key = self._epochs.unwrap(epoch, wrapped)
        own = sealing.unshare(key, place.exchange, place.part, as_bytes(share))
        bound = sealing.place_of(*place, content_id)
        return sealing.unseal_shared(own, bound, sealed) if own is not None else None

    def handing_over(self, place: Place, receiver: str, now_ms: int) -> tuple[Write, ...]:
        """Return the rows that say that content leaves the house, to be written with its record.

        An erasure finds them and tells the requester: a copy that was handed over cannot be called
        back. ``receiver`` is a role or a number, never a person's name.
        """
        return tuple(
            Write(
                _INSERT_HANDED,
                (place.tenant, key_id, place.exchange, place.part, receiver, now_ms),
            )
            for (key_id,) in self._query(_HOLDERS, (*place, *place))
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
        self._rows.close()


def _refused(place: Place) -> BadRequest:
    words = _RESTRICTED.fill(part=place.part, exchange=place.exchange)
    return BadRequest(words, status=403, code=RESTRICTED)
