"""``hegui duty show``: everything about one duty."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.columns import wrapped
from hegui.cli.duty_asked import AS_OF, TENANT, board_of
from hegui.cli.duty_list import as_data
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, FINDINGS, command, lang_of, say_json, say_lines
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    from hegui.filing.board import Board, Item, Part
    from hegui.measures import Duty

_OWES = Words("Who owes it: {bearer}; to whom: {owed}.", "义务主体：{bearer}；对象：{owed}。")
_WHEN = Words("When: {when} ({by})", "时限：{when}（{by}）")
_RISKS = Words("Risks: {risks}", "涉及风险：{risks}")
_CLASS = Words("How it is shown: {how}.", "说明方式：{how}。")
_KNOWN = Words("How well the text is known: {how}", "文本核实情况：{how}")
_SOURCE = Words("Source: {source}", "来源：{source}")
_STATE = Words("State: {state}. {why}", "状态：{state}。{why}")
_EVIDENCE = Words("What counts as evidence:", "何为证据：")
_CRITERION = Words("criterion {by}", "标准：{by}")
_QUERY = Words("{says} [{kinds}; {by}]", "{says}（{kinds}；{by}）")
_MET = Words(
    "there: {count} records, the newest is entry {index} of {day}",
    "已具备：{count} 条，最新为第 {index} 条（{day}）",
)
_UNTIL = Words("; without a new one it holds until {day}", "；如无新记录，有效至 {day}")
_NOT = Words("missing", "缺少")
_BECAUSE = Words(": {why}", "：{why}")
_NAMED = Words("{name} ({id})", "{name}（{id}）")
_PROOF = Words(
    "A proof of entry {index}: hegui ledger export, or https://c2sp.org/tlog-tiles under "
    "the published log",
    "第 {index} 条的证明：hegui ledger export，或公开账本的 tlog-tiles",
)
_ATTEST = Words(
    "A person's word: by {roles}, for {days} days at most ({by}): {says}",
    "人员声明：由{roles}作出，最长 {days} 天（{by}）：{says}",
)
_ATTACH = Words("Attach: {files}", "附件：{files}")
_SAID = Words(
    "Entry {index}: attested by {by} ({role}), until {day}{ended}",
    "第 {index} 条：由 {by}（{role}）声明，有效至 {day}{ended}",
)
_FILES = Words(
    "statement {digest}…, {n} files, in attestations/",
    "声明 {digest}…，附件 {n} 个，存于 attestations/",
)
_WITHDRAWN = Words("; withdrawn by entry {index}", "；已由第 {index} 条撤回")
_MISSING = Words("What is missing:", "还缺少：")
_NEXT = Words(
    "Next: {command} ({owner}, about {minutes} minutes)",
    "下一步：{command}（{owner}，约 {minutes} 分钟）",
)


@command(
    "show",
    Words(
        "Print one duty: the clause in both languages, who owes what to whom, what counts as "
        "evidence and who set that criterion, the newest evidence with its index in the ledger, "
        "and what is missing. Exit code 0: nothing is open; 1: something is; 2: could not tell.",
        "查看一项义务：条文中英文、谁对谁负有何种义务、何为证据及该标准由谁设定、"
        "最新证据及其账本序号、还缺少什么。退出码：0 无未了事项；1 有；2 无法判断。",
    ),
    Words("hegui duty show a14-2b", "hegui duty show a14-2b"),
)
@click.argument("duty")
@SETTINGS_OPTION
@TENANT
@AS_OF
@JSON_OPTION
def show(duty: str, config: Path, tenant: str, as_of: str, *, as_json: bool) -> int:
    """Print one duty."""
    from hegui.app.attestations import duty_of
    from hegui.filing.states import OPEN

    asked = duty_of(duty)
    found = board_of(config, tenant, as_of)
    item = found.item(asked.id)
    assert item is not None  # the board has every duty of the catalogue
    if as_json:
        say_json(_data(found, item))
    else:
        say_lines(_page(item, lang_of()))
    if found.trouble is not None:
        return COULD_NOT_TELL
    return FINDINGS if item.state in OPEN else CLEAN


def _data(found: "Board", item: "Item") -> dict[str, Any]:
    whole = as_data(found)
    row = next(one for one in whole.pop("duties") if one["id"] == item.duty.id)
    clause = clause_text(item.duty)
    return {
        **row,
        "clause": {"rule": item.duty.rule.id, "id": item.duty.clause, **_both(clause)},
        "says": _both(item.duty.says),
        "board": whole,
    }


def _both(words: Words | None) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh} if words is not None else {}


def clause_text(duty: "Duty") -> Words | None:
    """Return the words of the clause, where they are those of the Measures."""
    from hegui.measures import text

    if duty.rule.id != "interim-measures":
        return None
    clause = text().clauses.get(duty.clause)
    if clause is not None:
        return clause.text
    clauses = [one for one in text().clauses.values() if str(one.article) == duty.clause]
    if not clauses:
        return None
    return Words(
        "\n".join(one.text.en for one in clauses), "\n".join(one.text.zh for one in clauses)
    )


def _page(item: "Item", lang: Lang) -> list[str]:
    return [piece for line in _said(item, lang) for piece in (wrapped(line, 98) if line else [""])]


def _said(item: "Item", lang: Lang) -> Iterator[str]:
    from hegui.filing.states import WORDS
    from hegui.filing.telling import missing, why

    duty = item.duty
    yield f"{duty.id}  {duty.title.zh} / {duty.title.en}"
    yield ""
    yield from _law(duty, lang)
    yield ""
    yield _STATE.say(lang).format(state=WORDS[item.state].say(lang), why=why(item).say(lang))
    if item.parts:
        yield _EVIDENCE.say(lang)
    for part in item.parts:
        yield from _evidence(part, lang)
    yield from _word(item, lang)
    gaps = [one.say(lang) for one in missing(item)]
    if gaps:
        yield _MISSING.say(lang)
        yield from (f"  - {gap}" for gap in gaps)
    if duty.command:
        yield _NEXT.say(lang).format(
            command=duty.command, owner=duty.owner.name.say(lang), minutes=duty.effort_minutes
        )


def _law(duty: "Duty", lang: Lang) -> Iterator[str]:
    from hegui.measures.duties import CLASSES
    from hegui.measures.rules import READINGS

    clause = clause_text(duty)
    joint = "、" if lang == "zh" else ", "
    for words in (clause, duty.says):
        if words is not None:
            yield from words.zh.splitlines()
            yield from words.en.splitlines()
    yield _OWES.say(lang).format(
        bearer=duty.bearer.name.say(lang),
        owed=joint.join(one.name.say(lang) for one in duty.owed_to),
    )
    yield _WHEN.say(lang).format(when=duty.when.words.say(lang), by=duty.when.set_by.say(lang))
    if duty.risks:
        yield _RISKS.say(lang).format(risks=joint.join(duty.risks))
    yield _CLASS.say(lang).format(how=CLASSES[duty.duty_class].say(lang))
    yield _KNOWN.say(lang).format(how=READINGS[duty.reading].say(lang))
    for source in duty.sources:
        yield _SOURCE.say(lang).format(source=source.told.say(lang))


def _evidence(part: "Part", lang: Lang) -> Iterator[str]:
    from hegui.filing.telling import NO_DOOR, day, holds_until, last_day

    query = part.query
    by = _CRITERION.say(lang).format(by=query.set_by.say(lang))
    kinds = ", ".join(sorted({one.kind for one in query.any_of}))
    yield f"  - {_QUERY.say(lang).format(says=query.says.say(lang), kinds=kinds, by=by)}"
    if not part.met:
        why = _BECAUSE.say(lang).format(why=NO_DOOR.say(lang)) if not query.door else ""
        yield f"    {_NOT.say(lang)}{why}"
        return
    found = part.found
    line = _MET.fill(count=found.count, index=found.newest, day=day(found.newest_t)).say(lang)
    until = holds_until(part)
    ends = _UNTIL.fill(day=last_day(until)).say(lang) if until is not None else ""
    yield f"    {line}{ends}"
    yield f"    {_PROOF.fill(index=found.newest).say(lang)}"


def _word(item: "Item", lang: Lang) -> Iterator[str]:
    from hegui.filing.telling import last_day

    asked, said = item.duty.attest, item.attestation
    joint = "、" if lang == "zh" else ", "
    if asked is not None:
        named = _NAMED.say(lang)
        roles = joint.join(named.format(name=one.name.say(lang), id=one.id) for one in asked.roles)
        told = {"roles": roles, "days": asked.days, "by": asked.set_by.say(lang)}
        yield _ATTEST.say(lang).format(says=asked.says.say(lang), **told)
        if asked.attach:
            yield _ATTACH.say(lang).format(files=joint.join(one.say(lang) for one in asked.attach))
    if said is not None:
        gone = said.withdrawn
        ended = _WITHDRAWN.fill(index=gone).say(lang) if gone is not None else ""
        told = {"by": said.by, "role": said.role, "day": last_day(said.until), "ended": ended}
        yield _SAID.say(lang).format(index=said.index, **told)
        yield "  " + _FILES.fill(digest=said.statement[:16], n=len(said.files)).say(lang)
