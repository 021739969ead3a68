"""The mapping collection: which places of other frameworks meet a duty in part.

By reference number only. The choice is ours (``data/mapping.json``); nobody else has confirmed it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hegui.measures.catalogue import Catalogue
from hegui.measures.oscal.pieces import (
    CATALOGUE,
    NAMESPACE,
    Stamp,
    both,
    metadata,
    paragraphs,
    prop,
    uuid_of,
)
from hegui.measures.rules import READINGS, Reading
from hegui.measures.words import data, words
from hegui.terms import Words

_TOKEN: Final = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True, slots=True)
class Framework:
    """Another framework, and how well its text is known."""

    id: str
    title: Words
    reading: Reading
    url: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A duty and the places of one framework that meet it in part."""

    duty: str
    target: str
    references: tuple[str, ...]


@cache
def frameworks() -> Mapping[str, Framework]:
    """Return the frameworks that duties are mapped to, by id."""
    return {
        row["id"]: Framework(row["id"], words(row["title"]), row["reading"], row["url"])
        for row in data("mapping.json")["targets"]
    }


@cache
def pairs() -> tuple[Pair, ...]:
    """Return all pairs."""
    return tuple(
        Pair(row["duty"], row["target"], tuple(row["references"]))
        for row in data("mapping.json")["maps"]
    )


def mapping_document(catalogue: Catalogue, stamp: Stamp) -> dict[str, Any]:
    """Return the mapping collection in OSCAL."""
    author = uuid_of("party", "hegui")
    told = metadata(_TITLE, stamp)
    told["roles"].append({"id": "creator", "title": both(_CREATOR)})
    told["parties"] = [{"uuid": author, "type": "organization", "name": "hegui"}]
    return {
        "mapping-collection": {
            "uuid": uuid_of("mapping", catalogue.digest, stamp.when, stamp.version),
            "metadata": told,
            "provenance": {
                "method": "human",
                "matching-rationale": "functional",
                "status": "draft",
                "mapping-description": paragraphs(_HOW),
                "responsible-parties": [{"role-id": "creator", "party-uuids": [author]}],
            },
            "mappings": [_mapping(one) for one in frameworks().values()],
            "back-matter": {"resources": [_resource(one) for one in frameworks().values()]},
        }
    }


def _mapping(to: Framework) -> dict[str, Any]:
    return {
        "uuid": uuid_of("mapping", to.id),
        "source-resource": {"type": "catalog", "href": CATALOGUE},
        "target-resource": {"type": "catalog", "href": f"#{uuid_of('framework', to.id)}"},
        "maps": list(_maps(to)),
    }


def _maps(to: Framework) -> Iterable[dict[str, Any]]:
    for pair in pairs():
        if pair.target == to.id:
            yield {
                "uuid": uuid_of("map", to.id, pair.duty),
                "relationship": "intersects-with",
                "sources": [{"type": "control", "id-ref": pair.duty}],
                "targets": [
                    {
                        "type": "control",
                        "id-ref": f"{to.id}-{_TOKEN.sub('.', place)}",
                        "props": [prop("reference", place)],
                    }
                    for place in pair.references
                ],
            }


def _resource(to: Framework) -> dict[str, Any]:
    return {
        "uuid": uuid_of("framework", to.id),
        "title": both(to.title),
        "description": paragraphs(READINGS[to.reading]),
        "props": [{"name": "framework", "ns": NAMESPACE, "value": to.id}],
        **({"rlinks": [{"href": to.url}]} if to.url else {}),
    }


_TITLE: Final = Words("Duties and other frameworks", "义务与其他框架的对应关系")
_CREATOR: Final = Words("creator", "编制者")
_HOW: Final = Words(
    "Which places of other frameworks meet a duty in part, by reference number. The choice is "
    "hegui's; nobody else has confirmed it.",
    "按编号列出与各项义务部分对应的其他框架条款。对应关系由 hegui 选定，未经他人确认。",
)
