"""What of a record is counted apart: only the fields and values that some query asks for. Pure."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from hegui.measures.evidence import NOT, Match

VERSION: Final = 1
"""Of the rows and of how a value becomes a facet. Another one: the projection is built anew."""

INCIDENTS: Final = frozenset(
    f"incident.{step}"
    for step in (
        "found",
        "graded",
        "stopped",
        "rectified",
        "handled",
        "drafted",
        "decided",
        "reported",
        "closed",
    )
)
NOTED: Final = INCIDENTS | {"duty.attested", "duty.withdrawn", "profile.declared"}
"""Few records whose fields decide: they are kept whole beside the counts. Beside them those of
queries that tell one licence, source or detector from another."""

REST: Final = "…"


def facet(value: object, used: frozenset[str]) -> str:
    """Return a field's value as a facet: as short as it can be told apart by any query.

    Integers are ``0`` or ``some``, lists and tables ``none`` or ``some``, what is left out is
    ``none``; a string that no query names is ``…``, so that facets are few however records look.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return "some" if value else "0"
    if isinstance(value, str):
        return value if value in used else REST
    return "some" if value else "none"


class Facets:
    """Which fields of which kinds are counted apart, and what is kept whole, as the queries ask."""

    def __init__(self, matches: Iterable[Match], whole: Iterable[Match] = ()) -> None:
        self._whole: dict[str, list[Match]] = {}
        for match in whole:
            self._whole.setdefault(match.kind, []).append(match)
        self.kept: Final = NOTED | frozenset(self._whole)
        """The kinds of which records are kept whole, all or some."""
        used: dict[str, dict[str, set[str]]] = {}
        for match in matches:
            fields = used.setdefault(match.kind, {})
            for field, values in match.where:
                fields.setdefault(field, set()).update(one.lstrip(NOT) for one in values)
        self._used: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = {
            kind: tuple((field, frozenset(values)) for field, values in sorted(fields.items()))
            for kind, fields in sorted(used.items())
        }
        kept = sorted({(one.kind, one.where) for found in self._whole.values() for one in found})
        said = [VERSION, sorted(NOTED), kept] + [
            [kind, [[field, sorted(values)] for field, values in fields]]
            for kind, fields in self._used.items()
        ]
        self.digest: Final = sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()

    def fields(self, kind: str) -> tuple[str, ...]:
        """Return the fields of a kind that are counted apart, in order."""
        return tuple(field for field, _ in self._used.get(kind, ()))

    def keeps(self, kind: str, facets: str) -> bool:
        """Tell whether a record of a kind with these facets is kept whole."""
        return kind in NOTED or any(fits(facets, one) for one in self._whole.get(kind, ()))

    def joined(self, kind: str, values: Iterable[object]) -> str:
        """Return these values of ``fields`` as facets: ``field=value`` joined by ``;``."""
        return ";".join(
            f"{field}={facet(value, used)}"
            for (field, used), value in zip(self._used.get(kind, ()), values, strict=True)
        )

    def of(self, kind: str, record: Mapping[str, Any]) -> str:
        """Return the facets of a record."""
        return self.joined(kind, (record.get(field) for field in self.fields(kind)))


def fits(facets: str, match: Match) -> bool:
    """Tell whether facets are among those that ``match`` asks for."""
    if not match.where:
        return True
    told = dict(part.split("=", 1) for part in facets.split(";") if part)
    return all(_among(told.get(field, ""), values) for field, values in match.where)


def fits_whole(record: Mapping[str, Any], match: Match) -> bool:
    """Tell whether a record that was kept whole is among those that ``match`` asks for."""
    if record.get("kind") != match.kind:
        return False
    for field, values in match.where:
        used = frozenset(one.lstrip(NOT) for one in values)
        if not _among(facet(record.get(field), used), values):
            return False
    return True


def _among(facet: str, values: tuple[str, ...]) -> bool:
    if values[0].startswith(NOT):
        return NOT + facet not in values
    return facet in values
