"""``/appeal``: anyone who was refused can say so, without an account (Art. 15).

A plain page without scripts. The text and the contact are sealed in the vault, for whoever appeals
and for the person whose exchange they name; the ledger records that the appeal came in, and by when
it must be answered.
"""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hegui.filing.statements import Register
from hegui.gateway.addresses import address_of, network_of
from hegui.gateway.evidence import appeal_number, exchange_of, new_exchange_id
from hegui.gateway.frame import Frame, other_of
from hegui.gateway.gate import Gate
from hegui.gateway.sites import ELSEWHERE, from_elsewhere
from hegui.ledger import kinds, leaf
from hegui.ledger.port import Evidencing
from hegui.terms import Entry, HeguiError, Lang, Words
from hegui.vault.subjects import Subject

_RECEIVED = kinds.named("appeal.received")
_DAY_MS = 86_400_000
_KEEP_DAYS = 3 * 366  # as long as the record itself
_BODY_LIMIT = 65_536
_TEXT_LIMIT = 4_000
_CONTACT_LIMIT = 200
_MINUTE_MS = 60_000
_PER_MINUTE = 5  # from one address
_ALL_PER_MINUTE = 120
_MOST_ADDRESSES = 10_000  # remembered
RECEIPT_PATH = "/appeal/receipt"
_BEIJING = timezone(timedelta(hours=8))

_SAY = {
    "title": Words("Appeal a decision", "申诉"),
    "intro": Words(
        "Your message or a reply was stopped by a check and you think that was wrong? Tell us. "
        "You need no account. We answer within {days} days.",
        "如果您的提问或收到的回复被拦下，而您认为处理有误，请在这里告诉我们。"
        "无需注册，我们将在 {days} 日内答复。",
    ),
    "number": Words("Evidence number (from the notice)", "证据编号（见拦截提示）"),
    "text": Words("What should we look at again?", "您认为哪里处理有误？"),
    "contact": Words(
        "How can we reach you? (optional; only for the answer)",
        "联系方式（选填，仅用于答复）",
    ),
    "send": Words("Send the appeal", "提交申诉"),
    "other": Words("Other ways to reach us: {contact}", "也可通过以下方式联系我们：{contact}"),
    "done": Words(
        "Your appeal is recorded under {appeal}. You will have an answer by {due} (Beijing time).",
        "您的申诉已登记，编号 {appeal}。我们将于 {due}（北京时间）前答复。",
    ),
    "receipt": Words("Download a receipt", "下载回执"),
    "why": Words(
        "With the receipt you can show at any later time, without us, that your appeal is on"
        " record.",
        "凭回执，您今后随时可以证明申诉已记录在案，无须我们配合。",
    ),
    "keep": Words(
        "Please keep this number: it is how we find your appeal.", "请保存此编号，查询时需要。"
    ),
}
_LIMITS = Words(
    "Published time limits: accepted within {accept_days} days, handled within {handle_days}, "
    "answered within {feedback_days}.",
    "已公布的时限：{accept_days} 日内受理，{handle_days} 日内处理，{feedback_days} 日内反馈。",
)
_NO_LIMITS = Words(
    "The provider has not published its time limits; the one above is the service's setting.",
    "提供者尚未公布时限；以上时限取自服务配置。",
)
_NO_NUMBER = Words(
    "This is not an evidence number. It looks like HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV.",
    "证据编号格式不对，应形如 HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV。",
)
_NO_TEXT = Words(
    "Please say in a few words what should be looked at (at most {most} characters).",
    "请简单说明您的理由（不超过 {most} 字）。",
)
TOO_MANY = Words(
    "Too many appeals came from here in a minute. Please wait a little.",
    "一分钟内提交次数过多，请稍候再试。",
)


