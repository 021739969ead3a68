"""How a media exchange ends: in exactly one record, whatever cut it short."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hegui.gateway.evidence import Exchange, Outcome
from hegui.gateway.exchange import how_cut
from hegui.gateway.gate import Gate, Outbox
from hegui.gateway.media.labelling import Medium
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.terms import Action, BadRequest, Fault, HeguiError, Receipt, Unavailable

_GONE, _ERROR, _BUSY, _LATE = 499, 500, 503, 504
_log = logging.getLogger(__name__)


class Ending:
    """The record of a reply that is still open. Its time runs from when this is made."""

    def __init__(self, gate: Gate, exchange: Exchange) -> None:
        self.outcome = Outcome()
        self.recorded = False
        self.keeps = False  # whether files are kept for it, from before the first one is
        self._gate, self._exchange = gate, exchange
        self._until = asyncio.get_running_loop().time() + gate.settings.media.reply_seconds

    async def record(self, end: str, *, status: int = 200) -> None:
        """Make the record durable; the first one counts."""
        if self.recorded:
            return
        self.recorded = True
        self.outcome.end, self.outcome.status = end, status
        await self._gate.close(self._exchange, self.outcome)
        self._gate.metrics.judged("answer", self.outcome.tally)

    @asynccontextmanager
    async def closed(self, out: Outbox) -> AsyncIterator[None]:
        """See to it that what happens within ends in a record.

        Files that were kept for it are withdrawn where the caller was not told of them.
        """
        try:
            async with self._on_record(out):
                yield
        except BaseException:
            if self.keeps and not out.started:
                await self._gate.keep(self._take_back())
            raise

    async def _take_back(self) -> None:
        try:
            await self._gate.media.shelf.withdraw(self._exchange.id, "", "", "superseded")
        except BadRequest:
            return  # nothing was kept
        except HeguiError as error:
            _log.warning("%s: kept files end at their term: %s", self._exchange.number, error)

    @asynccontextmanager
    async def _on_record(self, out: Outbox) -> AsyncIterator[None]:
        gate = self._gate
        try:
            async with asyncio.timeout_at(self._until):
                yield
        except asyncio.CancelledError:
            if out.stopping:
                out.resume()
                await self.record("shutdown", status=_BUSY)
                raise Unavailable(gate.stopping) from None
            await gate.keep(self.record(how_cut(out), status=_GONE))
            raise
        except TimeoutError:
            await self.record("limit", status=_LATE)
            raise UpstreamFailed(gate.slow, status=_LATE, code="upstream_timeout") from None
        except UpstreamFailed as failed:
            await self.record("upstream_failed", status=failed.status)
            raise
        except Exception:
            await self.record("error", status=_ERROR)
            raise


def rule_on_unjudged(gate: Gate, exchange: Exchange, medium: Medium) -> None:
    """Refuse a request for what no attached detector could judge, where the settings say so."""
    prompt = exchange.prompt
    if gate.settings.media.unjudged == "record" or prompt.action > Action.MASK:
        return
    prompt.action, prompt.cause = Action.REFUSE, Fault("unjudged-media", medium)
    prompt.tally.action = Action.REFUSE
    if medium not in gate.media.told:
        gate.media.told.add(medium)
        _log.warning(
            "a request for %s was refused, because no detector can judge what would be made; "
            'to let it through labelled and recorded as unjudged, set unjudged = "record" in '
            "[media]",
            medium,
        )


async def refuse_question(
    gate: Gate, exchange: Exchange, asked: "asyncio.Future[Receipt]", out: Outbox
) -> None:
    """Tell the caller, by an error, that the request was stopped (Art. 14)."""
    refusal = exchange.judge.refusals.of("question", exchange.prompt.cause, exchange.number)

    async def recorded() -> None:
        await asked
        await gate.close(exchange, Outcome(end="refused", status=400))

    await gate.keep(recorded())
    out.head(evidence=exchange.number, aigc=None)
    raise refusal.error(exchange.prompt.lang)
