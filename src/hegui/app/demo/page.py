"""The demo's page: one static page, and the endpoints that its buttons call. Loopback only."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hegui.app.demo import records
from hegui.app.demo.caller import Caller, Event, Request
from hegui.app.demo.plays import FLIP_ARTICLE, FLIP_SHORT, FLIP_TITLE, PLAYS
from hegui.terms import Lang, Words

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_STATIC = {
    "index.html": "text/html; charset=utf-8",
    "demo.js": "text/javascript; charset=utf-8",
    "demo.css": "text/css; charset=utf-8",
    "seal.svg": "image/svg+xml",
}
_LONGEST = 2_000  # characters of a question typed into the page
_BODY = 20_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says about itself: how long start-up took, what to paste, where things lie."""

    started_ms: int
    paste: Mapping[Lang, Mapping[str, str]]
    own_model: str = ""
    titles: Mapping[str, Words] = field(default_factory=dict)

    def told(self, caller: Caller) -> dict[str, Any]:
        """Return the facts and the plays for the page, in both languages."""
        langs: tuple[Lang, Lang] = ("zh", "en")
        flip = {
            lang: {
                "name": "flip",
                "title": FLIP_TITLE.say(lang),
                "short": FLIP_SHORT.say(lang),
                "article": FLIP_ARTICLE.say(lang),
            }
            for lang in langs
        }
        return {
            "url": caller.place.url,
            "started_ms": self.started_ms,
            "paste": self.paste,
            "database": str(caller.place.database),
            "model": self.own_model or "practice",
            "titles": {
                rule: {lang: words.say(lang) for lang in langs}
                for rule, words in self.titles.items()
            },
            "plays": {
                lang: [*(play.told(lang) for play in PLAYS.values()), flip[lang]] for lang in langs
            },
        }


class Page:
    """Serves the page. Answers only to loopback names, so that no other site can speak to it."""

    def __init__(self, caller: Caller, facts: Facts) -> None:
        self._caller, self._facts = caller, facts
        self.app = Starlette(
            routes=[
                Route("/", self._file),
                Route("/facts", self._told),
                Route("/play/{name}", self._play, methods=["POST"]),
                Route("/ask", self._ask, methods=["POST"]),
                Route("/flip", self._flip, methods=["POST"]),
                Route("/{name}", self._file),
            ],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
            ],
        )

    async def _file(self, request: HttpRequest) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in _STATIC:
            return JSONResponse({"error": "not found"}, status_code=404, headers=_HEADERS)
        content = files(__package__).joinpath("static", name).read_bytes()
        return Response(content, media_type=_STATIC[name], headers=_HEADERS)

    async def _told(self, _request: HttpRequest) -> Response:
        return JSONResponse(self._facts.told(self._caller), headers=_HEADERS)

    async def _play(self, request: HttpRequest) -> Response:
        play = PLAYS.get(request.path_params["name"])
        options = await _options(request)
        if play is None or options is None:
            return _unclear()
        model = self._facts.own_model if play.any_model and self._facts.own_model else play.model
        asked = Request(model, play.prompt.say(_lang(options)), play.minor, _lang(options))
        return _stream(self._caller.play(asked))

    async def _ask(self, request: HttpRequest) -> Response:
        options = await _options(request)
        text = options.get("text") if options else None
        if options is None or not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
            return _unclear()
        model = self._facts.own_model or "practice"
        asked = Request(model, text, bool(options.get("minor")), _lang(options))
        return _stream(self._caller.play(asked))

    async def _flip(self, request: HttpRequest) -> Response:
        options = await _options(request)
        if options is None:
            return _unclear()
        place = self._caller.place
        copy = place.database.with_name("tampered-copy.db")
        if not await asyncio.to_thread(records.size, place.database, place.tenant):
            return JSONResponse({"empty": True}, headers=_HEADERS)
        result = await asyncio.to_thread(
            records.flip, place.database, place.tenant, copy, place.vkeys
        )
        return JSONResponse(result.told(_lang(options)), headers=_HEADERS)


def _lang(options: dict[str, Any]) -> Lang:
    return "zh" if options.get("lang") == "zh" else "en"


async def _options(request: HttpRequest) -> dict[str, Any] | None:
    """Return the JSON body of a call that our own page made; nothing for any other."""
    if request.headers.get("content-type") != "application/json":
        return None  # a form of another site cannot send this type
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _BODY:
            return None
    try:
        options = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return options if isinstance(options, dict) else None


def _unclear() -> Response:
    return JSONResponse({"error": "bad request"}, status_code=400, headers=_HEADERS)


def _stream(played: AsyncIterator[Event]) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        async for event in played:
            yield json.dumps(event).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=_HEADERS)
