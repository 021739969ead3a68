"""An answer of a model server that is pictures or sound, arriving within bounds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from hegui.gateway.arriving import whole_body
from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate
from hegui.gateway.jsonbody import read_upstream, write
from hegui.gateway.media.events import events
from hegui.gateway.media.wire import MediaRequest
from hegui.gateway.upstream_failed import Named, odd
from hegui.settings import Upstream

_SOUND = ("audio/", "application/octet-stream", "application/ogg", "binary/octet-stream")


class MediaCall:
    """An answer that is arriving. ``stop`` when no more of it is wanted."""

    def __init__(self, upstream: Upstream, response: aiohttp.ClientResponse) -> None:
        self.upstream = upstream
        self._response = response

    def stop(self) -> None:
        """Break the call off at once; the server sees its connection close."""
        self._response.close()

    async def whole(self, most: int) -> Any:
        """Return an answer in JSON of at most ``most`` bytes."""
        try:
            with Named(self.upstream.name, died=True):
                idle = self.upstream.timeout_idle
                return read_upstream(await whole_body(self._response, most, idle))
        except ValueError:
            raise odd(self.upstream) from None

    @property
    def told_in_events(self) -> bool:
        """Whether the answer comes as events."""
        return self._response.content_type == "text/event-stream"

    def events(self, most: int) -> AsyncIterator[dict[str, Any]]:
        """Give the events of an answer, each of at most ``most`` bytes, as they come."""
        if not self.told_in_events:
            raise odd(self.upstream)
        return events(self.upstream, self._response, most)

    async def sound(self) -> AsyncIterator[bytes]:
        """Give the bytes of an answer that is sound, as they come."""
        if not self._response.content_type.startswith(_SOUND):
            raise odd(self.upstream)
        while True:
            with Named(self.upstream.name, died=True):
                async with asyncio.timeout(self.upstream.timeout_idle):
                    data = await self._response.content.readany()
            if not data:
                break
            yield data
        self._response.release()


async def call(gate: Gate, exchange: Exchange, request: MediaRequest, path: str) -> MediaCall:
    """Ask the model; return when the head of its answer is there."""
    upstream = exchange.upstream
    patience = float(gate.settings.media.reply_seconds)
    with exchange.watch.upstream():
        data = _form(request) if request.uploads else write(request.outgoing())
        return MediaCall(upstream, await gate.upstreams.post(upstream, path, data, first=patience))


def _form(request: MediaRequest) -> aiohttp.FormData:
    """Return the form written anew: files under names of ours, which say nothing."""
    form = aiohttp.FormData()
    for name, value in request.outgoing().items():
        form.add_field(name, value if isinstance(value, str) else str(value).lower())
    for number, upload in enumerate(request.uploads):
        ending = upload.mime.partition("/")[2]
        form.add_field(
            upload.name,
            upload.data,
            filename=f"{number + 1}.{ending}",
            content_type=upload.mime,
        )
    return form
