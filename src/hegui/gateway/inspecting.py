"""Inspectors at the door of the log: what a key may be shown, put on record before it is shown.

One record stands for a stretch of 65,536 entries and a minute, not for a tile: an inspection of a
million entries leaves sixteen. It is durable before the first entry of the stretch is served, so
no access is ever without its record; it says what may have been read, never less than was.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from hegui.callers.inspectors import Inspector, InspectorBook
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.ledger.tiles import LogReader, Logs
from hegui.terms import BadRequest, Clock, Entry, Words

STRETCH: Final = 65_536
"""Entries that one record of access stands for: those below one tile of level 1."""
SECONDS: Final = 60
"""How long it does."""

_MOST_HELD: Final = 10_000

_READ = kinds.named("inspector.read")

_ELSEWHERE = Words(
    en="This inspector's key is for another log. Ask the provider for one for this log.",
    zh="该检查密钥用于另一个账本。请向提供者索取用于本账本的密钥。",
)
_OUTSIDE = Words(
    en="No entry of this bundle lies within the time that this inspector's key is for. "
    "Read one that does.",
    zh="该条目包中没有该检查密钥所限期间内的记录。请读取期间之内的条目包。",
)


class InspectorsAtTheDoor:
    """Knows inspectors' keys, and puts on record what each is shown."""

    def __init__(
        self, book: InspectorBook, logs: Logs, ledger: Ledger | SharedLedger, clock: Clock
    ) -> None:
        self._book, self._logs, self._ledger, self._clock = book, logs, ledger, clock
        self._held: dict[tuple[str, int], int] = {}  # whose record of which stretch holds until
        self._lock = asyncio.Lock()

    async def may_read(self, authorization: str, tenant: str, start: int, end: int) -> bool:
        """Tell whether who sent this header may be shown the entries ``[start, end)``.

        False where the key is not known, has expired or was revoked. ``BadRequest`` (403) where it
        is for another log, or no record of the bundle is of its time. A bundle at the edge of that
        time is shown whole: it is the smallest part of a log that others' tools can read.
        """
        inspector = self._book.identify(authorization)
        if inspector is None:
            return False
        if inspector.tenant != tenant:
            raise BadRequest(_ELSEWHERE, status=403, code="outside_scope")

        def read(log: LogReader) -> list[bytes]:
            return log.leaves(start, end)

        loop = asyncio.get_running_loop()
        leaves = await loop.run_in_executor(None, self._logs.read, tenant, read)
        if not _within(inspector, leaves):
            raise BadRequest(_OUTSIDE, status=403, code="outside_scope")
        await self._on_record(inspector, start // STRETCH)
        return True

    def close(self) -> None:
        """Close the connections to the database."""
        self._book.close()
        self._logs.close()

    async def _on_record(self, inspector: Inspector, stretch: int) -> None:
        """Return once a record of this access, made now or within the last minute, is durable."""
        async with self._lock:
            now = self._clock()
            place = (inspector.id, stretch)
            until = self._held.get(place, 0)
            if now < until <= now + SECONDS * 1000:  # a clock that stepped back holds nothing
                return
            fields = {
                "key": inspector.id,
                "first": stretch * STRETCH,
                "last": (stretch + 1) * STRETCH - 1,
                "seconds": SECONDS,
            }
            record = leaf.make(_READ, now, inspector.tenant, fields)
            await self._ledger.add(Entry(inspector.tenant, record))
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            self._held[place] = now + SECONDS * 1000


def _within(inspector: Inspector, leaves: Sequence[bytes]) -> bool:
    times = (leaf.parse(each).get("t") for each in leaves if each)
    return any(isinstance(at, int) and inspector.covers(at) for at in times)
