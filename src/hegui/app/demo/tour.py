"""The tour: seven real conversations through the official ``openai`` SDK, each checked.

Nothing here knows the gateway's inside: it asks as any client would, listens at the model, and
reads the ledger's file.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from hegui.app.demo import records
from hegui.app.demo.caller import Place, recorded
from hegui.app.demo.notes import Ear
from hegui.app.demo.plays import PLAYS, Play
from hegui.app.demo.records import Record
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    import openai

Message: TypeAlias = dict[str, str]
_RESIDENT_ID = re.compile(r"\d{17}[\dX]")
_MOBILE = "13800138000"
_NOTICE = re.compile(r"\s*（[^（）]*AI[^（）]*）(?: \([^()]*AI[^()]*\))?\s*$")
_MASK = re.compile(r"\[[^\[\]\n]{1,24}-\d+\]")
_SHORTEST = 5  # digits: that many in a row would already be a leak
_TURNS = 10


@dataclass(slots=True)
class Heard:
    """One exchange, from all three sides: the model's, the caller's and the ledger's."""

    asked: str | None = None
    sent: str = ""
    left: str = ""
    wire: list[str] = field(default_factory=list)
    aigc: list[dict[str, Any]] = field(default_factory=list)
    finish: str = ""
    error: str = ""
    records: list[Record] = field(default_factory=list)

    @property
    def body(self) -> str:
        """What left, without the explicit label."""
        return _NOTICE.sub("", self.left)

    @property
    def labelled(self) -> bool:
        """Whether what left ends with the explicit label and carries the implicit one."""
        return self.body != self.left and all("ProduceID" in one for one in self.aigc)

    def leaf(self, kind: str) -> dict[str, Any]:
        """Return the record of this kind, or an empty one."""
        found = [dict(one.leaf) for one in self.records if one.kind == f"exchange.{kind}"]
        return found[0] if found else {}


@dataclass(frozen=True, slots=True)
class Check:
    """An expectation, and whether it held."""

    words: Words
    held: bool


Checks: TypeAlias = list[Check]


def _check(held: object, en: str, zh: str) -> Check:
    return Check(Words(en=en, zh=zh), bool(held))


class Tour:
    """Asks through the SDK and keeps what was heard."""

    def __init__(self, place: Place, client: "openai.AsyncOpenAI", lang: Lang, model: str) -> None:
        self.place, self._client, self.lang, self.model = place, client, lang, model

    def model_for(self, play: Play) -> str:
        """Return the model that a play goes to: the user's own where the play allows."""
        return self.model if play.any_model else play.model

    async def ask(self, model: str, messages: list[Message], play: Play, *, stream: bool) -> Heard:
        """Ask once; return the exchange as the model, the caller and the ledger saw it."""
        import openai

        heard, place = Heard(), self.place
        first = records.size(place.database, place.tenant)
        headers: dict[str, str] = {"Accept-Language": self.lang}
        if play.minor:
            headers["X-Hegui-Audience"] = "minor"
        options: dict[str, Any] = {
            "model": model,
            "messages": messages,
            "stream": stream,
            "user": "demo-tour",
            "extra_headers": headers,
        }
        async with Ear(place.notes) as ear:
            try:
                reply = await self._client.chat.completions.create(**options)
                if stream:
                    async for chunk in reply:
                        _take(heard, chunk.model_dump())
                else:
                    _take(heard, reply.model_dump())
            except openai.APIError as error:
                heard.error = error.message
        heard.asked, heard.sent = ear.asked, ear.sent
        index = heard.aigc[-1].get("ledger", {}).get("asked") if heard.aigc else None
        heard.records = await recorded(place, first, index)
        return heard

    async def play(self, name: str, *, stream: bool = True) -> Heard:
        """Play one of the demo's plays."""
        play = PLAYS[name]
        question = [{"role": "user", "content": play.prompt.say(self.lang)}]
        return await self.ask(self.model_for(play), question, play, stream=stream)


def _take(heard: Heard, body: dict[str, Any]) -> None:
    heard.wire.append(json.dumps(body, ensure_ascii=False))
    if body.get("aigc"):
        heard.aigc.append(body["aigc"])
    for choice in body["choices"]:
        said = choice.get("delta") or choice.get("message")
        heard.left += said.get("content") or ""
        heard.finish = choice.get("finish_reason") or heard.finish


async def plain(tour: Tour) -> tuple[Heard, Checks]:
    """Ask for a plain reply: nothing but the label is added, and both records are there."""
    heard = await tour.play("ordinary", stream=False)
    return heard, _ordinary(heard)


async def streamed(tour: Tour) -> tuple[Heard, Checks]:
    """Ask for a stream: equal to the model's after joining, the label apart."""
    heard = await tour.play("ordinary")
    twice = len(heard.aigc) >= 2  # noqa: PLR2004 - the first chunk and the finish chunk
    return heard, [
        *_ordinary(heard),
        _check(twice, "the label is in the first and the last chunk", "首块和末块都带标识"),
    ]


def _ordinary(heard: Heard) -> Checks:
    answered, aigc = heard.leaf("answered"), (heard.aigc or [{}])[-1]
    parts = [re.escape(part) for part in _MASK.split(heard.body.strip())]
    same = heard.sent and re.fullmatch("(.+?)".join(parts), heard.sent.strip(), re.DOTALL)
    number = aigc.get("ProduceID")
    return [
        _check(
            same,
            "what left equals what the model sent, masks apart",
            "除遮盖外，放行的与模型发来的一致",
        ),
        _check(heard.labelled, "explicit and implicit label", "显式、隐式标识都在"),
        _check(
            number and answered.get("label", {}).get("produce_id") == number,
            "the ledger holds the label's number",
            "账本里有标识的编号",
        ),
        _check(answered.get("end") == "complete", "recorded as complete", "记为完整"),
    ]


