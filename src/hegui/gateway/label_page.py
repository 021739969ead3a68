"""``/label``: anyone brings a file and reads what its label says (labelling measures; Art. 12).

A plain page without scripts. The file lies in memory until the answer is given, is taken apart in
a process of its own that can be killed, and nothing of it, not even its name, is kept or logged.
"""

import logging
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hegui.gateway import label_view
from hegui.gateway.addresses import Limiter, address_of
from hegui.gateway.frame import Frame, other_of
from hegui.gateway.gate import Gate
from hegui.gateway.http import broken, described
from hegui.gateway.jsonbody import write
from hegui.gateway.sites import ELSEWHERE, from_elsewhere
from hegui.gateway.uploads import Body, Bounds, Upload, upload
from hegui.runners.label_frames import Broken, Note, Read, Report
from hegui.runners.label_reader import BUSY, LabelReader
from hegui.terms import BadRequest, HeguiError, Lang, Unavailable, Words

_log = logging.getLogger(__name__)

PATH: Final = "/label"
_AT_ONCE: Final = 2  # files of one address at a time
_SWALLOW: Final = 20.0  # seconds in which the rest of a refused upload is thrown away

_SAY: Final = {
    "title": Words("Read a file's AI label", "查看文件的生成合成标识"),
    "intro": Words(
        "Files made by AI carry a label in their metadata, which nobody sees. Bring a picture, a "
        "film, a recording or a document, and read what its label says, and whether it is as "
        "GB 45438-2025 wants it.",
        "人工智能生成的文件在元数据中带有标识，平时看不到。请上传图片、视频、音频或文档，"
        "查看其中的标识内容，以及是否符合 GB 45438-2025。",
    ),
    "choose": Words("Choose a file, or drop it here", "选择文件，或拖到此处"),
    "send": Words("Read the label", "查看标识"),
    "promise": Words(
        "At most {most} MiB. The file is read in memory and forgotten with the answer: nothing of "
        "it is kept.",
        "最大 {most} MiB。文件仅在内存中读取，答复后即清除，不作任何留存。",
    ),
    "again": Words("Another file", "再查看一个文件"),
}
_TOO_OFTEN: Final = Words(
    "Too many files came from your address in a minute. Please try again in {n} seconds.",
    "您的地址在一分钟内提交的文件过多，请在 {n} 秒后再试。",
)
WHY: Final = {
    "late": Words(
        "Reading the file took longer than allowed and was stopped. What it holds is not known.",
        "读取此文件超过时限，已中止，无法得知其内容。",
    ),
    "memory": Words(
        "Reading the file took more memory than allowed and was stopped. What it holds is not "
        "known.",
        "读取此文件所需内存超过上限，已中止，无法得知其内容。",
    ),
}
_ENDED: Final = Words(
    "Reading the file failed and was stopped. What it holds is not known.",
    "读取此文件时出错，已中止，无法得知其内容。",
)


