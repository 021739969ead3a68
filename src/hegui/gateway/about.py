"""``/about``: what the provider tells the public, as published, in either language.

An index, a page for each version (``/about/KIND/N``), and the very bytes that were published
(``/about/KIND/N.toml``), so that anyone can work out the digest. Each is held against the ledger
before it is shown. No scripts; whatever a statement says is text, never markup.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hegui.filing.statements import SORTS, Register, Sort, Statement, Version, read
from hegui.filing.statements.register import TENANT
from hegui.filing.statements.rows import COLUMNS, expired
from hegui.gateway.frame import Frame, other_of
from hegui.gateway.gate import Gate
from hegui.gateway.http import Methods
from hegui.ledger.tiles import Logs
from hegui.terms import BadRequest, HeguiError, Lang, Unavailable, Words

_BEIJING = timezone(timedelta(hours=8))
_MOST_DIGITS = 6

_TITLE = Words("About this service", "关于本服务")
_UNPUBLISHED = Words("The provider has not published this.", "提供者尚未公布。")
_WITHDRAWN = Words("Withdrawn on {day}; not in force.", "已于 {day} 撤回，不再有效。")
_OLDER = Words("A newer version is in force.", "已有更新的版本。")
_REPLACED = Words(
    "Not in force: a newer version replaced it, and was withdrawn.",
    "不再有效：已被更新的版本取代，而该版本已撤回。",
)
_SINCE = Words("Version {version}, since {day}", "第 {version} 版，自 {day} 起")
_RECORD = Words(
    "Published by {by} ({role}). SHA-256 {digest}. Ledger entry {index}.",
    "公布人：{by}（{role}）。SHA-256：{digest}。账本第 {index} 条。",
)
_RAW = Words("The text as published", "公布的原文")
_ALL = Words("All statements", "全部声明")
_VERSIONS = Words("Other versions", "其他版本")
_EXPIRED = Words("expired", "已过期")
_DAYS = Words("{days} days", "{days} 日")
_CHINESE = Words("Published in Chinese only.", "仅以中文公布。")
_NOT_FOUND = Words("There is no such statement.", "没有这项声明。")
_COLUMN = {
    "name": Words("Name", "名称"),
    "basis": Words("Basis", "依据"),
    "sort": Words("Sort", "类别"),
    "number": Words("Number", "编号"),
    "algorithm": Words("Algorithm filing", "算法备案编号"),
    "link": Words("Link", "链接"),
    "until": Words("Valid until", "有效期至"),
}
_VALUE = {
    "filing": Words("filing", "备案"),
    "registration": Words("registration", "登记"),
    "icp-filing": Words("ICP filing", "ICP备案"),
    "telecom": Words("telecom licence", "电信业务经营许可证"),
    "other": Words("other", "其他"),
    "permanent": Words("permanent", "长期"),
}


class AboutPages:
    """The pages."""

    def __init__(self, gate: Gate, logs: Logs) -> None:
        self._gate, self._logs = gate, logs
        self._register = Register(gate.settings.data_dir)
        self._frame = Frame(gate, "about")

    def paths(self) -> dict[str, Methods]:
        """Return the paths that the pages have."""
        return {
            "/about": Methods(get=self.show),
            "/about/": Methods(get=self.show),
        }

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the index or a version; a version that was changed is an error, never shown."""
        request = Request(scope, receive)
        lang = self._frame.language(request)
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(None, self._answer, scope["path"], lang)
        await response(scope, receive, send)

    def _answer(self, path: str, lang: Lang) -> Response:
        try:
            _, _, *rest = path.rstrip("/").split("/")
            if not rest:
                return self._index(lang)
            sort, number, raw = _named(rest)
            version = self._register.version(sort.id, number)
            content = self._checked(version)
            if raw:
                plain = {**self._frame.headers, "content-type": "text/plain; charset=utf-8"}
                return Response(content, headers=plain)
            return self._version(version, read(content), lang)
        except BadRequest:
            return self._render(lang, _TITLE, _warn(_NOT_FOUND, lang), status=404)
        except HeguiError as error:
            status = 503 if isinstance(error, Unavailable) else 500
            return self._render(lang, _TITLE, _warn(_public(error), lang), status=status)

    def _checked(self, version: Version) -> bytes:
        content = self._register.text(version)
        self._logs.read(TENANT, partial(self._register.check, version))
        return content

    def _newest(self, sort: Sort) -> Version | None:
        """Return the newest version of a kind; one that was withdrawn, held against the ledger."""
        newest = self._register.newest(sort.id)
        if newest is not None and newest.withdrawal is not None:
            self._logs.read(TENANT, partial(self._register.check, newest))
        return newest

    def _index(self, lang: Lang) -> Response:
        rows = []
        for sort in SORTS.values():
            current = self._newest(sort)
            title = escape(sort.title.say(lang))
            if current is None or current.withdrawal is not None:
                said = f"<span class=soft>{escape(_UNPUBLISHED.say(lang))}</span>"
            else:
                title = f"<a href='/about/{sort.id}/{current.version}?lang={lang}'>{title}</a>"
                since = _SINCE.fill(version=current.version, day=_day(current.at))
                said = escape(since.say(lang))
            rows.append(f"<tr><th>{title}</th><td>{said}</td></tr>")
        return self._render(lang, _TITLE, f"<table>{''.join(rows)}</table>")

    def _version(self, version: Version, statement: Statement, lang: Lang) -> Response:
        since = _SINCE.fill(version=version.version, day=_day(version.at))
        parts = [f"<p>{escape(since.say(lang))}</p>"]
        current = self._register.current(version.kind)
        if version.ended is not None:
            parts.append(_warn(_WITHDRAWN.fill(day=_day(version.ended)), lang))
        elif current is None:  # the newest was withdrawn, and what came before is not back in force
            parts.append(_warn(_REPLACED, lang))
        elif current.version != version.version:
            parts.append(_warn(_OLDER, lang))
        parts.append(self._body(statement, lang))
        held = {"by": version.by, "role": version.role, "digest": version.digest}
        record = _RECORD.fill(index=version.index, **held)
        here = f"/about/{version.kind}/{version.version}"
        parts.append(f"<h2></h2><p class=soft>{escape(record.say(lang))}</p>")
        links = [(f"{here}.toml", _RAW.say(lang)), (f"/about?lang={lang}", _ALL.say(lang))]
        others = [v for v in self._register.versions() if v.kind == version.kind]
        links += [
            (f"/about/{v.kind}/{v.version}?lang={lang}", f"{_VERSIONS.say(lang)}: {v.version}")
            for v in others[-20:]
            if v.version != version.version and v.index is not None
        ]
        shown = " · ".join(f"<a href='{to}'>{escape(name)}</a>" for to, name in links)
        parts.append(f"<p class=soft>{shown}</p>")
        return self._render(lang, statement.sort.title, "".join(parts))

    def _body(self, statement: Statement, lang: Lang) -> str:
        parts = []
        if lang == "en" and not all("en" in texts for texts in statement.elements.values()):
            parts.append(f"<p class=soft>{escape(_CHINESE.say(lang))}</p>")
        for name, what in statement.sort.elements.items():
            paragraphs = statement.text(name, lang).strip().split("\n\n")
            said = "".join(f"<p>{escape(p).replace(chr(10), '<br>')}</p>" for p in paragraphs)
            parts.append(f"<h2>{escape(what.say(lang))}</h2>{said}")
        limits = [
            f"<tr><th>{escape(statement.sort.limits[name].say(lang))}</th>"
            f"<td>{escape(_DAYS.fill(days=days).say(lang))}</td></tr>"
            for name, days in statement.limits.items()
        ]
        if limits:
            parts.append(f"<table>{''.join(limits)}</table>")
        if statement.rows:
            parts.append(_table(statement, lang, self._today()))
        return "".join(parts)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._gate.clock() / 1_000, UTC).astimezone(_BEIJING).date()

    def _render(self, lang: Lang, title: Words, body: str, *, status: int = 200) -> Response:
        other = f"?lang={other_of(lang)}"
        return self._frame.show(lang, title.say(lang), body, other=other, status=status)


