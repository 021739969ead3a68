"""The public listener: paths, keys, bodies, and errors as OpenAI error objects."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hegui.callers.assertion import Assertions
from hegui.callers.caller import ANONYMOUS
from hegui.callers.keys import KeyBook, KeyRecord
from hegui.gateway.gate import Gate, Incoming, Outbox, error_object
from hegui.gateway.jsonbody import too_large
from hegui.gateway.refusals import language_of
from hegui.gateway.sites import ELSEWHERE, from_elsewhere
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.terms import BadRequest, Corrupt, HeguiError, Unavailable, Words

Serve = Callable[[Gate, Incoming, Outbox], Awaitable[None]]

_log = logging.getLogger(__name__)

_BROKEN = Words(
    en="Something went wrong inside hegui; nothing was released. The operator finds it in the log "
    "under {number}.",
    zh="hegui 内部出错，没有放行任何内容。运维人员可在日志中按 {number} 查找。",
)
_BUSY = Words(
    en="Too many requests are under way. Try again shortly.", zh="正在处理的请求过多，请稍后再试。"
)
_NO_PATH = Words(
    en="There is nothing here. hegui serves /v1/chat/completions, /v1/images/generations, "
    "/v1/images/edits, /v1/audio/speech, /v1/models and /v1/moderations.",
    zh="没有这个地址。hegui 提供 /v1/chat/completions、/v1/images/generations、/v1/images/edits、"
    "/v1/audio/speech、/v1/models 和 /v1/moderations。",
)
_NO_METHOD = Words(en="This address takes {method}.", zh="此地址只接受 {method} 请求。")
_KINDS = {401: "authentication_error", 429: "rate_limit_error"}
_SERVER = 500
_WATCH_AFTER = 0.1  # seconds; a call must be broken off within one of its caller's leaving


class Doorkeeper:
    """Lets in who holds a key; reads a body within the limit."""

    def __init__(
        self,
        gate: Gate,
        keys: KeyBook,
        assertions: Assertions | None,
        *,
        body_bytes: int | None = None,
    ) -> None:
        self._gate, self._keys, self._assertions = gate, keys, assertions
        self._anonymous = gate.settings.callers.anonymous
        self._most = body_bytes or gate.settings.limits.body_bytes

    async def admit(self, headers: Mapping[str, str], receive: Receive) -> Incoming:
        """Return the request. The key is checked before a byte of the body is read."""
        key = self.identify(headers)
        claims = None
        if self._assertions is not None:
            token = headers.get(self._assertions.header.lower())
            claims = self._assertions.read(token) if token else None
        return Incoming(await self._body(key.tenant, headers, receive), headers, key, claims)

    def identify(self, headers: Mapping[str, str]) -> KeyRecord:
        """Return the key that a request comes with; one that opens nothing is a ``BadRequest``."""
        sent = headers.get("authorization")
        if self._anonymous and not sent:
            if from_elsewhere(headers):
                raise BadRequest(ELSEWHERE, status=403, code="cross_site")
            return ANONYMOUS
        return self._keys.identify(sent)

    async def _body(self, tenant: str, headers: Mapping[str, str], receive: Receive) -> bytes:
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._most:
            raise too_large(self._most)
        return await self._gate.bodies.read(tenant, receive, self._most)


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by their names, which ASGI gives in small letters.

    One that stands twice is one with both values, in order (RFC 9110, 5.3): a second
    ``X-Hegui-Audience`` or key is not passed over, and what takes one value refuses two.
    """
    sent = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent}
    if len(headers) < len(sent):
        headers = dict.fromkeys(headers, "")
        for raw, value in sent:
            name, said = raw.decode("latin-1"), value.decode("latin-1")
            headers[name] = f"{headers[name]}, {said}" if headers[name] else said
    return headers


