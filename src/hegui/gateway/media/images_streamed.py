"""Pictures that become clearer while the caller watches: each one labelled before it leaves.

A picture that is not finished yet is content that people see, so it carries what a finished one
carries, under a number of its own. The last finished one waits until the reply is on record.
"""

from typing import Any, Final

from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate, Outbox
from hegui.gateway.media.calling import MediaCall, too_many_events
from hegui.gateway.media.ending import Ending
from hegui.gateway.media.labelling import Item, Showing, labelled
from hegui.gateway.media.wire import Becoming, MediaRequest, becoming_of
from hegui.gateway.upstream_failed import broke_off, odd
from hegui.labels.text import header, implicit

_ROOM: Final = 65_536  # bytes of an event besides its picture


class StreamedPictures:
    """The pictures of one answer on their way out."""

    def __init__(
        self, gate: Gate, exchange: Exchange, request: MediaRequest, show: Showing
    ) -> None:
        self._gate, self._exchange, self._show = gate, exchange, show
        self._about = "image_edit" if request.uploads else "image_generation"
        self._most = request.count, request.count * request.partial
        self._whole = self._partial = 0

    async def give(
        self, answer: MediaCall, end: Ending, out: Outbox, evidence: dict[str, Any]
    ) -> None:
        """Hand the pictures on as they come; the last finished one when it is on record.

        One that cannot be labelled ends the stream with an error (502 where it is the first).
        """
        waiting: dict[str, Any] | None = None
        async for event in answer.events(self._gate.settings.media.bytes * 4 // 3 + _ROOM):
            found = becoming_of(event, self._about)
            if found == "other":
                continue
            if isinstance(found, str):
                raise odd(answer.upstream)
            self._count(found, answer)
            made = await self._labelled(found, end, evidence)
            ready = [one for one in (waiting, made if found.partial is not None else None) if one]
            waiting = made if found.partial is None else None
            await self._send(ready, end, out)
            if self._whole == self._most[0]:
                break
        if waiting is None:
            raise broke_off(answer.upstream)
        self._note(end, 1)
        await end.record("complete")
        self._head(out)
        await out.events([waiting], last=True)

    def _count(self, found: Becoming, answer: MediaCall) -> None:
        """Note one more picture; more of them than were asked for end the stream."""
        self._whole += found.partial is None
        self._partial += found.partial is not None
        if self._whole > self._most[0] or self._partial > self._most[1]:
            raise too_many_events(answer.upstream, *self._most)

    async def _labelled(
        self, found: Becoming, end: Ending, evidence: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the event with its picture labelled, once that is durably on record."""
        item = Item(found.data, "image", self._whole + self._partial, encoded=True)
        made = await labelled(self._gate, self._exchange, item, self._show)
        mode = made.aigc["explicit"]
        end.outcome.label = {"mode": mode, "produce_id": self._exchange.id}
        event = {"type": found.kind, "b64_json": made.in_base64(), **found.told}
        if found.partial is not None:
            event["partial_image_index"] = found.partial
        return event | {"aigc": {**made.aigc, **evidence}}

    async def _send(self, events: list[dict[str, Any]], end: Ending, out: Outbox) -> None:
        if events:
            self._note(end, len(events))
            self._head(out)
            await out.events(events)

    def _note(self, end: Ending, count: int) -> None:
        """Note for the record what is handed on."""
        notes = end.outcome.notes
        for name in ("pictures", "unjudged"):
            notes[name] = notes.get(name, 0) + count
        if self._partial:
            notes["partial"] = self._partial

    def _head(self, out: Outbox) -> None:
        if out.started:
            return
        label = implicit(self._gate.producer, self._exchange.id)
        out.head(evidence=self._exchange.number, aigc=header(label))
        self._gate.metrics.added(self._exchange.watch.added())