_BROKEN = Words(
    "This page cannot be shown: what lies here is not what was published. The operator must put "
    "it back.",
    "此页无法展示：现存内容与公布时不符，须由运维人员恢复。",
)


def _public(error: HeguiError) -> Words:
    """Return what the public is told: no path of this machine."""
    return error.words if isinstance(error, Unavailable) else _BROKEN


def _named(rest: list[str]) -> tuple[Sort, int, bool]:
    """Return what a path names; ``BadRequest`` where it names nothing."""
    kind, number = rest if len(rest) == 2 else ("", "")  # noqa: PLR2004 - kind and number
    raw = number.endswith(".toml")
    number = number.removesuffix(".toml")
    plain = number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS
    if kind not in SORTS or not plain:
        raise BadRequest(_NOT_FOUND, status=404)
    return SORTS[kind], int(number), raw


def _table(statement: Statement, lang: Lang, today: date) -> str:
    """Return each row as a table of its own: long numbers stay whole on narrow screens."""
    tables = []
    for row in statement.rows:
        lines = []
        for name in COLUMNS[statement.sort.rows]:
            cell = _cell(name, row[name], lang)
            if name == "until" and expired(row, today):
                cell += f" <span class=warn>{escape(_EXPIRED.say(lang))}</span>"
            lines.append(f"<tr><th>{escape(_COLUMN[name].say(lang))}</th><td>{cell}</td></tr>")
        tables.append(f"<h2>{escape(row['name'])}</h2><table>{''.join(lines)}</table>")
    return "".join(tables)


def _cell(name: str, value: str, lang: Lang) -> str:
    if name == "link":
        return f"<a rel='noreferrer' href='{escape(value)}'>{escape(value)}</a>"
    coded = name in ("basis", "sort", "until") and value in _VALUE
    return escape(_VALUE[value].say(lang) if coded else value)


def _warn(words: Words, lang: Lang) -> str:
    return f"<p class=warn>{escape(words.say(lang))}</p>"


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(_BEIJING).strftime("%Y-%m-%d")
