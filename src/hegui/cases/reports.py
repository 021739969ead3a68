"""Drafts of incident reports. Pure; nothing here sends anything.

A draft holds what the records show, marks what a person has to fill in, and says on its first line
that it is a draft. A named person decides whether, to whom and what is sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from hegui.cases.incidents import LEVEL_WORDS, Content, Network, Timer
from hegui.terms import Lang, Words

_BEIJING: Final = timezone(timedelta(hours=8))
SLOT: Final = Words("[to be filled in]", "〔待填〕")

_TITLE_CONTENT = Words("Report on illegal content found", "违法内容处置报告")
_TITLE_NETWORK = Words("Report on an incident of network security", "网络安全事件报告")
_DRAFT = Words(
    "DRAFT. Not sent to anybody. A named person decides whether, to whom and what is sent.",
    "草稿。尚未向任何单位发送。是否报送、报送对象和内容由签署人决定。",
)
_LINES: Final = {
    "case": Words("Case", "案件编号"),
    "service": Words("Service", "服务名称"),
    "provider": Words("Provider", "提供者"),
    "found": Words("Found", "发现时间"),
    "level": Words("Level", "事件级别"),
    "affected": Words("Records concerned", "涉及记录"),
    "proof": Words("Proof", "证明"),
    "stopped": Words("Generation and transmission stopped", "停止生成和传输时间"),
    "eliminated": Words("Eliminated", "消除时间"),
    "signed": Words("Signed by (name, role, date)", "签署人（姓名、职务、日期）"),
}
_FREE_CONTENT: Final = (
    Words("What was found, and how", "发现的内容及途径"),
    Words("Rectification: what was done to the model or the rules", "整改措施：对模型或规则的处理"),
    Words("Measures taken against the user, if any", "对使用者采取的措施（如有）"),
)
_FREE_NETWORK: Final = (
    Words("Kind of incident, systems and assets concerned", "事件类型、涉及的系统和资产"),
    Words("Course, cause as far as it is known, and effects", "经过、初步原因和影响"),
    Words("Measures taken, and their result", "已采取的措施和效果"),
    Words("How it may go on; support that is asked for", "发展趋势和请求支援事项"),
)
_PROOF = Words(
    "hegui ledger export; anyone can check it offline", "hegui ledger export，任何人均可离线核验"
)
_NOT_YET = Words("not yet", "尚未")
_DUE = Words("due {due} ({by})", "应于 {due} 前完成（{by}）")
_NO_DUE = Words("{by}", "{by}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the incident: its case, the service, the records (index in the log)."""

    case: str
    service: str
    provider: str
    affected: tuple[int, ...] = ()


def draft(incident: Content | Network, known: Known, lang: Lang) -> str:
    """Return the draft of a report, as text. Whatever is not known is a marked slot."""
    return "\n".join(_lines(incident, known, lang)) + "\n"


def _lines(incident: Content | Network, known: Known, lang: Lang) -> Iterator[str]:
    is_content = isinstance(incident, Content)
    yield f"# {(_TITLE_CONTENT if is_content else _TITLE_NETWORK).say(lang)}"
    yield ""
    yield f"**{_DRAFT.say(lang)}**"
    yield ""
    slot = SLOT.say(lang)
    yield _line("case", known.case, lang)
    yield _line("service", known.service, lang)
    yield _line("provider", known.provider or slot, lang)
    yield _line("found", moment_in_beijing(incident.found), lang)
    if isinstance(incident, Content):
        yield _line("stopped", _time(incident.stopped, lang), lang)
        yield _line("eliminated", _time(incident.eliminated, lang), lang)
    else:
        yield _line("level", LEVEL_WORDS[incident.level].say(lang), lang)
    yield _line("affected", ", ".join(str(one) for one in known.affected) or slot, lang)
    yield _line("proof", _PROOF.say(lang), lang)
    yield ""
    for timer in incident.timers:
        yield f"- {_told(timer, lang)}"
    for words in _FREE_CONTENT if is_content else _FREE_NETWORK:
        yield ""
        yield f"## {words.say(lang)}"
        yield ""
        yield slot
    yield ""
    yield _line("signed", slot, lang)


def _line(name: str, said: str, lang: Lang) -> str:
    colon = "：" if lang == "zh" else ": "
    return f"- {_LINES[name].say(lang)}{colon}{said}"


def _told(timer: Timer, lang: Lang) -> str:
    by = timer.set_by.say(lang)
    limit = _NO_DUE.say(lang) if timer.due is None else _DUE.say(lang)
    due = moment_in_beijing(timer.due) if timer.due is not None else ""
    colon, arrow = ("：", "，") if lang == "zh" else (": ", ", ")
    return f"{timer.what.say(lang)}{arrow}{timer.to.say(lang)}{colon}{limit.format(due=due, by=by)}"


def _time(at_ms: int | None, lang: Lang) -> str:
    return moment_in_beijing(at_ms) if at_ms is not None else _NOT_YET.say(lang)


def moment_in_beijing(at_ms: int) -> str:
    """Return a time as it is written in a report: Beijing time, with its offset."""
    at = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(_BEIJING)
    return at.isoformat(sep=" ", timespec="minutes")
