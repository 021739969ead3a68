"""What evidences a duty, as data: queries over record kinds, thresholds, and who set them.

A query is met where enough records fit one of its matches, none that undoes them came after, and
none of those that must not be there is there. The kinds are named as the ledger names them; that
they exist, and hold the fields that are asked for, a test of the house shows.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from hegui.terms import Words

NOT: Final = "!"
"""Before each value of a field: any other value than these."""

OURS: Final = Words("set by hegui: no text says so", "由 hegui 设定：没有条文规定")


@dataclass(frozen=True, slots=True)
class Match:
    """Records of a kind; of each field named in ``where``, one of these values.

    Values are strings: a boolean is ``true`` or ``false``, an integer ``0`` or ``some``, a list or
    a table ``none`` or ``some``, a field that is left out ``none``. Where each value begins with
    ``!``, any value but these.
    """

    kind: str
    where: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What must be on record.

    At least ``at_least`` records that fit one of ``any_of``; within ``within_days`` of the date
    asked for, where it is set; not ``undone`` by a later record; and ``never`` one of these, within
    the same days. ``same`` names the fields in which a record and one that undoes it are alike:
    what is undone of one licence, source or detector says nothing of another. ``until`` names the
    field that says until when (UTC ms, 0 for no end) a record speaks. ``set_by`` says who set the
    thresholds. ``door``: a door of this release writes one of the kinds.
    """

    id: str
    says: Words
    any_of: tuple[Match, ...]
    undone: tuple[Match, ...]
    never: tuple[Match, ...]
    at_least: int
    within_days: int | None
    set_by: Words
    door: bool
    same: tuple[str, ...] = ()
    until: str = ""

    @property
    def matches(self) -> Iterator[Match]:
        """All that it asks for, one way or the other."""
        yield from self.any_of
        yield from self.undone
        yield from self.never

    @property
    def apart(self) -> tuple[Match, ...]:
        """The records that have to be looked at one by one, because counts do not tell."""
        return (*self.any_of, *self.undone) if self.same or self.until else ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All queries, the duties that need them, and the digest of both."""

    queries: Mapping[str, Query]
    duties: Mapping[str, tuple[Query, ...]]
    digest: str

    def of(self, duty: str) -> tuple[Query, ...]:
        """Return what a duty needs: all of these."""
        return self.duties.get(duty, ())


@cache
def evidence() -> Evidence:
    """Return the evidence of every duty that has any."""
    text = files("hegui.measures").joinpath("data/evidence.json").read_text("utf-8")
    return evidence_of(json.loads(text))


def evidence_of(data: Mapping[str, Any]) -> Evidence:
    """Return what ``data`` says; ``KeyError`` where a duty names a query that is not there."""
    queries = {row["id"]: _query(row) for row in data["queries"]}
    duties = {
        duty: tuple(queries[name] for name in names) for duty, names in data["duties"].items()
    }
    said = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Evidence(
        MappingProxyType(queries), MappingProxyType(duties), sha256(said.encode()).hexdigest()
    )


def _query(row: Mapping[str, Any]) -> Query:
    set_by = row.get("set_by")
    return Query(
        id=row["id"],
        says=Words(row["en"], row["zh"]),
        any_of=_matches(row["any_of"]),
        undone=_matches(row.get("undone", ())),
        never=_matches(row.get("never", ())),
        at_least=row.get("at_least", 1),
        within_days=row.get("within_days"),
        set_by=Words(set_by["en"], set_by["zh"]) if set_by else OURS,
        door=row["door"],
        same=tuple(row.get("same", ())),
        until=row.get("until", ""),
    )


def _matches(rows: Any) -> tuple[Match, ...]:
    """Read ``"kind"`` and ``["kind", {"field": "value", "other": ["a", "b"]}]``."""
    found = []
    for row in rows:
        kind, where = (row, {}) if isinstance(row, str) else row
        asked = tuple(
            (field, (value,) if isinstance(value, str) else tuple(value))
            for field, value in sorted(where.items())
        )
        found.append(Match(kind, asked))
    return tuple(found)
