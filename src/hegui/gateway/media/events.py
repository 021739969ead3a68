"""Answers of a model server that are events: pictures that become clearer, speech in pieces.

Large events come in many reads; they are put together once, when their line is whole.
"""

import asyncio
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp

from hegui.gateway.jsonbody import read_upstream
from hegui.gateway.media import wire
from hegui.gateway.sse import DONE, EventReader
from hegui.gateway.upstream_failed import Named, broke_off, odd
from hegui.settings import Upstream


async def events(
    upstream: Upstream, response: aiohttp.ClientResponse, most: int
) -> AsyncIterator[dict[str, Any]]:
    """Give the events of an answer as they come, each of at most ``most`` bytes.

    The end is ``[DONE]`` or that of the stream. An event that is no JSON object is ``odd``; one
    that tells of an error is an end that was broken off.
    """
    reader, held, size = EventReader(limit=most), list[bytes](), 0
    ended = False
    while not ended:
        with Named(upstream.name, died=True):
            async with asyncio.timeout(upstream.timeout_idle):
                data = await response.content.readany()
        held.append(data)
        size += len(data)
        if size > most:
            raise odd(upstream)
        if data and b"\n" not in data and b"\r" not in data:
            continue
        whole = b"".join(held)
        held, size, ended = [], 0, not data
        for event in _read(upstream, reader, whole, last=ended):
            if event is None:
                response.close()
                return
            yield event
    response.release()


def _read(
    upstream: Upstream, reader: EventReader, data: bytes, *, last: bool
) -> Iterator[dict[str, Any] | None]:
    """Give the events that ``data`` completes; None for ``[DONE]``."""
    try:
        for line in reader.feed(data):
            yield None if line.strip() == DONE else _event(upstream, line)
        for line in reader.end() if last else ():
            yield None if line.strip() == DONE else _event(upstream, line)
    except ValueError:  # too large, or no JSON
        raise odd(upstream) from None


def _event(upstream: Upstream, data: bytes) -> dict[str, Any]:
    value = read_upstream(data)
    if not isinstance(value, dict):
        raise odd(upstream)
    if value.get("error") or value.get("type") == "error":
        raise broke_off(upstream)
    return value


class Spoken:
    """The sound in events of speech. ``usage`` is what the last one told, None before."""

    def __init__(self, upstream: Upstream, told: AsyncIterator[dict[str, Any]]) -> None:
        self._upstream, self._told = upstream, told
        self.usage: dict[str, Any] | None = None

    async def sound(self) -> AsyncIterator[bytes]:
        """Give the bytes of the sound; a stream without its last event was broken off."""
        async for event in self._told:
            kind = event.get("type")
            if kind == wire.SPEECH_DONE:
                self.usage = wire.told_of(event).get("usage", {})
                return
            if kind != wire.SPEECH_DELTA:
                continue
            try:
                yield b64decode(event.get("audio", ""), validate=True)
            except (NoBase64, TypeError, ValueError):
                raise odd(self._upstream) from None
        raise broke_off(self._upstream)
