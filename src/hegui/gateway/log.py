"""``/log/{tenant}/…``: the log as C2SP ``tlog-tiles`` publishes it, below its signed head.

Checkpoint and hash tiles are for everybody: they hold hashes of salted records and nothing else.
Entry bundles are for inspectors alone (Art. 19); whom a bundle may be shown, and that it was, is
the matter of ``Inspectors``.
"""

import asyncio
import gzip
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeVar

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from hegui.gateway.gate import Outbox
from hegui.gateway.http import broken, described
from hegui.gateway.metrics import Metrics
from hegui.ledger.tiles import WIDTH, LogReader, Logs, Place, bundle, read_path
from hegui.terms import BadRequest, Corrupt, HeguiError, Unavailable, Words

T = TypeVar("T")

_log = logging.getLogger(__name__)

PREFIX = "/log/"
_LONGEST_PATH = 1_024
_THREADS = 2
_WAITING = 64
_GZIP_LEVEL = 1

_TEXT = b"text/plain; charset=utf-8"
_BYTES = b"application/octet-stream"
# a full tile never changes and never goes; a partial one may go once a full one took its place
_NEWEST = b"public, max-age=2"
_FULL = b"public, max-age=31536000, immutable"
_PARTIAL = b"public, max-age=3600, immutable"
_PRIVATE = b"private, no-store"

_NOTHING = Words(
    en="There is nothing here. A log's addresses are checkpoint and tile/… (C2SP tlog-tiles).",
    zh="没有这个地址。账本的地址为 checkpoint 和 tile/…（见 C2SP tlog-tiles）。",
)
_INSPECTORS = Words(
    en="Entries are shown to inspectors only. Send the inspector's key as a bearer token.",
    zh="记录只向监督检查人员提供。请以 Bearer 方式发送检查密钥。",
)
_PRUNED = Words(
    en="An entry of this bundle was deleted when its term ended; its hash stays in the tiles.",
    zh="此条目包中有记录已到期删除，其哈希仍保留在哈希分片中。",
)
_BUSY = Words(
    en="Too many parts of the log are being read. Try again in a second.",
    zh="同时读取账本的请求过多，请稍后再试。",
)


class Inspectors(Protocol):
    """Who knows inspectors' keys, and puts on record what each is shown."""

    async def may_read(self, authorization: str, tenant: str, start: int, end: int) -> bool:
        """Tell whether who sent this ``Authorization`` may be shown the entries ``[start, end)``.

        False where the key is not known. ``BadRequest`` (403) where it is, but these entries are
        not within its scope. When this returns True, the access is on record already.
        """


class Nobody:
    """There are no inspectors."""

    async def may_read(self, authorization: str, tenant: str, start: int, end: int) -> bool:
        """Let nobody in."""
        del authorization, tenant, start, end
        return False


@dataclass(frozen=True, slots=True)
class _Part:
    """What is served of a log, and how it may be kept by others."""

    body: bytes
    kind: bytes
    keep: bytes
    gzipped: bool = False


class LogPages:
    """The public addresses of the logs. Reads happen off the loop, two at a time."""

    def __init__(self, logs: Logs, metrics: Metrics, inspectors: Inspectors | None = None) -> None:
        self._logs, self._metrics = logs, metrics
        self._inspectors = inspectors or Nobody()
        self._threads = ThreadPoolExecutor(_THREADS, "log")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one GET or HEAD."""
        del receive
        headers = Headers(scope=scope)
        out = Outbox(send, headers.get("accept-language", ""))
        try:
            part = await self._part(scope["path"], headers)
            await _send_part(part, send, head=scope["method"] == "HEAD")
        except HeguiError as error:
            await self._fail(error, out)
        except Exception:  # noqa: BLE001 - the last line: whatever it is, no trace of it goes out
            await self._fail(broken(), out)
        self._metrics.requested(PREFIX, out.status or 200)

    def close(self) -> None:
        """Wait for the reads that are under way, and let go of the database."""
        self._threads.shutdown()
        self._logs.close()

    async def _part(self, path: str, headers: Headers) -> _Part:
        tenant, what = _parsed(path)
        if what is None:
            body = await self._read(tenant, lambda log: log.checkpoint.encode())
            return _Part(body, _TEXT, _NEWEST)
        if what.level is not None:
            return await self._tile(tenant, what.level, what)
        authorization = headers.get("authorization", "")
        return await self._bundle(tenant, what, authorization, _takes_gzip(headers))

    async def _tile(self, tenant: str, level: int, place: Place) -> _Part:
        body = await self._read(tenant, lambda log: log.tile(level, place.n, place.width))
        return _Part(body, _BYTES, _FULL if place.width == WIDTH else _PARTIAL)

    async def _bundle(self, tenant: str, place: Place, authorization: str, gzipped: bool) -> _Part:  # noqa: FBT001 - what the caller takes
        start = place.n * WIDTH
        end = start + place.width
        if not authorization or not await self._inspectors.may_read(
            authorization, tenant, start, end
        ):
            raise BadRequest(_INSPECTORS, status=401, code="inspectors_only")

        def read(log: LogReader) -> bytes:
            leaves = log.leaves(start, end)
            if not all(leaves):
                raise BadRequest(_PRUNED, status=410, code="pruned")
            data = bundle(leaves)
            return gzip.compress(data, _GZIP_LEVEL, mtime=0) if gzipped else data

        return _Part(await self._read(tenant, read), _BYTES, _PRIVATE, gzipped)

    async def _read(self, tenant: str, work: Callable[[LogReader], T]) -> T:
        if self._waiting >= _WAITING:
            raise Unavailable(_BUSY)
        self._waiting += 1
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._logs.read, tenant, work)
        finally:
            self._waiting -= 1

    async def _fail(self, error: HeguiError, out: Outbox) -> None:
        if isinstance(error, Corrupt):
            _log.error("a log was not served: %s", error)
        status, body, after = described(error, out.accept_language)
        if status == 401:  # noqa: PLR2004 - RFC 9110, 15.5.2: it must name the scheme
            out.note(b"www-authenticate", b"Bearer")
        out.note(b"cache-control", b"no-store")
        await out.whole(body, status=status, after=after)


def _parsed(path: str) -> tuple[str, Place | None]:
    """Return the tenant and the tile or bundle; None in its place for the checkpoint."""
    if len(path) > _LONGEST_PATH:
        _nothing()
    rest = path.removeprefix(PREFIX)
    if rest.endswith("/checkpoint"):
        return rest.removesuffix("/checkpoint"), None
    tenant, gap, tail = rest.rpartition("/tile/")
    place = read_path(f"tile/{tail}") if gap else None
    if place is None or not tenant:
        _nothing()
    return tenant, place


def _nothing() -> NoReturn:
    raise BadRequest(_NOTHING, status=404, code="not_found")


def _takes_gzip(headers: Headers) -> bool:
    return any(
        name.strip() == "gzip" and quality.strip() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        for name, _, quality in (
            each.partition(";") for each in headers.get("accept-encoding", "").lower().split(",")
        )
    )


async def _send_part(part: _Part, send: Send, *, head: bool) -> None:
    headers = [
        (b"content-type", part.kind),
        (b"content-length", str(len(part.body)).encode()),
        (b"cache-control", part.keep),
        (b"x-content-type-options", b"nosniff"),
    ]
    if part.gzipped:
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else part.body})
