"""Health on both listeners, and the admin listener: metrics and readiness, behind its own key.

Without a key it listens on loopback alone, and the operator's own browser is the way in for others:
a site whose name they let point to 127.0.0.1 (DNS rebinding) is told apart by that name.
"""

import hmac
import ipaddress
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hegui.gateway.duties import Boards, DutiesPage
from hegui.gateway.gate import Gate
from hegui.terms import Lang, Words

Lag = Callable[[], int]


async def healthz(_request: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


def admin_app(gate: Gate, lag: Lag, ready: Callable[[], dict[str, Any]], boards: Boards) -> ASGIApp:
    """Return the admin application. With a key set, every path but ``/healthz`` asks for it.

    Without one, it is asked for by an address or as localhost, or answers 421 (RFC 9110, 15.5.20).
    """
    key = gate.settings.listen.admin_key

    def allowed(request: Request) -> bool:
        sent = request.headers.get("authorization", "")
        return not key or hmac.compare_digest(sent.encode(), f"Bearer {key.reveal()}".encode())

    async def metrics(request: Request) -> Response:
        if not allowed(request):
            return PlainTextResponse("401\n", status_code=401)
        page = gate.metrics.page(exchanges=len(gate.open), lag=lag())
        return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def readyz(request: Request) -> Response:
        if not allowed(request):
            return PlainTextResponse("401\n", status_code=401)
        state = ready()
        return JSONResponse(state, status_code=200 if state["ready"] else 503)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/duties", DutiesPage(gate, boards).show),
        ]
    )
    return app if key else _ByItsOwnName(app)


class _ByItsOwnName:
    """Serves who asks for an address or for localhost; no site of another name is let in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "")
        if scope["path"] == "/healthz" or _own(host):
            await self._app(scope, receive, send)
        else:
            both: tuple[Lang, Lang] = ("en", "zh")
            said = "\n".join(map(_ANOTHER.say, both))
            await PlainTextResponse(f"{said}\n", status_code=421)(scope, receive, send)


def _own(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


_ANOTHER: Final = Words(
    en="Without listen.admin_key this answers only to an IP address or localhost. Ask for it so, "
    "or set listen.admin_key.",
    zh="未设置 listen.admin_key 时，此端口只应答以 IP 地址或 localhost 访问的请求。"
    "请改用这样的地址，或设置 listen.admin_key。",
)
