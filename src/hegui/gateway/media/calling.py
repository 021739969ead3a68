"""An answer of a model server that is pictures or sound, arriving within bounds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp

from hegui.gateway.arriving import whole_body
from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate
from hegui.gateway.jsonbody import read_upstream, write
from hegui.gateway.media.events import events
from hegui.gateway.media.wire import MediaRequest
from hegui.gateway.upstream_failed import Named, UpstreamFailed, odd
from hegui.settings import Upstream
from hegui.terms import Words

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


def too_many(upstream: Upstream, came: int, asked: int) -> UpstreamFailed:
    """Return the error for more pictures than were asked for: none of them is handed on."""
    return UpstreamFailed(_TOO_MANY.fill(name=upstream.name, came=came, asked=asked))


def too_many_events(upstream: Upstream, asked: int, partial: int) -> UpstreamFailed:
    """Return the error for a streamed picture beyond those that were asked for."""
    return UpstreamFailed(_ONE_MORE.fill(name=upstream.name, asked=asked, partial=partial))


_TOO_MANY: Final = Words(
    en="The model server `{name}` sent {came} pictures where `n` asked for {asked}, so none is"
    " handed on. Set `n` to what the server makes, or tell the operator.",
    zh="模型服务“{name}”返回了 {came} 张图片，而请求的 n 为 {asked}，因此一张也不转交。"
    "请把 n 设为该服务实际生成的张数，或联系运营者。",
)
_ONE_MORE: Final = Words(
    en="The model server `{name}` sent one more picture than was asked for (`n` {asked}, unfinished"
    " ones at most {partial}); that one is not handed on. Set `n` and `partial_images` to what the"
    " server makes, or tell the operator.",
    zh="模型服务“{name}”返回的图片多于请求的数量（n 为 {asked}，未完成的图片最多 {partial} 张），"
    "多出的一张未转交。请把 n 和 partial_images 设为该服务实际生成的数量，或联系运营者。",
)
