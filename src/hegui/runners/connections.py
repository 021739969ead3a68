"""The pool of connections to model servers: an answer belongs to the request that was sent for it.

HTTP/1.1 tells answers apart by their order alone (RFC 9112, 9.3). Whatever a server says on a
connection while it is asked nothing would be read as the answer to the next request, which may be
another tenant's, or a guard model's verdict about another text. So such a connection is not used
again.
"""

import functools
import select
from typing import Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

_KEEP_ALIVE: Final = 4.0
"""Seconds; uvicorn and others hang up after 5, and a request must not meet that."""
_MOST_INTERIM: Final = 16
"""Interim answers (1xx) before the answer itself; RFC 9110 has no use for more than a few."""


class ModelConnector(aiohttp.TCPConnector):
    """Connections that are kept for a few seconds, and only while the other side keeps quiet."""

    def __init__(self, *, limit: int = 0) -> None:
        super().__init__(limit=limit, keepalive_timeout=_KEEP_ALIVE)
        made = functools.partial(_Handler, loop=self._loop)
        self._factory = cast("functools.partial[ResponseHandler]", made)

    async def connect(
        self,
        req: Any,
        traces: Any,
        timeout: Any,  # noqa: ASYNC109 - the connector's own parameter, an object
    ) -> aiohttp.connector.Connection:
        """Return a new connection, or one on which nothing has been said since its last answer."""
        while True:
            found = await super().connect(req, traces, timeout)
            if not (isinstance(found.protocol, _Handler) and found.protocol.spoke()):
                return found
            found.close()


class _Handler(ResponseHandler):
    """Reads answers: one for each request. Who sends more, or never comes to it, is hung up on."""

    _interim = 0
    _answered = False
    _refused = False
    _poll: "select.poll | None" = None

    def spoke(self) -> bool:
        """Whether the other side has said something, or hung up, since its last answer.

        Never on a connection that is asked for the first time.
        """
        if self._poll is None:
            self._poll = select.poll()
            if self.transport is not None:
                socket = self.transport.get_extra_info("socket")
                self._poll.register(socket.fileno(), select.POLLIN)
            return False
        return self.transport is None or self.should_close or bool(self._poll.poll(0))

    def set_response_params(self, **params: Any) -> None:
        """Begin with the answer to one request."""
        self._interim, self._answered = 0, False
        super().set_response_params(**params)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take the head of an answer; 1xx, but for 101, comes before the answer itself."""
        interim = 100 <= data[0].code <= 199 and data[0].code != 101  # noqa: PLR2004 - HTTP's own
        self._interim += interim
        if not (self._refused or self._answered or self._interim > _MOST_INTERIM):
            self._answered = not interim
            super().feed_data(data, size)
        elif not self._refused:
            self._refused = True
            if self.transport is not None:
                self.transport.abort()
            self.set_exception(aiohttp.ClientPayloadError("an answer that nobody asked for"))
