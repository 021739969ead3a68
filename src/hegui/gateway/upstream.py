"""Call the model server. Whatever it does, the gateway gets values, or one of two errors."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from hegui.gateway.arriving import MOST_BYTES, Call, whole_body
from hegui.gateway.destinations import Destinations, has_model, headers_for
from hegui.gateway.jsonbody import read_upstream, write
from hegui.gateway.upstream_failed import Named, UpstreamFailed, said_no
from hegui.runners.connections import ModelConnector
from hegui.settings import Upstream
from hegui.terms import BadRequest, Words

_NO_MODEL = Words(
    en="No model server answers for the model you named. GET /v1/models lists those there are.",
    zh="没有模型服务提供所请求的模型。可用的模型见 GET /v1/models。",
)

_LISTED_SECONDS = 5.0


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

    async def start(self, upstream: Upstream, body: Mapping[str, Any]) -> Call:
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
            raise said_no(upstream, response.status)
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
                    raise said_no(upstream, response.status)
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
                    listed = read_upstream(await whole_body(response, MOST_BYTES))
            return [m["id"] for m in listed["data"] if isinstance(m["id"], str)]
        except (UpstreamFailed, ValueError, KeyError, TypeError):
            return []