class AppealPage:
    """The page, and what it takes in."""

    def __init__(self, gate: Gate, ledger: Evidencing) -> None:
        self._gate, self._ledger = gate, ledger
        self._register = Register(gate.settings.data_dir)
        self.frame = Frame(gate, "appeal")
        self._recent: OrderedDict[str, list[int]] = OrderedDict()

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the form."""
        request = Request(scope, receive)
        number = request.query_params.get("number", "")[:80]
        response = self._form(self.frame.language(request), {"number": number})
        await response(scope, receive, send)

    async def receive(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take in an appeal."""
        request = Request(scope, receive)
        if from_elsewhere(request.headers):
            response = self._form(self.frame.language(request), {}, ELSEWHERE, status=403)
        else:
            response = await self._take(request)
        await response(scope, receive, send)

    async def _take(self, request: Request) -> Response:
        lang = self.frame.language(request)
        try:
            form = await form_of(request)
        except ValueError:
            return self._form(lang, {}, _NO_TEXT.fill(most=_TEXT_LIMIT), status=400)
        exchange = exchange_of(form["number"])
        if exchange is None:
            return self._form(lang, form, _NO_NUMBER, status=400)
        if not form["text"].strip() or len(form["text"]) > _TEXT_LIMIT:
            return self._form(lang, form, _NO_TEXT.fill(most=_TEXT_LIMIT), status=400)
        if self.too_many(address_of(request.scope, self._gate.settings.listen.proxies)):
            return self._form(lang, form, TOO_MANY, status=429)
        try:
            appeal, due = await self._record(exchange, form)
        except HeguiError as error:
            return self._form(lang, form, error.words, status=503)
        day = datetime.fromtimestamp(due / 1000, UTC).astimezone(_BEIJING).strftime("%Y-%m-%d")
        said = _SAY["done"].fill(appeal=appeal_number(appeal), due=day)
        return self.render(
            lang,
            f"<p class=done>{escape(said.say(lang))}</p><p>{escape(_SAY['keep'].say(lang))}</p>"
            f"<p>{escape(_SAY['why'].say(lang))}</p>"
            f"<form method=post action='{RECEIPT_PATH}?lang={lang}'>"
            f"<input type=hidden name=number value='{appeal_number(appeal)}'>"
            f"<button>{escape(_SAY['receipt'].say(lang))}</button></form>",
        )

    async def _record(self, exchange: str, form: dict[str, str]) -> tuple[str, int]:
        now = self._gate.clock()
        appeal = new_exchange_id(now)
        loop = asyncio.get_running_loop()
        tenant, other = await loop.run_in_executor(None, self._named_by, exchange)
        due = now + self._gate.settings.ledger.appeal_days * _DAY_MS
        vault = self._gate.vault
        subject = vault.subject(tenant, None)
        content = msgspec.json.encode({"text": form["text"], "contact": form["contact"]})
        fields = {
            "appeal": appeal,
            "exchange": exchange,
            "commit": vault.commitment(subject, appeal, "appeal", content),
            "content": "kept",
            "contact": bool(form["contact"].strip()),
            "due": due,
        }
        until = now + _KEEP_DAYS * _DAY_MS
        sealed = vault.seal(subject, tenant, appeal, "appeal", "appeal", content, until, also=other)
        record = leaf.make(_RECEIVED, now, tenant, fields)
        await self._ledger.add(Entry(tenant, record, subject.writes + sealed))
        return appeal, due

    def _named_by(self, exchange: str) -> tuple[str, Subject | None]:
        """Return the tenant of an exchange and the person who asked in it, where both are known.

        A number that no log has is taken all the same: perhaps its record is on its way.
        """
        tenant = self._ledger.tenant_of(exchange)
        if tenant is None:
            return "default", None
        for _, record in self._ledger.find_exchange(tenant, exchange):
            pseudonym = leaf.parse(record).get("subject")
            if isinstance(pseudonym, str):
                return tenant, self._gate.vault.known(tenant, pseudonym)
        return tenant, None

    def too_many(self, address: str) -> bool:
        """Tell whether this address, or everybody together, has sent too much in a minute."""
        now = self._gate.clock()
        while len(self._recent) > _MOST_ADDRESSES:
            self._recent.popitem(last=False)
        for key, most in ((network_of(address), _PER_MINUTE), ("*", _ALL_PER_MINUTE)):
            times = [at for at in self._recent.pop(key, []) if now - at < _MINUTE_MS]
            self._recent[key] = times
            if len(times) >= most:
                return True
            times.append(now)
        return False

    def _form(
        self, lang: Lang, form: dict[str, str], problem: Words | None = None, *, status: int = 200
    ) -> Response:
        held = {name: escape(form.get(name, "")) for name in ("number", "text", "contact")}
        said = {name: escape(words.say(lang)) for name, words in _SAY.items()}
        days = self._gate.settings.ledger.appeal_days
        note = f"<p class=problem role=alert>{escape(problem.say(lang))}</p>" if problem else ""
        contact = self._gate.settings.service.contact
        other = _SAY["other"].fill(contact=contact).say(lang) if contact else ""
        body = (
            f"<p>{escape(_SAY['intro'].fill(days=days).say(lang))}</p>"
            f"<p class=other>{escape(self._limits().say(lang))} "
            f"<a href='/about?lang={lang}'>/about</a></p>{note}"
            f"<form method=post action='/appeal?lang={lang}'>"
            f"<label>{said['number']}<input name=number required maxlength=80 "
            f"value='{held['number']}'></label>"
            f"<label>{said['text']}<textarea name=text required rows=6 maxlength={_TEXT_LIMIT}>"
            f"{held['text']}</textarea></label>"
            f"<label>{said['contact']}<input name=contact maxlength={_CONTACT_LIMIT} "
            f"value='{held['contact']}'></label>"
            f"<button>{said['send']}</button></form><p class=other>{escape(other)}</p>"
        )
        return self.render(lang, body, form.get("number", ""), status=status)

    def _limits(self) -> Words:
        """Return the published time limits; a statement that is damaged never bars an appeal."""
        try:
            limits = self._register.limits()
        except HeguiError:
            limits = None
        return _LIMITS.fill(**limits) if limits else _NO_LIMITS

    def render(
        self, lang: Lang, body: str, number: str = "", *, status: int = 200, path: str = "/appeal"
    ) -> Response:
        """Return a page with ``body``, which is HTML already."""
        other = {"lang": other_of(lang)} | ({"number": number} if number else {})
        address = f"{path}?{urlencode(other)}"
        return self.frame.show(lang, _SAY["title"].say(lang), body, other=address, status=status)


async def form_of(request: Request) -> dict[str, str]:
    """Return the three fields of the form; raises ``ValueError`` for anything too large or odd."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > _BODY_LIMIT:
                raise ValueError("too large")
    except ClientDisconnect:  # the answer is for nobody
        raise ValueError("cut short") from None
    held: dict[str, Any] = parse_qs(
        body.decode("utf-8"), keep_blank_values=True, max_num_fields=10, errors="strict"
    )
    form = {name: held.get(name, [""])[0] for name in ("number", "text", "contact")}
    if len(form["contact"]) > _CONTACT_LIMIT:
        raise ValueError("too large")
    return form
