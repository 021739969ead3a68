"""``/appeal/receipt``: whoever has an appeal's number fetches the receipt of it (Art. 15).

It shows that the appeal is on record, and by when it is answered, to anybody and for good. The
number is told to the appellant alone; it goes in the form's body, so that no log of addresses has
it. The records of the exchange itself, the operator gives: ``hegui ledger receipt``.
"""

import asyncio
from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hegui.gateway.addresses import address_of
from hegui.gateway.appeal import (
    RECEIPT_PATH,
    TOO_MANY,
    AppealPage,
    form_of,
)
from hegui.gateway.evidence import appeal_number, appeal_of
from hegui.gateway.gate import Gate
from hegui.gateway.sites import ELSEWHERE, from_elsewhere
from hegui.ledger import kinds, leaf
from hegui.ledger.port import Evidencing
from hegui.ledger.receipts import Subject, file_name, write_receipt
from hegui.ledger.tiles import LogReader, Logs
from hegui.terms import Entry, HeguiError, Lang, Words

_ISSUED = kinds.named("receipt.issued")
_SIGNED_WITHIN = 5.0  # seconds; heads are signed about once a second
_LOOK_EVERY = 0.2

_NUMBER = Words("Number of the appeal (AP-…)", "申诉编号（AP-…）")
_BUTTON = Words("Download the receipt", "下载回执")
_NO_NUMBER = Words(
    "This is not the number of an appeal. It looks like AP-01ARZ3NDEKTSV4RRFFQ69G5FAV.",
    "申诉编号格式不对，应形如 AP-01ARZ3NDEKTSV4RRFFQ69G5FAV。",
)
_NOTHING = Words(
    "There is no appeal with this number. Please compare it with the one that you noted.",
    "没有这个编号的申诉。请与您保存的编号核对。",
)
_UNSIGNED = Words(
    "The receipt is not ready yet. Please try again in a minute.",
    "回执尚未就绪，请一分钟后再试。",
)


class ReceiptPage:
    """The form that asks for an appeal's number, and the receipt.

    ``vkey_of`` gives the verifier key of a tenant's log by its newest signed head.
    """

    def __init__(
        self,
        gate: Gate,
        ledger: Evidencing,
        logs: Logs,
        page: AppealPage,
        vkey_of: Callable[[str, str], str],
    ) -> None:
        self._gate, self._ledger, self._logs = gate, ledger, logs
        self._page, self._vkey_of = page, vkey_of

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the form."""
        response = self._form(self._page.frame.language(Request(scope, receive)))
        await response(scope, receive, send)

    async def give(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the receipt."""
        request = Request(scope, receive)
        response = await self._receipt(request)
        await response(scope, receive, send)

    async def _receipt(self, request: Request) -> Response:
        lang = self._page.frame.language(request)
        if from_elsewhere(request.headers):
            return self._form(lang, "", ELSEWHERE, status=403)
        try:
            number = (await form_of(request))["number"]
        except ValueError:
            number = ""
        appeal = appeal_of(number)
        if appeal is None:
            return self._form(lang, number, _NO_NUMBER, status=400)
        if self._page.too_many(address_of(request.scope, self._gate.settings.listen.proxies)):
            return self._form(lang, number, TOO_MANY, status=429)
        try:
            return await self._made(lang, appeal)
        except HeguiError as error:
            return self._form(lang, number, error.words, status=503)

    async def _made(self, lang: Lang, appeal: str) -> Response:
        loop, number = asyncio.get_running_loop(), appeal_number(appeal)
        tenant, records = await loop.run_in_executor(None, self._ledger.find_appeal, appeal)
        if not records:
            return self._form(lang, number, _NOTHING, status=404)
        shown = [index for index, _ in records]
        now = self._gate.clock()
        fields = {"about": appeal, "shown": shown, "to": "holder"}
        await self._ledger.add(Entry(tenant, leaf.make(_ISSUED, now, tenant, fields)))

        def written(log: LogReader) -> bytes | None:
            if log.size <= max(shown):
                return None
            vkey = self._vkey_of(tenant, log.published)
            return write_receipt(log, Subject(number, records), vkey, now)

        until = loop.time() + _SIGNED_WITHIN
        while loop.time() < until:
            data = await loop.run_in_executor(None, self._logs.read, tenant, written)
            if data is not None:
                named = {"content-disposition": f'attachment; filename="{file_name(number)}"'}
                headers = {**self._page.frame.headers, **named}
                return Response(data, media_type="application/zip", headers=headers)
            await asyncio.sleep(_LOOK_EVERY)
        return self._form(lang, number, _UNSIGNED, status=503)

    def _form(
        self, lang: Lang, number: str = "", problem: Words | None = None, *, status: int = 200
    ) -> Response:
        note = f"<p class=problem role=alert>{escape(problem.say(lang))}</p>" if problem else ""
        body = (
            f"{note}<form method=post action='{RECEIPT_PATH}?lang={lang}'>"
            f"<label>{escape(_NUMBER.say(lang))}<input name=number required maxlength=80 "
            f"value='{escape(number[:80])}'></label>"
            f"<button>{escape(_BUTTON.say(lang))}</button></form>"
        )
        return self._page.render(lang, body, status=status, path=RECEIPT_PATH)
