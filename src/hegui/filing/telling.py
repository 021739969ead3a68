"""What a board says of a duty, in words: for the command, the page and the export alike. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from hegui.filing.board import Item, Part
from hegui.filing.projection import DAY_MS
from hegui.filing.single import End, How
from hegui.filing.states import OPEN, SAYS, State
from hegui.terms import Words

BEIJING: Final = timezone(timedelta(hours=8))
"""Legal days are days in Asia/Shanghai."""

NO_DOOR = Words("no door in this release writes this", "本版本没有写入此类记录的入口")
_ALL = Words(
    "{met} of {n} kinds of records asked for are there; the newest is entry {index}",
    "所要求的 {n} 类记录已具备 {met} 类；最新为第 {index} 条",
)
_SOME = Words("{met} of {n} are there; missing: {missing}", "已具备 {met}/{n}；缺少：{missing}")
_ATTESTED = Words(
    "by {by} ({role}) until {until}; records show {met} of {n}",
    "{by}（{role}）声明，有效至 {until}；记录可说明 {met}/{n}",
)
_WORD_MISSING = Words("the word of a person: {roles}", "人员声明：{roles}")
_AGAINST = Words("entry {index} speaks against it", "第 {index} 条记录与之相反")
_OVERDUE = Words(
    "the incident that entry {index} opened is late: hegui incident list",
    "第 {index} 条登记的事件已逾期：hegui incident list",
)
_ENDED = Words(
    "the attestation of entry {index} ended on {until}", "第 {index} 条声明已于 {until} 到期"
)
_WITHDRAWN = Words(
    "the attestation of entry {index} was withdrawn by entry {other}",
    "第 {index} 条声明已由第 {other} 条撤回",
)
_ENDS = {
    How.SOON: Words(
        "what entry {index} shows holds until {until} only",
        "第 {index} 条所记事项将于 {until} 到期",
    ),
    How.RAN_OUT: Words(
        "what entry {index} shows ended on {until}", "第 {index} 条所记事项已于 {until} 到期"
    ),
    How.UNDONE: Words(
        "what entry {index} shows was ended by entry {other}",
        "第 {index} 条所记事项已由第 {other} 条终止",
    ),
}
_DECLARED = Words(
    "by entry {index} this is not so: {facts}", "据第 {index} 条记录，并非如此：{facts}"
)


def day(at_ms: int) -> str:
    """Return the legal day of a time (UTC ms) in Asia/Shanghai: ``2026-11-28``."""
    return datetime.fromtimestamp(at_ms / 1_000, BEIJING).date().isoformat()


def last_day(until_ms: int) -> str:
    """Return the last legal day on which something holds that ends at a time (UTC ms)."""
    return day(until_ms - 1)


def moment(at_ms: int) -> str:
    """Return a time (UTC ms) in UTC: ``2026-11-28T03:00:00Z``."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).isoformat().replace("+00:00", "Z")


def why(item: Item) -> Words:
    """Return why a duty is in its state, in one line; of what is met also what will not last."""
    said = _why(item)
    ends = [words for part in item.parts if part.met for words in ending(part)]
    return Words(
        "; ".join((said.en, *(w.en for w in ends))), "；".join((said.zh, *(w.zh for w in ends)))
    )


def _why(item: Item) -> Words:
    if item.state in {State.NO_DUTY, State.COULD_NOT_TELL}:
        return SAYS[item.state]
    if item.state is State.NOT_APPLICABLE:
        return Words(
            _DECLARED.en.format(index=item.declared, facts="; ".join(w.en for w in item.because)),
            _DECLARED.zh.format(index=item.declared, facts="；".join(w.zh for w in item.because)),
        )
    if item.state is State.ATTESTED and item.attestation is not None:
        return _attested(item)
    if item.state is State.EVIDENCED:
        newest = max(part.found.newest for part in item.parts)
        return _ALL.fill(met=item.met, n=len(item.parts), index=newest)
    gaps = list(missing(item))
    told = {"met": item.met, "n": len(item.parts)}
    return Words(
        _SOME.en.format(missing="; ".join(one.en for one in gaps), **told),
        _SOME.zh.format(missing="；".join(one.zh for one in gaps), **told),
    )


def missing(item: Item) -> Iterator[Words]:
    """Yield what is missing, in the order in which it is asked for."""
    yield from item.because if item.state is not State.NOT_APPLICABLE else ()
    for part in item.parts:
        if not part.met:
            yield _gap(part)
    asked, said = item.duty.attest, item.attestation
    if asked is None or item.state not in OPEN:
        return
    if said is not None and said.withdrawn is not None:
        yield _WITHDRAWN.fill(index=said.index, other=said.withdrawn)
    elif said is not None and not item.attested:
        yield _ENDED.fill(index=said.index, until=last_day(said.until))
    if not item.attested:
        yield Words(
            _WORD_MISSING.en.format(roles=", ".join(role.name.en for role in asked.roles)),
            _WORD_MISSING.zh.format(roles="、".join(role.name.zh for role in asked.roles)),
        )


def ending(part: Part) -> Iterator[Words]:
    """Yield which records of a query ended, or end within thirty days, and on which legal day."""
    for end in part.ends:
        yield _ended(end)


def ends_soon(part: Part) -> Iterator[Words]:
    """Yield what of a query holds now, and ends within thirty days."""
    for end in part.ends:
        if end.how is How.SOON:
            yield _ended(end)


def _ended(end: End) -> Words:
    return _ENDS[end.how].fill(index=end.index, until=last_day(end.until), other=end.by)


def holds_until(part: Part) -> int | None:
    """Return until when (UTC ms) a met query stays met without anything new; None: no end."""
    if not part.met:
        return None
    ends = [part.until] if part.until else []
    if part.query.within_days is not None:
        first_day_without = part.found.newest_t // DAY_MS + part.query.within_days + 1
        ends.append(first_day_without * DAY_MS)
    return min(ends, default=None)


def _gap(part: Part) -> Words:
    said = part.query.says
    because = list(ending(part))
    if part.against >= 0:
        against = (_OVERDUE if part.overdue else _AGAINST).fill(index=part.against)
        because = because or [against]
    elif not part.query.door:
        because.append(NO_DOOR)
    if not because:
        return said
    en, zh = "; ".join(one.en for one in because), "；".join(one.zh for one in because)
    return Words(f"{said.en} ({en})", f"{said.zh}（{zh}）")


def _attested(item: Item) -> Words:
    said = item.attestation
    assert said is not None
    asked = item.duty.attest
    role = next((one.name for one in asked.roles if one.id == said.role), None) if asked else None
    told = {"by": said.by, "until": last_day(said.until), "met": item.met, "n": len(item.parts)}
    return Words(
        _ATTESTED.en.format(role=role.en if role else said.role, **told),
        _ATTESTED.zh.format(role=role.zh if role else said.role, **told),
    )
