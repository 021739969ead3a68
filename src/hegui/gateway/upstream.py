"""Call the model server. Whatever it does, the gateway gets values, or one of two errors."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp

from hegui.gateway.destinations import Destinations, has_model, headers_for
from hegui.gateway.gathering import Arrived
from hegui.gateway.idle import IdleWatch
from hegui.gateway.jsonbody import read_upstream, write
from hegui.gateway.pieces import More
from hegui.gateway.repeats import Repeats
from hegui.gateway.sse import DONE, EventReader
from hegui.runners.connections import ModelConnector
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
_LISTED_SECONDS = 5.0
_BODY_LIMIT = 32 * 1024 * 1024
_MOST_CHOICES = 128


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
        self._listed: dict[str, tuple[float, list[str]]] = {}
        self._destinations = Destinations()

    def for_model(self, model: str) -> Upstream:
        """Return the first model server whose models include this one; none is a 404."""
        for upstream in self._upstreams:
            if has_model(upstream, model):
                return upstream
        raise BadRequest(_NO_MODEL, status=404, code="model_not_found", param="model")

    def for_task(self, model: str, interface: str) -> Upstream:
        """Return the first server with that interface for tasks which has the model; or a 404."""
        for upstream in self._upstreams:
            if upstream.media_tasks == interface and has_model(upstream, model):
                return upstream
        raise BadRequest(_NO_MODEL, status=404, code="model_not_found", param="model")

    def all(self) -> tuple[Upstream, ...]:
        """Return the model servers, in the order of the settings."""
        return self._upstreams

    def session(self) -> aiohttp.ClientSession:
        """Return the pool; it lives on the loop that first asks for it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=ModelConnector(), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def start(self, upstream: Upstream, body: Mapping[str, Any]) -> "Call":
        """Send a chat request; return when the answer's head is there."""
        return Call(upstream, await self.post(upstream, "/chat/completions", write(body)))

    async def post(
        self,
        upstream: Upstream,
        path: str,
        data: bytes | aiohttp.FormData,
        *,
        first: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        """Send JSON or a form; return the response when its head is there and says 200.

        ``first`` is how many seconds that may take, if not what the settings say.
        """
        place = self._destinations.at(upstream, path)
        sent: Mapping[str, str] = place.headers
        if headers or isinstance(data, aiohttp.FormData):
            sent = {**sent, **(headers or {})}
            if isinstance(data, aiohttp.FormData):
                del sent["content-type"]  # the form has its own
        with Named(upstream.name):
            async with asyncio.timeout(first or upstream.timeout_first):
                response = await self.session().post(
                    place.url,
                    data=data,
                    headers=sent,
                    timeout=place.timeout,
                    allow_redirects=False,
                )
        if response.status != 200:  # noqa: PLR2004 - HTTP's own number
            response.close()
            raise _said_no(upstream, response.status)
        return response

    async def get(self, upstream: Upstream, path: str, most: int) -> bytes:
        """Return what stands at a path below the server's address, of at most ``most`` bytes.

        Larger is a ``ValueError``, any failure ``UpstreamFailed``.
        """
        url = f"{upstream.base_url.rstrip('/')}{path}"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=upstream.timeout_connect)
        with Named(upstream.name):
            async with (
                asyncio.timeout(upstream.timeout_first),
                self.session().get(
                    url, headers=headers_for(upstream), timeout=timeout, allow_redirects=False
                ) as response,
            ):
                if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                    raise _said_no(upstream, response.status)
                return await whole_body(response, most)

    async def models(self, upstream: Upstream) -> list[str]:
        """Return the models that a server lists, asked at most every few seconds.

        An empty list when it will not say.
        """
        now = asyncio.get_running_loop().time()
        asked, listed = self._listed.get(upstream.name, (-_LISTED_SECONDS, []))
        if now - asked >= _LISTED_SECONDS:
            listed = await self._ask_models(upstream)
            self._listed[upstream.name] = (now, listed)
        return listed

    async def _ask_models(self, upstream: Upstream) -> list[str]:
        url = f"{upstream.base_url.rstrip('/')}/models"
        try:
            with Named(upstream.name):
                timeout = aiohttp.ClientTimeout(total=5)
                async with self.session().get(
                    url, headers=headers_for(upstream), timeout=timeout, allow_redirects=False
                ) as response:
                    listed = read_upstream(await whole_body(response, _BODY_LIMIT))
            return [m["id"] for m in listed["data"] if isinstance(m["id"], str)]
        except (UpstreamFailed, ValueError, KeyError, TypeError):
            return []


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
                value = read_upstream(await whole_body(self._response, _BODY_LIMIT, idle))
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
            fault = UpstreamFailed(_DIED.fill(name=self.upstream.name))
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
                return chunks, False, UpstreamFailed(_DIED.fill(name=self.upstream.name))
            if not isinstance(value, dict) or not _choices_sound(value, "delta"):
                return chunks, False, self._odd()
            self._repeats.learn(event, value)
            chunks.append(value)

    def _broken(self, *, late: bool) -> UpstreamFailed:
        name = self.upstream.name
        if late:
            return UpstreamFailed(_SLOW.fill(name=name), status=504, code="upstream_timeout")
        return UpstreamFailed(_DIED.fill(name=name))

    def _odd(self) -> UpstreamFailed:
        return odd(self.upstream)


def odd(upstream: Upstream) -> UpstreamFailed:
    """Return the error for an answer that is not what the OpenAI API says."""
    return UpstreamFailed(_ODD.fill(name=upstream.name))


def broke_off(upstream: Upstream) -> UpstreamFailed:
    """Return the error for an answer that ended before it was whole."""
    return UpstreamFailed(_DIED.fill(name=upstream.name))


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


def _said_no(upstream: Upstream, status: int) -> UpstreamFailed:
    words = _SAID_NO.fill(name=upstream.name, status=status)
    if status in _CALLER_STATUS:
        return UpstreamFailed(words, status=status, code="upstream_rejected")
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        return UpstreamFailed(words, status=429, code="rate_limit_exceeded")
    return UpstreamFailed(words)


class Named:
    """Turns the client library's errors into ``UpstreamFailed`` while it is entered."""

    __slots__ = ("_died", "_name")

    def __init__(self, name: str, *, died: bool = False) -> None:
        self._name, self._died = name, died

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TimeoutError):
            words = _SLOW.fill(name=self._name)
            raise UpstreamFailed(words, status=504, code="upstream_timeout") from None
        if isinstance(error, aiohttp.ClientError | OSError):
            words = _DIED if self._died else _UNREACHABLE
            raise UpstreamFailed(words.fill(name=self._name)) from None
