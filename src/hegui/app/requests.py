"""Read requests from the network within bounds: bytes of a head, seconds, connections.

uvicorn leaves these to a proxy in front of it. Here they are held without one: whoever reaches the
listener can cost memory and time only up to what stands here. The application bounds bodies.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, NoReturn

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hegui.terms import Words

MOST_HEAD: Final = 65_536
"""Bytes of a request's target and headers, and of anything between two pieces of its body."""
HEAD_SECONDS: Final = 30.0
"""How long a connection may take until a whole head has come."""
BODY_SECONDS: Final = 30.0
"""How long a body may take, and a second more for each ``BODY_RATE`` bytes that have come."""
BODY_RATE: Final = 2_048
LOOK_SECONDS: Final = 2.0
MOST_CONNECTIONS: Final = 4_096

_PER_HEADER: Final = 32  # bytes that a header takes besides its text
_MOST_PIPELINED: Final = 32
_EVICTED: Final = 16  # of so many waiting connections one is closed, when there are too many
_REASONS: Final = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
}
_WORDS: Final = {
    400: Words(
        en="This is not an HTTP request that can be read.", zh="请求不符合 HTTP 格式，无法读取。"
    ),
    408: Words(
        en="The request took too long to arrive. Send it again.", zh="请求未在时限内传完，请重发。"
    ),
    431: Words(
        en="The request's address and headers are larger than {most} bytes. Send less.",
        zh="请求地址和标头超过 {most} 字节，请精简。",
    ).fill(most=MOST_HEAD),
}


class _Wrong(Exception):
    """Ends the parser's work on a request that was refused."""


class BoundedRequests(HttpToolsProtocol):
    """One connection. ``look`` is called every few seconds, from outside."""

    def __init__(self, *args: Any, most: int = MOST_CONNECTIONS, **more: Any) -> None:
        super().__init__(*args, **more)
        self._most = most
        self._head: float | None = None  # since when a head is awaited
        self._body: float | None = None  # since when a body is
        self._came = self._size = self._quiet = 0
        self._status = 400
        self._refused = False
        self._running: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Begin to wait for a head; where there are too many connections, others are closed."""
        super().connection_made(transport)
        self._head = self.loop.time()
        if len(self.connections) > self._most:
            _make_room(self.connections)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is served, too: the last one that came may be another."""
        self._gone()
        self._head = self._body = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; after a refusal it is dropped, or its sender would not hear of it."""
        if self._refused or self.transport.is_closing():
            return
        self._quiet += len(data)
        if self._head is None and self._body is None:
            self._head = self.loop.time()
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(self._status)
        if self._quiet > MOST_HEAD:
            self._refuse(431)

    def _feed(self, data: bytes) -> None:
        """Read; a request to speak another protocol is read as if it did not ask (RFC 9110, 7.8).

        The parser passes over the body of such a request, which Java's client sends with each first
        one, so it is given anew without that header.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            version = self.parser.get_http_version().encode()
            head = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
            for name, value in self.headers:
                if name not in (b"upgrade", b"connection"):
                    head += b"%b: %b\r\n" % (name, value)
            self.parser = httptools.HttpRequestParser(self)
            if hasattr(self.parser, "set_dangerous_leniencies"):  # as uvicorn has it
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._feed(head + b"\r\n" + data[upgrade.args[0] :])

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._head, self._size = self.loop.time(), 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target, as uvicorn does: without a call for each piece."""
        self._size += len(url)
        if self._size > MOST_HEAD:
            self._too_large()
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, as uvicorn does; one that comes after the body (a trailer) is dropped."""
        if self._head is None:
            return
        name = name.lower()
        self._size += len(name) + len(value) + _PER_HEADER
        if self._size > MOST_HEAD:
            self._too_large()
        if name == b"host" and any(known == name for known, _ in self.headers):
            raise _Wrong  # RFC 9112, 3.2: who reads the other one reads another request
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """End a head: the body begins."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _Wrong
            return
        super().on_headers_complete()
        self._head, self._body = None, self.loop.time()
        self._came = self._quiet = 0
        if len(self.pipeline) > _MOST_PIPELINED:
            raise _Wrong

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._came += len(body)
        self._quiet = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if self.parser.should_upgrade():
            return
        self._body, self._quiet = None, 0
        super().on_message_complete()

    def look(self, now: float) -> None:
        """Hang up on who takes too long over a head or a body. ``now`` is the loop's time."""
        if self._refused:
            self.transport.abort()
        elif self._body is not None:
            if self.flow.read_paused:  # it is we who do not read
                self._body += LOOK_SECONDS
            elif now - self._body > BODY_SECONDS + self._came / BODY_RATE:
                self._refuse(408)
        elif self._head is not None:
            if self._serves():
                self._head = now
            elif now - self._head > HEAD_SECONDS:
                self._refuse(408)

    def waits(self) -> tuple[bool, float] | None:
        """Return since when this connection lets us wait, heads first; None when we work for it."""
        if self._refused:
            return False, 0.0
        if self._body is not None:
            return True, self._body
        return None if self._serves() else (False, self._head or 0.0)

    def _serves(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _gone(self) -> None:
        if self._serves():
            self._running.disconnected = True
            self._running.message_event.set()

    def _too_large(self) -> NoReturn:
        self._status = 431
        raise _Wrong

    def _refuse(self, status: int) -> None:
        """Hang up, with an answer where none has begun. The sender may speak until ``look``."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        if self._body is None:
            answers = not self._serves()
        else:
            answers = self.cycle is self._running and not self.cycle.response_started
        self._gone()
        if not answers:
            self.transport.close()
        else:
            words = _WORDS[status]
            text = f"{words.say('en')}\n{words.say('zh')}\n".encode()
            head = b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
            head += b"content-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(head % (status, _REASONS[status], len(text)) + text)
            self.transport.write_eof()


def _make_room(connections: Iterable[Any]) -> None:
    """Close a few of the connections that have let us wait the longest."""
    waiting = [(since, each) for each in connections if (since := each.waits()) is not None]
    waiting.sort(key=lambda one: one[0])
    for _, each in waiting[: max(1, len(waiting) // _EVICTED)]:
        each.transport.abort()
