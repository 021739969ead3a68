"""Fetch a file that a model server names: listed hosts only, within bounds, and never trusted.

No redirect leads where the file itself could not lie. No credential goes along. What arrives must
be of a media format by its content, and of the family that its sender declares.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hegui.labels.container import Format
from hegui.labels.recognising import HEAD, recognised
from hegui.shelf.hosts import Hosts, NotFetched, literal
from hegui.terms import Words

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host name."""

_OK: Final = 200
_MOST_HOPS: Final = 4  # the first request and three redirects
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FAMILIES: Final = frozenset({"image", "audio", "video"})
_SAYS_NOTHING: Final = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"}
)
_HEADERS: Final = {"accept": "image/*, video/*, audio/*", "accept-encoding": "identity"}
_AGENT: Final = "hegui"


class Fetched(NamedTuple):
    """A file, its format by its content, and the media type that its sender declared."""

    data: bytes
    form: Format
    declared: str

    @property
    def family(self) -> str:
        """``image``, ``audio`` or ``video``."""
        return self.form.mime[0].partition("/")[0]


@dataclass(frozen=True, slots=True)
class Limits:
    """What fetching a file may cost: bytes, seconds, and files at a time."""

    size: int
    seconds: float
    at_a_time: int


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host; an unknown one has none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class Fetcher:
    """Fetches files within limits."""

    def __init__(self, limits: Limits, resolve: Resolve = resolve) -> None:
        self._limits = limits
        self._resolve = resolve
        self._places = asyncio.Semaphore(limits.at_a_time)

    async def fetch(
        self,
        address: str,
        hosts: Hosts,
        *,
        own: Hosts | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Return the file at ``address``, or raise ``NotFetched``.

        ``own`` allows the first request alone, for a model server that hands files out itself;
        ``headers`` go to it and to nobody after it.
        """
        async with self._places:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    return await self._follow(address, hosts, own, headers or {})
            except TimeoutError:
                seconds = self._limits.seconds
                raise NotFetched("slow", _SLOW.fill(seconds=f"{seconds:g}")) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                why = type(error).__name__
                raise NotFetched("broken-off", _BROKEN_OFF.fill(why=why)) from None

    async def _follow(
        self, address: str, hosts: Hosts, own: Hosts | None, headers: Mapping[str, str]
    ) -> Fetched:
        allowed = own or hosts
        url = allowed.checked(address)
        for _ in range(_MOST_HOPS):
            async with (
                await self._session(url, allowed) as session,
                session.get(
                    url, headers={**_HEADERS, **headers}, allow_redirects=False
                ) as response,
            ):
                if response.status not in _REDIRECTS:
                    return await self._taken(response, url)
                location = response.headers.get("location", "")
            allowed, headers = hosts, {}
            url = allowed.checked(url.join(URL(location, encoded=True)))
        raise NotFetched("redirects", _REDIRECTED.fill(host=url.raw_host))

    async def _session(self, url: URL, allowed: Hosts) -> aiohttp.ClientSession:
        """Return a session of one use, that can only connect to addresses that were looked at."""
        host, port = url.raw_host or "", url.port or 0
        written = literal(host)
        found = [written] if written else await self._resolve(host, port)
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(allowed.reachable(host, found)), use_dns_cache=False, force_close=True
        )
        return aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"user-agent": _AGENT},
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def _taken(self, response: aiohttp.ClientResponse, url: URL) -> Fetched:
        host = url.raw_host
        if response.status != _OK:
            raise NotFetched("status", _STATUS.fill(host=host, status=response.status))
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise NotFetched("encoding", _ENCODED.fill(host=host))
        data = await self._body(response, url)
        declared = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = recognised(data[:HEAD], "")
        family = form.mime[0].partition("/")[0] if form is not None else ""
        if form is None or family not in _FAMILIES:
            raise NotFetched("not-media", _NOT_MEDIA.fill(host=host))
        if declared not in _SAYS_NOTHING and declared.partition("/")[0] != family:
            raise NotFetched("other-type", _OTHER_TYPE.fill(host=host, real=family))
        return Fetched(data, form, declared)

    async def _body(self, response: aiohttp.ClientResponse, url: URL) -> bytes:
        most = self._limits.size
        large = NotFetched("too-large", _LARGE.fill(host=url.raw_host, most=most))
        if (response.content_length or 0) > most:
            raise large
        body = bytearray()
        async for part in response.content.iter_any():
            body += part
            if len(body) > most:
                raise large
        return bytes(body)


class _Pinned(AbstractResolver):
    """Knows one host, by the addresses that were looked at."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return those addresses, whatever the name."""
        del family
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        """Do nothing."""


_SLOW: Final = Words(
    en="A file of the model server was not there within {seconds} s (shelf.fetch_seconds).",
    zh="模型服务的文件未能在 {seconds} 秒内取得（shelf.fetch_seconds）。",
)
_BROKEN_OFF: Final = Words(
    en="A file of the model server broke off or could not be asked for ({why}). Its length may not "
    "be what was announced.",
    zh="模型服务的文件传输中断或无法访问（{why}），实际长度可能与声明不符。",
)
_REDIRECTED: Final = Words(
    en="{host} sends on and on. At most three redirects are followed.",
    zh="{host} 反复重定向。最多跟随三次。",
)
_STATUS: Final = Words(
    en="{host} answered HTTP {status} instead of a file. Its address may have run out.",
    zh="{host} 未返回文件，而是 HTTP {status}。地址可能已过期。",
)
_ENCODED: Final = Words(
    en="{host} sent a compressed file although none was asked for. It was not unpacked.",
    zh="{host} 返回了压缩编码的文件，而请求中并未要求。未解压。",
)
_LARGE: Final = Words(
    en="A file on {host} is larger than {most} bytes (media.bytes).",
    zh="{host} 上的文件超过 {most} 字节（media.bytes）。",
)
_NOT_MEDIA: Final = Words(
    en="What {host} sent is no picture, film or sound in a format that hegui can label.",
    zh="{host} 返回的不是 hegui 可以标识的图片、视频或音频格式。",
)
_OTHER_TYPE: Final = Words(
    en="What {host} sent is of the type {real} by its content, and declared as something else.",
    zh="{host} 返回的内容实为 {real} 类型，与声明的类型不符。",
)
