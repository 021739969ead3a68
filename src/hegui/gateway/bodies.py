"""Bodies on their way in: whoever sends theirs slowly keeps no other tenant out.

A body that has come with its head costs nothing here. Of those still awaited, a tenant has a share
of the places, and a share of the memory.
"""

from typing import Final

from starlette.types import Receive

from hegui.gateway.jsonbody import too_large
from hegui.terms import BadRequest, Words

_MOST_BYTES: Final = 256 * 1024 * 1024
_SHARE: Final = 4  # of so many places one is for a tenant's bodies that are awaited
_LEAST: Final = 16

_CUT: Final = Words(
    en="The request broke off before its body was complete.", zh="请求体尚未传完就已中断。"
)
_BUSY: Final = Words(
    en="Too many bodies of your requests are still on their way. Let some arrive, then try again.",
    zh="您有过多请求的请求体尚未传完。请待其传完后再试。",
)


class Bodies:
    """Reads bodies. ``places`` are the requests that the service takes at a time."""

    def __init__(self, places: int, most_bytes: int = _MOST_BYTES) -> None:
        self._most, self._most_bytes = max(_LEAST, places // _SHARE), most_bytes
        self._awaited: dict[str, tuple[int, int]] = {}  # how many, and their bytes so far

    async def read(self, tenant: str, receive: Receive, limit: int) -> bytes:
        """Return a body of at most ``limit`` bytes.

        ``BadRequest``: 413 for a larger one, 400 for one that breaks off, 429 where too much of
        this tenant is on its way already.
        """
        part, more = await _next(receive)
        if len(part) > limit:
            raise too_large(limit)
        if not more:
            return part
        parts, size = [part], len(part)
        self._add(tenant, 1, size)
        try:
            while more:
                count, held = self._awaited[tenant]
                if count > self._most or held > self._most_bytes:
                    raise BadRequest(_BUSY, status=429, code="too_many_bodies")
                part, more = await _next(receive)
                size += len(part)
                self._add(tenant, 0, len(part))
                if size > limit:
                    raise too_large(limit)
                parts.append(part)
        finally:
            self._add(tenant, -1, -size)
        return b"".join(parts)

    def _add(self, tenant: str, count: int, size: int) -> None:
        open_before, held = self._awaited.get(tenant, (0, 0))
        self._awaited[tenant] = (open_before + count, held + size)
        if not self._awaited[tenant][0]:
            del self._awaited[tenant]


async def _next(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise BadRequest(_CUT, status=400)
    return message.get("body", b""), message.get("more_body", False)
