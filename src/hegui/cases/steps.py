"""The steps of an incident: whose role may take which, and what a case lacks to be closed. Pure.

Roles are those that the catalogue lets attest the duty that a step serves; whoever finds an
incident may open its case, in any role of the catalogue.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hegui.cases.kept import MEASURES, Kept
from hegui.measures import catalogue, roles
from hegui.measures.roles import Role
from hegui.terms import Words

_CLOCKS: Final = ("ir4-cii", "ir4-central", "ir4-other")
SERVES: Final[Mapping[str, tuple[str, ...]]] = {
    "stop": ("a14-1a",),
    "rectify": ("a14-1b",),
    "report": ("a14-1c",),
    "misuse": ("a14-2c",),
    "close": ("a14-1c",),
    "grade": _CLOCKS,
    "handle": (*_CLOCKS, "pipl57"),
    "network-report": (*_CLOCKS, "nd10"),
    "network-close": ("ir-closing",),
}
"""The duties that a step serves: by their roles it is taken."""

MEASURE_WORDS: Final[Mapping[str, Words]] = {
    "generation": Words("generation stopped", "停止生成"),
    "transmission": Words("transmission stopped", "停止传输"),
    "eliminated": Words("eliminated", "消除"),
}
_NOT_GRADED = Words("a grade: hegui incident grade", "分级：hegui incident grade")
_NOT_STOPPED = Words(
    "{what}, on record: hegui incident act --did {name}",
    "{what}的记录：hegui incident act --did {name}",
)
_NOT_RECTIFIED = Words(
    "a rectification that passed its trial: hegui incident act --did rectified --passed",
    "经复测通过的整改：hegui incident act --did rectified --passed",
)
_NOT_SETTLED = Words(
    "that it was dealt with: hegui incident act --did settled",
    "事件处置结束：hegui incident act --did settled",
)
_NOT_DECIDED = Words(
    "a named person's decision whether it is reported: hegui incident decide",
    "由专人决定是否报告：hegui incident decide",
)
_NOT_SENT = Words(
    "the record that the report was sent: hegui incident sent",
    "报告已报送的记录：hegui incident sent",
)
_NO_FLAW = Words(
    "the record that the report of the flaw was sent: hegui incident sent --flaw",
    "缺陷、漏洞报告已报送的记录：hegui incident sent --flaw",
)


def allowed(step: str) -> tuple[Role, ...]:
    """Return the roles that may take a step; ``open`` is every role's."""
    if step == "open":
        return tuple(roles().values())
    found: dict[str, Role] = {}
    for duty in SERVES[step]:
        asked = catalogue().duties[duty].attest
        found |= {one.id: one for one in asked.roles} if asked is not None else {}
    return tuple(found.values())


def must_report(case: Kept) -> bool:
    """Tell whether a text asks for a report: from *relatively major* on (Incident Reporting 4)."""
    return case.sort == "network" and case.level not in {None, "ordinary"}


def lacking(case: Kept) -> Iterator[Words]:
    """Yield what a case lacks to be closed. What is no incident needs that decision only."""
    if case.unfounded:
        return
    if case.sort == "content":
        yield from _content(case)
    else:
        yield from _network(case)
    yield from _report(case)


def _content(case: Kept) -> Iterator[Words]:
    for name in MEASURES:
        if not case.stopped[name]:
            what = MEASURE_WORDS[name]
            yield Words(
                _NOT_STOPPED.en.format(what=what.en, name=name),
                _NOT_STOPPED.zh.format(what=what.zh, name=name),
            )
    rectified = case.of("rectified")
    if not rectified or not rectified[-1].record["passed"]:
        yield _NOT_RECTIFIED


def _network(case: Kept) -> Iterator[Words]:
    if case.level is None:
        yield _NOT_GRADED
    if case.handled("settled") is None:
        yield _NOT_SETTLED


def _report(case: Kept) -> Iterator[Words]:
    if case.decided is None:
        yield _NOT_DECIDED
    choice = case.decided.record["choice"] if case.decided is not None else ""
    if case.reported(case.sort) is None and (choice == "report" or must_report(case)):
        yield _NOT_SENT
    flaw = any(one.record["flaw"] for one in case.of("graded"))
    if flaw and case.reported("network", flaw=True) is None:
        yield _NO_FLAW
