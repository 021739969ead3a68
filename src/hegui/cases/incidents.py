"""Two kinds of incident, and their clocks. Pure.

Illegal content found is stopped, eliminated and reported *promptly* (Art. 14 para. 1): the Measures
set no number, so the clock is the target that the provider itself has published. An incident of
network security is graded first; from *relatively major* on it is reported within hours that depend
on who reports, not on the level (Incident Reporting Measures, Art. 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from hegui.measures import Deadline, deadlines
from hegui.terms import Words

Level: TypeAlias = Literal["ordinary", "relatively-major", "major", "especially-major"]
LEVELS: Final[tuple[Level, ...]] = ("ordinary", "relatively-major", "major", "especially-major")
LEVEL_WORDS: Final[Mapping[Level, Words]] = MappingProxyType(
    {
        "ordinary": Words("ordinary", "一般"),
        "relatively-major": Words("relatively major", "较大"),
        "major": Words("major", "重大"),
        "especially-major": Words("especially major", "特别重大"),
    }
)
Reporter: TypeAlias = Literal["cii", "central", "other"]
"""Who reports: critical information infrastructure, a central organ, any other operator."""

Standing: TypeAlias = Literal["running", "late", "done", "done-late"]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
MINUTE_MS: Final = 60_000
_LEAKS: Final[tuple[Level, ...]] = ("especially-major", "major", "relatively-major")

_PUBLISHED = Words(
    "the provider's own published target of {minutes} minutes; the Measures say promptly (Art. 14 "
    "para. 1)",
    "提供者自行公布的 {minutes} 分钟时限；《暂行办法》规定为“及时”（第十四条第一款）",
)
_UNPUBLISHED = Words(
    "promptly (Art. 14 para. 1): the provider has published no target, so nothing can be measured; "
    "publish one",
    "及时（第十四条第一款）：提供者尚未公布时限，因此无法衡量；请予公布",
)
_STOP = Words("stop generation and transmission, and eliminate", "停止生成、停止传输、消除")
_REPORT = Words("report to the competent department", "向有关主管部门报告")
_DEPARTMENT = Words("the competent department", "有关主管部门")


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is due. ``due`` is UTC ms; None where no number can be said.

    ``set_by`` says who set the limit, and how well its text is known; ``shows`` is the query of the
    catalogue's evidence that it speaks against when it is late.
    """

    what: Words
    to: Words
    due: int | None
    set_by: Words
    done: int | None = None
    shows: str = ""

    def standing(self, at_ms: int) -> Standing:
        """Tell how it stands at a time. What has no number is never late, and never in time."""
        if self.done is not None:
            return "done-late" if self.due is not None and self.done > self.due else "done"
        return "late" if self.due is not None and at_ms > self.due else "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Illegal content was found at ``found``; times are UTC ms, None until it happened.

    ``to_report``: nobody decided that nothing is reported.
    """

    found: int
    target_minutes: int | None
    stopped: int | None = None
    eliminated: int | None = None
    reported: int | None = None
    to_report: bool = True

    @property
    def timers(self) -> tuple[Timer, ...]:
        """What is due: stopping with elimination, and the report."""
        minutes = self.target_minutes
        due = self.found + minutes * MINUTE_MS if minutes is not None else None
        by = _PUBLISHED.fill(minutes=minutes) if minutes is not None else _UNPUBLISHED
        ended = None
        if self.stopped is not None and self.eliminated is not None:
            ended = max(self.stopped, self.eliminated)
        public = Words("the public", "公众")
        stop = Timer(_STOP, public, due, by, ended, "content-incidents-in-target")
        if not self.to_report and self.reported is None:
            return (stop,)
        return (stop, Timer(_REPORT, _DEPARTMENT, due, by, self.reported, "content-reported"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """An incident of network security, found at ``found`` and graded.

    ``flaw``: it is a flaw that endangers national security or the public interest, which has a
    limit of its own. ``settled`` is when it was dealt with: the closing report counts from there.
    """

    found: int
    level: Level
    reporter: Reporter
    flaw: bool = False
    reported: int | None = None
    flaw_reported: int | None = None
    settled: int | None = None
    closed: int | None = None

    @property
    def timers(self) -> tuple[Timer, ...]:
        """What is due. An ordinary incident asks for no report by these rules."""
        found = []
        if self.level != "ordinary":
            found.append(_timer(f"incident-{self.reporter}", self.found, self.reported))
            if self.settled is not None:
                found.append(_timer("incident-closing", self.settled, self.closed))
        if self.flaw:
            found.append(_timer("flaw", self.found, self.flaw_reported))
        return tuple(found)


def level_of_leak(persons: int) -> Level:
    """Return the level that a leak of so many persons' information has at least.

    Other consequences can raise it: whoever grades looks at all of them.
    """
    for level in _LEAKS:
        if persons >= deadlines()[f"leak-{level}"].amount:
            return level
    return "ordinary"


def _timer(name: str, since: int, done: int | None) -> Timer:
    limit = deadlines()[name]
    shows = "incidents-closed" if name == "incident-closing" else "network-reported"
    return Timer(limit.what, limit.to, since + _ms(limit), limit.source.told, done, shows)


def _ms(limit: Deadline) -> int:
    if limit.unit == "hours":
        return limit.amount * HOUR_MS
    if limit.unit == "days":
        return limit.amount * DAY_MS
    raise ValueError(f"{limit.id} is no limit of an incident: {limit.unit}")
