"""``hegui incident act``: what was done about an incident, when and by whom."""

from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.incident_asked import (
    AT,
    FILES,
    NUMBER,
    Asked,
    asked_of,
    signed,
    time_of_step,
    wrong_sort,
)
from hegui.cli.speech import command, option
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.cases.kept import Kept

_STOPS: Final = ("generation", "transmission", "eliminated")
_HANDLED: Final = ("contained", "recovered", "notified", "settled")

_DONE = Words("Entry {index} records it for {number}.", "第 {index} 条记入事件 {number}。")
_TWICE = Words(
    "{did} is on record for {number}; what was recorded first stands. What comes up again is a new "
    "incident: hegui incident open",
    "事件 {number} 已有 {did} 的记录，以首次记录为准。再次发生的，请另行登记：hegui incident open",
)
_TRIAL = Words(
    "rectified needs --how, and --passed or --failed: whether the case itself was tried again and "
    "passed",
    "rectified 须给出 --how，以及 --passed 或 --failed：就该情形复测是否通过",
)
_NOT_TRIAL = Words(
    "--how, --passed and --failed belong to --did rectified",
    "--how、--passed、--failed 仅用于 --did rectified",
)


@command(
    "act",
    Words(
        "Put on record what was done about an incident. Illegal content: generation (stopped), "
        "transmission (stopped), eliminated, rectified (the model, the rules or a filter was put "
        "right, and the case tried again). Network security: contained, recovered, notified (the "
        "persons concerned), settled (dealt with: the closing report counts from here). Several at "
        "the same time: repeat --did. What was late is recorded as late. Exit code 1: something is "
        "late.",
        "记录对事件采取的措施。违法内容：generation（停止生成）、transmission（停止传输）、"
        "eliminated（消除）、rectified（对模型、规则或过滤整改，并就该情形复测）。网络安全："
        "contained（控制）、recovered（恢复）、notified（通知个人）、settled（处置结束，"
        "总结报告自此计时）。同时采取多项的，可重复给出 --did。逾期的照实记录。"
        "退出码 1：有事项逾期。",
    ),
    Words(
        "hegui incident act IN-20261128-0123abcd --did generation --did transmission --did "
        "eliminated --by staff-17 --role security-officer\n"
        "hegui incident act IN-20261128-0123abcd --did rectified --how training --passed --file "
        "trial.xlsx --by staff-4 --role algorithm-officer",
        "hegui incident act IN-20261128-0123abcd --did generation --did transmission --did "
        "eliminated --by 工号17 --role security-officer\n"
        "hegui incident act IN-20261128-0123abcd --did rectified --how training --passed --file "
        "trial.xlsx --by 工号4 --role algorithm-officer",
    ),
)
@NUMBER
@signed
@option(
    "--did",
    required=True,
    multiple=True,
    type=click.Choice([*_STOPS, "rectified", *_HANDLED]),
    words=Words("what was done; may be repeated", "采取的措施，可重复给出"),
)
@option(
    "--how",
    type=click.Choice(["training", "rules", "filter", "other"]),
    words=Words("by which measure it was rectified", "整改方式：模型优化训练、规则、过滤、其他"),
)
@option(
    "--passed/--failed",
    "passed",
    default=None,
    words=Words("whether the case was tried again and passed", "就该情形复测是否通过"),
)
@AT
@FILES
def act(number: str, *, did: tuple[str, ...], passed: bool | None, **said: Any) -> int:
    """Record what was done."""
    from hegui.app.incidents import digests

    asked = asked_of(said)
    did = tuple(dict.fromkeys(did))
    steps = {_step(one) for one in did}
    for step in sorted(steps):
        asked.check(step)
    tried = (said["how"] is not None, passed is not None)
    if "rectify" in steps and not all(tried):
        raise BadRequest(_TRIAL, param="how")
    if "rectify" not in steps and any(tried):
        raise BadRequest(_NOT_TRIAL, param="how")
    case = asked.case(number)
    for one in did:
        if (one in _HANDLED) != (case.sort == "network"):
            raise wrong_sort(case, f"--did {one}")
    at, files = time_of_step(case, said["at"]), digests(said["files"])
    common = {"case": number, "files": files, **asked.signature}
    stops = [one for one in did if one in _STOPS]
    records = [("stopped", _stopped(case, stops, at))] if stops else []
    if "rectify" in steps:
        records.append(("rectified", {"measure": said["how"], "passed": passed, "at": at}))
    records += [("handled", {"what": _new(case, one), "at": at}) for one in did if one in _HANDLED]
    return _record(asked, common, records)


def _record(asked: Asked, common: dict[str, Any], records: list[tuple[str, dict[str, Any]]]) -> int:
    """Record all, and tell the case after the last."""
    from hegui.app.incidents import record

    for kind, fields in records[:-1]:
        record(asked.settings, asked.tenant, f"incident.{kind}", {**common, **fields})
    kind, fields = records[-1]
    return asked.done(kind, {**common, **fields}, _DONE)


def _step(did: str) -> str:
    if did in _STOPS:
        return "stop"
    return "rectify" if did == "rectified" else "handle"


def _stopped(case: "Kept", stops: list[str], at: int) -> dict[str, Any]:
    """Return what is stopped by now, and whether any of it came late."""
    times = case.stopped
    for one in stops:
        if times[one]:
            raise BadRequest(_TWICE.fill(did=one, number=case.number), param="did")
        times[one] = at
    due = case.timers[0].due or 0
    return {**times, "due": due, "late": bool(due) and max(times.values()) > due}


def _new(case: "Kept", what: str) -> str:
    if case.handled(what) is not None:
        raise BadRequest(_TWICE.fill(did=what, number=case.number), param="did")
    return what