class LabelPage:
    """The page, and the answer to a file."""

    def __init__(self, gate: Gate, reader: LabelReader) -> None:
        self._gate, self._reader = gate, reader
        settings = gate.settings.label_page
        self._bounds = Bounds(settings.bytes, settings.seconds)
        self._proxies = gate.settings.listen.proxies
        self._most = settings.at_once
        self._held = 0
        self._limiter = Limiter(settings.per_minute, _AT_ONCE, gate.clock)
        self._frame = Frame(gate, "label")

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the form."""
        lang = self._frame.language(Request(scope, receive))
        await self._html(lang, self._intro(lang) + self._form(lang))(scope, receive, send)

    async def receive(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a file and answer what its label says."""
        headers, body = Headers(scope=scope), Body(receive)
        lang = self._frame.language(Request(scope, receive))
        plain = wants_json(headers.get("accept", ""))
        try:
            brought, report = await self._read(scope, headers, body)
        except HeguiError as error:
            response = self._refusal(error, lang, headers, plain=plain)
        except Exception:  # noqa: BLE001 - the last line: whatever it is, no trace of it goes out
            response = self._refusal(broken(), lang, headers, plain=plain)
        else:
            response = self._answer(brought, report, lang, plain=plain)
        if not body.ended and not await body.swallow(_SWALLOW):
            response.headers["connection"] = "close"
        self._gate.metrics.requested(PATH, response.status_code)
        await response(scope, receive, send)

    async def _read(self, scope: Scope, headers: Headers, body: Body) -> tuple[Upload, Report]:
        if from_elsewhere(headers):
            raise BadRequest(ELSEWHERE, status=403, code="cross_site")
        address = address_of(scope, self._proxies)
        if after := self._limiter.refused(address):
            raise _TooOften(after)
        if self._held >= self._most:
            raise Unavailable(BUSY, after=2)
        self._held += 1
        self._limiter.enter(address)
        try:
            brought = await upload(
                body,
                headers.get("content-type", ""),
                headers.get("content-length", ""),
                self._bounds,
            )
            told = await self._reader.ask(Read(brought.name), brought.data)
        finally:
            self._held -= 1
            self._limiter.leave(address)
        if isinstance(told, Broken):
            _log.warning("a file could not be read by /label: %s", told.reason)
            told = ended(told)
        assert isinstance(told, Report)
        self._gate.metrics.label_read("page", told.state)
        return brought, told

    def _answer(self, brought: Upload, report: Report, lang: Lang, *, plain: bool) -> Response:
        if plain:
            about = {"name": brought.name, "bytes": len(brought.data)}
            return self._json({"file": about, **label_view.as_data(report)})
        again = f"<h2>{escape(_SAY['again'].say(lang))}</h2>"
        body = label_view.section(report, brought.name, lang) + again + self._form(lang)
        return self._html(lang, body, about=label_view.title_of(report))

    def _refusal(
        self, error: HeguiError, lang: Lang, headers: Mapping[str, str], *, plain: bool
    ) -> Response:
        status, body, after = described(error, headers.get("accept-language", ""))
        if isinstance(error, _TooOften):
            after = error.after
        if plain:
            response = self._json(body, status=status)
        else:
            said = f"<p class=problem role=alert>{escape(error.words.say(lang))}</p>"
            response = self._html(lang, said + self._form(lang), status=status)
        if after:
            response.headers["retry-after"] = str(after)
        return response

    def _intro(self, lang: Lang) -> str:
        return f"<p>{escape(_SAY['intro'].say(lang))}</p>"

    def _form(self, lang: Lang) -> str:
        said = {name: escape(words.say(lang)) for name, words in _SAY.items()}
        most = f"{self._bounds.bytes / 1_048_576:g}"
        promise = escape(_SAY["promise"].fill(most=most).say(lang))
        return (
            f"<form method=post action='{PATH}?lang={lang}' enctype='multipart/form-data'>"
            f"<label for=file>{said['choose']}</label>"
            f"<input id=file name=file type=file required aria-describedby=promise>"
            f"<button>{said['send']}</button></form>"
            f"<p id=promise class=other>{promise}</p>"
        )

    def _html(
        self, lang: Lang, body: str, *, status: int = 200, about: Words | None = None
    ) -> Response:
        title = _SAY["title"].say(lang)
        return self._frame.show(
            lang,
            title,
            body,
            other=f"{PATH}?lang={other_of(lang)}",
            about=f"{about.say(lang)} · {title}" if about else "",
            status=status,
        )

    def _json(self, body: Mapping[str, Any], *, status: int = 200) -> Response:
        return Response(
            write(body), status, media_type="application/json", headers=self._frame.headers
        )


class _TooOften(BadRequest):
    """One address came too often. ``after`` is when to come again, in seconds."""

    def __init__(self, after: int) -> None:
        super().__init__(_TOO_OFTEN.fill(n=after), status=429, code="too_many_files")
        self.after = after


def ended(told: Broken) -> Report:
    """Return what there is to say of a file that the process could not read."""
    words = WHY.get(told.reason, _ENDED)
    note = Note(f"reading-{told.reason}", "", words.en, words.zh, note=True)
    return Report("", "", "", "inconclusive", 0, [], [note])


def wants_json(accept: str) -> bool:
    """Tell whether JSON is asked for, rather than a page."""
    return "application/json" in accept and "text/html" not in accept
