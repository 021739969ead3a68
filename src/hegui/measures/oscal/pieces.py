"""What the documents are made of: identifiers, properties, metadata, resources."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from hegui.measures.roles import roles
from hegui.measures.rules import READINGS, Rule, rules
from hegui.terms import Words

OSCAL_VERSION: Final = "1.2.2"
NAMESPACE: Final = "urn:hegui:oscal"
"""The ``ns`` of our properties and part names."""
_ROOT: Final[UUID] = uuid5(NAMESPACE_URL, NAMESPACE)
CATALOGUE: Final = "catalogue.json"
"""The catalogue's file name: other documents refer to it."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a document is made (RFC 3339, with a zone) and by which version of hegui."""

    when: str
    version: str


def uuid_of(*names: str) -> str:
    """Return the identifier of what ``names`` name: the same whenever it is asked for (v5)."""
    return str(uuid5(_ROOT, "\n".join(names)))


def prop(name: str, value: str, **more: str) -> dict[str, str]:
    """Return a property of ours."""
    return {"name": name, "ns": NAMESPACE, "value": value, **more}


def both(words: Words) -> str:
    """Return both languages on one line."""
    return words.zh if words.zh == words.en else f"{words.zh} / {words.en}"


def paragraphs(*said: Words) -> str:
    """Return both languages as prose: each in a paragraph, Chinese first."""
    return "\n\n".join([*(one.zh for one in said), *(one.en for one in said)])


def metadata(title: Words, stamp: Stamp, props: Iterable[dict[str, str]] = ()) -> dict[str, Any]:
    """Return the metadata of a document, with the provider's roles."""
    given = list(props)
    return {
        "title": both(title),
        "last-modified": stamp.when,
        "version": stamp.version,
        "oscal-version": OSCAL_VERSION,
        **({"props": given} if given else {}),
        "roles": [
            {"id": role.id, "title": both(role.name), "description": paragraphs(role.does)}
            for role in roles().values()
        ],
    }


def resource_of(rule: Rule) -> dict[str, Any]:
    """Return a rule as a resource of the back matter."""
    said = [words for words in (READINGS[rule.reading], rule.note) if words.en]
    return {
        "uuid": uuid_of("rule", rule.id),
        "title": both(rule.title),
        "description": paragraphs(*said),
        "props": [
            prop("rule", rule.id),
            prop("force", str(rule.force)),
            prop("reading", rule.reading),
            *([prop("in-force", rule.in_force)] if rule.in_force else []),
        ],
        **({"rlinks": [{"href": rule.url}]} if rule.url else {}),
    }


def resources() -> dict[str, Any]:
    """Return all rules as back matter."""
    return {"resources": [resource_of(rule) for rule in rules().values()]}
