"""The shelf: labelled media under addresses of ours, until their term ends or they are withdrawn.

Keeping: the bytes, then row and record in one transaction, then the address. Ending: row and record
first, which closes the address, then the bytes. So whatever breaks off in between, nothing can be
fetched that is not on record, and what is left over is deleted by ``tend``.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from hegui.ledger import kinds, leaf
from hegui.ledger.port import Evidencing
from hegui.shelf.addresses import Addresses, new_id
from hegui.shelf.blobs import Blobs
from hegui.shelf.book import Book, Medium
from hegui.terms import BadRequest, Clock, Entry, HeguiError, Unavailable, Words, Write

Withdrawal: TypeAlias = Literal["withdrawn", "erased", "superseded"]

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_LEFT_BEHIND_MS: Final = _HOUR_MS
_REMEMBERED_MS: Final = 30 * _DAY_MS
"""For so long after its bytes a row is kept: ``hegui media list --all`` shows how it ended."""


class New(NamedTuple):
    """A labelled file that is to be kept: of which exchange and person, and of which format.

    ``subject`` is a pseudonym or ``unidentified``, ``suffix`` the usual end of its name.
    """

    tenant: str
    exchange: str
    subject: str
    data: bytes
    mime: str
    suffix: str


class Shelved(NamedTuple):
    """A file that is kept, and the address that leads to it."""

    medium: Medium
    address: str


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done: addresses that ended by themselves, files deleted, files found left behind."""

    expired: int = 0
    deleted: int = 0
    left_behind: int = 0


