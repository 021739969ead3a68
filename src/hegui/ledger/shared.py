"""The ledger on a PostgreSQL server, which several gateways share."""

import asyncio
import time
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from hegui.ledger import finding
from hegui.ledger.appending import Appender, time_of
from hegui.ledger.heads import Heads
from hegui.ledger.pruning import WITH_THE_PLACE
from hegui.ledger.sequencer import Sequencer, SequencerState
from hegui.ledger.signing import Signing
from hegui.ledger.tree import leaf_hash
from hegui.ledger.trust import SignerFor, Trust
from hegui.store import Metrics, open_connection
from hegui.store.postgres.outbox import Outbox
from hegui.store.postgres.server import Server
from hegui.store.postgres.spool import Spool, SpoolState
from hegui.terms import Clock, Entry, HeguiError, Receipt

_PLACE_SECONDS: Final = 15.0
_RECEIPT = (
    "SELECT e.idx, e.hash FROM placed AS p JOIN entry AS e ON e.tenant = p.tenant AND e.idx = p.idx"
    " WHERE p.id = ? AND p.tenant = ?"
)


@dataclass(frozen=True, slots=True)
class SpoolTerms:
    """Where records go while the server is away, and how many, how long."""

    folder: Path
    most_bytes: int
    most_ms: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class SharedState:
    """What an operator should know: who gives places, and what this machine alone holds."""

    sequencer: SequencerState
    spool: SpoolState | None
    bare: int


class SharedLedger:
    """Takes entries of any tenant, and acknowledges them once a row in the outbox is committed.

    The place follows within a second, from whichever gateway holds the sequencer's lock: until
    then a receipt has no index (``placed`` gives it). While the server is away, the spool of this
    machine takes what comes, if there is one. ``heads`` is the folder of heads signed here, the
    second place. ``found`` names the logs that are refused, and why; ``accepting`` adds to them
    nevertheless (``hegui.ledger.restored``).
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing that may be chosen
        self,
        server: Server,
        signer_for: SignerFor,
        *,
        heads: Path,
        spool: SpoolTerms | None = None,
        limit: int = 20_000,
        sign_seconds: float = 1.0,
        sign_leaves: int = 4_096,
        accepting: bool = False,
    ) -> None:
        self._server = server
        self._accepting = accepting
        trust = Trust(signer_for, Heads(heads), accepting=accepting)
        self._signing = Signing(server, trust, seconds=sign_seconds, leaves=sign_leaves)
        with ExitStack() as opened:
            self._spool = _spool(spool)
            if self._spool is not None:
                opened.callback(self._spool.close)
            self._outbox = Outbox(server, _admit, self._spool, limit=limit, later=WITH_THE_PLACE)
            opened.pop_all()  # the outbox closes the spool
            opened.callback(self._outbox.close)
            opened.callback(self._signing.let_go)
            # a tail that is not signed yet is nothing to tell of: another gateway is at it
            self.found = [one for one in self._signing.look() if one.refused is not None]
            append = Appender(trust, self._signing.grown)
            self._sequencer = Sequencer(server, append, self._signing, WITH_THE_PLACE)
            opened.pop_all()

    def hand_in(self, entry: Entry) -> "asyncio.Future[Receipt]":
        """Hand in ``entry``: it is queued at once, and its receipt can be awaited."""
        return self._outbox.hand_in(entry)

    async def add(self, entry: Entry) -> Receipt:
        """Return the receipt of ``entry`` once it is durable; ``Unavailable`` if it cannot be."""
        return await self._outbox.add(entry)

    def submit(self, entry: Entry) -> "Future[Receipt]":
        """Hand in ``entry`` from any thread, without an event loop."""
        return self._outbox.submit(entry)

    def add_blocking(self, entry: Entry) -> Receipt:
        """Do what ``add`` does, for a caller without an event loop.

        A ledger that was opened with ``accepting`` waits for the place, too.
        """
        receipt = self._outbox.submit(entry).result()
        return self.wait(receipt) if self._accepting else receipt

    def wait(self, receipt: Receipt) -> Receipt:
        """Return the receipt with its place, or after 15 seconds as it is. Not for the loop."""
        until = time.monotonic() + _PLACE_SECONDS
        while time.monotonic() < until:
            placed = self.placed(receipt)
            if placed is not None:
                return placed
            time.sleep(0.1)
        return receipt

    def placed(self, receipt: Receipt) -> Receipt | None:
        """Return the receipt with its place; None while it waits for one. Not for the loop."""
        connection = open_connection(self._server)
        try:
            row = connection.execute(_RECEIPT, (_uuid(receipt.id), receipt.tenant)).fetchone()
        finally:
            connection.close()
        return None if row is None else Receipt(receipt.tenant, row[0], row[1], receipt.id)

    def find_exchange(self, tenant: str, exchange: str) -> list[tuple[int, bytes]]:
        """Return index and leaf of an exchange's two records. Asks the server: not for the loop."""
        return finding.find_exchange(self._server, tenant, exchange)

    def find_appeal(self, appeal: str) -> tuple[str, list[tuple[int, bytes]]]:
        """Return the tenant whose log has an appeal, and its record. Not for the loop."""
        return finding.find_appeal(self._server, appeal)

    def tenant_of(self, exchange: str) -> str | None:
        """Return the tenant that an exchange belongs to. Asks the server: not for the loop."""
        return finding.tenant_of(self._server, exchange)

    def size(self, tenant: str) -> int | None:
        """Return how many entries ``tenant``'s log has; None where there is none."""
        return finding.size_of(self._server, tenant)

    def lag(self) -> int:
        """Return how many entries wait to become durable."""
        return self._outbox.lag()

    @property
    def trouble(self) -> HeguiError | None:
        """Why no record can be made durable; None where nothing says so. Costs nothing."""
        return self._outbox.trouble

    @property
    def signed(self) -> int:
        """How many heads were signed here since the start."""
        return self._signing.signed

    @property
    def metrics(self) -> Metrics:
        """What the writer has done."""
        return self._outbox.metrics

    def state(self) -> SharedState:
        """Return what the sequencer and the spool are doing."""
        spool = self._spool.state() if self._spool is not None else None
        return SharedState(self._sequencer.state, spool, self._outbox.bare)

    def close(self, *, drain: bool = True) -> None:
        """Make durable what waits, give it its place if nobody else does, and sign; then close."""
        self._outbox.close(drain=drain)
        self._sequencer.close()


def _spool(terms: SpoolTerms | None) -> Spool | None:
    if terms is None:
        return None
    return Spool(terms.folder, terms.most_bytes, terms.most_ms, terms.clock)


def _admit(entry: Entry) -> bytes:
    """Refuse what no log could take, before it is acknowledged; return the leaf's hash."""
    time_of(entry)
    return leaf_hash(entry.leaf)


def _uuid(number: bytes) -> Any:
    return UUID(bytes=number)
