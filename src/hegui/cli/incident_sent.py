"""``hegui incident decide``, ``sent`` and ``close``: a named person decides, sends, and closes.

Nothing is sent from here: what a person sent is put on record.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.incident_asked import (
    AT,
    FILES,
    NUMBER,
    asked_of,
    signed,
    time_of_step,
    wrong_sort,
)
from hegui.cli.speech import command, option
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.cases.kept import Kept

_LONGEST = 200
_DECIDED = Words(
    "Entry {index} records the decision on {number}. Nothing was sent.",
    "第 {index} 条记录了对事件 {number} 的决定。未发送任何内容。",
)
_SENT = Words(
    "Entry {index} records that the report of {number} was sent by a person; hegui sent nothing.",
    "第 {index} 条记录了事件 {number} 的报告已由专人报送；hegui 未发送任何内容。",
)
_CLOSED = Words("Entry {index} closes incident {number}.", "第 {index} 条对事件 {number} 结案。")
_TO = Words(
    "--to names the department that is reported to, in at most 200 characters, without line breaks "
    "or control characters",
    "--to 应写明报告对象，不超过 200 个字符，不含换行和控制字符",
)
_REASONS = Words(
    "who decides that nothing is reported gives the reasons in writing: --file",
    "决定不报告的，应附书面理由：--file",
)
_MUST = Words(
    "incident {number} was graded {level}: it has to be reported. If it proved to be no incident, "
    "--choice unfounded says so",
    "事件 {number} 已定为{level}，必须报告。如查明并非事件，请用 --choice unfounded",
)
_LACKS = Words(
    "incident {number} cannot be closed yet. It lacks:", "事件 {number} 尚不能结案，缺少："
)
_NO_DECISION = Words(
    "the decision that incident {number} is reported is not on record: hegui incident decide",
    "尚无报告事件 {number} 的决定记录：hegui incident decide",
)
_NO_FLAW = Words(
    "incident {number} was not graded as a flaw: hegui incident grade --flaw",
    "事件 {number} 未定为缺陷、漏洞：hegui incident grade --flaw",
)
_BOTH = Words("--misuse and --flaw are two reports", "--misuse 和 --flaw 是两份不同的报告")
_TO_OPTION = option(
    "--to",
    default="",
    metavar="WHO",
    words=Words("the department that is reported to", "报告对象（主管部门）"),
)


@command(
    "decide",
    Words(
        "Put on record what a named person decided: that the incident is reported, that it is not "
        "(with the reasons), or that it proved to be none (with the reasons). An incident graded "
        "relatively major or above has to be reported. hegui sends nothing.",
        "将专人的决定记录在案：报告、不报告（须附理由），或查明并非事件（须附理由）。"
        "较大以上网络安全事件必须报告。hegui 不会发送任何内容。",
    ),
    Words(
        "hegui incident decide IN-20261128-0123abcd --choice report --to CAC --file report.md "
        "--by staff-2 --role compliance-officer",
        "hegui incident decide IN-20261128-0123abcd --choice report --to 省网信办 --file "
        "report.md --by 工号2 --role compliance-officer",
    ),
)
@NUMBER
@signed
@option(
    "--choice",
    required=True,
    type=click.Choice(["report", "no-report", "unfounded"]),
    words=Words("report, no-report, or unfounded: it is no incident", "报告、不报告、并非事件"),
)
@_TO_OPTION
@FILES
def decide(number: str, *, choice: str, to: str, **said: Any) -> int:
    """Record a decision."""
    from hegui.app.incidents import digests
    from hegui.cases.incidents import LEVEL_WORDS
    from hegui.cases.steps import must_report

    asked = asked_of(said)
    case = asked.case(number)
    asked.check("report" if case.sort == "content" else "network-report")
    if choice == "report":
        _check_to(to)
    elif not said["files"]:
        raise BadRequest(_REASONS, param="file")
    if choice == "no-report" and must_report(case):
        level = LEVEL_WORDS[case.level or "ordinary"]
        words = Words(
            _MUST.en.format(number=number, level=level.en),
            _MUST.zh.format(number=number, level=level.zh),
        )
        raise BadRequest(words, param="choice")
    fields = {"case": number, "choice": choice, "addressee": to, "files": digests(said["files"])}
    return asked.done("decided", {**fields, **asked.signature}, _DECIDED)


@command(
    "sent",
    Words(
        "Put on record that a named person sent a report: to whom, when, the digests of the report "
        "and of the department's receipts. The decision to report comes before. Recorded again "
        "when another report or a receipt comes; the first one ends the clock. --misuse: a report "
        "of a user's illegal activity (Art. 14 para. 2); --flaw: the report of a flaw. Exit code "
        "1: something is late.",
        "将专人已报送报告记录在案：报告对象、时间、报告和回执的摘要。须先有报告的决定。"
        "续报或收到回执时可再次记录，以首次报送计时。--misuse：报告使用者的违法活动"
        "（第十四条第二款）；--flaw：报告缺陷、漏洞。退出码 1：有事项逾期。",
    ),
    Words(
        "hegui incident sent IN-20261128-0123abcd --to CAC --report report.pdf --receipt "
        "receipt.pdf --by staff-2 --role compliance-officer",
        "hegui incident sent IN-20261128-0123abcd --to 省网信办 --report report.pdf --receipt "
        "receipt.pdf --by 工号2 --role compliance-officer",
    ),
)
@NUMBER
@signed
@_TO_OPTION
@option(
    "--report",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("the report as it was sent", "已报送的报告"),
)
@option(
    "--receipt",
    "receipts",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("what the department answered; may be repeated", "主管部门回执，可重复给出"),
)
@option("--misuse", is_flag=True, words=Words("of a user's illegal activity", "报告违法使用行为"))
@option("--flaw", is_flag=True, words=Words("of a flaw", "报告缺陷、漏洞"))
@AT
def sent(number: str, *, to: str, misuse: bool, flaw: bool, **said: Any) -> int:
    """Record that a report was sent."""
    from hegui.app.incidents import digest_of, digests

    asked = asked_of(said)
    case = asked.case(number)
    _check_report(case, misuse=misuse, flaw=flaw)
    step = "misuse" if misuse else "report" if case.sort == "content" else "network-report"
    asked.check(step)
    _check_to(to)
    at, sort = time_of_step(case, said["at"]), "misuse" if misuse else case.sort
    due = case.due(sort, flaw=flaw)
    fields = {
        "case": number,
        "sort": sort,
        "flaw": flaw,
        "addressee": to,
        "report": digest_of(said["report"]),
        "receipts": digests(said["receipts"]),
        "at": at,
        "due": due,
        "late": bool(due) and min(at, case.reported(sort, flaw=flaw) or at) > due,
        **asked.signature,
    }
    return asked.done("reported", fields, _SENT)


@command(
    "close",
    Words(
        "Close the case of an incident with a closing report. What a case lacks is named, and it "
        "stays open. Illegal content: stopped, eliminated, rectified with a trial that passed, "
        "decided, and sent where so decided. Network security: graded, settled, decided, and sent "
        "where it has to be. What proved to be no incident needs that decision only. Exit code 1: "
        "something was late.",
        "以总结报告对事件结案。缺少的步骤会逐项列出，事件保持未结。违法内容：已停止、消除、"
        "整改并复测通过、已决定，决定报告的已报送。网络安全：已分级、处置结束、已决定，"
        "应报告的已报送。并非事件的，只需该决定。退出码 1：有事项逾期。",
    ),
    Words(
        "hegui incident close IN-20261128-0123abcd --report closing.pdf --by staff-2 --role "
        "compliance-officer",
        "hegui incident close IN-20261128-0123abcd --report closing.pdf --by 工号2 --role "
        "compliance-officer",
    ),
)
@NUMBER
@signed
@option(
    "--report",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("the closing report", "总结报告"),
)
@AT
def close(number: str, *, report: Path, **said: Any) -> int:
    """Close a case."""
    from hegui.app.incidents import digest_of
    from hegui.cases.steps import lacking

    asked = asked_of(said)
    case = asked.case(number)
    asked.check("close" if case.sort == "content" else "network-close")
    lacks = list(lacking(case))
    if lacks:
        first = _LACKS.fill(number=number)
        raise BadRequest(
            Words(
                "\n  - ".join([first.en, *(one.en for one in lacks)]),
                "\n  - ".join([first.zh, *(one.zh for one in lacks)]),
            ),
            param="number",
        )
    at = time_of_step(case, said["at"])
    due = 0 if case.unfounded else _closing_due(case)
    fields = {
        "case": number,
        "sort": case.sort,
        "outcome": "unfounded" if case.unfounded else "handled",
        "report": digest_of(report),
        "at": at,
        "due": due,
        "late": bool(due) and at > due,
        **asked.signature,
    }
    return asked.done("closed", fields, _CLOSED)


def _closing_due(case: "Kept") -> int:
    """Return when the closing report is due: of network security, where a report is asked for."""
    from hegui.cases.steps import must_report

    return (case.timers[1].due or 0) if must_report(case) else 0


def _check_to(to: str) -> None:
    if not to.strip() or len(to) > _LONGEST or not to.isprintable():
        raise BadRequest(_TO, param="to")


def _check_report(case: "Kept", *, misuse: bool, flaw: bool) -> None:
    if misuse and flaw:
        raise BadRequest(_BOTH, param="misuse")
    if misuse and case.sort != "content":
        raise wrong_sort(case, "--misuse")
    if flaw and case.sort != "network":
        raise wrong_sort(case, "--flaw")
    if flaw and not any(one.record["flaw"] for one in case.of("graded")):
        raise BadRequest(_NO_FLAW.fill(number=case.number), param="flaw")
    if case.decided is None or case.decided.record["choice"] != "report":
        raise BadRequest(_NO_DECISION.fill(number=case.number), param="number")
