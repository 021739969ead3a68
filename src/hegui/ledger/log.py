"""The ledger: one transparency log per tenant, all in one database."""

import asyncio
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from hegui.ledger import finding
from hegui.ledger.appending import Appender
from hegui.ledger.heads import heads_beside
from hegui.ledger.holding import Hold
from hegui.ledger.signing import Found, Signing
from hegui.ledger.trust import SignerFor, Trust
from hegui.store import Metrics, Writer, open_database
from hegui.terms import Entry, HeguiError, Receipt


class Ledger:
    """Takes entries of any tenant and gives receipts for what is durable (Art. 14 para. 2).

    A leaf, the rows that go with it and the frontier stand or fall in one transaction; the head
    is signed after, within ``sign_seconds`` or ``sign_leaves`` entries, and when the ledger is
    closed. Order is the index, never the clock. Several processes may append to one file.
    ``signer_for`` gives each log its key and, when it is begun, its name. The second place of
    signed heads is the folder ``heads`` beside the file.

    ``found`` says what lay beyond the signed heads at start, left by a process that was killed, and
    which logs are refused, and why: to these nothing is added. ``accepting`` adds to them
    nevertheless (``hegui.ledger.restored``).
    """

    def __init__(
        self,
        path: Path,
        signer_for: SignerFor,
        *,
        limit: int = 20_000,
        sign_seconds: float = 1.0,
        sign_leaves: int = 4_096,
        accepting: bool = False,
    ) -> None:
        self._path = path
        trust = Trust(signer_for, heads_beside(path), accepting=accepting)
        self._signing = Signing(path, trust, seconds=sign_seconds, leaves=sign_leaves)
        open_database(path).close()  # made, or brought up to date
        self._hold = Hold(path)
        with ExitStack() as opened:
            opened.callback(self._hold.close)
            opened.callback(self._signing.let_go)
            # what another process has not signed yet is nothing to tell of: it is at it
            look, alone = self._signing.look(), self._hold.alone
            self.found: list[Found] = [one for one in look if alone or one.refused is not None]
            self._writer: Writer[Entry, Receipt] = Writer(
                path, Appender(trust, self._signing.grown), limit=limit, chore=self._signing
            )
            opened.pop_all()

    def hand_in(self, entry: Entry) -> "asyncio.Future[Receipt]":
        """Hand in ``entry``: it is queued at once, and its receipt can be awaited."""
        return self._writer.hand_in(entry)

    async def add(self, entry: Entry) -> Receipt:
        """Return the receipt of ``entry`` once it is durable; ``Unavailable`` if it cannot be."""
        return await self._writer.add(entry)

    def add_blocking(self, entry: Entry) -> Receipt:
        """Do what ``add`` does, for a caller without an event loop."""
        return self._writer.submit(entry).result()

    def submit(self, entry: Entry) -> "Future[Receipt]":
        """Do what ``hand_in`` does, from any thread, for a caller without an event loop."""
        return self._writer.submit(entry)

    def find_exchange(self, tenant: str, exchange: str) -> list[tuple[int, bytes]]:
        """Return index and leaf of an exchange's two records. Reads files: not for the loop."""
        return finding.find_exchange(self._path, tenant, exchange)

    def find_appeal(self, appeal: str) -> tuple[str, list[tuple[int, bytes]]]:
        """Return the tenant whose log has an appeal, and its record. Not for the loop."""
        return finding.find_appeal(self._path, appeal)

    def tenant_of(self, exchange: str) -> str | None:
        """Return the tenant that an exchange belongs to. Reads files: not for the loop."""
        return finding.tenant_of(self._path, exchange)

    def size(self, tenant: str) -> int | None:
        """Return how many entries a log has; None where there is none. Reads files."""
        return finding.size_of(self._path, tenant)

    def lag(self) -> int:
        """Return how many entries wait to become durable."""
        return self._writer.lag()

    @property
    def trouble(self) -> HeguiError | None:
        """Why no record can be made durable; None where nothing says so. Costs nothing."""
        return self._writer.trouble

    @property
    def signed(self) -> int:
        """How many heads were signed here since the start."""
        return self._signing.signed

    @property
    def metrics(self) -> Metrics:
        """What the writer has done."""
        return self._writer.metrics

    def close(self, *, drain: bool = True) -> None:
        """Make durable what waits, sign it, then close."""
        self._writer.close(drain=drain)
        self._hold.close()
