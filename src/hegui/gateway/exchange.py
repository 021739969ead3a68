"""The way of a chat request, from its bytes to its last byte. Read ``run`` from top to bottom.

Every step that could let something through stands here, in order; how each is done stands in the
file that it names.
"""

import asyncio
from contextlib import suppress
from typing import Protocol, TypeVar

from hegui.gateway import completion
from hegui.gateway.answer import Answer, frame_of
from hegui.gateway.arriving import Call
from hegui.gateway.evidence import Exchange, Outcome, new_exchange_id
from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.labelling import reply_label
from hegui.gateway.prompts import Prompt
from hegui.gateway.refusals import SUSPENDED
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.gateway.wire import Chat, read_chat
from hegui.settings import Upstream
from hegui.terms import Action, BadRequest, HeguiError, Receipt, Words

_GONE, _ERROR = 499, 500  # what a record says for a status where the caller got none


class _Stops(Protocol):
    def stop(self) -> None: ...


Called = TypeVar("Called", bound=_Stops)

_NO_MINORS = Words(en="This service is not offered to minors.", zh="本服务不向未成年人提供。")


async def run(gate: Gate, incoming: Incoming, out: Outbox) -> None:
    """Answer one chat request (Art. 4, 9, 10, 11, 12, 14)."""
    chat = await _read(gate, incoming.body)
    exchange = begin(gate, incoming, chat)
    await judge(gate, chat, exchange)
    asked = gate.evidence.asked(exchange, len(chat.unjudged))
    if exchange.prompt.action > Action.MASK:
        return await _refuse_question(gate, chat, exchange, asked, out)
    calling = asyncio.ensure_future(_call(gate, chat, exchange))
    receipt, call = await both(asked, calling, gate, exchange, out)
    label = reply_label(
        gate.settings.labels,
        gate.producer,
        exchange,
        json_mode=chat.json_mode,
        index=receipt.index,
    )
    out.head(evidence=exchange.number, aigc=label.header())
    answer = Answer(gate, chat, exchange, label, out)
    try:
        await (answer.stream(call) if chat.stream else answer.plain(call))
    except asyncio.CancelledError:
        await answer.unfinished(how_cut(out), status=_GONE)
        raise
    except Exception:
        await answer.unfinished("error", status=_ERROR)
        raise
    finally:
        call.stop()


async def _read(gate: Gate, body: bytes) -> Chat:
    """Read a request; a long one off the loop, where it keeps nobody waiting."""
    limits = gate.settings.limits
    read: list[Chat] = []

    def work() -> None:
        read.append(read_chat(body, depth=limits.depth, choices=limits.choices))

    if len(body) > gate.judge.off_loop_bytes:
        await gate.judge.off_loop(work)
    else:
        work()
    return read[0]


def begin(gate: Gate, incoming: Incoming, chat: Chat, upstream: Upstream | None = None) -> Exchange:
    """Settle who asks, under which policy, and which model server would answer.

    That is ``upstream`` where it is known; otherwise the first that has the model.
    """
    caller = incoming.caller(chat.subject)
    if caller.audience == "minor" and not gate.settings.service.minors:
        raise BadRequest(_NO_MINORS, status=403, code="minors_not_served")
    accept = incoming.headers.get("accept-language", "")
    upstream = upstream or gate.upstreams.for_model(chat.model)
    return Exchange(
        id=new_exchange_id(gate.clock()),
        judge=gate.judge,
        caller=caller,
        subject=gate.vault.subject(caller.tenant, caller.subject_raw),
        body=incoming.body,
        model=chat.model,
        upstream=upstream,
        policy=gate.policy(caller, upstream),
        stream=chat.stream,
        prompt=Prompt(accept=accept, lang=gate.settings.service.language),
    )


async def judge(gate: Gate, chat: Chat, exchange: Exchange) -> None:
    """Judge the request, unless its sender is suspended: then nothing needs judging."""
    row = exchange.subject.row
    if row is not None and gate.standing.suspended(row):
        exchange.prompt.action, exchange.prompt.cause = Action.REFUSE, SUSPENDED
        return
    whose = exchange.policy, exchange.caller.tenant, exchange.prompt
    if chat.model not in exchange.upstream.models:  # a pattern let it in: the caller chose the word
        await exchange.judge.model(chat.model, *whose)
    await exchange.judge.prompt(chat, *whose)
    gate.metrics.screened(exchange.watch.took())
    exchange.prompt.tally.action = exchange.prompt.action
    gate.metrics.judged("question", exchange.prompt.tally)


async def _call(gate: Gate, chat: Chat, exchange: Exchange) -> Call:
    """Call the model."""
    with exchange.watch.upstream():
        return await gate.upstreams.start(exchange.upstream, chat.outgoing())


async def both(
    asked: "asyncio.Future[Receipt]",
    calling: "asyncio.Future[Called]",
    gate: Gate,
    exchange: Exchange,
    out: Outbox,
) -> tuple[Receipt, Called]:
    """Wait for the record, then for the model, which is called meanwhile."""
    started = exchange.watch.took()
    try:
        receipt = await asyncio.shield(asked)
        gate.metrics.durable(exchange.watch.took() - started)
        return receipt, await calling
    except UpstreamFailed as failed:
        await gate.close(exchange, Outcome(end="upstream_failed", status=failed.status))
        raise
    except asyncio.CancelledError:
        await _abandon(calling)
        await gate.keep(_close_after(asked, gate, exchange, how_cut(out)))
        raise
    except HeguiError:
        await _abandon(calling)
        raise


def how_cut(out: Outbox) -> str:
    """Say by which end an exchange was cancelled."""
    return "shutdown" if out.stopping else "disconnected"


async def _close_after(
    asked: "asyncio.Future[Receipt]", gate: Gate, exchange: Exchange, end: str
) -> None:
    """Record that nothing was shown of a reply that was cut, once the request is on record."""
    with suppress(HeguiError):
        await asked
        await gate.close(exchange, Outcome(end=end, status=_GONE))


async def _abandon(calling: "asyncio.Future[Called]") -> None:
    calling.cancel()
    with suppress(asyncio.CancelledError, HeguiError):
        (await calling).stop()


async def _refuse_question(
    gate: Gate, chat: Chat, exchange: Exchange, asked: "asyncio.Future[Receipt]", out: Outbox
) -> None:
    """Tell the caller that the question was stopped (Art. 14), in a reply or as an error."""
    refusal = exchange.judge.refusals.of("question", exchange.prompt.cause, exchange.number)
    lang = exchange.prompt.lang
    as_error = exchange.caller.refusal_mode == "error"

    async def recorded() -> Receipt:
        receipt = await asked
        await gate.close(exchange, Outcome(end="refused", status=400 if as_error else 200))
        return receipt

    receipt = await gate.keep(recorded())
    out.head(evidence=exchange.number, aigc=None)
    if as_error:
        raise refusal.error(lang)
    aigc = {"evidence": exchange.number, "ledger": {"asked": receipt.index}}
    frame = frame_of(gate, chat)
    if chat.stream:
        body = completion.refused(refusal, lang, frame, aigc)
        await out.chunks(completion.as_chunks(body, usage=chat.wants_usage), last=True)
    else:
        await out.whole(completion.refused(refusal, lang, frame, aigc))
