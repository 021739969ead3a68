"""Tell the person who is refused: which side, which rule, the evidence number, how to appeal.

Nothing is removed silently, and the match is never repeated (a refusal is no dictionary). For
self-harm the reply offers help.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from hegui.measures import risks
from hegui.terms import BadRequest, Fault, Finding, Lang, RuleInfo, Words

Side = Literal["question", "answer", "rest"]
"""What was stopped: the question, the whole answer, or the rest of one that was being shown."""

_STOPPED: Mapping[Side, Words] = {
    "question": Words(
        en="Your message was not passed on to the model.", zh="您的提问未提交给模型。"
    ),
    "answer": Words(
        en="The model's reply was stopped and is not shown.", zh="模型的回复已中止，不予显示。"
    ),
    "rest": Words(
        en="The model's reply was stopped here; the rest is not shown.",
        zh="模型的回复到此中止，其余内容不予显示。",
    ),
}
_BECAUSE = Words(en="Reason: {title} ({clause}).", zh="原因：{title}（{clause}）。")
_FAULT = Words(
    en="Reason: a check could not be completed, so nothing was let through.",
    zh="原因：一项审核未能完成，为安全起见没有放行。",
)
_UNJUDGED = Words(
    en="Reason: it contains {what}, which this service cannot check yet.",
    zh="原因：其中含有{what}，本服务目前还不能审核这类内容。",
)
_UNJUDGED_MEDIA = Words(
    en="Reason: it asks for {what}, and this service cannot check what the model would make.",
    zh="原因：请求生成的是{what}，本服务目前还不能审核模型生成的这类内容。",
)
_IMAGE, _VIDEO = Words(en="an image", zh="图片"), Words(en="a video", zh="视频")
_MEDIA = {
    **dict.fromkeys(("image_url", "image", "images", "b64_json"), _IMAGE),
    **dict.fromkeys(("video_url", "video"), _VIDEO),
    "input_audio": Words(en="audio", zh="音频"),
    "audio": Words(en="audio", zh="音频"),
    "file": Words(en="a file", zh="文件"),
}
_UNSEEN = {"unjudged": _UNJUDGED, "unjudged-media": _UNJUDGED_MEDIA}
_SUSPENDED = Words(en="Reason: this account is suspended.", zh="原因：该账号已被暂停使用。")
_NUMBER = Words(en="Evidence number: {number}", zh="证据编号：{number}")
_APPEAL = Words(
    en="If you think this is a mistake, appeal at {url} ; you will have an answer within {days} "
    "days.",
    zh="如认为处理有误，可在 {url} 申诉，我们将在 {days} 日内答复。",
)
_NEXT_STEP: Mapping[Side, Words] = {
    "question": Words(
        en="You can rephrase the question or leave out that part.",
        zh="您可以换一种问法，或去掉相关内容后再试。",
    ),
    "answer": Words(
        en="You can ask again or ask something more specific.",
        zh="您可以重新提问，或把问题说得更具体一些。",
    ),
}
_NEXT = {**_NEXT_STEP, "rest": _NEXT_STEP["answer"]}
_HELP = Words(
    en="If you are having a hard time, you do not have to bear it alone: in mainland China call "
    "12356 (psychological support), or 120 in an emergency; elsewhere, your local crisis line.",
    zh="如果您正处在难熬的时刻，请不要独自承受：可拨打全国统一心理援助热线 12356；"
    "情况紧急请拨打 120，或告诉身边信任的人。",
)
_SELF_HARM = "self_harm"
_NUMERALS = (
    "零 一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八 十九 二十 "
    "二十一 二十二 二十三 二十四"
).split()
CONCEALED = Words(en="[A turn was withheld.]", zh="[此处内容已略去]")
"""What the model is given in the place of what was stopped."""

_SAID = re.compile(
    "|".join(re.escape(words.say(lang)) for words in _STOPPED.values() for lang in ("en", "zh"))
)
_NUMBERED = re.compile(r"\bHG-[0-9A-Z]{10}-[0-9A-Z]{8}-[0-9A-Z]{8}\b")
SUSPENDED = Fault("standing", "suspended")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal, ready to be said in either language."""

    side: Side
    rule: str
    reason: Words
    number: str
    appeal: str
    days: int
    helps: bool

    def text(self, lang: Lang) -> str:
        """Return the whole message."""
        lines = [
            f"{_STOPPED[self.side].say(lang)}{' ' if lang == 'en' else ''}{self.reason.say(lang)}",
            _HELP.say(lang) if self.helps else _NEXT[self.side].say(lang),
            _NUMBER.fill(number=self.number).say(lang),
            _APPEAL.fill(url=self.appeal, days=self.days).say(lang),
        ]
        return "\n".join(lines)

    def fields(self, lang: Lang) -> dict[str, Any]:
        """Return what the ``aigc`` object says of it."""
        return {
            "side": "question" if self.side == "question" else "answer",
            "rule": self.rule,
            "reason": self.reason.say(lang),
            "appeal": self.appeal,
            "next": (_HELP if self.helps else _NEXT[self.side]).say(lang),
        }

    def error(self, lang: Lang | None = None) -> BadRequest:
        """Return the refusal as an OpenAI error, for keys that ask for errors.

        In ``lang``, the language of the question, where that is known: an error has no other.
        """
        words = Words(self.text(lang or "en"), self.text(lang or "zh"))
        return BadRequest(words, status=400, code="content_filter")


