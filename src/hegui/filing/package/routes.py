"""Routes of filing as data: which documents, which chapters, and what supplies each.

No official template is public; the order of documents follows filing practice, and the chapters of
the report TC260-003, 9.1.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from hegui.terms import Words


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter. ``part`` says how it is made; ``queries`` and ``duties`` what it shows.

    ``command`` supplies what is missing; empty where no command of this release does.
    ``statement`` is the sort of a published statement whose text belongs here.
    """

    id: str
    title: Words
    part: str
    says: Words | None = None
    queries: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    command: str = ""
    roles: tuple[str, ...] = ()
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A document as a route lays it out."""

    name: str
    title: Words
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its documents, and which annexes go along."""

    id: str
    title: Words
    about: Words
    documents: tuple[Outline, ...]
    annexes: tuple[str, ...]


@cache
def routes() -> Mapping[str, Route]:
    """Return the routes by id."""
    folder = files("hegui.filing.package").joinpath("data", "routes")
    named = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=str)
    found = (_route(json.loads(one.read_text("utf-8"))) for one in named)
    return MappingProxyType({one.id: one for one in found})


def _route(row: Mapping[str, Any]) -> Route:
    documents = tuple(
        Outline(one["name"], _words(one["title"]), tuple(map(_chapter, one["chapters"])))
        for one in row["documents"]
    )
    title, about = _words(row["title"]), _words(row["about"])
    return Route(row["id"], title, about, documents, tuple(row["annexes"]))


def _chapter(row: Mapping[str, Any]) -> Chapter:
    return Chapter(
        row["id"],
        _words(row["title"]),
        row["part"],
        _words(row["says"]) if "says" in row else None,
        tuple(row.get("queries", ())),
        tuple(row.get("duties", ())),
        row.get("command", ""),
        tuple(row.get("roles", ())),
        row.get("statement", ""),
    )


def _words(row: Mapping[str, str]) -> Words:
    return Words(row["en"], row["zh"])
