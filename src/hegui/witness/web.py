"""One HTTP request to an address of the settings: no redirect, a bounded answer, a deadline."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import aiohttp

SECONDS: Final = 10.0


class Troubled(Exception):
    """No use could be made of whom was asked. ``word`` is short, fit for a metric and a message."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Reply(NamedTuple):
    """An HTTP answer, whole."""

    status: int
    content_type: str
    body: bytes


class Web:
    """Posts to configured addresses. The pool of connections lives on the loop that first asks."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], most: int) -> Reply:
        """Post ``body`` and return the answer, of at most ``most`` bytes. Raises ``Troubled``.

        No redirect is followed: what is asked is what the settings name, and nothing else.
        """
        import aiohttp  # commands that ask nobody do without it

        try:
            async with asyncio.timeout(self._seconds):
                async with self._pool().post(
                    url, data=body, headers=dict(headers), allow_redirects=False
                ) as response:
                    data = await response.content.read(most + 1)
                    while len(data) <= most and not response.content.at_eof():
                        data += await response.content.read(most + 1 - len(data))
                    kind = response.headers.get("content-type", "")
        except TimeoutError:
            raise Troubled("timeout") from None
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError):
            raise Troubled("unreachable") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Troubled("broken-off") from None
        if len(data) > most:
            raise Troubled("too-large")
        return Reply(response.status, kind.partition(";")[0].strip(), data)

    def _pool(self) -> "aiohttp.ClientSession":
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=4.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"accept-encoding": "identity"},
            )
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def posted(
    url: str, body: bytes, headers: Mapping[str, str], most: int, *, seconds: float = SECONDS
) -> Reply:
    """Post once as ``Web`` does, and wait for the answer; for callers that have no loop."""

    async def post() -> Reply:
        web = Web(seconds=seconds)
        try:
            return await web.post(url, body, headers, most)
        finally:
            await web.close()

    return asyncio.run(post())