async def refused(tour: Tour) -> tuple[Heard, Checks]:
    """Ask what is refused: the model never hears of it, and the caller is told how to appeal."""
    heard = await tour.play("refused")
    aigc = (heard.aigc or [{}])[-1]
    told = aigc.get("refused", {})
    asked = PLAYS["refused"].prompt.say(tour.lang)
    return heard, [
        _check(heard.asked is None, "the model was never asked", "问题没有交给模型"),
        _check(
            heard.finish == "content_filter",
            "finish reason content_filter",
            "结束原因为 content_filter",
        ),
        _check(
            told.get("appeal") and aigc.get("evidence", "-") in heard.left,
            "the reply names the rule, the evidence number and the appeal address",
            "回复写明依据、证据编号和申诉地址",
        ),
        _check(asked not in heard.left, "the match is not repeated", "不复述命中的内容"),
        _check(heard.leaf("asked").get("decision") == "refuse", "recorded as refused", "记为拒绝"),
    ]


async def number(tour: Tour) -> tuple[Heard, Checks]:
    """Have the model send a number digit by digit: not one piece of it gets out."""
    heard = await tour.play("number")
    found = _RESIDENT_ID.search(heard.sent)
    secret = found[0] if found else ""
    parts = [secret[at : at + _SHORTEST] for at in range(len(secret) - _SHORTEST + 1)]
    leaked = any(part in text for part in parts for text in (*heard.wire, heard.left))
    rules = heard.leaf("answered").get("rules", {})
    return heard, [
        _check(secret, "the model did send the number", "模型确实发出了号码"),
        _check(secret and not leaked, "no part of it was on the wire", "号码没有任何一段放出去"),
        _check(
            re.search(r"\[[^\]]+-1\]", heard.left),
            "a mask stands in its place",
            "原处换成了遮盖标记",
        ),
        _check(
            rules.get("pii.resident_id") == 1, "the finding is on record, once", "命中已记录，一次"
        ),
    ]


async def minor(tour: Tour) -> tuple[Heard, Checks]:
    """Ask as a minor: the telephone number does not reach the model."""
    heard = await tour.play("minor")
    asked = heard.leaf("asked")
    return heard, [
        _check(
            heard.asked and _MOBILE not in heard.asked,
            "the model did not get the number",
            "号码没有到模型那里",
        ),
        _check(asked.get("audience") == "minor", "recorded as a minor's", "记为未成年人"),
        _check(asked.get("decision") == "mask", "the stricter policy ruled", "适用了更严格的策略"),
    ]


async def broken(tour: Tour) -> tuple[Heard, Checks]:
    """Have the model break off: the stream ends by the book and the record says so."""
    heard = await tour.play("broken")
    orderly = bool(heard.finish or heard.error)
    return heard, [
        _check(
            heard.sent.strip() and heard.body.strip().startswith(heard.sent.strip()),
            "what had come was passed on",
            "已到的内容照常放行",
        ),
        _check(orderly, "the stream ended by the book", "流按协议收尾"),
        _check(heard.labelled, "labelled all the same", "照样带标识"),
        _check(
            heard.leaf("answered").get("end") == "upstream_failed",
            "recorded as cut short",
            "如实记为中断",
        ),
    ]


async def after(tour: Tour) -> tuple[Heard, Checks]:
    """Go on for ten turns after a refusal: resending it neither refuses nor counts it again."""
    play, question = PLAYS["refused"], PLAYS["ordinary"].prompt.say(tour.lang)
    said: list[Message] = [{"role": "user", "content": play.prompt.say(tour.lang)}]
    model = tour.model_for(play)
    heard = await tour.ask(model, said, play, stream=True)
    stopped = heard.finish == "content_filter"
    answered, again = 0, 0
    for turn in range(_TURNS):
        said.append({"role": "assistant", "content": heard.left})
        said.append({"role": "user", "content": f"{question} ({turn + 1})"})
        heard = await tour.ask(model, said, play, stream=bool(turn % 2))
        answered += heard.finish == "stop"
        again += bool(heard.leaf("asked").get("rules"))
    return heard, [
        _check(stopped, "the first question was refused", "第一问被拒绝"),
        _check(
            answered == _TURNS,
            f"all {_TURNS} later turns were answered",
            f"之后 {_TURNS} 轮都得到回答",
        ),
        _check(again == 0, "the refusal was not counted again", "拒绝没有被重复计数"),
        _check(
            heard.leaf("asked").get("known", 0) > 0,
            "earlier turns were recognised",
            "认出了之前的轮次",
        ),
    ]


Step: TypeAlias = Callable[[Tour], Awaitable[tuple[Heard, Checks]]]
STEPS: tuple[tuple[Words, Step], ...] = (
    (Words(en="A plain reply", zh="一次性回复"), plain),
    (Words(en="A streamed reply", zh="流式回复"), streamed),
    (PLAYS["refused"].title, refused),
    (PLAYS["number"].title, number),
    (PLAYS["minor"].title, minor),
    (PLAYS["broken"].title, broken),
    (Words(en="Ten turns after a refusal", zh="拒绝之后再聊十轮"), after),
)
