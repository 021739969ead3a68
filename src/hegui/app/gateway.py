"""The gateway with everything attached, from its settings."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from typing import Any

from starlette.routing import request_response
from starlette.types import ASGIApp

import hegui
from hegui.app import parts
from hegui.app.attesting import Attesting
from hegui.app.chores import Chores
from hegui.app.duties import boards_of
from hegui.app.label_doors import LabelDoors
from hegui.app.media import media_parts, media_paths
from hegui.app.readiness import Readiness
from hegui.app.rules import RulesInUse
from hegui.app.shared import Figures
from hegui.app.shelf import close as close_shelf
from hegui.app.statement_doors import StatementDoors
from hegui.app.tending import Tending
from hegui.app.threads import off_loop
from hegui.app.upkeep import close_holders, holders_of, open_vault
from hegui.callers.assertion import Assertions
from hegui.callers.inspectors import InspectorBook
from hegui.callers.keys import KeyBook
from hegui.callers.standing import StandingBook
from hegui.gateway import exchange, models
from hegui.gateway.admin import admin_app, healthz
from hegui.gateway.appeal import AppealPage
from hegui.gateway.bodies import Bodies
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
from hegui.gateway.upstream import Upstreams
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
)
from hegui.vault.leases import Leases

_log = logging.getLogger(__name__)
_LAST_WORDS = 5.0  # seconds that ended exchanges have to say so


class Gateway:
    """A service that can be started, asked through ``public`` and ``admin``, and stopped."""

    public: ASGIApp
    admin: ASGIApp
    gate: Gate
    rules: RulesInUse
    attesting: Attesting
    tending: Tending

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open what the settings name. Where that fails, what was opened before is closed again."""
        self.settings = settings
        self._clock = clock
        self._metrics = Metrics()
        self._runners: dict[str, parts.Runner] = {}
        self._history = History()
        self._chores = Chores()
        self._said_stopped = False
        self._undo = AsyncExitStack()
        with ExitStack() as opened:
            self._open(opened)
            self._undo.push(opened.pop_all())
        self._undo.push_async_callback(self.attesting.close)
        self._undo.push_async_callback(close_shelf, self._media.shelf)
        self._undo.push_async_callback(self._media.close)

    def _open(self, opened: ExitStack) -> None:
        """Open all that lasts as long as the gateway, and note in ``opened`` what closes it."""
        settings, clock = self.settings, self._clock
        self.attesting = Attesting(settings, clock, self._metrics.registry)
        self.ledger = parts.open_ledger(settings, spool=True)
        opened.callback(self.ledger.close)
        # after the ledger, which refuses to begin where a key file was lost and would be made anew
        place, pepper = parts.place_of(settings), parts.pepper(settings)
        self._holders = holders_of(settings)
        opened.callback(close_holders, self._holders)
        self.vault = opened.enter_context(closing(open_vault(settings, clock, self._holders)))
        self._erasures = self.vault.look()
        self._keys = opened.enter_context(closing(KeyBook(place, pepper, clock)))
        self._standing = opened.enter_context(closing(StandingBook(place, clock)))
        self._statements = opened.enter_context(closing(StatementDoors(place)))
        book = InspectorBook(place, pepper, clock)
        self._inspecting = InspectorsAtTheDoor(book, Logs(place), self.ledger, clock)
        self.inspectors: Inspectors = self._inspecting
        opened.callback(self._inspecting.close)
        self._leases = opened.enter_context(closing(Leases(place, clock)))
        asserted = settings.callers.assertion
        self._assertions = Assertions(asserted, clock) if asserted is not None else None
        figures = Figures(self.ledger, clock) if isinstance(self.ledger, SharedLedger) else None
        if figures is not None:
            self._metrics.registry.register(figures)
        self._readiness = Readiness(self.ledger, self.attesting, self._runners, figures)
        self._media = media_parts(settings, self.ledger, clock, self._leases)

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
        self.rules = self._readiness.rules = rules
        upstreams = Upstreams(self.settings.upstreams)
        self._undo.push_async_callback(upstreams.close)
        content = self.settings.content
        self.gate = Gate(
            settings=self.settings,
            producer=self.settings.provider.code,
            judge=self._judge(panel),
            policies=parts.policies_of(self.settings),
            upstreams=upstreams,
            evidence=Evidence(self.ledger, self.vault, content, self._clock),
            vault=self.vault,
            standing=self._standing,
            metrics=self._metrics,
            clock=self._clock,
            media=self._media,
            bodies=Bodies(self.settings.limits.streams),
        )
        self.public = self._public()
        self.admin = admin_app(
            self.gate, self.ledger.lag, self._readiness.state, boards_of(self.settings)
        )
        await self._say_started(panel)
        self._undo.push_async_callback(self._say_stopped, "not-started")
        await self._say_found()
        await rules.say_first()
        await self._begin_chores()
        self._readiness.up = True

    async def _begin_chores(self) -> None:
        self._undo.push_async_callback(self._chores.end)
        self._chores.watch(self.rules.follow(self._take, self.gate.metrics.reloaded))
        self._chores.watch(self.attesting.follow())
        self.tending = Tending(
            self.gate,
            self.ledger,
            self._holders,
            self._leases,
            self._history,
            self._chores,
            self._erasures,
            self._assertions,
        )
        await self.tending.begin()

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
        self._readiness.up = False
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
