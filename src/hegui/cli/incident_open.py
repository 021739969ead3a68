"""``hegui incident open`` and ``grade``: a case begins, and its clocks."""

from pathlib import Path
from typing import Any

import click

from hegui.cli.incident_asked import (
    FILES,
    FOUND,
    NUMBER,
    SORT,
    asked_of,
    signed,
    time_given,
    wrong_sort,
)
from hegui.cli.speech import command, option
from hegui.terms import BadRequest, Words

LEVELS = ("ordinary", "relatively-major", "major", "especially-major")
REPORTERS = ("cii", "central", "other")
_MOST_ENTRIES = 40

_OPENED = Words(
    "Entry {index} opens incident {number}. hegui incident show {number} says what comes next.",
    "第 {index} 条登记了事件 {number}。运行 hegui incident show {number} 查看后续步骤。",
)
_GRADED = Words("Entry {index} grades incident {number}.", "第 {index} 条对事件 {number} 分级。")
_TARGET = Words(
    "--target-minutes is for illegal content; the clocks of network security follow the grade",
    "--target-minutes 用于违法内容；网络安全事件的时限由分级决定",
)
_LEVEL = Words(
    "give --level, or --persons for a leak of personal information",
    "请给出 --level；个人信息泄露可用 --persons",
)
_TOO_LOW = Words(
    "a leak of {persons} persons' information is {level} at least; --level says less",
    "涉及 {persons} 人的信息泄露至少为{level}事件，--level 低于该级别",
)
_MANY = Words("--entry may be given {most} times at most", "--entry 最多可给出 {most} 次")


@command(
    "open",
    Words(
        "Open the case of an incident, on record. Content: illegal content was found and is "
        "stopped, eliminated, rectified and reported promptly (Art. 14), measured by the target "
        "that you have published. Network: network security; it is graded next, and then reported "
        "within one, two or four hours. Prints the number of the case. Exit code 1: something is "
        "late already.",
        "登记一起事件并记录在案。content：发现违法内容，应及时停止、消除、整改并报告"
        "（第十四条），以您公布的时限衡量。network：网络安全事件，随后分级，"
        "并在一、二或四小时内报告。输出案件编号。退出码 1：已有事项逾期。",
    ),
    Words(
        "hegui incident open --sort content --found 2026-11-28T11:00:00+08:00 "
        "--target-minutes 30 --entry 48211 --by staff-17 --role security-officer\n"
        "hegui incident open --sort network --found 2026-11-28T11:00:00+08:00 "
        "--by staff-17 --role operations-lead",
        "hegui incident open --sort content --found 2026-11-28T11:00:00+08:00 "
        "--target-minutes 30 --entry 48211 --by 工号17 --role security-officer\n"
        "hegui incident open --sort network --found 2026-11-28T11:00:00+08:00 "
        "--by 工号17 --role operations-lead",
    ),
)
@signed
@SORT
@FOUND
@option(
    "--cause",
    default="other",
    type=click.Choice(["monitoring", "complaint", "inspection", "notice", "staff", "other"]),
    words=Words(
        "how it was found: monitoring, a complaint, an inspection, a notice from outside, staff",
        "发现途径：监测、投诉举报、检查、主管部门通知、员工、其他",
    ),
)
@option(
    "--target-minutes",
    default=0,
    type=click.IntRange(0, 100_000),
    metavar="N",
    words=Words("the target that you have published, for content", "您公布的时限（违法内容）"),
)
@option(
    "--entry",
    "entries",
    multiple=True,
    type=click.IntRange(0, 2**53 - 1),
    metavar="N",
    words=Words("a record that it concerns; may be repeated", "涉及的账本记录，可重复给出"),
)
@FILES
def open_case(
    *, sort: str, found: str, target_minutes: int, files: tuple[Path, ...], **said: Any
) -> int:
    """Open a case."""
    from hegui.app.incidents import digests, new_number

    asked = asked_of(said)
    asked.check("open")
    at = time_given("found", found)
    if sort == "network" and target_minutes:
        raise BadRequest(_TARGET, param="target-minutes")
    if len(said["entries"]) > _MOST_ENTRIES:
        raise BadRequest(_MANY.fill(most=_MOST_ENTRIES), param="entry")
    fields = {
        "case": new_number(at),
        "sort": sort,
        "cause": said["cause"],
        "affected": [str(one) for one in said["entries"]],
        "found": at,
        "target": target_minutes,
        "files": digests(files),
        **asked.signature,
    }
    return asked.done("found", fields, _OPENED)


@command(
    "grade",
    Words(
        "Grade an incident of network security, on record. The level follows from the consequences "
        "(--persons: a leak has at least the level of its persons), the hours from who reports: "
        "critical infrastructure one, central organs two, others four, counted from when it was "
        "found. Graded again, the strictest grade sets the clock. Exit code 1: something is late.",
        "对网络安全事件分级并记录在案。级别取决于后果（--persons：信息泄露至少达到其人数对应的"
        "级别），时限取决于报告主体：关键信息基础设施一小时，中央和国家机关两小时，"
        "其他四小时，自发现时起算。重新分级的，以最严的一次计时。退出码 1：有事项逾期。",
    ),
    Words(
        "hegui incident grade IN-20261128-0123abcd --persons 1200000 --reporter other --by "
        "staff-17 --role security-officer",
        "hegui incident grade IN-20261128-0123abcd --persons 1200000 --reporter other --by "
        "工号17 --role security-officer",
    ),
)
@NUMBER
@signed
@option("--level", type=click.Choice(LEVELS), words=Words("its level", "事件级别"))
@option(
    "--persons",
    default=0,
    type=click.IntRange(0, 10**11),
    metavar="N",
    words=Words("of how many persons information leaked", "泄露信息涉及人数"),
)
@option(
    "--reporter",
    required=True,
    type=click.Choice(REPORTERS),
    words=Words("who reports: critical infrastructure, central organ, other", "报告主体"),
)
@option(
    "--flaw",
    is_flag=True,
    words=Words(
        "it is a flaw that endangers national security or the public interest",
        "属于危害国家安全或公共利益的缺陷、漏洞",
    ),
)
@FILES
def grade(number: str, *, level: str | None, persons: int, flaw: bool, **said: Any) -> int:
    """Grade an incident of network security."""
    from hegui.app.incidents import digests
    from hegui.cases.incidents import Network

    asked = asked_of(said)
    asked.check("grade")
    given = level_given(level, persons)
    case = asked.case(number)
    if case.sort != "network":
        raise wrong_sort(case, "grade")
    reporter = said["reporter"]
    graded = Network(found=case.found, level=given, reporter=reporter)
    fields = {
        "case": number,
        "level": given,
        "reporter": reporter,
        "persons": persons,
        "flaw": flaw,
        "due": (graded.timers[0].due or 0) if graded.timers else 0,
        "files": digests(said["files"]),
        **asked.signature,
    }
    return asked.done("graded", fields, _GRADED)


def level_given(level: str | None, persons: int) -> Any:
    """Return the level that is meant; below what a leak of so many has at least is refused."""
    from hegui.cases.incidents import LEVEL_WORDS, level_of_leak

    least = level_of_leak(persons)
    if level is None and not persons:
        raise BadRequest(_LEVEL, param="level")
    if level is not None and LEVELS.index(level) < LEVELS.index(least):
        named = LEVEL_WORDS[least]
        words = Words(
            _TOO_LOW.en.format(persons=persons, level=named.en),
            _TOO_LOW.zh.format(persons=persons, level=named.zh),
        )
        raise BadRequest(words, param="level")
    return level or least
