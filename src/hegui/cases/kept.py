"""Incidents that are kept on the ledger: a case is what its records say, in their order. Pure.

Nothing is stored beside the records. What was late once stays late: of several gradings the
strictest sets the clock, and of several reports the first one ends it. A report that somebody
decided in time not to make is due no more; decided too late, it was late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from hegui.cases.incidents import LEVELS, MINUTE_MS, Content, Level, Network, Reporter, Timer

Sort: TypeAlias = Literal["content", "network"]
MEASURES: Final = ("generation", "transmission", "eliminated")
"""What Art. 14 para. 1 names: stop generation, stop transmission, eliminate."""

_FOUND: Final = "incident.found"
_STRICTEST: Final[tuple[Reporter, ...]] = ("cii", "central", "other")
_FIRST_VERSION: Final = 2
"""Of ``incident.found``: what was written before tells no time, and no door wrote it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a case, and its place in the log."""

    index: int
    record: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The kind without its family: ``found``, ``reported``."""
        return str(self.record["kind"]).partition(".")[2]


@dataclass(frozen=True, slots=True)
class Kept:
    """A case. The first step is that it was found; all times are UTC ms."""

    number: str
    steps: tuple[Step, ...]

    @property
    def sort(self) -> Sort:
        """Which of the two kinds of incident it is."""
        return cast("Sort", self.steps[0].record["sort"])

    @property
    def found(self) -> int:
        """When it was found: the clocks start here."""
        return int(self.steps[0].record["found"])

    @property
    def target(self) -> int | None:
        """The provider's own published target in minutes; None where there was none."""
        return self.steps[0].record["target"] or None

    @property
    def closed(self) -> Step | None:
        """The record that closed it."""
        return next(iter(self.of("closed")), None)

    @property
    def decided(self) -> Step | None:
        """The newest decision."""
        return next(reversed(self.of("decided")), None)

    @property
    def unfounded(self) -> bool:
        """Whether the newest decision is that it is no incident."""
        return self.decided is not None and self.decided.record["choice"] == "unfounded"

    @property
    def _spared(self) -> bool:
        """Whether it was decided, within the published target, that nothing is reported."""
        decided = self.decided
        if decided is None or decided.record["choice"] != "no-report":
            return False
        return self.target is None or decided.record["t"] <= self.found + self.target * MINUTE_MS

    @property
    def level(self) -> Level | None:
        """The highest level that it was ever given; None before it is graded."""
        given = [step.record["level"] for step in self.of("graded")]
        return max(given, key=LEVELS.index, default=None)

    @property
    def incident(self) -> Content | Network | None:
        """The incident with its clocks; None where one of network security is not graded yet."""
        if self.sort == "content":
            times = self.stopped
            both = [times[name] for name in ("generation", "transmission")]
            return Content(
                found=self.found,
                target_minutes=self.target,
                stopped=max(both) if all(both) else None,
                eliminated=times["eliminated"] or None,
                reported=self.reported("content"),
                to_report=not self._spared,
            )
        graded = self.of("graded")
        if self.level is None:
            return None
        return Network(
            found=self.found,
            level=self.level,
            reporter=min((one.record["reporter"] for one in graded), key=_STRICTEST.index),
            flaw=any(one.record["flaw"] for one in graded),
            reported=self.reported("network"),
            flaw_reported=self.reported("network", flaw=True),
            settled=self.handled("settled"),
            closed=self.closed.record["at"] if self.closed is not None else None,
        )

    @property
    def timers(self) -> tuple[Timer, ...]:
        """What is due; nothing before it is graded."""
        return self.incident.timers if self.incident is not None else ()

    @property
    def stopped(self) -> dict[str, int]:
        """When each of ``MEASURES`` was taken first; 0: not yet.

        Of all records: two that were written at the same moment do not know of each other.
        """
        said = [step.record for step in self.of("stopped")]
        return {name: min((one[name] for one in said if one[name]), default=0) for name in MEASURES}

    def of(self, kind: str) -> tuple[Step, ...]:
        """Return the steps of a kind, the oldest first."""
        return tuple(step for step in self.steps if step.kind == kind)

    def reported(self, sort: str, *, flaw: bool = False) -> int | None:
        """Return when the first report of a sort was sent."""
        sent = (
            step.record["at"]
            for step in self.of("reported")
            if step.record["sort"] == sort and step.record["flaw"] is flaw
        )
        return min(sent, default=None)

    def handled(self, what: str) -> int | None:
        """Return when a network-security incident was handled so."""
        done = (one.record["at"] for one in self.of("handled") if one.record["what"] == what)
        return min(done, default=None)

    def late(self, now: int) -> tuple[Timer, ...]:
        """Return what is late at a time, or was done late. An incident that is none is never."""
        if self.unfounded:
            return ()
        return tuple(one for one in self.timers if one.standing(now) in {"late", "done-late"})

    def due(self, sort: str, *, flaw: bool = False) -> int:
        """Return until when a report of a sort is due; 0 where no number can be said."""
        if self.sort == "content":  # misuse found with it is measured by the same target
            return self.timers[-1].due or 0
        return _due(self.incident, sort, flaw=flaw)


def kept(records: Iterable[tuple[int, Mapping[str, Any]]]) -> dict[str, Kept]:
    """Return the cases by number, the oldest first, of records in the log's order.

    A record that names no case that was found before counts for nothing: a draft of a report can
    stand alone.
    """
    found: dict[str, list[Step]] = {}
    for index, record in records:
        number, starts = record.get("case"), record["kind"] == _FOUND
        if not isinstance(number, str) or (starts and record["v"] < _FIRST_VERSION):
            continue
        if starts:
            found.setdefault(number, []).append(Step(index, record))
        elif number in found:
            found[number].append(Step(index, record))
    return {number: Kept(number, tuple(steps)) for number, steps in found.items()}


def _due(incident: Content | Network | None, sort: str, *, flaw: bool) -> int:
    """Return when the first or the flaw's report of a network-security incident is due."""
    if not isinstance(incident, Network) or sort == "misuse":
        return 0
    timers = list(incident.timers)
    if flaw:
        return (timers[-1].due or 0) if incident.flaw else 0
    return (timers[0].due or 0) if incident.level != "ordinary" else 0
