"""``/duties`` on the admin listener: the next actions, then the board, for reading and printing.

Written by the server, in Chinese and English, without scripts; it changes nothing.
"""

import asyncio
import base64
import hmac
from collections.abc import Callable, Iterator
from html import escape
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hegui.filing.board import Board, Item
from hegui.filing.next_actions import Action, next_actions
from hegui.filing.states import SAYS, WORDS, State
from hegui.filing.telling import moment, why
from hegui.gateway.frame import Frame, other_of
from hegui.gateway.gate import Gate
from hegui.terms import HeguiError, Lang, Words

Boards = Callable[[str], Board]
"""Returns the board of a tenant as of now. Reads files: not for the loop."""

_TITLE = Words("Duties and their evidence", "义务与证据")
_NEXT = Words("Next actions", "下一步")
_NOTHING = Words("Nothing is open.", "没有未了事项。")
_WHO = Words(
    "{owner}, about {minutes} minutes (our estimate)", "{owner}，约 {minutes} 分钟（hegui 估计）"
)
_BOARD = Words("All duties", "全部义务")
_INTRO = Words(
    "Tenant {tenant}, as of {at}. Computed from the ledger; nothing on this page was typed in. It "
    "says what the records show, not whether anybody complies.",
    "租户 {tenant}，截至 {at}。根据账本计算，本页没有手工填写的内容。"
    "本页说明记录能表明什么，不作出是否合规的结论。",
)
_HEADS = (
    Words("Duty", "义务"),
    Words("State", "状态"),
    Words("Why", "原因"),
    Words("Who", "责任岗位"),
)
_TROUBLE = Words("Nothing can be told: {why}", "无法判断：{why}")
_STATES = Words("What the states mean", "各状态的含义")
_FOUR = Words(
    "The board follows from these four; whoever has them can compute it again with hegui duty "
    "list.",
    "看板由以下四项决定；持有这四项者可用 hegui duty list 重新计算。",
)
_CATALOGUE, _PROFILE = Words("Catalogue", "目录"), Words("Profile", "方案")
_CHECKPOINT, _AS_OF = Words("Checkpoint", "检查点"), Words("As of", "截至")
_DIGEST = Words("Digest of the board", "看板摘要")
_NO_LOG = Words("no log yet", "尚无账本")
_MOST_TENANT: Final = 200


class DutiesPage:
    """The page. With a key set, a browser is asked for it as a password."""

    def __init__(self, gate: Gate, boards: Boards) -> None:
        self._gate, self._boards = gate, boards
        self._one_at_a_time = asyncio.Lock()
        self._frame = Frame(gate, "duties")

    async def show(self, request: Request) -> Response:
        """Show the next actions and the board of a tenant (``?tenant=``)."""
        if not self._allowed(request):
            asks = {"www-authenticate": 'Basic realm="hegui admin", charset="UTF-8"'}
            return Response("401\n", status_code=401, headers=asks, media_type="text/plain")
        lang = self._frame.language(request)
        tenant = request.query_params.get("tenant", "default")[:_MOST_TENANT]
        loop = asyncio.get_running_loop()
        try:
            async with self._one_at_a_time:
                found = await loop.run_in_executor(None, self._boards, tenant)
        except HeguiError as error:
            body = f"<p class=trouble role=alert>{escape(error.words.say(lang))}</p>"
            return self._render(lang, tenant, body, status=503)
        return self._render(lang, tenant, "\n".join(_body(found, lang)))

    def _allowed(self, request: Request) -> bool:
        key = self._gate.settings.listen.admin_key
        if not key:
            return True
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                sent = base64.b64decode(sent, validate=True).decode().partition(":")[2]
            except ValueError:
                return False
        elif scheme != "Bearer":
            return False
        return hmac.compare_digest(sent.encode(), key.reveal().encode())

    def _render(self, lang: Lang, tenant: str, body: str, *, status: int = 200) -> Response:
        other = f"/duties?{urlencode({'lang': other_of(lang), 'tenant': tenant})}"
        return self._frame.show(lang, _TITLE.say(lang), body, other=other, status=status)


