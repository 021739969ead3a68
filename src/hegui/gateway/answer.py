"""The reply of one exchange on its way out: screened, labelled, recorded, and only then ended."""

import asyncio
from typing import Any, NoReturn

from hegui.gateway import completion
from hegui.gateway.arriving import Call
from hegui.gateway.channels import Refused, RefusedAt, speaks
from hegui.gateway.chunks import ChunkStream, Ready
from hegui.gateway.completion import Frame
from hegui.gateway.evidence import Exchange, Outcome
from hegui.gateway.gate import Gate, Outbox
from hegui.gateway.gathering import gathered
from hegui.gateway.labelling import ReplyLabel
from hegui.gateway.refusals import Refusal
from hegui.gateway.reply import ReplyScreen
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.gateway.wire import Chat
from hegui.labels.text import suffix_after, without_suffix
from hegui.screen.windows import Windows
from hegui.terms import Action, Fault, Unavailable


def frame_of(gate: Gate, chat: Chat) -> Frame:
    """Return what a reply of our own making needs to know of the request."""
    return Frame(chat.model, gate.clock() // 1000, chat.body.get("n") or 1, chat.json_mode)


class Answer:
    """The reply of one exchange, on its way out."""

    def __init__(
        self, gate: Gate, chat: Chat, exchange: Exchange, label: ReplyLabel, out: Outbox
    ) -> None:
        self.gate, self.chat, self.exchange, self.label, self.out = gate, chat, exchange, label, out
        self.outcome = Outcome()
        self._refusal: Refusal | None = None
        self._recorded = False
        prompt, tally = exchange.prompt, self.outcome.tally
        panel, policy = exchange.judge.panel, exchange.policy
        self.screen = ReplyScreen(
            Windows(panel, policy, tally, prompt.masks, prompt.spares),
            exchange.judge.fulfil,
            json_mode=chat.json_mode,
            unknown=gate.settings.screen.unknown_fields,
            limit=gate.settings.limits.reply_chars,
            unjudged=policy.on_unjudged <= Action.ALLOW,
        )
        self.screen.tools = chat.tools

    async def plain(self, call: Call) -> None:
        """Screen the whole reply, record it, then show it."""
        body: dict[str, Any] = {}
        try:
            with self.exchange.watch.upstream():
                incoming = await call.whole(self.gate.settings.limits.reply_seconds)
            if self.screen.outgrown_by(incoming["choices"]):
                await self._too_long()
            body = await completion.screened(self.screen, incoming)
            self.outcome.model = str(body.get("model", ""))
            completion.labelled(self.screen, body, self.label)
        except Refused as refused:
            body = self._refused_whole(refused)
        except TimeoutError:
            await self._record("limit", status=504)
            raise UpstreamFailed(self.gate.slow, status=504, code="upstream_timeout") from None
        except UpstreamFailed as failed:
            await self.unfinished("upstream_failed", status=failed.status)
            raise
        except asyncio.CancelledError:
            if self.out.stopping:
                self.out.resume()
                await self.unfinished("shutdown", status=503)
                raise Unavailable(self.gate.stopping) from None
            await self.unfinished("disconnected", status=499)
            raise
        if self.screen.too_long and not self._refusal:
            await self._too_long()
        await self._record("refused" if self._refusal else "complete")
        if self._refusal and self.exchange.caller.refusal_mode == "error":
            raise self._refusal.error(self.exchange.prompt.lang)
        self.gate.metrics.added(self.exchange.watch.added())
        await self.out.whole(body)

    async def _too_long(self) -> NoReturn:
        await self._record("limit", status=502)
        raise UpstreamFailed(self.gate.long, code="reply_too_long")

    async def stream(self, call: Call) -> None:
        """Screen the reply as it comes; its end is sent after its record is durable."""
        chunks = ChunkStream(self.screen, self.label)
        end = "complete"
        try:
            async with asyncio.timeout(self.gate.settings.limits.reply_seconds):
                end = await self._pass_on(call, chunks)
        except Refused as refused:
            call.stop()
            await self._stopped(chunks, refused)
            return
        except TimeoutError:
            end = "limit"
        except UpstreamFailed as failed:
            await self._broken(chunks, failed)
            return
        except asyncio.CancelledError:
            if not self.out.stopping:
                await self.gate.keep(self._record("disconnected", status=499))
                raise
            self.out.resume()
            end = "shutdown"
        call.stop()
        await self._finish(chunks, end)

    async def _pass_on(self, call: Call, chunks: ChunkStream) -> str:
        with self.exchange.watch.upstream():
            group = await call.chunks()
        while group is not None:
            ready: list[Ready] = []
            try:
                for incoming in gathered(group):
                    more = chunks.more(incoming)
                    ready += await chunks.take(incoming) if more is None else more
                    self.screen.handed_on()
            finally:  # what was let out before a refusal goes out, so that the record is right
                self.outcome.model = chunks.model
                if ready:
                    self._first_byte()
                    await self.out.chunks(ready)
            self.gate.metrics.held(self.screen.held())
            if self.screen.too_long:
                break
            group = await call.chunks()
        await self._hand_on(await chunks.rest())  # also where it is cut: all is judged to its end
        return "complete" if group is None else "limit"

    def _first_byte(self) -> None:
        if not self.out.started:
            self.gate.metrics.added(self.exchange.watch.added())

    async def _hand_on(self, ready: list[dict[str, Any]]) -> None:
        self.screen.handed_on()
        await self.out.chunks(ready)

    async def _finish(self, chunks: ChunkStream, end: str) -> None:
        reason = None if end == "complete" else "length"
        await self.out.chunks(chunks.suffixes())
        await self._record(end)
        await self.out.chunks(chunks.finish(reason), last=True)

    async def _broken(self, chunks: ChunkStream, failed: UpstreamFailed) -> None:
        """End a stream that the model server broke off: what went out keeps its label.

        What was held may have to be refused: then that is told, and not that it broke off.
        """
        try:
            await self._hand_on(await chunks.rest())
        except Refused as refused:
            await self._stopped(chunks, refused)
            return
        await self.out.chunks(chunks.suffixes())
        await self._record("upstream_failed", status=failed.status)
        if not self.out.started:
            raise failed
        await self.out.failed(failed)

    async def unfinished(self, end: str, *, status: int) -> None:
        """Record how the exchange was broken off, unless its record is on its way already."""
        if not self._recorded:
            await self.gate.keep(self._record(end, status=status))

    async def _record(self, end: str, *, status: int = 200) -> None:
        """Make the record durable: what was handed to the socket, and how it ended."""
        self._recorded = True  # it is queued before the first wait: a cancelled one is written
        outcome = self.outcome
        outcome.end, outcome.status = end, status
        streamed = self.chat.stream
        if (streamed and self.out.started) or (not streamed and end == "complete"):
            if not streamed:
                self.screen.handed_on()
            outcome.released = self.screen.released()
            choices, channels = self.screen.choices, self.screen.channels
            calls_tools = bool(choices) and all(one.calls_tools for one in choices.values())
            spoken = any(speaks(channels, index) for index in choices)
            mode = self.label.explicit(calls_tools=calls_tools, speaks=spoken)
            outcome.label = {"mode": mode, "produce_id": self.exchange.id}
        if self.screen.unjudged:
            outcome.notes["unjudged"] = len(self.screen.unjudged)
        if lone := sum(channel.lone for channel in self.screen.channels.values()):
            outcome.notes["surrogates"] = lone
        outcome.notes.update(self.screen.notes)
        await self.gate.close(self.exchange, outcome)
        self.gate.metrics.judged("answer", outcome.tally)
        self._remember()

    def _remember(self) -> None:
        """Recognise this reply when the client sends it back, with our label or without it."""
        tenant, policy = self.exchange.caller.tenant, self.exchange.policy
        for index, choice in self.screen.choices.items():
            channel = self.screen.channels.get((index, "content"))
            if channel is not None and (said := channel.released()):
                self.exchange.judge.remember_reply(tenant, policy, said)
                label = suffix_after(choice.fences.open, self.label.language)
                if (bare := without_suffix(said + label)) != said:
                    self.exchange.judge.remember_reply(tenant, policy, bare)

    def _refused_whole(self, refused: Refused) -> dict[str, Any]:
        self._refusal = self._refusal_for(refused)
        lang = self.exchange.prompt.lang
        frame = frame_of(self.gate, self.chat)
        return completion.refused(self._refusal, lang, frame, self.label.aigc())

    async def _stopped(self, chunks: ChunkStream, refused: Refused) -> None:
        """End a stream that was refused: what went out so far is on record, then it is said why."""
        refusal = self._refusal_for(refused)
        lang = self.exchange.prompt.lang
        await self._record("refused")
        if self.exchange.caller.refusal_mode == "error" and not self.out.started:
            raise refusal.error(lang)
        withdraw = self._withdrawn(refused, refusal.rule)
        frame = frame_of(self.gate, self.chat)
        await self.out.chunks(chunks.refused(refusal, lang, withdraw, frame), last=True)

    def _refusal_for(self, refused: Refused) -> Refusal:
        tally = self.outcome.tally
        tally.action = Action.REFUSE
        if isinstance(refused.cause, Fault) and refused.cause not in tally.faults:
            tally.faults.append(refused.cause)
        number = self.exchange.number
        partly = self.chat.stream and bool(self.screen.released())
        refusals = self.exchange.judge.refusals
        return refusals.of("rest" if partly else "answer", refused.cause, number)

    def _withdrawn(self, refused: Refused, rule: str) -> list[dict[str, Any]]:
        """Say which released characters must be taken back, in characters as they were sent.

        Half a JSON document, or half of a call's arguments, is taken back whole: nobody may act
        on it.
        """
        spans = {
            path: (0, len(channel.released()))
            for path, channel in self.screen.channels.items()
            if channel.is_source and channel.handed
        }
        if isinstance(refused, RefusedAt) and refused.withdraw and refused.path not in spans:
            channel = self.screen.channels[refused.path]
            start, end = map(channel.as_sent, refused.withdraw)
            spans[refused.path] = (start, min(end, len(channel.released())))
        return [
            {
                "choice": path[0],
                "field": ".".join(map(str, path[1:])),
                "start": start,
                "end": end,
                "rule": rule,
            }
            for path, (start, end) in spans.items()
            if start < end
        ]
