"""What a door asks of the ledger, whichever database it lies in."""

import asyncio
from typing import Protocol

from hegui.store import Metrics
from hegui.terms import Entry, Receipt


class Evidencing(Protocol):
    """A ledger as the doors use it: ``Ledger`` on a file, ``SharedLedger`` on a server."""

    def hand_in(self, entry: Entry) -> "asyncio.Future[Receipt]":
        """Hand in ``entry``: it is queued at once, and its receipt can be awaited."""
        ...

    async def add(self, entry: Entry) -> Receipt:
        """Return the receipt of ``entry`` once it is durable; ``Unavailable`` if it cannot be."""
        ...

    def add_blocking(self, entry: Entry) -> Receipt:
        """Do what ``add`` does, for a caller without an event loop."""
        ...

    def find_exchange(self, tenant: str, exchange: str) -> list[tuple[int, bytes]]:
        """Return index and leaf of an exchange's two records. Not for the loop."""
        ...

    def find_appeal(self, appeal: str) -> tuple[str, list[tuple[int, bytes]]]:
        """Return the tenant whose log has an appeal, and its record. Not for the loop."""
        ...

    def tenant_of(self, exchange: str) -> str | None:
        """Return the tenant that an exchange belongs to. Not for the loop."""
        ...

    def lag(self) -> int:
        """Return how many entries wait to become durable."""
        ...

    @property
    def metrics(self) -> Metrics:
        """What the writer has done."""
        ...

    def close(self, *, drain: bool = True) -> None:
        """Make durable what waits, then close."""
        ...
