"""Leases: work that of several gateways on one database one does, and the others wait for or leave.

A row says whose a piece of work is, and until when. Who has it renews it; who dies leaves it until
it runs out, by the clock of whoever looks: clocks that differ by less than a minute do no harm.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from hegui.store import Place, random_bytes
from hegui.terms import Clock, HeguiError, Write
from hegui.vault.rows import Rows

TERM_MS: Final = 120_000
_RENEWED: Final = 30.0  # seconds
_OVER: Final = "DELETE FROM lease WHERE until <= ?"
_TAKE: Final = (
    "INSERT INTO lease (work, holder, until) VALUES (?, ?, ?) ON CONFLICT (work) DO UPDATE"
    " SET until = excluded.until WHERE lease.holder = excluded.holder"
)
_WHOSE: Final = "SELECT holder FROM lease WHERE work = ?"
_DROP: Final = "DELETE FROM lease WHERE work = ? AND holder = ?"


class Leases:
    """The leases of one gateway. An error of the database is ``Unavailable``: nothing is held."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._rows = Rows(place)
        self._clock = clock
        self._holder = random_bytes(16).hex()

    def close(self) -> None:
        """Close the connection."""
        self._rows.close()

    async def take(self, work: str) -> bool:
        """Take a piece of work for two minutes, or for two more; False where another has it.

        To be followed by ``kept``.
        """
        return await asyncio.to_thread(self._take, work)

    @asynccontextmanager
    async def kept(self, work: str) -> AsyncIterator[None]:
        """Keep what was taken while this is entered; then let it go."""
        renewing = asyncio.get_running_loop().create_task(self._renew(work))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            with suppress(HeguiError):  # it runs out by itself
                await asyncio.to_thread(self._rows.apply, [Write(_DROP, (work, self._holder))])

    def _take(self, work: str) -> bool:
        now = self._clock()
        taken = Write(_TAKE, (work, self._holder, now + TERM_MS))
        self._rows.apply([Write(_OVER, (now,)), taken])
        return self._rows.query(_WHOSE, (work,)) == [(self._holder,)]

    async def _renew(self, work: str) -> None:
        while True:
            await asyncio.sleep(_RENEWED)
            with suppress(HeguiError):  # tried again before it runs out
                await self.take(work)
