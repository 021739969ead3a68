"""The frame of every page that the gateway shows: one look, two languages, and what it may load.

A page brings its body, and a style of its own (``pages/NAME.css``) that follows the frame's.
"""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse

from hegui.gateway.gate import Gate
from hegui.terms import Lang

_PAGES = files("hegui.gateway").joinpath("pages")


class Frame:
    """Pages of one style. Their style is let in by its digest, and nothing else at all."""

    def __init__(self, gate: Gate, name: str) -> None:
        self._gate = gate
        style = "".join(_read(f"{each}.css") for each in ("frame", name))
        self._page = Template(_read("frame.html").replace("$style", style.replace("$", "$$")))
        digest = base64.b64encode(hashlib.sha256(f"\n{style}".encode()).digest()).decode()
        self.headers = {
            "content-security-policy": f"default-src 'none'; style-src 'sha256-{digest}'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
        }

    def language(self, request: Request) -> Lang:
        """Return the language that the address or the browser asks for."""
        asked = request.query_params.get("lang", "") or request.headers.get("accept-language", "")
        if asked.lower().startswith("en"):
            return "en"
        return "zh" if asked.lower().startswith("zh") else self._gate.settings.service.language

    def show(
        self, lang: Lang, title: str, body: str, *, other: str, about: str = "", status: int = 200
    ) -> HTMLResponse:
        """Return a page. ``body`` is HTML already; ``title`` is a text, as is ``about``.

        ``other`` is the address of the same page in the other language. ``about`` stands in the
        window's title instead of ``title``.
        """
        page = self._page.substitute(
            lang="zh-CN" if lang == "zh" else "en",
            about=escape(about or title),
            title=escape(title),
            service=escape(self._gate.settings.service.name),
            other_address=escape(other),
            other_name="English" if lang == "zh" else "中文",
            other_lang="en" if lang == "zh" else "zh-CN",
            body=body,
        )
        return HTMLResponse(page, status_code=status, headers=self.headers)


def other_of(lang: Lang) -> Lang:
    """Return the other language."""
    return "en" if lang == "zh" else "zh"


def _read(name: str) -> str:
    return _PAGES.joinpath(name).read_text(encoding="utf-8")
