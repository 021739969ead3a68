"""What an exchange needs: the gate with everything attached, the request, and the way out."""

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.types import Send

from hegui.callers.assertion import Claims
from hegui.callers.caller import Caller, resolve
from hegui.callers.keys import KeyRecord
from hegui.callers.standing import StandingBook
from hegui.gateway.bodies import Bodies
from hegui.gateway.evidence import Evidence, Exchange, Outcome
from hegui.gateway.idle import IdleWatch
from hegui.gateway.jsonbody import write
from hegui.gateway.media.parts import MediaParts
from hegui.gateway.metrics import Metrics
from hegui.gateway.prompts import Judge
from hegui.gateway.refusals import language_of
from hegui.gateway.upstream import Upstreams
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.screen.policy import Policy
from hegui.settings import Settings, Upstream
from hegui.terms import Clock, Receipt, Words
from hegui.vault.vault import Vault

T = TypeVar("T")

_STALLED = 60.0  # seconds without a byte taken, after which a caller counts as gone
_STALLED_AT_THE_END = 1.0  # the same, when the service is being stopped

_SLOW = Words(
    en="The model did not finish its reply within the time limit.",
    zh="模型未能在时限内完成回复。",
)
_LONG = Words(
    en="The model's reply is longer than this service allows. Ask for a shorter one.",
    zh="模型的回复超过了本服务的长度上限。请要求更简短的回复。",
)
_STOPPING = Words(
    en="The service is being restarted. Try again in a moment.", zh="服务正在重启，请稍后再试。"
)


@dataclass(eq=False)
class Gate:
    """Everything that is attached to the gateway. Built by ``hegui.app``, once.

    ``judge`` alone is replaced while it runs, when rules change; see ``Exchange.judge``.
    """

    settings: Settings
    producer: str
    judge: Judge
    policies: Mapping[tuple[str, bool], Policy]
    upstreams: Upstreams
    evidence: Evidence
    vault: Vault
    standing: StandingBook
    metrics: Metrics
    clock: Clock
    media: MediaParts
    bodies: Bodies
    slow: Words = _SLOW
    stopping: Words = _STOPPING
    long: Words = _LONG
    answered: int = 0
    open: "dict[asyncio.Task[Any], Outbox]" = field(default_factory=dict)
    _kept: "set[asyncio.Task[Any]]" = field(default_factory=set)

    def policy(self, caller: Caller, upstream: Upstream) -> Policy:
        """Return the policy for this audience, toward this model server."""
        return self.policies[caller.audience, upstream.role == "own"]

    async def close(self, exchange: Exchange, outcome: Outcome) -> Receipt:
        """Make the record of a reply durable, and count it."""
        started = time.perf_counter()
        receipt = await self.evidence.answered(exchange, outcome)
        self.metrics.durable(time.perf_counter() - started)
        self.metrics.ended(outcome.end)
        self.answered += 1
        return receipt

    async def keep(self, work: Awaitable[T]) -> T:
        """Do work to its end though the request it belongs to is cancelled."""
        task = asyncio.ensure_future(work)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return await asyncio.shield(task)

    async def settled(self) -> None:
        """Wait for all work that was kept."""
        while self._kept:
            await asyncio.wait(self._kept)

    def stop_all(self) -> None:
        """End every exchange that is under way, each cleanly."""
        for task, out in list(self.open.items()):
            out.stopping = True
            task.cancel()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request whose key has been checked and whose body has been read."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    key: KeyRecord
    claims: Claims | None

    def caller(self, body_user: str | None) -> Caller:
        """Return who asks."""
        return resolve(self.key, self.claims, self.headers, body_user)


