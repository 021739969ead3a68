"""Call the model server. Whatever it does, the gateway gets values, or one of two errors."""

import asyncio
import fnmatch
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from hegui.gateway.jsonbody import read_upstream, write
from hegui.gateway.sse import DONE, EventReader
from hegui.settings import Upstream
from hegui.terms import BadRequest, Unavailable, Words

_NO_MODEL = Words(
    en="No model server answers for the model you named. GET /v1/models lists those there are.",
    zh="没有模型服务提供所请求的模型。可用的模型见 GET /v1/models。",
)
_UNREACHABLE = Words(
    en="The model server `{name}` could not be reached. Try again later.",
    zh="无法连接模型服务“{name}”。请稍后再试。",
)
_SLOW = Words(
    en="The model server `{name}` did not answer in time. Try again later.",
    zh="模型服务“{name}”未在时限内应答。请稍后再试。",
)
_ODD = Words(
    en="The model server `{name}` answered with something that is not the OpenAI API.",
    zh="模型服务“{name}”的应答不符合 OpenAI 接口格式。",
)
_DIED = Words(
    en="The model server `{name}` broke off its reply.",
    zh="模型服务“{name}”中断了回复。",
)
_SAID_NO = Words(
    en="The model server `{name}` refused the request (HTTP {status}).",
    zh="模型服务“{name}”拒绝了请求（HTTP {status}）。",
)

_CALLER_STATUS = frozenset({400, 404, 413, 422})  # the request itself is at fault
_BODY_LIMIT = 32 * 1024 * 1024


class UpstreamFailed(Unavailable):
    """The model server failed. ``status`` is what the caller is answered with."""

    def __init__(self, words: Words, *, status: int = 502, code: str = "upstream_failed") -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class Upstreams:
    """The model servers, and one pool of connections to them."""

    def __init__(self, upstreams: tuple[Upstream, ...]) -> None:
        self._upstreams = upstreams
        self._session: aiohttp.ClientSession | None = None

    def for_model(self, model: str) -> Upstream:
        """Return the first model server whose models include this one; none is a 404."""
        for upstream in self._upstreams:
            if any(fnmatch.fnmatchcase(model, pattern) for pattern in upstream.models):
                return upstream
        raise BadRequest(_NO_MODEL, status=404, code="model_not_found", param="model")

    def all(self) -> tuple[Upstream, ...]:
        """Return the model servers, in the order of the settings."""
        return self._upstreams

    def session(self) -> aiohttp.ClientSession:
        """Return the pool; it lives on the loop that first asks for it."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(
                connector=connector, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def start(self, upstream: Upstream, body: Mapping[str, Any]) -> "Call":
        """Send a chat request; return when the answer's head is there."""
        url = f"{upstream.base_url.rstrip('/')}/chat/completions"
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=upstream.timeout_connect, sock_read=upstream.timeout_first
        )
        with_errors = _named(upstream.name)
        async with with_errors:
            response = await self.session().post(
                url,
                data=write(body),
                headers=_headers(upstream),
                timeout=timeout,
                allow_redirects=False,
            )
        if response.status != 200:  # noqa: PLR2004 - HTTP's own number
            response.close()
            raise _said_no(upstream, response.status)
        return Call(upstream, response)

    async def models(self, upstream: Upstream) -> list[str]:
        """Return the models that a server lists; an empty list when it will not say."""
        url = f"{upstream.base_url.rstrip('/')}/models"
        try:
            async with _named(upstream.name):
                timeout = aiohttp.ClientTimeout(total=5)
                async with self.session().get(
                    url, headers=_headers(upstream), timeout=timeout, allow_redirects=False
                ) as response:
                    listed = read_upstream(await response.content.read(_BODY_LIMIT))
            return [m["id"] for m in listed["data"] if isinstance(m["id"], str)]
        except (UpstreamFailed, ValueError, KeyError, TypeError):
            return []


class Call:
    """An answer that is arriving."""

    def __init__(self, upstream: Upstream, response: aiohttp.ClientResponse) -> None:
        self.upstream = upstream
        self._response = response

    def stop(self) -> None:
        """Break the call off at once; the server sees its connection close."""
        self._response.close()

    async def whole(self) -> dict[str, Any]:
        """Return the answer as one object."""
        async with _named(self.upstream.name):
            body = bytearray()
            async for data in self._response.content.iter_any():
                body += data
                if len(body) > _BODY_LIMIT:
                    raise self._odd()
            self._response.release()
        try:
            value = read_upstream(bytes(body))
        except ValueError:
            raise self._odd() from None
        if not isinstance(value, dict) or not _choices_sound(value, "message"):
            raise self._odd()
        return value

    async def chunks(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Give the chunks of a stream, those of one network read together.

        Ends after ``[DONE]`` or the end of the stream. Raises ``UpstreamFailed`` when the server
        dies, falls silent, or sends what is not a chunk; chunks read before are given first.
        """
        reader = EventReader()
        source = self._response.content.iter_any()
        while True:
            async with _named(self.upstream.name, died=True):
                async with asyncio.timeout(self.upstream.timeout_idle):
                    data = await anext(source, b"")
            try:
                events = list(reader.feed(data) if data else reader.end())
            except ValueError:
                raise self._odd() from None
            chunks, ended, fault = self._decode(events)
            if chunks:
                yield chunks
            if fault:
                self.stop()
                raise fault
            if ended or not data:
                self._response.close() if ended else self._response.release()
                return

    def _decode(
        self, events: list[bytes]
    ) -> tuple[list[dict[str, Any]], bool, UpstreamFailed | None]:
        chunks: list[dict[str, Any]] = []
        for event in events:
            if event.strip() == DONE:
                return chunks, True, None
            try:
                value = read_upstream(event)
            except ValueError:
                return chunks, False, self._odd()
            if isinstance(value, dict) and value.get("error"):
                return chunks, False, UpstreamFailed(_DIED.fill(name=self.upstream.name))
            if not isinstance(value, dict) or not _choices_sound(value, "delta"):
                return chunks, False, self._odd()
            chunks.append(value)
        return chunks, False, None

    def _odd(self) -> UpstreamFailed:
        return UpstreamFailed(_ODD.fill(name=self.upstream.name))


def _choices_sound(value: dict[str, Any], part: str) -> bool:
    choices = value.get("choices")
    if not isinstance(choices, list):
        return False
    return all(
        isinstance(choice, dict)
        and isinstance(choice.get("index", 0), int)
        and isinstance(choice.get(part), dict | None)
        for choice in choices
    )


def _headers(upstream: Upstream) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    if upstream.key:
        headers["authorization"] = f"Bearer {upstream.key.reveal()}"
    return headers


def _said_no(upstream: Upstream, status: int) -> UpstreamFailed:
    words = _SAID_NO.fill(name=upstream.name, status=status)
    if status in _CALLER_STATUS:
        return UpstreamFailed(words, status=status, code="upstream_rejected")
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        return UpstreamFailed(words, status=429, code="rate_limit_exceeded")
    return UpstreamFailed(words)


@asynccontextmanager
async def _named(name: str, *, died: bool = False) -> AsyncIterator[None]:
    """Turn the client library's errors into ``UpstreamFailed``."""
    try:
        yield
    except TimeoutError:
        raise UpstreamFailed(_SLOW.fill(name=name), status=504, code="upstream_timeout") from None
    except (aiohttp.ClientError, OSError):
        raise UpstreamFailed((_DIED if died else _UNREACHABLE).fill(name=name)) from None
