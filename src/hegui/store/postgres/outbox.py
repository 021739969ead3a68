"""The outbox: where a record becomes durable on a server that several gateways share.

A gateway writes its groups one after another, each in one transaction with the rows that belong to
its records. Committed means acknowledged. A log's order is settled afterwards, by whoever holds the
sequencer's lock; what one gateway wrote keeps its order.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from hegui.store.groups import Groups
from hegui.store.postgres.delivering import deliver
from hegui.store.postgres.draining import Drainer
from hegui.store.postgres.faults import is_away, named
from hegui.store.postgres.parcels import Parcel, numbers
from hegui.store.postgres.server import CONNECT_SECONDS, Server, Session, end
from hegui.store.postgres.spool import Spool
from hegui.terms import Corrupt, Entry, Misconfigured, Receipt, Unavailable

_log = logging.getLogger(__name__)

COMMIT_SECONDS: Final = 5.0
"""How long a group may take before the server counts as away."""

_WHOLE: Final = CONNECT_SECONDS + COMMIT_SECONDS + 5.0
_PUT: Final = "INSERT INTO outbox (id, tenant, leaf) VALUES ($1, '', '')"
_TAKE_BACK: Final = "DELETE FROM outbox WHERE id = $1"
Admit = Callable[[Entry], bytes]
"""Looks at an entry before it is taken: returns its leaf hash, or raises ``BadRequest``."""


class Outbox(Groups[Entry, Receipt]):
    """Makes entries durable on the server, or in the spool while it is away.

    What was handed over when a session broke may have been committed or not. It is never written
    again before the server was asked for its number, so it is there once.
    """

    def __init__(
        self,
        server: Server,
        admit: Admit,
        spool: Spool | None = None,
        *,
        limit: int = 20_000,
        later: frozenset[str] = frozenset(),
    ) -> None:
        self._later = later
        self._server = server
        self._admit = admit
        self._spool = spool
        self._session: Session | None = None
        server.lane.enter()
        try:
            server.prepare()
        except Exception as error:
            server.lane.leave()
            raise named(error) from error
        self._drainer = Drainer(server, spool, later) if spool is not None else None
        super().__init__(limit=limit)

    @property
    def spooling(self) -> bool:
        """Whether records go to this machine's disk instead of the server."""
        return self._spool is not None and self._spool.holds

    @property
    def bare(self) -> int:
        """How many records went from the spool without their rows, which the server refused."""
        return self._drainer.bare if self._drainer is not None else 0

    def _transact(self, items: list[Entry]) -> Sequence[Receipt]:
        started = time.perf_counter()
        hashes = [self._admit(entry) for entry in items]
        parcels = [Parcel(numbers.next(), entry) for entry in items]
        self._keep(parcels)
        self.metrics.commits += 1
        self.metrics.items += len(items)
        self.metrics.last_commit_seconds = time.perf_counter() - started
        return [
            Receipt(parcel.entry.tenant, None, hashed, parcel.id.bytes)
            for parcel, hashed in zip(parcels, hashes, strict=True)
        ]

    def _keep(self, parcels: list[Parcel]) -> None:
        spool = self._spool
        if spool is not None and spool.holds and spool.append(parcels, behind=True):
            return
        try:
            self._server.lane.run(self._commit(parcels), _WHOLE)
        except Exception as error:
            if spool is None or not is_away(error):
                raise
            _log.warning("the database is away (%s): records go to the spool", named(error))
            spool.append(parcels)

    def _try(self) -> None:
        spool = self._spool
        if spool is None or not spool.holds:
            try:
                self._server.lane.run(self._trial(), _WHOLE)
            except Exception as error:
                if spool is None or not is_away(error):
                    raise
            else:
                return
        spool.try_out()

    async def _trial(self) -> None:
        """Have the server write a record and take it back, and begin its session for the next."""
        if self._session is None or self._session.is_closed():
            self._session = await self._server.connect()
        number = numbers.next()
        try:
            async with asyncio.timeout(COMMIT_SECONDS), self._session.transaction():
                await self._session.execute(_PUT, number)
                await self._session.execute(_TAKE_BACK, number)
        except BaseException:
            self._drop()
            raise

    async def _commit(self, parcels: list[Parcel]) -> None:
        """Commit on the session that there is; where it has gone, on a new one."""
        held = self._session
        if held is not None and not held.is_closed():
            try:
                await asyncio.wait_for(deliver(held, parcels, later=self._later), COMMIT_SECONDS)
            except TimeoutError:
                self._drop()
                raise
            except Exception as error:
                if not is_away(error):
                    raise
                self._drop()
            else:
                return
        session = self._session = await self._server.connect()
        try:
            await asyncio.wait_for(
                deliver(session, parcels, later=self._later, ask_first=True), COMMIT_SECONDS
            )
        except Exception as error:
            if is_away(error):
                self._drop()
            raise

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.terminate()

    def _blameless(self, error: Exception) -> bool:
        # Unavailable: the spool is full, or its disk is
        return is_away(error) or isinstance(error, (Unavailable, Corrupt, Misconfigured))

    def _named(self, error: Exception) -> Exception:
        return named(error)

    def _end(self) -> None:
        if self._drainer is not None:
            self._drainer.close()
        if self._session is not None:
            self._server.lane.run(end(self._session), CONNECT_SECONDS)
        if self._spool is not None:
            self._spool.close()
        self._server.lane.leave()
