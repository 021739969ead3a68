"""At the door of the media routes: no more at once than memory is meant for."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hegui.gateway.gate import Gate, Outbox
from hegui.gateway.http import described
from hegui.terms import Unavailable, Words

_AFTER: Final = 5  # seconds


class AtOnce:
    """Lets in so many requests for media at a time as ``media.at_once`` says; 503 for more."""

    def __init__(self, gate: Gate, app: ASGIApp) -> None:
        self._gate, self._app = gate, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        media = self._gate.media
        if media.open >= self._gate.settings.media.at_once:
            out = Outbox(send, Headers(scope=scope).get("accept-language", ""))
            busy = Unavailable(_BUSY, after=_AFTER)
            status, body, after = described(busy, out.accept_language)
            await out.whole(body, status=status, after=after)
            return
        media.open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            media.open -= 1


_BUSY: Final = Words(
    en="Too many pictures and speeches are under way. Try again shortly.",
    zh="正在生成的图片和语音过多，请稍后再试。",
)
