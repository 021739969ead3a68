"""What ``hegui check`` tells of witnesses and time stamps: who confirms, how far, and trouble."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hegui.cli.columns import table, wrapped
from hegui.terms import HeguiError, Lang, Words

if TYPE_CHECKING:
    from hegui.ledger.cosigned import Standing
    from hegui.settings import Settings

TITLE: Final = Words("Who confirms the evidence from outside", "谁从外部证实这些证据")
_NOBODY: Final = Words(
    "No witness and no time authority: nobody outside can tell whether this ledger shows two "
    "histories, or when its records were there. See [[witness]] and [ledger.timestamp].",
    "没有见证方，也没有时间戳机构：外人无法判断账本是否有两份历史，也无法确认记录的时间。"
    "可配置 [[witness]] 和 [ledger.timestamp]。",
)
_NO_WITNESS: Final = Words(
    "No witness: nobody outside can tell whether this ledger shows two histories.",
    "没有见证方：外人无法判断账本是否有两份历史。",
)
_WHERE: Final = Words(
    "A witness on this machine, or run by the provider, proves nothing.",
    "与本服务同机或由提供者运行的见证方什么也证明不了。",
)
_HERE: Final = Words(
    "{name} IS ON THIS MACHINE ({url}): what it signs proves nothing to anybody.",
    "{name} 就在本机（{url}）：它的签名对谁都证明不了什么。",
)
_AUTHORITY: Final = Words("time authority", "时间戳机构")


def confirmed(settings: "Settings", lang: Lang) -> list[str]:
    """Return the lines of the page."""
    told = _known(settings)
    if not settings.witnesses and settings.ledger.timestamp is None:
        return _paragraph(_NOBODY, lang)
    heading = (
        Words("name", "名称"),
        Words("address", "地址"),
        Words("log", "账本"),
        Words("entries", "条数"),
        Words("last (UTC)", "最近（UTC）"),
        Words("state", "状态"),
    )
    rows = [[words.say(lang) for words in heading]]
    for name, url in _named(settings):
        logs = [(log, known) for log, known in told if known.name == name]
        shown = name or _AUTHORITY.say(lang)
        if not logs:
            rows.append([shown, url, "-", "-", "-", _state(None).say(lang)])
        for log, known in logs:
            size, at = (str(known.size), _at(known.signed)) if known.signed else ("-", "-")
            rows.append([shown, url, log, size, at, _state(known).say(lang)])
    notes = [_WHERE] if settings.witnesses else [_NO_WITNESS]
    here = [each for each in settings.witnesses if _is_here(each.url)]
    notes += [_HERE.fill(name=each.name, url=each.url) for each in here]
    return [*table(rows), *(line for words in notes for line in _paragraph(words, lang))]


def confirmed_data(settings: "Settings") -> list[dict[str, Any]]:
    """Return the same for a program."""
    told = _known(settings)
    return [
        {
            "name": name or "timestamp",
            "url": url,
            "logs": [
                {
                    "tenant": log,
                    "size": known.size,
                    "signed_ms": known.signed,
                    "failures": known.failures,
                    "trouble": known.trouble,
                }
                for log, known in told
                if known.name == name
            ],
        }
        for name, url in _named(settings)
    ]


def _is_here(url: str) -> bool:
    """Tell whether an address is this machine's own."""
    from urllib.parse import urlsplit

    from hegui.settings import Address

    return Address(urlsplit(url).hostname or "", 0).loopback


def _known(settings: "Settings") -> "list[tuple[str, Standing]]":
    from hegui.app.attesting import standings

    try:
        return standings(settings)
    except HeguiError:
        return []  # what is wrong with the database is told as a problem


def _named(settings: "Settings") -> list[tuple[str, str]]:
    found = [(each.name, each.url) for each in settings.witnesses]
    stamp = settings.ledger.timestamp
    return [*found, ("", stamp.url)] if stamp is not None else found


def _state(known: "Standing | None") -> Words:
    from hegui.witness.troubles import trouble

    if known is None or (not known.signed and not known.trouble):
        return Words("not asked yet", "尚未询问")
    if not known.trouble:
        return Words("in order", "正常")
    words = trouble(known.trouble)
    return Words(
        f"FAILED {known.failures} times: {words.en}", f"失败 {known.failures} 次：{words.zh}"
    )


def _paragraph(words: Words, lang: Lang) -> list[str]:
    return [f"  {line}" for line in wrapped(words.say(lang), 92)]


def _at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
