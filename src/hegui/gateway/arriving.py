"""An answer of a model server while it arrives: whole, or as the chunks of a stream."""

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp

from hegui.gateway.gathering import Arrived
from hegui.gateway.idle import IdleWatch
from hegui.gateway.jsonbody import read_upstream
from hegui.gateway.pieces import More
from hegui.gateway.repeats import Repeats
from hegui.gateway.sse import DONE, EventReader
from hegui.gateway.upstream_failed import Named, UpstreamFailed, broke_off, fell_silent, odd
from hegui.settings import Upstream

MOST_BYTES = 32 * 1024 * 1024
"""Of an answer that is read whole."""

_MOST_CHOICES = 128


class Call:
    """An answer that is arriving."""

    def __init__(self, upstream: Upstream, response: aiohttp.ClientResponse) -> None:
        self.upstream = upstream
        self._response = response
        self._repeats = Repeats()
        self._events = EventReader()
        self._finished = self._over = False
        self._fault: UpstreamFailed | None = None
        self._watch: IdleWatch | None = None

    def stop(self) -> None:
        """Break the call off at once; the server sees its connection close."""
        self._response.close()
        self._watch_ends()

    def _watch_ends(self) -> None:
        if self._watch is not None:
            self._watch.end()

    async def whole(self, within: float) -> dict[str, Any]:
        """Return the answer as one object; ``TimeoutError`` if it takes longer."""
        if not self._response.content.is_eof():
            async with asyncio.timeout(within):
                return await self._whole()
        return await self._whole()

    async def _whole(self) -> dict[str, Any]:
        try:
            with Named(self.upstream.name, died=True):
                idle = self.upstream.timeout_idle
                value = read_upstream(await whole_body(self._response, MOST_BYTES, idle))
        except ValueError:
            raise self._odd() from None
        if not isinstance(value, dict) or not _choices_sound(value, "message"):
            raise self._odd()
        return value

    async def chunks(self) -> list[Arrived] | None:
        """Return the next chunks of a stream, those of one network read together; None at its end.

        A chunk that repeats the last one but for its content comes as ``More``. The end is
        ``[DONE]``, or that of the stream when a choice was finished before. Raises
        ``UpstreamFailed`` when the server dies, falls silent, or sends what is not a chunk; chunks
        read before are given first. ``stop`` when no more are wanted.
        """
        watch = self._watch
        if watch is None:
            watch = self._watch = IdleWatch(self.upstream.timeout_idle, self._response.close)
        while not self._over:
            try:
                watch.begin()
                data = await self._response.content.readany()
                watch.rest()
            except (aiohttp.ClientError, OSError) as error:
                chunks = self._last_words(self._broken(late=watch.late), error)
            else:
                chunks = self._taken(data)
            if chunks:
                return chunks
        if self._fault is not None:
            raise self._fault
        return None

    def _last_words(self, broken: UpstreamFailed, error: Exception) -> list[Arrived]:
        """Return the chunks that came before the connection broke.

        aiohttp keeps those bytes and gives them to nobody once it has noted the break.
        """
        left = self._response.content._read_nowait(-1)  # noqa: SLF001 - read_nowait raises instead
        chunks = self._taken(left) if left else []
        if not self._over:
            broken.__cause__ = error
            self._over, self._fault = True, broken
        return chunks

    def _taken(self, data: bytes) -> list[Arrived]:
        """Return the chunks that a read completes; note whether, and how, the stream is over."""
        whole = self._events.whole(data)
        if whole is not None and (more := self._repeats.read(whole)) is not None:
            return [more]
        events = self._events.feed(data) if data else self._events.end()
        chunks, ended, fault = self._decode(events)
        self._finished = self._finished or any(map(_finishes, chunks))
        if not (data or ended or self._finished or fault):
            fault = broke_off(self.upstream)
        if fault or ended or not data:
            self._over, self._fault = True, fault
            if fault or ended:
                self.stop()
            else:
                self._response.release()
                self._watch_ends()
        return chunks

    def _decode(self, events: Iterator[bytes]) -> tuple[list[Arrived], bool, UpstreamFailed | None]:
        chunks: list[Arrived] = []
        while True:
            try:
                event = next(events, None)
                if event is None:
                    return chunks, False, None
                if more := self._repeats.read(event):
                    chunks.append(more)
                    continue
                if event.strip() == DONE:
                    return chunks, True, None
                value = read_upstream(event)
            except ValueError:  # too large, or no JSON
                return chunks, False, self._odd()
            if isinstance(value, dict) and value.get("error"):
                return chunks, False, broke_off(self.upstream)
            if not isinstance(value, dict) or not _choices_sound(value, "delta"):
                return chunks, False, self._odd()
            self._repeats.learn(event, value)
            chunks.append(value)

    def _broken(self, *, late: bool) -> UpstreamFailed:
        return fell_silent(self.upstream) if late else broke_off(self.upstream)

    def _odd(self) -> UpstreamFailed:
        return odd(self.upstream)


async def whole_body(
    response: aiohttp.ClientResponse, limit: int, idle: float | None = None
) -> bytes:
    """Read a body to its end. Larger than ``limit`` is a ``ValueError``; ``idle`` is in seconds."""
    if response.content.is_eof():  # all of it has come with the head: nothing to wait for
        held = response.content.read_nowait(-1)
        response.release()
        if len(held) > limit:
            raise ValueError("the body is larger than the limit")
        return held
    body = bytearray()
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(idle) as patience:
        while data := await response.content.readany():
            body += data
            if len(body) > limit:
                response.close()
                raise ValueError("the body is larger than the limit")
            if idle is not None:
                patience.reschedule(now() + idle)
    response.release()
    return bytes(body)


def _finishes(chunk: Arrived) -> bool:
    if isinstance(chunk, More):
        return False
    return any(choice.get("finish_reason") for choice in chunk["choices"])


def _choices_sound(value: dict[str, Any], part: str) -> bool:
    choices = value.get("choices")
    if not isinstance(choices, list) or len(choices) > _MOST_CHOICES:
        return False
    return all(
        isinstance(choice, dict)
        and type(choice.get("index", 0)) is int
        and 0 <= choice.get("index", 0) < _MOST_CHOICES
        and isinstance(choice.get(part), dict | None)
        for choice in choices
    )
