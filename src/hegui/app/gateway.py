"""The gateway with everything attached, from its settings."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp
from starlette.routing import request_response
from starlette.types import ASGIApp

import hegui
from hegui.app import parts, retention
from hegui.app.attesting import Attesting
from hegui.app.chores import Chores
from hegui.app.duties import boards_of
from hegui.app.label_doors import LabelDoors
from hegui.app.media import media_parts, media_paths
from hegui.app.rules import RulesInUse
from hegui.app.shared import Figures
from hegui.app.shelf import close as close_shelf
from hegui.app.statement_doors import StatementDoors
from hegui.app.threads import in_thread, off_loop
from hegui.app.upkeep import Upkeep, holders_of, open_vault
from hegui.callers.assertion import Assertions
from hegui.callers.inspectors import InspectorBook
from hegui.callers.keys import KeyBook
from hegui.callers.standing import StandingBook
from hegui.gateway import exchange, models
from hegui.gateway.admin import admin_app, healthz
from hegui.gateway.appeal import AppealPage
from hegui.gateway.evidence import Evidence
from hegui.gateway.gate import Gate
from hegui.gateway.history import History
from hegui.gateway.http import Doorkeeper, Endpoint, Methods, Paths, Serve
from hegui.gateway.inspecting import InspectorsAtTheDoor
from hegui.gateway.log import Inspectors, LogPages
from hegui.gateway.metrics import Metrics
from hegui.gateway.prompts import Judge
from hegui.gateway.receipts import ReceiptPage
from hegui.gateway.refusals import Refusals
from hegui.gateway.upstream import Upstreams, whole_body
from hegui.ledger import kinds, leaf
from hegui.ledger.shared import SharedLedger
from hegui.ledger.tiles import Logs
from hegui.runners.remote import RemoteRunner
from hegui.screen.panel import Panel
from hegui.settings import Settings
from hegui.terms import (
    Ask,
    Clock,
    DetectorCard,
    Entry,
    Fault,
    Findings,
    HeguiError,
    Unavailable,
    Words,
)
from hegui.vault.epochs import LOOK_MS
from hegui.vault.leases import Leases

_log = logging.getLogger(__name__)
_LAST_WORDS = 5.0  # seconds that ended exchanges have to say so
_HOUR = 3600.0
_KEYS_EVERY = 600.0
_TEND_EVERY = 60.0
_NO_KEYS = Words(
    en="The keys that assertions are checked against could not be fetched ({why}). Check jwks in "
    "[callers.assertion].",
    zh="无法获取用于核验签名断言的公钥（{why}）。请检查 [callers.assertion] 中的 jwks。",
)
_KEYS_LARGEST = 1_048_576


class Gateway:
    """A service that can be started, asked through ``public`` and ``admin``, and stopped."""

    public: ASGIApp
    admin: ASGIApp
    gate: Gate
    rules: RulesInUse
    attesting: Attesting

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._metrics = Metrics()
        self.attesting = Attesting(settings, clock, self._metrics.registry)
        place = parts.place_of(settings)
        self.ledger = parts.open_ledger(settings, spool=True)
        self._holders = holders_of(settings)
        self.vault = open_vault(settings, clock, self._holders)
        self._keys = KeyBook(place, parts.pepper(settings), clock)
        self._standing = StandingBook(place, clock)
        self._statements = StatementDoors(place)
        asserted = settings.callers.assertion
        self._assertions = Assertions(asserted, clock) if asserted is not None else None
        self._runners: dict[str, parts.Runner] = {}
        self._figures: Figures | None = None
        if isinstance(self.ledger, SharedLedger):
            self._figures = Figures(self.ledger, clock)
            self._metrics.registry.register(self._figures)
        self._history = History()
        self._leases = Leases(place, clock)
        self._media = media_parts(settings, self.ledger, clock, self._leases)
        self._erasures = self.vault.look()
        self._chores = Chores()
        book = InspectorBook(place, parts.pepper(settings), clock)
        self._inspecting = InspectorsAtTheDoor(book, Logs(place), self.ledger, clock)
        self.inspectors: Inspectors = self._inspecting
        self._undo = AsyncExitStack()
        self._opened()
        self._ready = self._said_stopped = False

    async def start(self) -> None:
        """Start attached detectors, put the service together, and record that it runs.

        A detector that cannot be loaded, or an action that names nothing, is ``Misconfigured``:
        nothing is served without what the settings ask for. Then everything is undone again, the
        last thing first, and if the start was on record, so is its end.
        """
        try:
            await self._start()
        except BaseException:
            await self._undo.aclose()
            raise

    def _opened(self) -> None:
        """Note what is open from the beginning, in the order in which it was opened."""
        for part in (self._statements, self.vault, self._standing, self._keys, self._inspecting):
            self._undo.callback(part.close)
        self._undo.callback(self.ledger.close)
        self._undo.callback(self._leases.close)
        self._undo.push_async_callback(self.attesting.close)
        self._undo.push_async_callback(close_shelf, self._media.shelf)
        self._undo.push_async_callback(self._media.close)

    async def _cards(self) -> list[DetectorCard]:
        cards = []
        for runner in parts.runners_of(self.settings, self._metrics.guarded):
            self._undo.push_async_callback(runner.close)
            card = await runner.start()
            self._runners[card.name] = runner
            cards.append(card)
        return cards

    def _judge(self, panel: Panel) -> Judge:
        """Return the judge that exchanges begin with while these rules stand."""
        settings = self.settings
        return Judge(
            panel,
            Refusals(panel.rules, settings.public_url, settings.ledger.appeal_days),
            self._history,
            self._fulfil,
            off_loop,
            settings.limits.off_loop_bytes,
        )

    def _take(self, panel: Panel) -> None:
        self.gate.judge = self._judge(panel)

    async def _start(self) -> None:
        for found in self.ledger.found:
            if found.refused is not None:
                raise found.refused
        rules = RulesInUse(self.settings, await self._cards(), self._clock, self._record)
        panel = await rules.first()
        self.rules = rules
        policies = parts.policies_of(self.settings)
        content = self.settings.content
        self.gate = Gate(
            settings=self.settings,
            producer=self.settings.provider.code,
            judge=self._judge(panel),
            policies=policies,
            upstreams=Upstreams(self.settings.upstreams),
            evidence=Evidence(self.ledger, self.vault, content, self._clock),
            vault=self.vault,
            standing=self._standing,
            metrics=self._metrics,
            clock=self._clock,
            media=self._media,
        )
        self._undo.push_async_callback(self.gate.upstreams.close)
        self.public = self._public()
        self.admin = admin_app(self.gate, self.ledger.lag, self._state, boards_of(self.settings))
        await self._say_started(panel)
        self._undo.push_async_callback(self._say_stopped, "not-started")
        await self._say_found()
        await rules.say_first()
        self._undo.push_async_callback(self._chores.end)
        self._chores.repeat(self._expire, _HOUR)
        self._chores.repeat(self._prune, retention.DAY_SECONDS)
        self._chores.repeat(self._look, LOOK_MS / 1_000)
        self._chores.repeat(self._tend, _TEND_EVERY)
        self._chores.repeat(self._tend_media, _TEND_EVERY)
        self._chores.watch(rules.follow(self._take, self.gate.metrics.reloaded))
        self._chores.watch(self.attesting.follow())
        if self._assertions is not None and self._assertions.address:
            await self._fetch_keys()
            self._chores.repeat(self._fetch_keys, _KEYS_EVERY)
        self._ready = True

    async def _say_started(self, panel: Panel) -> None:
        """Record that the service runs, under which scope and rules (Art. 2, 13)."""
        settings = self.settings
        digests = "".join(policy.digest for _, policy in sorted(self.gate.policies.items()))
        await self._record(
            "service.started",
            version=hegui.__version__,
            scope=settings.service.scope,
            reason=settings.service.reason,
            settings=settings.digest or hashlib.sha256(b"").hexdigest(),
            policy=hashlib.sha256(digests.encode()).hexdigest(),
            panel=panel.digest,
            keep=settings.content.keep,
            upstreams={u.name: u.role or "undeclared" for u in settings.upstreams},
            detectors={card.name: card.version for card in panel.cards},
        )

    async def _say_stopped(self, reason: str) -> None:
        """Record how the service ended, once."""
        if not self._said_stopped:
            self._said_stopped = True
            with suppress(HeguiError):
                await self._record("service.stopped", reason=reason, answered=self.gate.answered)

    async def _say_found(self) -> None:
        """Record what lay beyond the signed heads: the service did not end by itself, or runs on.

        It was hashed anew and found good, or nothing would have started.
        """
        for found in self.ledger.found:
            beyond = found.size - found.signed
            _log.warning("%d entries beyond the signed head were checked and are signed", beyond)
            fields = {"head": found.signed, "size": found.size}
            made = leaf.make(kinds.named("ledger.resumed"), self._clock(), found.tenant, fields)
            await self.ledger.add(Entry(found.tenant, made))

    async def stop(self, grace: float = 0.0, reason: str = "stopped") -> None:
        """Let open exchanges finish for ``grace`` seconds, end the rest, and close everything."""
        self._ready = False
        gate = self.gate
        if gate.open and grace > 0:
            await asyncio.wait(set(gate.open), timeout=grace)
        gate.stop_all()
        if gate.open:
            await asyncio.wait(set(gate.open), timeout=_LAST_WORDS)
        await gate.settled()
        self._chores.cancel()
        await self._say_stopped(reason)
        await self._undo.aclose()

    def _public(self) -> ASGIApp:
        gate = self.gate
        keeper = Doorkeeper(gate, self._keys, self._assertions)

        def path(name: str, serve: Serve) -> Endpoint:
            return Endpoint(gate, keeper, serve, name)

        chat = path("/v1/chat/completions", exchange.run)
        moderations = path("/v1/moderations", models.moderations)
        listing = path("/v1/models", models.models)
        appeal = AppealPage(gate, self.ledger)
        logs = Logs(parts.place_of(self.settings))
        pages = LogPages(logs, gate.metrics, self.inspectors)
        self._undo.callback(pages.close)
        receipts = ReceiptPage(gate, self.ledger, logs, appeal, self._vkey_of())
        labels = self._labels = LabelDoors(gate, keeper, self.ledger)
        self._undo.push_async_callback(labels.close)
        healthy = request_response(healthz)
        return Paths(
            {
                "/v1/chat/completions": Methods(post=chat),
                **media_paths(gate, path, self._keys, self._assertions),
                "/v1/moderations": Methods(post=moderations),
                "/v1/models": Methods(get=listing),
                "/appeal": Methods(get=appeal.show, post=appeal.receive),
                "/appeal/receipt": Methods(get=receipts.show, post=receipts.give),
                **self._statements.paths(gate, keeper, self.ledger, logs),
                "/label": labels.page,
                "/label/inspect": labels.inspect,
                "/log/": Methods(get=pages, head=pages),
                "/healthz": Methods(get=healthy, head=healthy),
            }
        )

    def _vkey_of(self) -> Callable[[str, str], str]:
        keys = parts.log_keys_of(self.settings)

        def vkey_of(tenant: str, head: str) -> str:
            keys.require(tenant, head)
            return keys.vkeys(tenant, head)[0]

        return vkey_of

    def _state(self) -> dict[str, Any]:
        lag = self.ledger.lag()
        return {
            "ready": self._ready,
            "ledger_lag": lag,
            "detectors": sorted(self._runners),
            "rules": self.rules.state(),
            "witnesses": self.attesting.state(),
            **({"database": self._figures.lines()} if self._figures is not None else {}),
        }

    async def _fulfil(self, ask: Ask) -> Findings | Fault:
        runner = self._runners.get(ask.detector)
        if runner is None:
            return Fault(ask.detector, "no-runner")
        if isinstance(runner, RemoteRunner):
            return await runner.inspect(ask.column, ask.roles)
        return await runner.inspect(ask.column)

    async def _record(self, kind: str, **fields: Any) -> None:
        record = leaf.make(kinds.named(kind), self._clock(), "default", fields)
        await self.ledger.add(Entry("default", record))

    async def _expire(self) -> None:
        """Delete kept content whose term has ended, and put that on record (Art. 11)."""
        if not await self._leases.take("expiry"):
            return  # another gateway on this database does it: it is counted once
        async with self._leases.kept("expiry"):
            now = self._clock()
            for tenant, classes in self.vault.expired(now).items():
                count, writes = self.vault.expire(now, tenant)
                fields = {"count": count, "classes": classes, "until": now}
                record = leaf.make(kinds.named("content.expired"), now, tenant, fields)
                await self.ledger.add(Entry(tenant, record, writes))

    async def _prune(self) -> None:
        """Delete records whose terms have ended (Art. 11: no longer than needed).

        Of several gateways on one log the one does it that gives places.
        """
        ledger = self.ledger
        if isinstance(ledger, SharedLedger) and not ledger.state().sequencer.holds:
            return
        pruned = await retention.prune(self.ledger, self.settings, self._clock)
        for tenant, count in pruned.items():
            _log.info("%d records of %s were deleted: their terms have ended", count, tenant)

    async def _look(self) -> None:
        """Forget whoever was erased (Art. 11): their key, and all digests, which name nobody."""
        seen = self.vault.look()
        if seen != self._erasures:
            self._erasures = seen
            self._history.clear()

    async def _tend(self) -> None:
        """Rotate the epoch's key when it is due, and carry erasures on, in a thread."""
        await in_thread(self._tend_now)

    async def _tend_media(self) -> None:
        """End addresses whose term is over, and delete their files, on record (Art. 11)."""
        shelf = self._media.shelf
        done = await shelf.tend()
        self._metrics.shelved(await shelf.book.used())
        if done.left_behind:
            _log.warning("%d files of no record were deleted from the shelf", done.left_behind)

    def _tend_now(self) -> None:
        held = (self.settings, self.ledger, self._clock, self._holders, self._chores.pause)
        with Upkeep(*held) as upkeep:
            done = upkeep.tend()
        if done.closed or done.completed:
            counts = (len(done.closed), len(done.completed))
            _log.info("%d epochs were closed, %d erasures are complete", *counts)

    async def _fetch_keys(self) -> None:
        assert self._assertions is not None
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with self.gate.upstreams.session().get(
                self._assertions.address, timeout=timeout, allow_redirects=False
            ) as response:
                response.raise_for_status()
                keys = await whole_body(response, _KEYS_LARGEST)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(_NO_KEYS.fill(why=type(error).__name__)) from error
        self._assertions.set_keys(keys)
