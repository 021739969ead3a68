"""``hegui duty list``: the board."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.columns import wrapped
from hegui.cli.duty_asked import AS_OF, TENANT, board_of
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    command,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    from hegui.filing.board import Board, Item

_HEAD = Words(
    "Duties of tenant {tenant} as of {at}: {counts}.",
    "租户 {tenant} 截至 {at} 的义务：{counts}。",
)
_CHECKPOINT = Words(
    "From {size} entries of {origin}, root {root}…; catalogue {catalogue}…, profile {profile}…, "
    "board {digest}…. The same four give the same board.",
    "依据 {origin} 的 {size} 条记录，根 {root}…；目录 {catalogue}…，方案 {profile}…，"
    "看板 {digest}…。四者相同，结果即相同。",
)
_NO_LOG = Words(
    "There is no log of this tenant yet: nothing is on record.", "该租户尚无账本，没有任何记录。"
)
_RECORDED = Words("Entry {index} records this board.", "第 {index} 条记录了本看板。")
_TROUBLE = Words(
    "Nothing can be told: {why}\nKeep the files. When the ledger is whole again, run: hegui duty "
    "list --verify",
    "无法判断：{why}\n请保留原文件。账本恢复完整后，请运行：hegui duty list --verify",
)


@command(
    "list",
    Words(
        "Print every duty with its state and why, computed from the ledger: its signed head, that "
        "it goes on from what was verified before, new entries, and every entry that a state rests "
        "on are verified. Exit code 0: nothing is open; 1: something is; 2: could not tell.",
        "列出每项义务的状态及原因，均根据账本计算。会核验账本头的签名、与此前已核验部分的一致性、"
        "新增记录，以及状态所依据的每条记录。退出码：0 没有未了事项；1 有未了事项；2 无法判断。",
    ),
    Words(
        "hegui duty list\nhegui duty list --as-of 2026-11-01 --json",
        "hegui duty list\nhegui duty list --as-of 2026-11-01 --json",
    ),
)
@SETTINGS_OPTION
@TENANT
@AS_OF
@option(
    "--size",
    type=click.IntRange(1),
    metavar="N",
    words=Words(
        "count the first N entries only: to compute an earlier board again",
        "只计前 N 条记录，用于重新计算以前的看板",
    ),
)
@option(
    "--verify",
    is_flag=True,
    words=Words(
        "check the whole ledger first, and the summary against it", "先核验整个账本及其汇总"
    ),
)
@option(
    "--record",
    is_flag=True,
    words=Words("put the board on the ledger", "将本看板记录到账本"),
)
@JSON_OPTION
def list_duties(
    config: Path, tenant: str, as_of: str, size: int | None, *, as_json: bool, **how: bool
) -> int:
    """Print every duty with its state."""
    found = board_of(config, tenant, as_of, size, verify=how["verify"])
    recorded = _record(config, found) if how["record"] and found.trouble is None else None
    if as_json:
        said = as_data(found)
        if recorded is not None:
            said["recorded"] = recorded
        say_json(said)
    elif found.trouble is not None:
        say(
            Words(
                _TROUBLE.en.format(why=found.trouble.en), _TROUBLE.zh.format(why=found.trouble.zh)
            )
        )
    else:
        say_lines(_page(found, lang_of()))
        if recorded is not None:
            say(_RECORDED.fill(index=recorded))
    return code_of(found)


def code_of(found: "Board") -> int:
    """Return the exit code that a board stands for."""
    from hegui.filing.states import OPEN

    if found.trouble is not None:
        return COULD_NOT_TELL
    return FINDINGS if any(item.state in OPEN for item in found.items) else CLEAN


def as_data(found: "Board") -> dict[str, Any]:
    """Return a board for machines: what its digest covers, and the words beside it."""
    from hegui.filing.board import told
    from hegui.filing.telling import holds_until, missing, why

    said = told(found)
    for row, item in zip(said["duties"], found.items, strict=True):
        line = why(item)
        row["title"] = {"en": item.duty.title.en, "zh": item.duty.title.zh}
        row["why"] = {"en": line.en, "zh": line.zh}
        row["missing"] = [{"en": one.en, "zh": one.zh} for one in missing(item)]
        for shown, part in zip(row["evidence"], item.parts, strict=True):
            shown["door"] = part.query.door
            shown["holds_until"] = holds_until(part)
    trouble = found.trouble
    return {
        **said,
        "states": found.states,
        "digest": found.digest,
        "trouble": {"en": trouble.en, "zh": trouble.zh} if trouble else None,
    }


def _page(found: "Board", lang: Lang) -> list[str]:
    from hegui.filing.states import WORDS, State
    from hegui.filing.telling import moment

    named = {state: WORDS[State(state)].say(lang) for state in found.states}
    joint = "、" if lang == "zh" else ", "
    counts = joint.join(f"{named[state]} {count}" for state, count in found.states.items())
    head = _HEAD.fill(tenant=found.tenant, at=moment(found.as_of), counts=counts)
    lines = [*wrapped(head.say(lang)), *wrapped(_origin(found).say(lang))]
    rule = ""
    for item in found.items:
        if item.duty.rule.id != rule:
            rule = item.duty.rule.id
            lines += ["", item.duty.rule.title.say(lang)]
        lines += _lines(item, lang)
    return lines


def _origin(found: "Board") -> Words:
    head = found.head
    if head is None:
        return _NO_LOG
    return _CHECKPOINT.fill(
        size=head.size,
        origin=head.origin,
        root=head.root[:16],
        catalogue=found.catalogue[:16],
        profile=found.profile[:16],
        digest=found.digest[:16],
    )


def _lines(item: "Item", lang: Lang) -> list[str]:
    from hegui.filing.states import WORDS
    from hegui.filing.telling import why

    state = WORDS[item.state].say(lang)
    first = f"  {item.duty.id}  [{state}]  {item.duty.title.say(lang)}"
    return [*(wrapped(first, 98)), *(f"      {line}" for line in wrapped(why(item).say(lang), 92))]


def _record(config: Path, found: "Board") -> int:
    from hegui.app.attestations import placed, put_on_record
    from hegui.ledger.kinds import fold

    head = found.head
    fields = {
        "catalogue": found.catalogue,
        "profile": found.profile,
        "size": head.size if head else 0,
        "root": head.root if head else "0" * 64,
        "as_of": found.as_of,
        "states": fold(found.states),
        "board": found.digest,
        "cause": "asked",
    }
    return placed(put_on_record(read_settings(config), found.tenant, "duty.computed", fields))
