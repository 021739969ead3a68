"""A relay between the C2PA library and a time-stamping authority (RFC 3161), for one signature.

The library asks an authority by itself: with a deadline of its own (30 s), after redirects, and
through whatever proxy the environment names. So it is told an address on this machine, and what it
asks there goes on to the address of the settings as every other request of hegui does.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Final

from hegui.ledger.timestamps import MOST_BYTES
from hegui.witness.web import SECONDS, Troubled, posted

_ASKED: Final = range(1, 1_025)  # bytes of a request, which has about 70
_DIGITS: Final = 8
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_OK: Final = 200
_BAD_GATEWAY: Final = 502
_NOT_FOUND: Final = 404
_POLL: Final = 0.02
_LOCAL: Final = "127.0.0.1"
_NO_PROXIES: Final = ("NO_PROXY", "no_proxy")


class Relay(HTTPServer):
    """Listens on this machine alone, and answers only who knows the path."""

    def __init__(self, authority: str, seconds: float) -> None:
        super().__init__((_LOCAL, 0), _Asked)
        self.authority, self.seconds = authority, seconds
        self.path = f"/{secrets.token_urlsafe(16)}"
        self.asked = False
        self.trouble = ""
        """Why the authority gave no answer, in a word; nothing where it gave one."""

    @property
    def url(self) -> str:
        """The address that the library is told."""
        return f"http://{_LOCAL}:{self.server_port}{self.path}"

    def answer(self, asked: bytes) -> bytes:
        """Return what the authority answers: one post, no redirect, bounded in time and size."""
        self.asked = True
        headers = {"content-type": _QUERY, "accept": _REPLY}
        try:
            reply = posted(self.authority, asked, headers, MOST_BYTES, seconds=self.seconds)
        except Troubled as error:
            self.trouble = error.word
            return b""
        if reply.status != _OK:
            self.trouble = f"http-{reply.status}"
            return b""
        return reply.body


@contextmanager
def relay(authority: str, seconds: float = SECONDS) -> Iterator[Relay]:
    """Give a relay to the authority at a URL; it is gone with the block."""
    kept = {name: os.environ.get(name) for name in _NO_PROXIES}
    server = Relay(authority, seconds)
    thread = Thread(target=server.serve_forever, args=(_POLL,), daemon=True)
    thread.start()
    try:
        for name, value in kept.items():  # a proxy cannot reach this machine's own address
            os.environ[name] = f"{value},{_LOCAL}" if value else _LOCAL
        yield server
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        server.shutdown()
        thread.join()
        server.server_close()


class _Asked(BaseHTTPRequestHandler):
    server: Relay
    timeout = 5  # seconds for the library to send what it asks

    def do_POST(self) -> None:
        """Hand a request on; whatever comes of it, the library gets an answer."""
        told = self.headers.get("content-length", "")
        length = int(told) if told.isascii() and told.isdecimal() and len(told) < _DIGITS else 0
        path = self.path.encode("utf-8", "surrogateescape")
        if not secrets.compare_digest(path, self.server.path.encode()) or length not in _ASKED:
            self._say(_NOT_FOUND, b"")
            return
        body = self.server.answer(self.rfile.read(length))
        self._say(_OK if body else _BAD_GATEWAY, body)

    def log_message(self, *_: object) -> None:
        """Say nothing: who asked and how it went is told by the caller."""

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", _REPLY)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