@dataclass(frozen=True, slots=True)
class Refusals:
    """Words refusals for one service."""

    rules: Mapping[str, RuleInfo]
    public_url: str
    days: int

    def of(self, side: Side, cause: Finding | Fault | None, number: str) -> Refusal:
        """Return the refusal for a cause: a finding's rule, or what could not be checked."""
        rule, reason, helps = "fault", _FAULT, False
        if isinstance(cause, Finding) and (info := self.rules.get(cause.rule)) is not None:
            rule, helps = info.id, _SELF_HARM in info.id
            title, clause = _title(info), clause_words(info.clause)
            reason = Words(
                _BECAUSE.en.format(title=title.en, clause=clause.en),
                _BECAUSE.zh.format(title=title.zh, clause=clause.zh),
            )
        elif cause == SUSPENDED:
            rule, reason = "suspended", _SUSPENDED
        elif isinstance(cause, Fault) and cause.detector in _UNSEEN:
            rule, words = "unjudged", _UNSEEN[cause.detector]
            what = _MEDIA.get(
                cause.reason, Words(en="content of an unknown kind", zh="未知类型的内容")
            )
            reason = Words(words.en.format(what=what.en), words.zh.format(what=what.zh))
        address = f"{self.public_url}/appeal?{urlencode({'number': number})}"
        return Refusal(side, rule, reason, number, address, self.days, helps)


def without_refusal(text: str) -> str:
    """Put a notice in place of a refusal of ours that a client sends back as the model's reply.

    All from its first words to the end goes, whatever it says: who imitates one gains nothing.
    """
    said = _SAID.search(text) if "HG-" in text else None
    # two searches, not one pattern: that would look for a number from each of its first words on
    if said is None or _NUMBERED.search(text, said.end()) is None:
        return text
    return text[: said.start()] + CONCEALED.zh


def _title(info: RuleInfo) -> Words:
    """Return what a rule is called; one that its author gave no name is called after its risk."""
    risk = risks().get(info.risk)
    return risk.name if risk is not None and info.title.en in ("", info.id) else info.title


def clause_words(clause: str) -> Words:
    """Return a clause as people name it: ``4(4)`` is Art. 4, item 4 of the Measures."""
    article, _, item = clause.rstrip(")").partition("(")
    if not article.isdecimal():
        return Words(clause, clause)
    zh = f"《暂行办法》第{_numeral(article)}条" + (f"第{_numeral(item)}项" if item else "")
    return Words(f"Interim Measures, Art. {clause}", zh)


def _numeral(number: str) -> str:
    if not number.isdecimal() or not 0 < int(number) < len(_NUMERALS):
        return number
    return _NUMERALS[int(number)]


def language_of(accept: str, text: str, default: Lang) -> Lang:
    """Return the caller's language: of the newest message, else asked for, else the service's."""
    if any("\u4e00" <= char <= "\u9fff" for char in text[:2000]):
        return "zh"
    first = accept.strip().lower()
    if first.startswith("zh"):
        return "zh"
    if first.startswith("en") or any(char.isalpha() for char in text[:200]):
        return "en"
    return default
