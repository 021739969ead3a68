"""The ledger: one transparency log per tenant, all in one database."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from hegui.ledger import finding
from hegui.ledger.appending import Appender
from hegui.ledger.note import Signer
from hegui.store import Metrics, Writer
from hegui.terms import Entry, Receipt


class Ledger:
    """Takes entries of any tenant and gives receipts for what is durable (Art. 14 para. 2).

    A leaf, the rows that go with it, the frontier and the signed checkpoint stand or fall in one
    transaction. Order is the index, never the clock. Several processes may append to one file.
    ``origin_for`` names a tenant's log when it is begun; ``signer_for`` gives its key.
    """

    def __init__(
        self,
        path: Path,
        signer_for: Callable[[str], Signer],
        origin_for: Callable[[str], str],
        *,
        limit: int = 20_000,
    ) -> None:
        self._path = path
        self._writer: Writer[Entry, Receipt] = Writer(
            path, Appender(signer_for, origin_for), limit=limit
        )

    def hand_in(self, entry: Entry) -> "asyncio.Future[Receipt]":
        """Hand in ``entry``: it is queued at once, and its receipt can be awaited."""
        return self._writer.hand_in(entry)

    async def add(self, entry: Entry) -> Receipt:
        """Return the receipt of ``entry`` once it is durable; ``Unavailable`` if it cannot be."""
        return await self._writer.add(entry)

    def add_blocking(self, entry: Entry) -> Receipt:
        """Do what ``add`` does, for a caller without an event loop."""
        return self._writer.submit(entry).result()

    def find_exchange(self, tenant: str, exchange: str) -> list[tuple[int, bytes]]:
        """Return index and leaf of an exchange's two records. Reads files: not for the loop."""
        return finding.find_exchange(self._path, tenant, exchange)

    def tenant_of(self, exchange: str) -> str | None:
        """Return the tenant that an exchange belongs to. Reads files: not for the loop."""
        return finding.tenant_of(self._path, exchange)

    def lag(self) -> int:
        """Return how many entries wait to become durable."""
        return self._writer.lag()

    @property
    def metrics(self) -> Metrics:
        """What the writer has done."""
        return self._writer.metrics

    def close(self, *, drain: bool = True) -> None:
        """Make durable what waits, then close."""
        self._writer.close(drain=drain)
