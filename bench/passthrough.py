"""What hegui is measured against: Starlette and aiohttp that hand bytes through, and no more."""

import contextlib
import os
from collections.abc import AsyncIterator

import aiohttp
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

URL = os.environ.get("BENCH_UPSTREAM", "http://127.0.0.1:9100") + "/v1/chat/completions"
SENT = {"content-type": "application/json"}


@contextlib.asynccontextmanager
async def _client(app: Starlette) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app.state.session = session
        yield


async def _released(reply: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for data in reply.content.iter_any():
            yield data
    finally:
        reply.release()


async def _chat(request: Request) -> Response:
    body = await request.body()
    asked = msgspec.json.decode(body)  # a proxy must at least read the model's name
    reply = await request.app.state.session.post(URL, data=body, headers=SENT)
    if asked.get("stream"):
        return StreamingResponse(_released(reply), media_type="text/event-stream")
    return Response(await reply.read(), reply.status, media_type="application/json")


async def _alive(request: Request) -> Response:
    del request
    return Response("ok")


app = Starlette(
    routes=[
        Route("/v1/chat/completions", _chat, methods=["POST"]),
        Route("/healthz", _alive),
    ],
    lifespan=_client,
)