def _body(found: Board, lang: Lang) -> Iterator[str]:
    intro = _INTRO.say(lang).format(tenant=found.tenant, at=moment(found.as_of))
    yield f"<p class=soft>{escape(intro)}</p>"
    if found.trouble is not None:
        said = _TROUBLE.say(lang).format(why=found.trouble.say(lang))
        yield f"<p class=trouble role=alert>{escape(said)}</p>"
    else:
        yield f"<h2>{_NEXT.say(lang)}</h2>"
        yield from _actions(next_actions(found), lang)
    yield f"<h2>{_BOARD.say(lang)}</h2>"
    yield "<ul class=counts>"
    for state, count in found.states.items():
        name = escape(WORDS[State(state)].say(lang))
        yield f"<li><span class='state {state}'>{name}</span> <b>{count}</b></li>"
    yield "</ul>"
    yield from _rows(found, lang)
    yield from _foot(found, lang)


def _actions(actions: tuple[Action, ...], lang: Lang) -> Iterator[str]:
    if not actions:
        yield f"<p>{_NOTHING.say(lang)}</p>"
        return
    yield "<ol class=next>"
    for action in actions:
        duty = action.item.duty
        who = _WHO.say(lang).format(owner=duty.owner.name.say(lang), minutes=action.minutes)
        yield (
            f"<li><p><b>{escape(duty.title.say(lang))}</b> <span class=soft>{duty.id} · "
            f"{escape(duty.rule.short.say(lang))}</span></p>"
            f"<p>{escape(action.why.say(lang))}</p>"
            f"<p><code>{escape(action.command)}</code></p>"
            f"<p class=soft>{escape(who)}</p></li>"
        )
    yield "</ol>"


def _rows(found: Board, lang: Lang) -> Iterator[str]:
    heads = "".join(f"<th scope=col>{words.say(lang)}</th>" for words in _HEADS)
    rule = ""
    for item in found.items:
        if item.duty.rule.id != rule:
            if rule:
                yield "</tbody></table>"
            rule = item.duty.rule.id
            yield f"<h3>{escape(item.duty.rule.title.say(lang))}</h3>"
            yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
        yield _row(item, lang)
    if rule:
        yield "</tbody></table>"


def _row(item: Item, lang: Lang) -> str:
    duty = item.duty
    owner = duty.owner.name.say(lang) if duty.binds_provider else ""
    return (
        f"<tr id='{duty.id}'><td>{escape(duty.title.say(lang))} <span class=soft>{duty.id}</span>"
        f"</td><td class='state {item.state}'>{escape(WORDS[item.state].say(lang))}</td>"
        f"<td>{escape(why(item).say(lang))}</td><td class=soft>{escape(owner)}</td></tr>"
    )


def _foot(found: Board, lang: Lang) -> Iterator[str]:
    head = found.head
    at = f"{head.origin} · {head.size} · {head.root}" if head else _NO_LOG.say(lang)
    told = (
        (_CATALOGUE, found.catalogue),
        (_PROFILE, found.profile),
        (_CHECKPOINT, at),
        (_AS_OF, moment(found.as_of)),
        (_DIGEST, found.digest),
    )
    yield f"<footer><p>{escape(_FOUR.say(lang))}</p><dl>"
    yield "".join(f"<dt>{words.say(lang)}</dt><dd>{escape(text)}</dd>" for words, text in told)
    yield f"</dl><p>{_STATES.say(lang)}</p><dl>"
    for state in State:
        name, says = WORDS[state].say(lang), SAYS[state].say(lang)
        yield f"<dt>{escape(name)}</dt><dd>{escape(says)}</dd>"
    yield "</dl></footer>"