class Outbox:
    """The way to one caller's socket. What goes in here is what the record calls released."""

    def __init__(self, send: Send, accept_language: str) -> None:
        self._send = send
        self._headers: list[tuple[bytes, bytes]] = []
        self.accept_language = accept_language
        self.started = False
        self.stopping = False
        self.gone = False
        self.ended = False
        self.status = 0
        self._plain = False
        self._watch: IdleWatch | None = None

    def head(self, *, evidence: str, aigc: str | None) -> None:
        """Note the headers that the reply will have."""
        self._headers = [(b"x-hegui-evidence", evidence.encode())]
        if aigc is not None:
            self._headers.append((b"x-aigc", aigc.encode()))

    def note(self, name: bytes, value: bytes) -> None:
        """Note one more header."""
        self._headers.append((name, value))

    def resume(self) -> None:
        """Take back the cancellation by which a stop was announced."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()

    async def chunks(
        self, chunks: Sequence[Mapping[str, Any] | bytes], *, last: bool = False
    ) -> None:
        """Send chunks of a stream, or their JSON, in one write; after the last one, ``[DONE]``."""
        if not chunks and not last:
            return
        data = b"".join(
            [
                b"data: " + (chunk if isinstance(chunk, bytes) else write(chunk)) + b"\n\n"
                for chunk in chunks
            ]
        )
        await self._stream(data + b"data: [DONE]\n\n" if last else data, last=last)

    async def events(self, events: Sequence[Mapping[str, Any]], *, last: bool = False) -> None:
        """Send named events of a stream in one write; each says its name as ``type``."""
        data = b"".join(
            b"event: " + str(event["type"]).encode() + b"\ndata: " + write(event) + b"\n\n"
            for event in events
        )
        await self._stream(data, last=last)

    async def failed(self, failed: UpstreamFailed) -> None:
        """End a stream with an OpenAI error object; one of bytes is cut, and so not whole."""
        if self._plain:
            self.ended = True
            return
        words = failed.words.say(language_of(self.accept_language, "", "en"))
        event = {"error": error_object(words, "server_error", failed.code)}
        await self._stream(b"data: " + write(event) + b"\n\ndata: [DONE]\n\n", last=True)

    async def _stream(self, data: bytes, *, last: bool) -> None:
        if not self.started:
            headers = [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-cache"),
                (b"x-accel-buffering", b"no"),
            ]
            await self._start(200, headers)
        self.ended = last
        await self._hand({"type": "http.response.body", "body": data, "more_body": not last})

    async def plain(self, data: bytes, content_type: str, *, last: bool) -> None:
        """Send bytes of a stream that is no event stream."""
        self._plain = True
        if not self.started:
            headers = [
                (b"content-type", content_type.encode()),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
            ]
            await self._start(200, headers)
        if data or last:
            self.ended = last
            await self._hand({"type": "http.response.body", "body": data, "more_body": not last})

    async def whole(self, body: Mapping[str, Any], *, status: int = 200, after: int = 0) -> None:
        """Send one JSON object and end."""
        data = write(body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(data)).encode()),
        ]
        if after:
            headers.append((b"retry-after", str(after).encode()))
        await self._start(status, headers)
        self.ended = True
        await self._hand({"type": "http.response.body", "body": data})

    async def long(self, body: Mapping[str, Any], name: str, pieces: Sequence[bytes]) -> None:
        """Send one JSON object and end; its last field is text in base64 that comes in pieces."""
        parts = [write(body)[:-1] + b',"' + name.encode() + b'":"', *pieces, b'"}']
        length = str(sum(map(len, parts))).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await self._start(200, headers)
        for part in parts:
            await self._hand({"type": "http.response.body", "body": part, "more_body": True})
        self.ended = True
        await self._hand({"type": "http.response.body", "body": b""})

    async def _hand(self, message: dict[str, Any]) -> None:
        """Hand a message to the socket, which waits while the caller does not read.

        One who does not read at all is gone: the exchange is cancelled as at a disconnect.
        """
        if self.gone:
            return
        if self.stopping:
            await self._hand_at_last(message)
            return
        if self._watch is None:
            task = asyncio.current_task()
            self._watch = IdleWatch(_STALLED, lambda: self._stall(task))
        self._watch.begin()
        await self._send(message)
        self._watch.rest()

    async def _hand_at_last(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(_STALLED_AT_THE_END):
                await self._send(message)
        except TimeoutError:
            self.gone = True
            raise asyncio.CancelledError from None

    def _stall(self, task: "asyncio.Task[Any] | None") -> None:
        self.gone = True
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """Forget the caller."""
        if self._watch is not None:
            self._watch.end()

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.started, self.status = True, status
        await self._hand(
            {
                "type": "http.response.start",
                "status": status,
                "headers": headers + self._headers,
            }
        )


def error_object(message: str, kind: str, code: str, param: str = "") -> dict[str, Any]:
    """Return OpenAI's error object."""
    return {"message": message, "type": kind, "param": param or None, "code": code}
