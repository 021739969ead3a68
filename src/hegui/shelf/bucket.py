"""Keep media in a bucket of a storage that speaks the S3 protocol: put, read, delete, no more."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from hegui.settings.shelf import S3
from hegui.shelf.sigv4 import path_of, signed
from hegui.terms import Clock, Unavailable, Words

_SECONDS: Final = 60.0
_PUT: Final = frozenset({200, 201})
_READ: Final = frozenset({200, 206})
_DELETED: Final = frozenset({200, 204, 404})
_PAST_THE_END: Final = 416
_AGAIN: Final = frozenset({500, 502, 503, 504})
_PAUSE: Final = 0.2
_NOTHING: Final = hashlib.sha256(b"").hexdigest()


class Bucket:
    """A bucket. Requests are signed; a failing one is tried once more, since all may be repeated.

    The secret is in no message. What the storage says of an error is not repeated, its status is.
    """

    kind = "s3"

    def __init__(self, settings: S3, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        parts = urlsplit(settings.endpoint)
        self._scheme = parts.scheme
        self._host = parts.netloc
        if not settings.path_style:
            self._host = f"{settings.bucket}.{parts.netloc}"
        self._session: aiohttp.ClientSession | None = None

    async def put(self, name: str, data: bytes, mime: str) -> None:
        """See ``Blobs``. S3 keeps an object whole or not at all."""
        headers = {"content-type": mime}
        digest = hashlib.sha256(data).hexdigest()
        status, _ = await self._ask("PUT", name, headers, (data, digest))
        if status not in _PUT:
            raise self._failed(status)

    async def read(self, name: str, start: int, count: int) -> bytes:
        """See ``Blobs``."""
        headers = {"range": f"bytes={start}-{start + count - 1}"}
        status, data = await self._ask("GET", name, headers, most=count)
        if status == _PAST_THE_END:
            return b""
        if status not in _READ:
            raise self._failed(status)
        return data

    async def delete(self, name: str) -> None:
        """See ``Blobs``."""
        status, _ = await self._ask("DELETE", name, {})
        if status not in _DELETED:
            raise self._failed(status)

    async def forgotten(self, before_ms: int) -> list[str]:
        """List none: a rule of the bucket's life cycle deletes what is left behind."""
        del before_ms
        return []

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str],
        body: tuple[bytes, str] = (b"", _NOTHING),
        *,
        most: int = 0,
    ) -> tuple[int, bytes]:
        for last in (False, True):
            try:
                status, data = await self._once(method, name, headers, body, most)
            except (aiohttp.ClientError, OSError) as error:  # a deadline is an OSError as well
                if last:
                    words = _UNREACHABLE.fill(host=self._host, why=type(error).__name__)
                    raise Unavailable(words) from None
            else:
                if last or status not in _AGAIN:
                    return status, data
            await asyncio.sleep(_PAUSE)
        raise AssertionError  # the second time returns or raises

    async def _once(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str],
        body: tuple[bytes, str],
        most: int,
    ) -> tuple[int, bytes]:
        said = self._settings
        path = path_of(said.bucket if said.path_style else "", f"{said.prefix}{name}")
        data, digest = body
        whole = signed(
            method,
            self._host,
            path,
            headers,
            digest,
            region=said.region,
            access_key=said.access_key.reveal(),
            secret_key=said.secret_key.reveal(),
            at_ms=self._clock(),
        )
        url = URL(f"{self._scheme}://{self._host}{path}", encoded=True)
        async with (
            asyncio.timeout(_SECONDS),
            self._pool().request(
                method, url, data=data or None, headers=whole, allow_redirects=False
            ) as response,
        ):
            if response.status not in _READ or most == 0:
                response.release()
                return response.status, b""
            read = bytearray()
            async for part in response.content.iter_any():
                read += part
                if len(read) > most:  # a storage that knows no ranges sends all of it
                    raise Unavailable(_NO_RANGES.fill(host=self._host))
            return response.status, bytes(read)

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("content-type", "accept-encoding", "user-agent"),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    def _failed(self, status: int) -> Unavailable:
        return Unavailable(_SAID_NO.fill(host=self._host, status=status))


_UNREACHABLE: Final = Words(
    en="The storage {host} cannot be reached ({why}). Check [shelf.s3].",
    zh="无法访问存储服务 {host}（{why}）。请检查 [shelf.s3]。",
)
_SAID_NO: Final = Words(
    en="The storage {host} refused a request (HTTP {status}). Check the bucket, the keys and their "
    "rights in [shelf.s3]: put, get and delete objects.",
    zh="存储服务 {host} 拒绝了请求（HTTP {status}）。请检查 [shelf.s3] 中的存储桶、密钥及其权限："
    "上传、读取和删除对象。",
)
_NO_RANGES: Final = Words(
    en="The storage {host} does not give parts of an object. hegui needs that (Range requests).",
    zh="存储服务 {host} 不支持按范围读取对象，而 hegui 需要此功能（Range 请求）。",
)
