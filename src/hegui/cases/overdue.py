"""Cases whose clock has run out, and which evidence that speaks against. Pure.

Here because a case that nobody carries on leaves no record of being late: its clocks and the date
say it. Named are queries of the catalogue's evidence, so that the board need not know of cases.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hegui.cases.incidents import DAY_MS, Timer
from hegui.cases.kept import Kept, kept
from hegui.measures.evidence import evidence


def overdue(records: Iterable[tuple[int, Mapping[str, Any]]], as_of: int) -> dict[str, int]:
    """Return by query which case is late at ``as_of`` (UTC ms), as the index that opened it.

    Of several the newest. What was done late counts for as many days as the query looks back, as
    records of it do; so does what was still late when its case was closed.
    """
    found: dict[str, int] = {}
    for case in kept(records).values():
        for timer in case.late(as_of):
            if _counts(case, timer, as_of):
                found[timer.shows] = max(found.get(timer.shows, -1), case.steps[0].index)
    return found


def _counts(case: Kept, timer: Timer, as_of: int) -> bool:
    ended = timer.done
    if ended is None and case.closed is not None:
        ended = int(case.closed.record["at"])
    days = evidence().queries[timer.shows].within_days
    return ended is None or days is None or ended // DAY_MS >= as_of // DAY_MS - days
