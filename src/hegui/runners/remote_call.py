"""One request to a guard model's server, and what comes of it: an answer, or a short reason."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from hegui.detectors.guards import Answer, Place
from hegui.settings import Secret

if TYPE_CHECKING:
    import aiohttp

_OK: Final = 200
_LARGEST: Final = 1_048_576  # bytes of an answer, which has a few words
_AGAIN: Final = frozenset({429, 502, 503})  # it was not judged: asking anew is safe
_BY_STATUS: Final = {401: "unauthorized", 403: "unauthorized", 404: "not-found", 429: "throttled"}
_REFUSED_INPUT: Final = frozenset({400, 413, 422})


class Failed(Exception):
    """No answer. ``reason`` is a short word; ``again``: it may be asked once more.

    ``server`` tells whether the server is to blame: what one text brings about must not count,
    or whoever writes such texts could cut the guard off for everybody.
    """

    def __init__(self, reason: str, *, again: bool = False, server: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.again, self.server = reason, again, server


class _Choice(msgspec.Struct):
    token: str
    logprob: float


class _Place(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Choice] = msgspec.field(default_factory=list)


class _LogProbs(msgspec.Struct):
    content: list[_Place] | None = None


class _Message(msgspec.Struct):
    content: str


class _Said(msgspec.Struct):
    message: _Message
    finish_reason: str
    logprobs: _LogProbs | None = None


class _Completion(msgspec.Struct):
    choices: list[_Said]


class _Model(msgspec.Struct):
    id: str


class _Listing(msgspec.Struct):
    data: list[_Model]


_COMPLETION: Final = msgspec.json.Decoder(_Completion)
_LISTING: Final = msgspec.json.Decoder(_Listing)
_encode: Final = msgspec.json.Encoder().encode


class Server:
    """A pool of connections to one OpenAI-compatible server. The key is in no message or repr."""

    def __init__(self, base_url: str, key: Secret, connections: int) -> None:
        self.url = base_url.rstrip("/")
        self._key = key
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    def _pool(self) -> "aiohttp.ClientSession":
        if self._session is None:
            import aiohttp

            from hegui.runners.connections import ModelConnector

            connector = ModelConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def models(self) -> list[str]:
        """Return the models that the server lists. Raises ``Failed``."""
        data = await self._fetch("GET", "models", None)
        try:
            return [model.id for model in _LISTING.decode(data).data]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Failed("protocol") from None

    async def ask(self, body: Mapping[str, Any]) -> Answer:
        """Send a chat request; return what the model said. Raises ``Failed``."""
        data = await self._fetch("POST", "chat/completions", _encode(body))
        try:
            (said,) = _COMPLETION.decode(data).choices
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            raise Failed("protocol") from None
        listed = said.logprobs.content if said.logprobs else None
        places = tuple(
            Place(
                place.token,
                {place.token: place.logprob}
                | {choice.token: choice.logprob for choice in place.top_logprobs},
            )
            for place in listed or ()
        )
        return Answer(said.message.content, said.finish_reason == "stop", places)

    async def _fetch(self, method: str, path: str, data: bytes | None) -> bytes:
        import aiohttp  # commands that ask nobody do without it

        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key.reveal()}"
        try:
            async with self._pool().request(
                method,
                f"{self.url}/{path}",
                data=data,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=None),
                allow_redirects=False,
            ) as response:
                if response.status != _OK:
                    raise _of_status(response.status)
                return await _whole(response)
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError):
            raise Failed("refused", again=True) from None
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise Failed("timeout") from None
            raise Failed("broken-off", again=True) from None


async def _whole(response: "aiohttp.ClientResponse") -> bytes:
    body = bytearray()
    async for data in response.content.iter_any():
        body += data
        if len(body) > _LARGEST:
            response.close()
            raise Failed("protocol")
    return bytes(body)


def _of_status(status: int) -> Failed:
    reason = _BY_STATUS.get(status, f"http-{status}")
    return Failed(reason, again=status in _AGAIN, server=status not in _REFUSED_INPUT)


async def before(seconds: float, server: Server, body: Mapping[str, Any]) -> Answer:
    """Ask with a deadline. Raises ``Failed``."""
    try:
        async with asyncio.timeout(seconds):
            return await server.ask(body)
    except TimeoutError:
        raise Failed("timeout") from None
