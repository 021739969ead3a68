"""The way of a request for speech, streamed as it comes. Read ``speech`` from top to bottom."""

import asyncio
import hashlib
import logging
from typing import Any, Final, cast

from hegui.gateway import exchange as way
from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.media import ending, wire
from hegui.gateway.media.calling import MediaCall, call
from hegui.gateway.media.ending import Ending
from hegui.gateway.media.events import Spoken
from hegui.gateway.media.images import AGREEMENT
from hegui.gateway.media.labelling import (
    Showing,
    aigc_of,
    facts_of,
    label_of,
    require_producer,
    showing,
    withheld,
)
from hegui.gateway.media.sounding import AsEvents, AsFile, Sounding
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.labels.explicit.rhythm_streamed import streamed_rhythm
from hegui.labels.streamed import Kind, Streamed, streamed
from hegui.labels.text import header
from hegui.terms import Action, BadRequest, Words


async def speech(gate: Gate, incoming: Incoming, out: Outbox) -> None:
    """Answer ``POST /v1/audio/speech`` (Art. 4, 9, 10, 11, 12, 14)."""
    request = wire.read_speech(incoming.body, depth=gate.settings.limits.depth)
    require_producer(gate)
    exchange = way.begin(gate, incoming, request.chat)
    show = await showing(gate, exchange, "audio", incoming.headers.get(AGREEMENT, ""))
    await way.judge(gate, request.chat, exchange)
    ending.rule_on_unjudged(gate, exchange, "audio")
    asked = gate.evidence.asked(exchange, request.count)
    if exchange.prompt.action > Action.MASK:
        return await ending.refuse_question(gate, exchange, asked, out)
    end = Ending(gate, exchange)
    calling = asyncio.ensure_future(call(gate, exchange, request, "/audio/speech"))
    _, answer = await way.both(asked, calling, gate, exchange, out)
    sounding = AsEvents(out) if request.streamed else AsFile(out, request.form)
    voice = _Voice(gate, exchange, request.form, show, sounding)
    try:
        async with end.closed(out):
            await voice.give(answer, end, out)
    finally:
        answer.stop()


_log = logging.getLogger(__name__)
_MOST_EVENT: Final = 16 * 1024 * 1024  # bytes of one event of speech


class _Voice:
    """One speech on its way out: the rhythm and the label in front, then bytes as they come.

    Its last bytes are held back until its record is durable.
    """

    def __init__(
        self, gate: Gate, exchange: Exchange, form: str, show: Showing, sounding: Sounding
    ) -> None:
        self._gate, self._exchange, self._form = gate, exchange, form
        self._show, self._sounding = show, sounding
        self._label = label_of(gate, exchange, 1)
        inner = streamed(cast("Kind", form), self._label.inner())
        heard = show.mode == "auto"
        self._stages: list[Streamed] = [streamed_rhythm(form), inner] if heard else [inner]
        self._received, self._sent = hashlib.sha256(), hashlib.sha256()
        self._came = self._size = 0
        self._last = b""

    async def give(self, answer: MediaCall, end: Ending, out: Outbox) -> None:
        """Hand on the speech as it comes; end it when it is on record.

        One that cannot be labelled is withheld (502). One that breaks after its first byte is cut,
        so that nobody takes it for whole.
        """
        out.head(evidence=self._exchange.number, aigc=None)
        end.outcome.notes["unjudged"] = 1
        spoken = None
        if answer.told_in_events:
            spoken = Spoken(answer.upstream, answer.events(_MOST_EVENT))
        try:
            async for data in spoken.sound() if spoken else answer.sound():
                await self._pass_on(self._labelled(data), out)
            await self._pass_on(self._rest(), out)
        except BadRequest as error:
            answer.stop()
            if out.started:
                why = error.words.en
                _log.warning("%s: speech was cut (%s): %s", self._exchange.number, error.code, why)
                await self._record(end, "broken")
                raise UpstreamFailed(error.words, code="media_broken") from None
            came = (self._came, self._received.hexdigest())
            raise await withheld(
                self._gate, self._exchange, error, medium="audio", came=came
            ) from None
        except BaseException:
            if out.started:
                await self._gate.keep(self._record(end, "cut"))
            raise
        self._sent.update(self._last)
        self._size += len(self._last)
        await self._record(end, "complete")
        await end.record("complete")
        await self._sounding.end(self._last, self._beside(spoken.usage if spoken else None))

    def _beside(self, usage: dict[str, Any] | None) -> dict[str, Any]:
        """Return what is said beside the last bytes."""
        shown = "drawn" if self._show.mode == "auto" else self._show.mode
        aigc = {**aigc_of(self._label, shown), "evidence": self._exchange.number}
        return {"aigc": aigc} if usage is None else {"usage": usage, "aigc": aigc}

    def _labelled(self, data: bytes) -> bytes:
        self._received.update(data)
        self._came += len(data)
        if self._came > self._gate.settings.media.bytes:
            most = self._gate.settings.media.bytes
            raise BadRequest(_LONG.fill(most=most), code="too_large")
        for stage in self._stages:
            data = stage.feed(data)
        return data

    def _rest(self) -> bytes:
        data = b""
        for stage in self._stages:
            data = stage.feed(data) + stage.end()
        if not all(stage.labelled for stage in self._stages):
            raise BadRequest(_EMPTY, code="file_broken")
        return data

    async def _pass_on(self, data: bytes, out: Outbox) -> None:
        data = self._last + data
        cut = (len(data) - 1) // self._sounding.step * self._sounding.step
        if cut <= 0:
            self._last = data
            return
        data, self._last = data[:cut], data[cut:]
        self._sent.update(data)
        self._size += len(data)
        if not out.started:
            out.head(evidence=self._exchange.number, aigc=header(self._label))
            self._gate.metrics.added(self._exchange.watch.added())
        await self._sounding.give(data)

    async def _record(self, end: Ending, how: str) -> None:
        """Make the record of what left durable."""
        mode = self._show.mode
        shown = "drawn" if mode == "auto" else mode
        end.outcome.label = {"mode": shown, "produce_id": self._exchange.id}
        fields: dict[str, Any] = {
            "item": 1,
            "medium": "audio",
            "format": self._form,
            "mime": wire.SPOKEN[self._form],
            "size": self._size,
            "received": self._received.hexdigest(),
            "sent": self._sent.hexdigest(),
            **facts_of(self._label),
            "explicit": shown,
            "agreement": self._show.agreement,
            "judged": False,
            "end": how,
        }
        await self._gate.evidence.item(self._exchange, "media.streamed", fields)
        self._gate.metrics.item("audio", "streamed" if how == "complete" else "cut")


_LONG: Final = Words(
    en="It is longer than this service allows: {most} bytes (media.bytes).",
    zh="长度超过本服务的上限：{most} 字节（media.bytes）。",
)
_EMPTY: Final = Words(en="It holds no sound.", zh="其中没有声音。")
