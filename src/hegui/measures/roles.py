"""The provider's roles: who may answer for a duty, and who may attest it.

A provider gives these roles to persons; hegui holds none of their names here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from hegui.measures.rules import Source, source
from hegui.measures.words import data, words
from hegui.terms import Words


@dataclass(frozen=True, slots=True)
class Role:
    """One role. ``source`` is the text that asks for it; without one the role is ours."""

    id: str
    name: Words
    does: Words
    source: Source | None


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who owes a duty, or to whom it is owed."""

    id: str
    name: Words


@cache
def roles() -> Mapping[str, Role]:
    """Return the roles by id."""
    return MappingProxyType(
        {
            row["id"]: Role(
                row["id"],
                words(row["name"]),
                words(row["does"]),
                source(row["source"]) if row["source"] else None,
            )
            for row in data("roles.json")["roles"]
        }
    )


@cache
def parties() -> Mapping[str, Party]:
    """Return the parties by id."""
    rows = data("roles.json")["parties"]
    return MappingProxyType({row["id"]: Party(row["id"], words(row)) for row in rows})
