"""The reference page of all duties, from the catalogue."""

# ruff: noqa: INP001 - beside a script, not in a package
from collections.abc import Iterator

from hegui.measures import Duty, Rule, catalogue, profiles
from hegui.measures.duties import CLASSES
from hegui.measures.facts import ASKED
from hegui.measures.rules import READINGS
from hegui.terms import Lang, Words

_INTRO = Words(
    "Every row of the catalogue: who owes what to whom, when, and who set that. Numbers in the "
    "text are those of the profile gbt-45654-2025. What nobody here has read in the original is "
    "marked ⚠. The English is ours; of the Measures only the Chinese is authentic.",
    "目录的全部条目：谁对谁负有什么义务、何时、由谁规定。文中数值取自方案 gbt-45654-2025。"
    "未读原文的以 ⚠ 标出。英文为本项目所译；《暂行办法》以中文为准。",
)
_LABELS = {
    "who": Words("who owes it", "义务人"),
    "to": Words("to whom", "对象"),
    "when": Words("when", "时间"),
    "limit": Words("limit", "时限"),
    "class": Words("class", "类别"),
    "applies": Words("applies when the provider", "适用条件：提供者"),
    "owner": Words("owner", "负责人"),
    "next": Words("next", "下一步"),
    "attest": Words("to attest", "声明内容"),
    "sources": Words("sources", "出处"),
}
_NOT = Words("does not: {what}", "否：{what}")


def duties(lang: Lang) -> Iterator[str]:
    """Write the page's body: a section per rule, an entry per duty."""
    yield _INTRO.say(lang)
    yield ""
    rows = catalogue().duties.values()
    for rule in catalogue().rules.values():
        own = [duty for duty in rows if duty.rule.id == rule.id]
        if own:
            yield from _rule(rule, lang)
            for duty in own:
                yield from _duty(duty, lang)


def _rule(rule: Rule, lang: Lang) -> Iterator[str]:
    yield f"## {rule.short.say(lang)}"
    yield ""
    said = [rule.title, READINGS[rule.reading], *([rule.note] if rule.note.en else [])]
    gap = ". " if lang == "en" else "。"
    told = (words.say(lang).rstrip(".。") for words in said)
    yield gap.join(f"{text[:1].upper()}{text[1:]}" for text in told) + gap.strip()
    yield ""


def _duty(duty: Duty, lang: Lang) -> Iterator[str]:
    mark = "" if duty.read_in_original else " ⚠"
    yield f"### `{duty.id}` {duty.title.say(lang)}{mark}"
    yield ""
    yield duty.said(profiles()["gbt-45654-2025"].numbers).say(lang)
    yield ""
    for name, text in _lines(duty, lang):
        yield f"- {_LABELS[name].say(lang)}{': ' if lang == 'en' else '：'}{text}"
    yield ""


def _within(text: str, aside: str, lang: Lang) -> str:
    return f"{text} ({aside})" if lang == "en" else f"{text}（{aside}）"


def _lines(duty: Duty, lang: Lang) -> Iterator[tuple[str, str]]:
    comma = ", " if lang == "en" else "、"
    if not duty.binds_provider:
        yield "who", duty.bearer.name.say(lang)
        yield "sources", duty.sources[0].told.say(lang)
        return
    yield "who", duty.bearer.name.say(lang)
    yield "to", comma.join(party.name.say(lang) for party in duty.owed_to)
    when = duty.when
    yield "when", _within(when.words.say(lang), when.set_by.say(lang), lang)
    if duty.limit is not None:
        yield "limit", _within(duty.limit.what.say(lang), f"`{duty.limit.id}`", lang)
    yield "class", CLASSES[duty.duty_class].say(lang)
    if duty.applies.terms:
        yield "applies", ("; " if lang == "en" else "；").join(_terms(duty, lang))
    minutes = Words("{n} minutes", "{n} 分钟").fill(n=duty.effort_minutes)
    yield "owner", _within(duty.owner.name.say(lang), minutes.say(lang), lang)
    yield "next", f"`{duty.command}`"
    if duty.attest is not None:
        who = comma.join(role.name.say(lang) for role in duty.attest.roles)
        days = Words("{days} days", "{days} 天").fill(days=duty.attest.days).say(lang)
        aside = f"{who}; {days}" if lang == "en" else f"{who}；{days}"
        yield "attest", _within(duty.attest.says.say(lang), aside, lang)
    yield "sources", comma.join(source.told.say(lang) for source in duty.sources)


def _terms(duty: Duty, lang: Lang) -> Iterator[str]:
    for name, term in duty.applies.terms.items():
        what = ASKED[name].say(lang)
        if isinstance(term, tuple):
            yield f"{what} {', '.join(term)}"
        else:
            yield what if term else _NOT.fill(what=what).say(lang)
