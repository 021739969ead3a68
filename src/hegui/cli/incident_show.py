"""``hegui incident list`` and ``show``: how the cases stand, late ones said."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hegui.cli.columns import wrapped
from hegui.cli.duty_asked import TENANT
from hegui.cli.incident_asked import NUMBER, SORTS, all_cases, told
from hegui.cli.incident_data import as_data, state_of
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, command, lang_of, option, say, say_json, say_lines
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    from hegui.cases.kept import Kept

_NONE = Words("No incident is on the ledger.", "账本中没有事件。")
_LINE = Words(
    "{number}  [{state}]  {sort}, found {found}{level}",
    "{number}  [{state}]  {sort}，发现于 {found}{level}",
)
_LEVEL = Words(", graded {level}", "，定为{level}")
_UNGRADED = Words(", not graded yet", "，尚未分级")
_STATES: Final = {
    "open": Words("open", "未结"),
    "closed": Words("closed", "已结"),
    "late": Words("open, late", "未结，有逾期"),
    "closed-late": Words("closed, was late", "已结，曾逾期"),
    "unfounded": Words("no incident", "并非事件"),
}
_LACKS = Words("It lacks, to be closed:", "结案尚缺：")
_STEPS = Words("On record:", "记录：")
_STEP = Words("entry {index}, {day}: {what}{by}{late}", "第 {index} 条，{day}：{what}{by}{late}")
_BY = Words(", by {by} ({role})", "，由 {by} 执行（{role}）")
_LATE = Words(", late", "，逾期")
_WHAT: Final = {
    "found": Words("found", "发现"),
    "graded": Words("graded", "分级"),
    "stopped": Words("stopped or eliminated", "停止或消除"),
    "rectified": Words("rectified", "整改"),
    "handled": Words("handled", "处置"),
    "drafted": Words("report drafted", "起草报告"),
    "decided": Words("decided", "决定"),
    "reported": Words("report sent", "报送报告"),
    "closed": Words("closed", "结案"),
}


@command(
    "list",
    Words(
        "Print the incidents on the ledger: open ones first, with what is due and what is late. "
        "Exit code 1: one that is open is late.",
        "列出账本中的事件：未结的在前，并说明时限和逾期情况。退出码 1：有未结事件逾期。",
    ),
    Words(
        "hegui incident list\nhegui incident list --all --json",
        "hegui incident list\nhegui incident list --all --json",
    ),
)
@SETTINGS_OPTION
@TENANT
@option("--all", "whole", is_flag=True, words=Words("closed ones, too", "包括已结事件"))
@JSON_OPTION
def list_cases(config: Path, tenant: str, *, whole: bool, as_json: bool) -> int:
    """Print the incidents."""
    from hegui.app import parts

    now, found = parts.now(), list(all_cases(read_settings(config), tenant).values())
    still = [case for case in found if case.closed is None]
    shown = [*still, *(case for case in found if case.closed is not None)] if whole else still
    if as_json:
        say_json([as_data(case, now) for case in shown])
    elif not shown:
        say(_NONE)
    else:
        for case in shown:
            say_lines(_brief(case, now, lang_of()))
    return FINDINGS if any(case.late(now) for case in still) else CLEAN


@command(
    "show",
    Words(
        "Print one incident: its clocks, each step with its entry, who took it and when, and what "
        "it lacks to be closed. Exit code 1: something is late, or was.",
        "查看一起事件：各项时限、每一步骤的记录序号、执行人和时间，以及结案尚缺的步骤。"
        "退出码 1：有事项逾期或曾逾期。",
    ),
    Words("hegui incident show IN-20261128-0123abcd", "hegui incident show IN-20261128-0123abcd"),
)
@NUMBER
@SETTINGS_OPTION
@TENANT
@JSON_OPTION
def show(number: str, config: Path, tenant: str, *, as_json: bool) -> int:
    """Print one incident."""
    from hegui.app import parts
    from hegui.app.incidents import case_of

    now, case = parts.now(), case_of(all_cases(read_settings(config), tenant), number)
    if as_json:
        say_json(as_data(case, now))
    else:
        say_lines(_page(case, now, lang_of()))
    return FINDINGS if case.late(now) else CLEAN


def _brief(case: "Kept", now: int, lang: Lang) -> Iterator[str]:
    from hegui.cases.incidents import LEVEL_WORDS
    from hegui.cases.reports import moment_in_beijing

    level = ""
    if case.sort == "network":
        named = LEVEL_WORDS[case.level].say(lang) if case.level is not None else ""
        level = _LEVEL.say(lang).format(level=named) if named else _UNGRADED.say(lang)
    yield _LINE.say(lang).format(
        number=case.number,
        state=_STATES[state_of(case, now)].say(lang),
        sort=SORTS[case.sort].say(lang),
        found=moment_in_beijing(case.found),
        level=level,
    )
    for timer in () if case.unfounded else case.timers:
        yield from (f"  {line}" for line in wrapped(told(timer, now).say(lang), 96))


def _page(case: "Kept", now: int, lang: Lang) -> Iterator[str]:
    from hegui.cases.reports import moment_in_beijing
    from hegui.cases.steps import lacking

    yield from _brief(case, now, lang)
    yield _STEPS.say(lang)
    for step in case.steps:
        record = step.record
        yield "  " + _STEP.say(lang).format(
            index=step.index,
            day=moment_in_beijing(record["t"]),
            what=_WHAT[step.kind].say(lang) + _detail(record),
            by=_BY.say(lang).format(**record) if "by" in record else "",
            late=_LATE.say(lang) if record.get("late") else "",
        )
    lacks = [] if case.closed is not None else list(lacking(case))
    if lacks:
        yield _LACKS.say(lang)
        yield from (f"  - {one.say(lang)}" for one in lacks)


def _detail(record: Any) -> str:
    """Return what a step says beside its name, as the record has it."""
    if record["kind"] == "incident.stopped":
        from hegui.cases.kept import MEASURES

        return f" ({', '.join(name for name in MEASURES if record[name])})"
    names = ("level", "what", "measure", "choice", "outcome")
    said = next((record[name] for name in names if name in record), "")
    return f" ({said})" if said else ""
