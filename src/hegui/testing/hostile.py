"""How the practice model misbehaves, as named data.

A misbehaviour is asked for by the model's name (``practice-crlf``), by ``practice:crlf`` in the
last user message, or by one of its cues there. With several choices only the last one misbehaves:
whoever looks at the first alone is caught.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from hegui.terms import Words
from hegui.testing.asked import Asked
from hegui.testing.replies import Call, Reply, ordinary, pieces, shaped

_NUMBERS = re.compile(r"[0-9]{5,}")

Place: TypeAlias = Literal["content", "reasoning", "refusal", "tool", "unknown-field"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a reply goes over the wire. The default is how the OpenAI API does it.

    ``dies_after`` and ``error_after`` count stream events. ``waits``: ``first`` holds the first
    byte back for the model's ``patience``, ``ever`` never answers.
    """

    status: int = 200
    waits: Literal["", "first", "ever"] = ""
    line_end: str = "\n"
    comments: bool = False
    multi_line: bool = False
    garbage: bool = False
    shredded: bool = False
    oversized: bool = False
    done: bool = True
    dies_after: int | None = None
    error_after: int | None = None
    content_type: str = ""
    redirect: bool = False
    html: bool = False


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One way in which a model lets its provider down."""

    name: str
    words: Words
    cues: tuple[str, ...] = ()
    says: Words | None = None
    place: Place = "content"
    cut: tuple[str, ...] = ()
    endless: bool = False
    escaped: bool = False
    manner: Manner = Manner()

    def reply(self, asked: Asked, choice: int) -> Reply:
        """Return what the misbehaving choice says."""
        said = self.says.say(asked.lang) if self.says else ordinary(asked, choice)
        if self.place != "content":
            return _placed(asked, said, choice, self.place)
        if self.cut:
            return Reply(content=self.cut)
        reply = shaped(asked, said, choice)
        if self.escaped and reply.call:
            hidden = pieces(_escaped("".join(reply.call.arguments)))
            reply = replace(reply, call=replace(reply.call, arguments=hidden))
        return replace(reply, endless=self.endless)


def _placed(asked: Asked, said: str, choice: int, place: Place) -> Reply:
    plain = shaped(asked, ordinary(asked, choice), choice)
    if place == "reasoning":
        return replace(plain, reasoning=pieces(said))
    if place == "refusal":
        return Reply(refusal=pieces(said))
    if place == "unknown-field":
        return replace(plain, extra={"annotation": {"note": [said], "weight": 0.5}})
    arguments = pieces(json.dumps({"note": said}, ensure_ascii=False))
    return Reply(call=Call(f"call_practice{choice}", "take_note", arguments), finish="tool_calls")


def _escaped(document: str) -> str:
    """Spell the long numbers of a JSON document with escapes: the document means the same."""
    return _NUMBERS.sub(lambda hit: "".join(f"\\u{ord(c):04x}" for c in hit[0]), document)


def resident_id() -> str:
    """Return a made-up resident ID number with a valid check digit (GB 11643, MOD 11-2).

    Born on 1 January 1900: no one alive holds it.
    """
    first = "11010119000101234"
    weighed = sum(int(digit) * pow(2, 17 - n, 11) for n, digit in enumerate(first))
    return first + "10X98765432"[weighed % 11]


RESIDENT_ID = resident_id()
MOBILE = "13800138000"
INSULT = "你这个废物"

_NUMBER = Words(
    en=f"Of course. The resident ID number is {RESIDENT_ID}, and that is all I know.",
    zh=f"好的，身份证号是{RESIDENT_ID}，别的我就不知道了。",
)
_PHONE = Words(en=f"Sure, call {MOBILE} in the afternoon.", zh=f"可以，下午打{MOBILE}就行。")
_INSULTS = Words(
    en=f"Let me put it in Chinese: {INSULT}, ask someone else.",
    zh=f"这点小事也来问，{INSULT}，找别人去。",
)
_PLACES: tuple[tuple[Place, str, Words], ...] = (
    ("content", "", Words(en="", zh="")),
    ("reasoning", "-in-reasoning", Words(en=" in its reasoning", zh="（写在思考过程里）")),
    ("refusal", "-in-refusal", Words(en=" in its refusal", zh="（写在拒绝语里）")),
    ("tool", "-in-tool", Words(en=" in a tool call", zh="（写在工具调用里）")),
    (
        "unknown-field",
        "-in-unknown-field",
        Words(en=" in an unknown field", zh="（写在未知字段里）"),
    ),
)
_SAYINGS: tuple[tuple[str, tuple[str, ...], Words, Words], ...] = (
    (
        "resident-id",
        ("编一个身份证号", "make up a resident id"),
        Words(en="emits a resident ID number, digit by digit", zh="逐位说出一个身份证号"),
        _NUMBER,
    ),
    (
        "mobile",
        ("编一个手机号", "make up a mobile number"),
        Words(en="emits a mobile number", zh="说出一个手机号"),
        _PHONE,
    ),
    (
        "insult",
        ("骂我一句", "insult me"),
        Words(en="insults the person who asks", zh="辱骂提问的人"),
        _INSULTS,
    ),
)


def _sayings() -> list[Misbehaviour]:
    return [
        Misbehaviour(
            name + suffix,
            Words(en=words.en + where.en, zh=words.zh + where.zh),
            () if suffix else cues,
            says,
            place,
        )
        for name, cues, words, says in _SAYINGS
        for place, suffix, where in _PLACES
    ]


def _wire(name: str, en: str, zh: str, manner: Manner) -> Misbehaviour:
    return Misbehaviour(name, Words(en=en, zh=zh), manner=manner)


MISBEHAVIOURS: dict[str, Misbehaviour] = {
    one.name: one
    for one in (
        *_sayings(),
        Misbehaviour(
            "endless",
            Words(en="never stops talking", zh="说个没完"),
            ("说个没完", "never stop talking"),
            endless=True,
        ),
        Misbehaviour(
            "surrogates",
            Words(en="cuts an emoji into two halves", zh="把一个表情符号切成两半"),
            cut=("晴天", "\ud83d", "\ude00", "。"),
        ),
        Misbehaviour(
            "lone-surrogate",
            Words(en="sends half an emoji and no more", zh="只发半个表情符号"),
            cut=("晴天", "\ud83d", "。"),
        ),
        Misbehaviour(
            "escaped-arguments",
            Words(
                en="hides a number behind \\u escapes in arguments", zh="用 \\u 转义把号码藏进参数"
            ),
            says=_PHONE,
            escaped=True,
        ),
        Misbehaviour(
            "refusal",
            Words(en="declines by itself", zh="模型自己拒绝回答"),
            says=Words(en="I would rather not talk about that.", zh="这个话题我不方便聊。"),
            place="refusal",
        ),
        Misbehaviour(
            "broken",
            Words(
                en="dies in mid-stream; a plain reply is cut short",
                zh="说到一半断线；整段回复被截断",
            ),
            ("说到一半断线", "break off half-way"),
            manner=Manner(dies_after=9),
        ),
        _wire(
            "error-midstream",
            "sends an error object in mid-stream",
            "说到一半返回错误对象",
            Manner(error_after=6),
        ),
        _wire("http-500", "answers with HTTP 500", "返回 HTTP 500", Manner(status=500)),
        _wire("http-429", "answers with HTTP 429", "返回 HTTP 429", Manner(status=429)),
        _wire("slow", "is slow with its first byte", "首字节很慢", Manner(waits="first")),
        _wire("silent", "never answers", "一直不回答", Manner(waits="ever")),
        _wire("crlf", "ends its lines with CRLF", "用 CRLF 换行", Manner(line_end="\r\n")),
        _wire("cr", "ends its lines with CR alone", "只用 CR 换行", Manner(line_end="\r")),
        _wire(
            "multi-line",
            "spreads an event over several data lines",
            "一个事件分成多行 data",
            Manner(multi_line=True),
        ),
        _wire(
            "comments",
            "sends comments, ids and retry fields",
            "夹带注释、id 和 retry 字段",
            Manner(comments=True),
        ),
        _wire("no-done", "leaves out [DONE]", "不发 [DONE]", Manner(done=False)),
        _wire(
            "garbage", "sends lines that are no JSON", "夹带不是 JSON 的行", Manner(garbage=True)
        ),
        _wire(
            "oversized",
            "sends one event of eight million characters",
            "一个事件有八百万字符",
            Manner(oversized=True),
        ),
        _wire(
            "split-utf8",
            "cuts characters in two between packets",
            "把一个字切在两个数据包里",
            Manner(shredded=True),
        ),
        _wire(
            "content-type",
            "calls its reply text/html",
            "把回复标成 text/html",
            Manner(content_type="text/html"),
        ),
        _wire("redirect", "sends the caller elsewhere", "让调用者转到别处", Manner(redirect=True)),
        _wire("html", "answers with a web page", "返回一个网页", Manner(html=True)),
    )
}


def misbehaviour(asked: Asked) -> Misbehaviour | None:
    """Return how this request asks the model to misbehave, if it does."""
    by_name = MISBEHAVIOURS.get(asked.model.partition("practice-")[2])
    if by_name:
        return by_name
    said = asked.last_user.casefold()
    for one in MISBEHAVIOURS.values():
        words = said.partition("practice:")[2].split(maxsplit=1)
        if words[:1] == [one.name] or any(cue in said for cue in one.cues):
            return one
    return None
