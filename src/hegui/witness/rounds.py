"""Going round: ask each witness, and the time authority, about each log whose head is new.

What is known of them stands in the database, so that several gateways share the work, and a
restart forgets nothing. Whoever fails is asked again later and later; nothing else waits for them.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar

import apsw

from hegui.ledger.cosignature import head_of, split
from hegui.ledger.cosigned import Standing, keep_standing, standing, tenants, writing
from hegui.store import Connection, Place, open_connection
from hegui.terms import Clock, HeguiError, Unavailable, Words
from hegui.witness.web import Troubled

T = TypeVar("T")

Observe = Callable[[str, str], None]
"""Is told of each request: who was asked, and how it ended (``signed``, or a word of trouble)."""

_UNREADABLE = Words(en="The ledger cannot be read: {why}.", zh="无法读取账本：{why}。")

LONGEST_WAIT_MS: Final = 3_600_000
_FIRST_WAIT_MS: Final = 60_000
_DOUBLINGS: Final = 6
_THREADS: Final = 2
_AT_ONCE: Final = 8
"""Logs about which one attester is asked at a time."""
_DOWN: Final = frozenset({"unreachable", "timeout", "busy", "broken-off"})
"""Words that speak of the attester and not of the log: the rest of the round is not tried on it."""


class Attested(NamedTuple):
    """What was obtained for a head of ``size`` entries, and how to write it."""

    size: int
    write: Callable[[Connection], None]


class Aside(Protocol):
    """Runs what blocks in a thread, off the loop and apart from what the service screens."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """Return what ``work`` returns."""
        ...


class Attester(Protocol):
    """Somebody outside who says something about a head."""

    @property
    def name(self) -> str:
        """Its name; that of the time authority is empty."""
        ...

    @property
    def every_ms(self) -> int:
        """How long it is left alone at least."""
        ...

    async def attest(self, tenant: str, known: Standing, aside: Aside) -> Attested:
        """Ask about the newest head of a log. Raises ``Troubled``."""
        ...


class Outcome(NamedTuple):
    """How one request ended; ``trouble`` is empty when it went well."""

    tenant: str
    name: str
    trouble: str


class _Due(NamedTuple):
    tenant: str
    attester: Attester
    known: Standing


class Rounds:
    """Goes round all logs and attesters. For one event loop; files are read in threads."""

    def __init__(
        self,
        place: Place,
        attesters: Sequence[Attester],
        clock: Clock,
        observe: Observe,
        behind: Callable[[str, int], None],
    ) -> None:
        self._place = place
        self._attesters = tuple(attesters)
        self._clock = clock
        self._observe = observe
        self._behind = behind
        self._threads = ThreadPoolExecutor(_THREADS, "witness")

    def close(self) -> None:
        """Wait for what is being read or written."""
        self._threads.shutdown()

    def _aside(self, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def go(self, *, at_once: bool = False) -> list[Outcome]:
        """Ask everybody whose turn it is, or (``at_once``) everybody, all at the same time.

        Returns how each request ended. ``Unavailable`` where the database cannot be used.
        """
        due = await self._aside(partial(self._claim, at_once=at_once))
        slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
        down: dict[str, str] = {}
        return list(await asyncio.gather(*(self._ask(one, slots, down) for one in due)))

    async def _ask(
        self, due: _Due, slots: dict[str, asyncio.Semaphore], down: dict[str, str]
    ) -> Outcome:
        """Ask one about one log; whoever does not answer is not waited for again in this round."""
        name = due.attester.name
        async with slots[name]:
            trouble = down.get(name) or await self._tried(due)
        if trouble in _DOWN:
            down[name] = trouble
        if trouble:
            await self._aside(partial(self._note, due, trouble))
        self._observe(name, trouble or "signed")
        return Outcome(due.tenant, name, trouble)

    async def _tried(self, due: _Due) -> str:
        """Ask, and keep what is said; return a word of trouble, or nothing."""
        try:
            made = await due.attester.attest(due.tenant, due.known, self._aside)
            await self._aside(partial(self._keep, due, made))
        except Troubled as error:
            return error.word
        except HeguiError as error:
            # the log itself cannot be read, or the result not written: tried again like the rest
            return type(error).__name__.lower()
        return ""

    def _claim(self, *, at_once: bool) -> list[_Due]:
        """Return whose turn it is, and put down that they are being asked: one process asks.

        The database's lock is taken only when there is somebody to ask.
        """
        connection = open_connection(self._place)
        try:
            if not self._whose_turn(connection, at_once=at_once):
                return []
            with writing(connection):
                due = self._whose_turn(connection, at_once=at_once)
                for one in due:
                    claimed = one.known._replace(asked=self._clock())
                    keep_standing(connection, one.tenant, claimed)
        except apsw.Error as error:
            raise Unavailable(_UNREADABLE.fill(why=error)) from error
        finally:
            connection.close()
        return due

    def _whose_turn(self, connection: Connection, *, at_once: bool) -> list[_Due]:
        at, due = self._clock(), []
        sizes = _signed_sizes(connection)
        for attester in self._attesters:
            lag = 0
            for tenant, size in sizes.items():
                known = standing(connection, tenant, attester.name)
                lag = max(lag, size - known.size)
                new = size != known.size or known.trouble
                if at_once or (new and at >= known.asked + _wait(attester, known)):
                    due.append(_Due(tenant, attester, known))
            self._behind(attester.name, lag)
        return due

    def _keep(self, due: _Due, made: Attested) -> None:
        at = self._clock()
        known = Standing(due.attester.name, made.size, at, at)

        def write(connection: Connection) -> None:
            made.write(connection)
            keep_standing(connection, due.tenant, known)

        self._write(write)

    def _note(self, due: _Due, trouble: str) -> None:
        known = due.known._replace(
            asked=self._clock(), failures=due.known.failures + 1, trouble=trouble
        )

        def write(connection: Connection) -> None:
            keep_standing(connection, due.tenant, known)

        try:
            self._write(write)
        except HeguiError:
            return  # the claim stands: it is asked again when its time comes

    def _write(self, write: Callable[[Connection], None]) -> None:
        connection = open_connection(self._place)
        try:
            with writing(connection):
                write(connection)
        finally:
            connection.close()


def _wait(attester: Attester, known: Standing) -> float:
    if not known.failures:
        return attester.every_ms
    first = min(attester.every_ms, _FIRST_WAIT_MS)
    wait = min(LONGEST_WAIT_MS, first << min(known.failures - 1, _DOUBLINGS))
    return wait * (1 + random.random() / 10)  # so that not everybody comes back at once


def _signed_sizes(connection: Connection) -> dict[str, int]:
    """Return the size of each log's signed head. One that cannot be read, ``verify`` names."""
    sizes = {}
    for tenant in tenants(connection):
        row = connection.execute(
            "SELECT checkpoint FROM log WHERE tenant = ?", (tenant,)
        ).fetchone()
        try:
            sizes[tenant] = head_of(split(str(row[0]) if row else "")[0]).size
        except ValueError:
            continue
    return sizes
