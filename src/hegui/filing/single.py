"""Queries whose records are looked at one by one, because a count does not tell. Pure.

Here because it is the board's reading of records, as ``attestations`` is: a licence runs out by
itself, and the end of one licence, the refusal of one source, the failed probe of one detector say
nothing of another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hegui.filing.projection import DAY_MS, Found, Noted, Summary, day_of, fits_whole
from hegui.measures.evidence import Query

SOON_DAYS: Final = 30
"""What ends within so many days is told before it does. Set by us."""

Thing = tuple[str, ...]


class How(StrEnum):
    """How a record stops to speak."""

    SOON = "soon"
    RAN_OUT = "ran-out"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class End:
    """A record that speaks no more, or not for long: until when (UTC ms, 0: no end), undone by."""

    index: int
    how: How
    until: int
    by: int = -1


@dataclass(frozen=True, slots=True)
class Single:
    """What still speaks for a query and until when (UTC ms, 0: no end), what against, what ends."""

    found: Found
    until: int = 0
    against: int = -1
    ends: tuple[End, ...] = ()


def single(query: Query, summary: Summary) -> Single:
    """Return what is left of a query's records, the newest of each thing counting for it.

    A record counts while its ``until`` lies ahead of the summary's date, and until one that undoes
    it comes later and is alike in all of ``same``. Where nothing is left, the newest record that
    undid one of them speaks against. What ends is told for queries with ``until``, and only where
    nothing else of that name (the first of ``same``) goes on.
    """
    said, undone = _standing(query, summary)
    live = [one for one in said.values() if _holds(query, one, summary.as_of)]
    newest = max(live, key=lambda one: one.index, default=None)
    against = max((by.index for _, by in undone.values()), default=-1) if newest is None else -1
    found = Found(len(live), newest.index, newest.record["t"]) if newest else Found()
    terms = [_until(query, one) for one in live]
    until = max(terms, default=0) if 0 not in terms else 0
    ends = _ends(query, summary.as_of, said, undone) if query.until else ()
    return Single(found, until, against, ends)


def _standing(
    query: Query, summary: Summary
) -> tuple[dict[Thing, Noted], dict[Thing, tuple[Noted, Noted]]]:
    """Return of each thing the newest record for the query, or the one undone and by which."""
    days = query.within_days
    since = day_of(summary.as_of) - days if days is not None else None
    said: dict[Thing, Noted] = {}
    undone: dict[Thing, tuple[Noted, Noted]] = {}
    for one in summary.whole(*(match.kind for match in query.apart)):
        thing = tuple(str(one.record.get(field)) for field in query.same)
        if any(fits_whole(one.record, match) for match in query.any_of):
            if since is None or day_of(one.record["t"]) >= since:
                said[thing] = one
                undone.pop(thing, None)
        elif thing in said and any(fits_whole(one.record, match) for match in query.undone):
            undone[thing] = (said.pop(thing), one)
    return said, undone


def _until(query: Query, one: Noted) -> int:
    """Return until when (UTC ms) a record speaks; 0 for no end."""
    return int(one.record[query.until]) if query.until else 0


def _holds(query: Query, one: Noted, as_of: int) -> bool:
    until = _until(query, one)
    return until == 0 or as_of < until


def _ends(
    query: Query,
    as_of: int,
    said: Mapping[Thing, Noted],
    undone: Mapping[Thing, tuple[Noted, Noted]],
) -> tuple[End, ...]:
    horizon = as_of + SOON_DAYS * DAY_MS
    goes_on = {thing[:1] for thing, one in said.items() if _holds(query, one, horizon)}
    holds = {thing[:1] for thing, one in said.items() if _holds(query, one, as_of)}
    found = []
    for thing, one in said.items():
        until = _until(query, one)
        if thing[:1] not in holds:
            found.append(End(one.index, How.RAN_OUT, until))
        elif thing[:1] not in goes_on and _holds(query, one, as_of):
            found.append(End(one.index, How.SOON, until))
    for thing, (one, by) in undone.items():
        if thing[:1] not in holds:
            found.append(End(one.index, How.UNDONE, _until(query, one), by.index))
    return tuple(sorted(found, key=lambda end: end.index))


def told(end: End) -> dict[str, Any]:
    """Return an end as data, for what the digest of a board covers."""
    return {"index": end.index, "how": end.how.value, "until": end.until, "by": end.by}