@dataclass(frozen=True, slots=True)
class Shelf:
    """Keeps labelled media. ``quota`` is in bytes, ``term_ms`` how long an address leads.

    ``pending`` are files on their way, with their sizes: no row counts them yet.
    """

    book: Book
    blobs: Blobs
    addresses: Addresses
    ledger: Evidencing
    clock: Clock
    quota: int
    term_ms: int
    pending: dict[str, int] = field(default_factory=dict)

    async def keep(self, new: Sequence[New]) -> list[Shelved]:
        """Keep files and return their addresses, all of them durable and on record.

        Of several files all are kept or none: what is on record by then ends at its term. A full
        shelf, disk or storage is ``Unavailable``.
        """
        size = sum(len(each.data) for each in new)
        used = await self.book.used() + sum(self.pending.values())
        if used + size > self.quota:
            raise Unavailable(_FULL.fill(most=self.quota >> 20), after=60)
        numbers, now = [new_id() for _ in new], self.clock()
        files = {
            number + each.suffix: len(each.data) for number, each in zip(numbers, new, strict=True)
        }
        self.pending.update(files)  # before the next wait: whoever comes meanwhile counts them
        media: list[Medium] = []
        try:
            for number, each in zip(numbers, new, strict=True):
                media.append(
                    await asyncio.to_thread(_medium, number, each, now, now + self.term_ms)
                )
            for each, medium in zip(new, media, strict=True):
                await self.blobs.put(medium.file, each.data, medium.mime)
            await self._record(media, now)
        except BaseException:
            await self._drop(media)
            raise
        finally:
            for file in files:
                del self.pending[file]
        return [Shelved(medium, self.address(medium)) for medium in media]

    def address(self, medium: Medium) -> str:
        """Return the address that leads to a file until its term ends; the same each time."""
        return self.addresses.of(medium.id, medium.expires)

    async def withdraw(
        self, number: str, by: str, reason: str, cause: Withdrawal = "withdrawn"
    ) -> list[Medium]:
        """Close the addresses of a file (``M-…``) or of all files of an exchange, on record.

        For any door. Return what was closed: from then on nobody gets a byte of it, and the bytes
        are deleted. An unknown number is a ``BadRequest`` (404); one that has ended already is
        left as it is. ``reason`` names neither content nor persons: a record cannot be erased.
        """
        if number.startswith("M-"):
            one = await self.book.medium(number)
            found = [one] if one is not None else []
        else:
            found = await self.book.of_exchange(number)
        if not found:
            raise BadRequest(_UNKNOWN.fill(number=repr(number[:60])), status=404, code="not_found")
        closed = [medium for medium in found if medium.ended is None]
        await self._close(closed, by, reason, cause)
        return closed

    async def erase(self, tenant: str, subject: str) -> None:
        """Close and delete all files of a person, and forget their tasks (Art. 11; PIPL Art. 47).

        ``Unavailable`` where a file could not be deleted yet: call it again.
        """
        await self.book.erase_tasks(tenant, subject)
        await self._close(await self.book.of_subject(tenant, subject), "", "", "erased")

    async def tend(self) -> Tended:
        """Do what is due: end what is past its term, delete what has ended, find what was left."""
        now = self.clock()
        expired = await self._expire(now)
        deleted = 0
        for medium in await self.book.ended():
            await self._delete(medium)
            deleted += 1
        left = 0
        for name in await self.blobs.forgotten(now - _LEFT_BEHIND_MS):
            if name not in self.pending and not await self.book.knows(name.partition(".")[0]):
                await self.blobs.delete(name)
                left += 1
        await self.book.forget(now - _REMEMBERED_MS, now)
        return Tended(expired, deleted, left)

    async def _record(self, media: Sequence[Medium], now: int) -> None:
        for medium in media:
            fields: dict[str, Any] = {
                "medium": medium.id,
                "exchange": medium.exchange,
                "mime": medium.mime,
                "size": medium.size,
                "file": medium.digest,
                "store": self.blobs.kind,
                "expires": medium.expires,
            }
            await self.record("media.stored", medium.tenant, now, fields, medium.insertion())

    async def _close(
        self, media: Sequence[Medium], by: str, reason: str, cause: Withdrawal
    ) -> None:
        for medium in media:
            if medium.ended is not None:
                continue
            now = self.clock()
            fields = {
                "medium": medium.id,
                "exchange": medium.exchange,
                "cause": cause,
                "by": by,
                "reason": reason,
            }
            write = medium.ending(now, cause)
            await self.record("media.withdrawn", medium.tenant, now, fields, write)
        for medium in media:  # all addresses are closed before the first file is waited for
            await self._delete(medium)

    async def _expire(self, now: int) -> int:
        due = await self.book.due(now)
        for tenant in sorted({medium.tenant for medium in due}):
            mine = [medium for medium in due if medium.tenant == tenant]
            types: dict[str, int] = {}
            for medium in mine:
                types[medium.mime] = types.get(medium.mime, 0) + 1
            ended = {"count": len(mine), "types": kinds.fold(types), "until": now}
            writes = [medium.ending(now, "expired") for medium in mine]
            await self.record("media.expired", tenant, now, ended, *writes)
        return len(due)

    async def record(
        self, kind: str, tenant: str, now: int, fields: Mapping[str, Any], *writes: Write
    ) -> None:
        """Make a record durable, and the rows that go with it."""
        made = leaf.make(kinds.named(kind), now, tenant, fields)
        await self.ledger.add(Entry(tenant, made, writes))

    async def _delete(self, medium: Medium) -> None:
        await self.blobs.delete(medium.file)
        await self.book.mark_gone(medium.id, self.clock())

    async def _drop(self, media: Sequence[Medium]) -> None:
        """Delete files whose rows did not come into being; what stays is found by ``tend``."""
        for medium in media:
            try:
                if not await self.book.knows(medium.id):
                    await self.blobs.delete(medium.file)
            except HeguiError:
                continue


def _medium(number: str, new: New, now: int, expires: int) -> Medium:
    return Medium(
        id=number,
        tenant=new.tenant,
        exchange=new.exchange,
        subject=new.subject,
        mime=new.mime,
        file=number + new.suffix,
        size=len(new.data),
        digest=hashlib.sha256(new.data).hexdigest(),
        stored=now,
        expires=expires,
    )


_FULL: Final = Words(
    en="The shelf of generated media is full ({most} MiB, shelf.quota_mb). Room comes with each "
    "file whose term ends (shelf.hours).",
    zh="生成媒体的存放空间已满（{most} MiB，shelf.quota_mb）。"
    "文件到期后会腾出空间（shelf.hours）。",
)
_UNKNOWN: Final = Words(
    en="There is no kept file {number}. hegui media list shows them; an evidence number (HG-…) "
    "stands for all files of that exchange.",
    zh="没有编号为 {number} 的文件。hegui media list 可查看全部；证据编号（HG-…）"
    "代表该次请求的全部文件。",
)
