"""``GET /media/…``: the address that we gave out leads to the labelled file, until it ends.

Whoever has the address gets the file, without a key: that is what it is for. Each request asks
whether the address still stands, so a withdrawal counts from the next byte that is read.
"""

import re
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from hegui.gateway.gate import Gate
from hegui.gateway.refusals import language_of
from hegui.shelf.addresses import PATH
from hegui.shelf.book import Medium
from hegui.shelf.shelf import Shelf
from hegui.terms import Corrupt, HeguiError, Words

_STRETCH: Final = 1_048_576
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),  # there are no credentials that could go along
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    (b"cache-control", b"no-store"),  # what a cache keeps, no withdrawal calls back
)


class _Part(NamedTuple):
    """Which bytes are asked for: from ``start`` up to ``end``, which is excluded."""

    start: int
    end: int


class MediaPage:
    """Gives labelled files out."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._shelf = gate, gate.media.shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        del receive
        headers = Headers(scope=scope)
        status = 200
        try:
            told = self._shelf.addresses.read(scope["path"].removeprefix(PATH))
            medium = await self._shelf.book.medium(told.id) if told is not None else None
            if told is None:
                status = 404
                await self._say(send, headers, status, _UNKNOWN)
            elif medium is None or medium.ended is not None or medium.expires <= self._now():
                status = 410
                withdrawn = medium is not None and medium.cause not in ("", "expired")
                await self._say(send, headers, status, _WITHDRAWN if withdrawn else _ENDED)
            else:
                status = await give(send, self._shelf, medium, headers, scope["method"])
        except HeguiError as error:
            status = 503
            await self._say(send, headers, status, error.words)
        finally:
            self._gate.metrics.requested("/media", status)

    def _now(self) -> int:
        return self._shelf.clock()

    async def _say(self, send: Send, headers: Headers, status: int, words: Words) -> None:
        default = self._gate.settings.service.language
        lang = language_of(headers.get("accept-language", ""), "", default)
        data = words.say(lang).encode()
        said = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(data)).encode()),
            *_HEADERS,
        ]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": data})


async def give(send: Send, shelf: Shelf, medium: Medium, headers: Headers, method: str) -> int:
    """Send a file, or the range of it that is asked for; return the status.

    One range is served, to GET alone (RFC 9110, 14.2); several are answered with the whole file.
    The first stretch is read before anything is sent, so that a store that fails is a 503.
    """
    etag = f'"{medium.digest}"'
    part = _asked(headers, medium.size, etag) if method == "GET" else _Part(0, medium.size)
    said = [
        (b"content-type", medium.mime.encode()),
        (b"content-disposition", f'inline; filename="{medium.file}"'.encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag.encode()),
        *_HEADERS,
    ]
    if part is None:
        said += [(b"content-range", f"bytes */{medium.size}".encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 416, "headers": said})
        await send({"type": "http.response.body", "body": b""})
        return 416
    whole = part == (0, medium.size)
    status = 200 if whole else 206
    said.append((b"content-length", str(part.end - part.start).encode()))
    if not whole:
        place = f"bytes {part.start}-{part.end - 1}/{medium.size}"
        said.append((b"content-range", place.encode()))
    start = {"type": "http.response.start", "status": status, "headers": said}
    if method == "HEAD":
        await send(start)
        await send({"type": "http.response.body", "body": b""})
        return status
    await _send(send, shelf, medium, part, start)
    return status


async def _send(
    send: Send, shelf: Shelf, medium: Medium, part: _Part, start: dict[str, object]
) -> None:
    at, begun = part.start, False
    while True:
        count = min(_STRETCH, part.end - at)
        try:
            data = await shelf.blobs.read(medium.file, at, count)
            if len(data) != count:
                raise Corrupt(_SHORT.fill(number=medium.id))
        except HeguiError:
            if not begun:
                raise
            return  # withdrawn or lost meanwhile: what was promised is not sent to its end
        at += count
        if not begun:
            await send(start)
            begun = True
        await send({"type": "http.response.body", "body": data, "more_body": at < part.end})
        if at >= part.end:
            return


def _asked(headers: Headers, size: int, etag: str) -> _Part | None:
    """Return which bytes are asked for; None where the file has none of them."""
    whole = _Part(0, size)
    if headers.get("if-range", etag) != etag:
        return whole
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or not (found[1] or found[2]):
        return whole
    if not found[1]:  # the last so many
        last = int(found[2])
        return _Part(max(0, size - last), size) if last else None
    start = int(found[1])
    end = int(found[2]) + 1 if found[2] else size
    if start >= size or end <= start:
        return None
    return _Part(start, min(end, size))


_UNKNOWN: Final = Words(
    en="There is nothing at this address. Copy it whole from the answer that named it.",
    zh="此地址没有内容。请从原回复中完整复制地址。",
)
_ENDED: Final = Words(
    en="This address has ended, and the file was deleted. Ask for the picture or film again.",
    zh="此地址已过期，文件已删除。请重新生成。",
)
_WITHDRAWN: Final = Words(
    en="The provider has withdrawn this file. It is not shown any more; ask the provider why.",
    zh="该文件已被服务提供者撤回，不再提供。如有疑问，请联系服务提供者。",
)
_SHORT: Final = Words(
    en="The kept file {number} is shorter than it was when it was kept. Look at its store.",
    zh="保存的文件 {number} 比存入时短。请检查存储。",
)
