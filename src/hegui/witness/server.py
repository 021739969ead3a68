"""The witness over HTTP: three paths, bounded bodies, and nothing else."""

import asyncio
import logging
import re
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hegui.terms import BadRequest, HeguiError, Words
from hegui.witness.asking import MOST_BYTES
from hegui.witness.signing import Answer, Witness

_log = logging.getLogger(__name__)

BODY_SECONDS: Final = 10.0
MOST_AT_ONCE: Final = 64
_HASH: Final = re.compile("[0-9a-f]{64}")
_TOO_LARGE = Words(
    en="The body has more than {most} bytes.",
    zh="请求体超过 {most} 字节。",
)
_SLOW = Words(
    en="The body did not arrive within {seconds:.0f} seconds.",
    zh="请求体未在 {seconds:.0f} 秒内传完。",
)
_BUSY = Words(
    en="Too many requests are under way. Try again shortly.",
    zh="正在处理的请求过多，请稍后再试。",
)
_NOT_SIGNED = Words(
    en="This witness has signed no head of that log.",
    zh="本见证方没有签署过该账本的检查点。",
)


class _Server:
    def __init__(self, witness: Witness, body_seconds: float) -> None:
        self._witness = witness
        self._body_seconds = body_seconds
        self._open = 0

    async def add_checkpoint(self, request: Request) -> Response:
        """``POST /add-checkpoint``."""
        if self._open >= MOST_AT_ONCE:
            return _said(503, _BUSY, {"retry-after": "1"})
        self._open += 1
        try:
            return await self._add(request)
        finally:
            self._open -= 1

    async def _add(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await _body(request)
            answer = await asyncio.to_thread(self._witness.add, body)
        except TimeoutError:
            slow = _SLOW.fill(seconds=self._body_seconds)
            return _said(408, slow, {"connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)
        except BadRequest as error:
            return _said(error.status, error.words)
        except HeguiError as error:
            _log.exception("a request could not be answered")
            return _said(503, error.words, {"retry-after": "10"})
        return _response(answer)

    async def checkpoint(self, request: Request) -> Response:
        """``GET /<SHA-256 of the origin>/checkpoint``: the newest head that was signed."""
        asked = request.path_params["origin"]
        note = None
        if _HASH.fullmatch(asked):
            try:
                note = await asyncio.to_thread(self._witness.latest, asked)
            except HeguiError as error:
                _log.exception("a request could not be answered")
                return _said(503, error.words, {"retry-after": "10"})
        if note is None:
            return _said(404, _NOT_SIGNED)
        return PlainTextResponse(note, headers={"cache-control": "max-age=5"})

    async def healthz(self, _request: Request) -> Response:
        """``GET /healthz``: the process answers."""
        return PlainTextResponse("ok\n")


def witness_app(witness: Witness, *, body_seconds: float = BODY_SECONDS) -> Starlette:
    """Return the application of a witness. Both prefixes of tlog-witness are its root."""
    server = _Server(witness, body_seconds)
    return Starlette(
        routes=[
            Route("/add-checkpoint", server.add_checkpoint, methods=["POST"]),
            Route("/{origin}/checkpoint", server.checkpoint),
            Route("/healthz", server.healthz),
        ]
    )


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise BadRequest(_TOO_LARGE.fill(most=MOST_BYTES), status=413, code="too_large")
        parts.append(part)
    return b"".join(parts)


def _response(answer: Answer) -> Response:
    # not PlainTextResponse: the content type of a size has no charset
    body = answer.body.encode()
    return Response(body, answer.status, {"content-type": answer.content_type})


def _said(status: int, words: Words, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{words.en}\n{words.zh}\n", status, headers)
