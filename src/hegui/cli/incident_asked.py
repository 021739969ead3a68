"""What the incident commands share: who did it and when, the case that is meant, what is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from hegui.cli.duty_asked import TENANT
from hegui.cli.incident_data import as_data
from hegui.cli.progress import entries_checked
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, option, say, say_json
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.cases.incidents import Timer
    from hegui.cases.kept import Kept
    from hegui.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_NO_TIME = Words(
    "--{name} is a time with its offset, such as 2026-11-28T11:00:00+08:00",
    "--{name} 应为带时区的时间，如 2026-11-28T11:00:00+08:00",
)
_AHEAD = Words("--{name} lies ahead of this machine's clock", "--{name} 晚于本机时钟")
_BEFORE = Words(
    "--at lies before {found}, when the incident was found", "--at 早于事件发现时间 {found}"
)
_CLOSED = Words(
    "incident {number} was closed by entry {index}. What comes up again is a new one: hegui "
    "incident open",
    "事件 {number} 已由第 {index} 条记录结案。再次发生的，请另行登记：hegui incident open",
)
_WRONG_SORT = Words(
    "incident {number} is of {sort}: {name} is not for it",
    "事件 {number} 属于{sort}，不适用 {name}",
)
SORTS: Final[Mapping[str, Words]] = {
    "content": Words("illegal content", "违法内容"),
    "network": Words("network security", "网络安全"),
}
_DUE = Words("{what}: due {due} ({standing})", "{what}：应于 {due} 前完成（{standing}）")
_PROMPTLY = Words("{what}: {by}", "{what}：{by}")
_STANDING: Final[Mapping[str, Words]] = {
    "running": Words("running", "计时中"),
    "late": Words("late", "已逾期"),
    "done": Words("done in time", "按时完成"),
    "done-late": Words("done late", "逾期完成"),
}

SORT = option(
    "--sort",
    required=True,
    type=click.Choice(["content", "network"]),
    words=Words("content: illegal content found; network: network security", "事件类别"),
)
FOUND = option(
    "--found", required=True, metavar="TIME", words=Words("when it was found", "发现时间")
)
NUMBER = click.argument("number")
AT = option(
    "--at",
    default="",
    metavar="TIME",
    words=Words("when it was done (now)", "完成时间（默认现在）"),
)
FILES = option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "a file that shows it; only its digest is recorded, so keep it; may be repeated",
        "证明材料，只记录其摘要，请自行保存；可重复给出",
    ),
)


def signed(command: F) -> F:
    """Give a command the options of a step: settings, tenant, who in which role, JSON."""
    for each in (
        JSON_OPTION,
        option(
            "--role",
            required=True,
            metavar="ROLE",
            words=Words("in which role of the catalogue", "以目录中的哪个岗位"),
        ),
        option(
            "--by",
            required=True,
            metavar="WHO",
            words=Words("who, by a role or number", "由谁执行，填岗位或工号"),
        ),
        TENANT,
        SETTINGS_OPTION,
    ):
        command = each(command)
    return command


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that somebody asks for: whose log, by whom, and how it is told."""

    settings: "Settings"
    tenant: str
    by: str
    role: str
    as_json: bool

    @property
    def signature(self) -> dict[str, str]:
        """Who took the step, as a record holds it."""
        return {"by": self.by, "role": self.role}

    def check(self, step: str) -> None:
        """Refuse a step by nobody, or by a role that may not take it."""
        from hegui.app.incidents import check_signed

        check_signed(self.by, self.role, step)

    def case(self, number: str) -> "Kept":
        """Return a case that is open."""
        from hegui.app.incidents import case_of

        found = case_of(all_cases(self.settings, self.tenant), number)
        if found.closed is not None:
            told = {"number": number, "index": found.closed.index}
            raise BadRequest(_CLOSED.fill(**told), param="number")
        return found

    def done(self, kind: str, fields: Mapping[str, Any], words: Words) -> int:
        """Put the step on record, and tell how the case stands. Returns the exit code."""
        from hegui.app.incidents import case_of, record

        index = record(self.settings, self.tenant, f"incident.{kind}", fields)
        case = case_of(all_cases(self.settings, self.tenant), str(fields["case"]))
        return tell(case, words.fill(index=index, number=case.number), as_json=self.as_json)


def asked_of(said: dict[str, Any]) -> Asked:
    """Take what ``signed`` added out of a command's options."""
    settings = read_settings(said.pop("config"))
    return Asked(
        settings, said.pop("tenant"), said.pop("by"), said.pop("role"), said.pop("as_json")
    )


def all_cases(settings: "Settings", tenant: str) -> "dict[str, Kept]":
    """Read the cases; long work shows on standard error."""
    from hegui.app.incidents import cases_of

    with entries_checked() as progress:
        return cases_of(settings, tenant, progress)


def wrong_sort(case: "Kept", name: str) -> BadRequest:
    """Return the error of a step that is not for this kind of incident."""
    sort = SORTS[case.sort]
    return BadRequest(
        Words(
            _WRONG_SORT.en.format(number=case.number, sort=sort.en, name=name),
            _WRONG_SORT.zh.format(number=case.number, sort=sort.zh, name=name),
        ),
        param=name,
    )


def time_given(name: str, said: str) -> int:
    """Return a time as UTC ms. One without offset, or that lies ahead, is refused."""
    from hegui.app import parts

    try:
        at = datetime.fromisoformat(said)
        at_ms = round(at.timestamp() * 1_000) if at.tzinfo is not None else -1
    except (ValueError, OverflowError):
        at_ms = -1
    if at_ms < 0:
        raise BadRequest(_NO_TIME.fill(name=name), param=name)
    if at_ms > parts.now():
        raise BadRequest(_AHEAD.fill(name=name), param=name)
    return at_ms


def time_of_step(case: "Kept", said: str) -> int:
    """Return when a step was taken: now, or at a time since the incident was found."""
    from hegui.app import parts
    from hegui.cases.reports import moment_in_beijing

    at = time_given("at", said) if said else parts.now()
    if at < case.found:
        raise BadRequest(_BEFORE.fill(found=moment_in_beijing(case.found)), param="at")
    return at


def tell(case: "Kept", words: Words, *, as_json: bool) -> int:
    """Say what was done and what is due. Exit code 1: something is late."""
    from hegui.app import parts

    now = parts.now()
    if as_json:
        say_json(as_data(case, now))
    else:
        say(words)
        for timer in () if case.unfounded else case.timers:
            say(told(timer, now))
    return FINDINGS if case.late(now) else CLEAN


def told(timer: "Timer", now: int) -> Words:
    """Return one clock in words: what, until when, how it stands."""
    from hegui.cases.reports import moment_in_beijing

    if timer.due is None:
        return Words(
            _PROMPTLY.en.format(what=timer.what.en, by=timer.set_by.en),
            _PROMPTLY.zh.format(what=timer.what.zh, by=timer.set_by.zh),
        )
    standing, due = _STANDING[timer.standing(now)], moment_in_beijing(timer.due)
    return Words(
        _DUE.en.format(what=timer.what.en, due=due, standing=standing.en),
        _DUE.zh.format(what=timer.what.zh, due=due, standing=standing.zh),
    )
