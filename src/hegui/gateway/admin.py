"""Health on both listeners, and the admin listener: metrics and readiness, behind its own key."""

import hmac
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hegui.gateway.duties import Boards, DutiesPage
from hegui.gateway.gate import Gate

Lag = Callable[[], int]


async def healthz(_request: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


def admin_app(
    gate: Gate, lag: Lag, ready: Callable[[], dict[str, Any]], boards: Boards
) -> Starlette:
    """Return the admin application. With a key set, every path but ``/healthz`` asks for it."""
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

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/duties", DutiesPage(gate, boards).show),
        ]
    )
