"""What a gateway does by itself while it serves: what has ended is deleted, what is due is done."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

from hegui.app import retention
from hegui.app.chores import Chores
from hegui.app.threads import in_thread
from hegui.app.upkeep import Upkeep
from hegui.callers.assertion import Assertions
from hegui.gateway.arriving import whole_body
from hegui.gateway.gate import Gate
from hegui.gateway.history import History
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.terms import Entry, Unavailable, Words
from hegui.vault.epochs import LOOK_MS
from hegui.vault.holders import Holder
from hegui.vault.leases import Leases

_log = logging.getLogger(__name__)
_HOUR: Final = 3600.0
_KEYS_EVERY: Final = 600.0
_KEYS_AGAIN: Final = 10.0
_TEND_EVERY: Final = 60.0
_KEYS_LARGEST: Final = 1_048_576
_NO_KEYS: Final = Words(
    en="The keys that assertions are checked against could not be fetched ({why}). Check jwks in "
    "[callers.assertion].",
    zh="无法获取用于核验签名断言的公钥（{why}）。请检查 [callers.assertion] 中的 jwks。",
)


@dataclass(slots=True, eq=False)
class Tending:
    """The chores of one gateway. ``erasures``: the vault's count of them when ``history`` began."""

    gate: Gate
    ledger: Ledger | SharedLedger
    holders: Mapping[str, Holder]
    leases: Leases
    history: History
    chores: Chores
    erasures: int
    assertions: Assertions | None = None

    async def begin(self) -> None:
        """Do all of it from now on. ``Unavailable`` where keys that are needed are not to be had.

        ``chores.end`` ends it, also where this has failed.
        """
        repeat = self.chores.repeat
        repeat(self.expire, _HOUR)
        repeat(self.prune, retention.DAY_SECONDS)
        repeat(self.look, LOOK_MS / 1_000)
        repeat(self.tend, _TEND_EVERY)
        repeat(self.tend_media, _TEND_EVERY)
        if self.assertions is not None and self.assertions.address:
            await self.fetch_keys()
            repeat(self.fetch_keys, _KEYS_EVERY)
            repeat(self.fetch_keys_again, _KEYS_AGAIN)

    async def expire(self) -> None:
        """Delete kept content whose term has ended, and put that on record (Art. 11)."""
        if not await self.leases.take("expiry"):
            return  # another gateway on this database does it: it is counted once
        async with self.leases.kept("expiry"):
            now = self.gate.clock()
            for tenant, classes in self.gate.vault.expired(now).items():
                count, writes = self.gate.vault.expire(now, tenant)
                fields = {"count": count, "classes": classes, "until": now}
                record = leaf.make(kinds.named("content.expired"), now, tenant, fields)
                await self.ledger.add(Entry(tenant, record, writes))

    async def prune(self) -> None:
        """Delete records whose terms have ended (Art. 11: no longer than needed).

        Of several gateways on one log the one does it that gives places.
        """
        ledger = self.ledger
        if isinstance(ledger, SharedLedger) and not ledger.state().sequencer.holds:
            return
        pruned = await retention.prune(ledger, self.gate.settings, self.gate.clock)
        for tenant, count in pruned.items():
            _log.info("%d records of %s were deleted: their terms have ended", count, tenant)

    async def look(self) -> None:
        """Forget whoever was erased (Art. 11): their key, and all digests, which name nobody."""
        seen = self.gate.vault.look()
        if seen != self.erasures:
            self.erasures = seen
            self.history.clear()

    async def tend(self) -> None:
        """Rotate the epoch's key when it is due, and carry erasures on, in a thread."""
        await in_thread(self._tend_now)

    def _tend_now(self) -> None:
        gate = self.gate
        held = (gate.settings, self.ledger, gate.clock, self.holders, self.chores.pause)
        with Upkeep(*held) as upkeep:
            done = upkeep.tend()
        if done.closed or done.completed:
            counts = (len(done.closed), len(done.completed))
            _log.info("%d epochs were closed, %d erasures are complete", *counts)

    async def tend_media(self) -> None:
        """End addresses whose term is over, and delete their files, on record (Art. 11)."""
        shelf = self.gate.media.shelf
        done = await shelf.tend()
        self.gate.metrics.shelved(await shelf.book.used())
        if done.left_behind:
            _log.warning("%d files of no record were deleted from the shelf", done.left_behind)

    async def fetch_keys_again(self) -> None:
        """Fetch the key set when an assertion named a key that it does not hold."""
        if self.assertions is not None and self.assertions.lacking:
            await self.fetch_keys()

    async def fetch_keys(self) -> None:
        """Fetch the keys that assertions are checked against."""
        assert self.assertions is not None
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with self.gate.upstreams.session().get(
                self.assertions.address, timeout=timeout, allow_redirects=False
            ) as response:
                response.raise_for_status()
                keys = await whole_body(response, _KEYS_LARGEST)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(_NO_KEYS.fill(why=type(error).__name__)) from error
        self.assertions.set_keys(keys)