class Endpoint:
    """One path of the API as an ASGI application: errors, disconnects and stops end here."""

    def __init__(self, gate: Gate, keeper: Doorkeeper, serve: Serve, path: str) -> None:
        self._gate, self._keeper, self._serve, self._path = gate, keeper, serve, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = _headers(scope)
        out = Outbox(send, headers.get("accept-language", ""))
        task = asyncio.current_task()
        assert task is not None
        watch: _Watch | None = None
        try:
            self._enter(task, out)
            incoming = await self._keeper.admit(headers, receive)
            watch = _Watch(receive, task, out)
            await self._serve(self._gate, incoming, out)
        except asyncio.CancelledError:
            if out.stopping and not out.gone:
                out.resume()
                await self._fail(Unavailable(self._gate.stopping), out)
            elif not out.gone:
                raise
        except HeguiError as error:
            await self._fail(error, out)
        except Exception:  # noqa: BLE001 - the last line: whatever it is, no trace of it goes out
            await self._fail(broken(), out)
        finally:
            self._gate.open.pop(task, None)
            out.close()
            if watch is not None:
                watch.end()
            self._gate.metrics.requested(self._path, out.status)

    def _enter(self, task: "asyncio.Task[Any]", out: Outbox) -> None:
        if len(self._gate.open) >= self._gate.settings.limits.streams:
            raise Unavailable(_BUSY)
        self._gate.open[task] = out

    async def _fail(self, error: HeguiError, out: Outbox) -> None:
        try:
            await self._tell(error, out)
        except asyncio.CancelledError:
            if not out.gone:
                raise

    async def _tell(self, error: HeguiError, out: Outbox) -> None:
        if out.ended:
            return
        if out.started:
            if isinstance(error, UpstreamFailed):
                await out.failed(error)
                return
            if isinstance(error, Unavailable):
                _log.error("a stream was cut, because its evidence could not be written")
            code = "evidence_unavailable" if isinstance(error, Unavailable) else "internal_error"
            await out.failed(UpstreamFailed(error.words, code=code))
            return
        status, body, after = described(error, out.accept_language)
        await out.whole(body, status=status, after=after)


def broken() -> Corrupt:
    """Log the exception that is being handled; return what is told of it: where to find it."""
    number = f"E{secrets.token_hex(4)}"
    _log.exception("request failed", extra={"number": number})
    return Corrupt(_BROKEN.fill(number=number))


def described(error: HeguiError, accept_language: str) -> tuple[int, dict[str, Any], int]:
    """Return status, OpenAI error object and Retry-After for one of the four errors."""
    message = error.words.say(language_of(accept_language, "", "en"))
    if isinstance(error, BadRequest):
        kind = _KINDS.get(error.status, "invalid_request_error")
        body = error_object(message, kind, error.code, error.param)
        return error.status, {"error": body}, 0
    if isinstance(error, UpstreamFailed):
        kind = "invalid_request_error" if error.status < _SERVER else "server_error"
        kind = _KINDS.get(error.status, kind)
        return error.status, {"error": error_object(message, kind, error.code)}, 0
    if isinstance(error, Unavailable):
        return 503, {"error": error_object(message, "server_error", "unavailable")}, error.after
    return 500, {"error": error_object(message, "server_error", "internal_error")}, 0


class _Watch:
    """Cancels an exchange whose caller has gone: the model is not kept talking.

    Begins after a moment, so that an exchange that is over by then costs no task of its own.
    """

    def __init__(self, receive: Receive, task: "asyncio.Task[Any]", out: Outbox) -> None:
        self._receive, self._task, self._out = receive, task, out
        self._watching: asyncio.Future[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER, self._begin)

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.ensure_future(self._cancel_when_gone())

    async def _cancel_when_gone(self) -> None:
        with suppress(Exception):
            while (await self._receive())["type"] != "http.disconnect":
                pass
        if not self._task.done():
            self._out.gone = True
            self._task.cancel()


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer paths that hegui does not serve. Nothing is ever proxied."""
    del receive
    out = Outbox(send, Headers(scope=scope).get("accept-language", ""))
    error = BadRequest(_NO_PATH, status=404, code="not_found")
    status, body, _ = described(error, out.accept_language)
    await out.whole(body, status=status)


class Methods:
    """Dispatches a path by method; any other method is a 405 in OpenAI's shape."""

    def __init__(self, **methods: Any) -> None:
        self._methods = {name.upper(): endpoint for name, endpoint in methods.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        endpoint = self._methods.get(scope["method"])
        if endpoint is not None:
            await endpoint(scope, receive, send)
            return
        out = Outbox(send, Headers(scope=scope).get("accept-language", ""))
        allowed = ", ".join(self._methods)
        out.note(b"allow", allowed.encode())
        words = _NO_METHOD.fill(method=allowed)
        error = BadRequest(words, status=405, code="method_not_allowed")
        status, body, _ = described(error, out.accept_language)
        await out.whole(body, status=status)


class Paths:
    """The public application: paths, prefixes, and a 404 for all else. Nothing is ever proxied.

    A name that ends in a slash stands for everything below it.
    """

    def __init__(self, paths: Mapping[str, ASGIApp]) -> None:
        self._paths = dict(paths)
        self._below = [name for name in paths if name.endswith("/")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        found = self._paths.get(path)
        if found is None:
            found = next((self._paths[name] for name in self._below if path.startswith(name)), None)
        await (found or not_found)(scope, receive, send)
