"""How the demo tells on a terminal what it does, in either language."""

from collections.abc import Iterator, Mapping
from typing import Any

from hegui.app.demo.records import Tampered, Verdict
from hegui.app.demo.tour import Check, Checks, Heard
from hegui.terms import Lang, Words

_WIDE = 76
_SENT = Words(en="model sent", zh="模型发来")
_ASKED = Words(en="model asked", zh="模型收到")
_LEFT = Words(en="left", zh="放行")
_SCREENED = Words(en="screened", zh="审核")
_LABELLED = Words(en="labelled", zh="标识")
_RECORDED = Words(en="recorded", zh="记录")
_NOTHING = Words(en="nothing", zh="无")
_QUESTION = Words(en="question", zh="提问")
_ANSWER = Words(en="answer", zh="回答")
_DECISIONS = {
    "allow": Words(en="allow", zh="放行"),
    "mask": Words(en="mask", zh="遮盖"),
    "hold": Words(en="hold", zh="暂扣"),
    "refuse": Words(en="refuse", zh="拒绝"),
}
_MODES = {
    "suffix": Words(en="suffix", zh="文末说明"),
    "interface": Words(en="interface", zh="由界面显示"),
    "ui-required": Words(en="ui-required", zh="须由界面显示"),
}
_HELD = Words(en="{held} of {all} expectations held.", zh="{all} 项预期，符合 {held} 项。")
_MORE = Words(en="… ({count} characters)", zh="……（共 {count} 字）")
_VERIFIED = Words(
    en="The log {tenant} verifies: {count} entries, root {root}.",
    zh="账本 {tenant} 核验通过：{count} 条记录，根哈希 {root}。",
)
_BROKEN = Words(
    en="The ledger does not verify: {where}: {what}", zh="账本核验未通过：{where}：{what}"
)
_NAMED = Words(
    en="One bit of a copy was changed; the verifier names it: {where}: {what}",
    zh="在副本里改动了一位，核验程序指出：{where}：{what}",
)


def _short(text: str, lang: Lang) -> str:
    joined = " ".join(text.split())
    if len(joined) <= _WIDE:
        return joined
    return joined[:_WIDE] + _MORE.fill(count=len(joined)).say(lang)


def _row(name: Words, text: str, lang: Lang) -> str:
    label = name.say(lang)
    columns = 2 * len(label) if lang == "zh" else len(label)  # a Han character is two wide
    return f"   {label}{' ' * (13 - columns)}{text}"


def step(number: int, title: Words, heard: Heard, checks: Checks, lang: Lang) -> Iterator[str]:
    """Yield the lines about one step of the tour."""
    yield f"\n{number}  {title.say(lang)}"
    nothing = _NOTHING.say(lang)
    yield _row(_ASKED, _short(heard.asked or nothing, lang), lang)
    yield _row(_SENT, _short(heard.sent or nothing, lang), lang)
    yield _row(_LEFT, _short(heard.left or heard.error or nothing, lang), lang)
    yield _row(_SCREENED, _screened(heard, lang), lang)
    yield _row(_LABELLED, _labelled(heard, lang), lang)
    entries = [f"#{one.index} {one.kind}" for one in heard.records]
    evidence = [str(heard.aigc[-1].get("evidence", ""))] if heard.aigc else []
    yield _row(_RECORDED, " · ".join([*entries, *evidence]) or nothing, lang)
    for check in checks:
        yield told(check, lang)


def told(check: Check, lang: Lang) -> str:
    """Return the line about one expectation."""
    return f"   {'✓' if check.held else '✗'} {check.words.say(lang)}"


def _screened(heard: Heard, lang: Lang) -> str:
    parts = []
    for name, side in (("asked", _QUESTION), ("answered", _ANSWER)):
        leaf = heard.leaf(name)
        rules = ", ".join(f"{rule} ×{count}" for rule, count in leaf.get("rules", {}).items())
        decision = _in(_DECISIONS, leaf.get("decision", "-"), lang)
        parts.append(f"{side.say(lang)} {decision}{f' ({rules})' if rules else ''}")
    return " · ".join(parts)


def _labelled(heard: Heard, lang: Lang) -> str:
    label: dict[str, Any] = heard.leaf("answered").get("label", {})
    if not label:
        return _NOTHING.say(lang)
    return f"{_in(_MODES, label.get('mode'), lang)} · ProduceID {label.get('produce_id')}"


def _in(words: Mapping[str, Words], said: object, lang: Lang) -> str:
    known = words.get(str(said))
    return str(said) if known is None else known.say(lang)


def verdict(report: Verdict, lang: Lang) -> Iterator[str]:
    """Yield the lines about the ledger's verification."""
    for log in report.logs:
        if report.ok:
            yield _VERIFIED.fill(tenant=log.tenant, count=log.size, root=log.root[:16] + "…").say(
                lang
            )
    for problem in report.problems[:5]:
        yield _BROKEN.fill(where=problem.where, what=problem.what.say(lang)).say(lang)


def tampered(result: Tampered, lang: Lang) -> Iterator[str]:
    """Yield the lines about a copy in which one bit was changed."""
    for problem in result.report.problems[:1]:
        yield _NAMED.fill(where=problem.where, what=problem.what.say(lang)).say(lang)


def tally(checks: Checks, lang: Lang) -> str:
    """Return how many expectations held."""
    held = sum(check.held for check in checks)
    return _HELD.fill(held=held, all=len(checks)).say(lang)
