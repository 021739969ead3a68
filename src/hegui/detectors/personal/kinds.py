"""The kinds as data: names, masks, scores, and the words that introduce a value."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from hegui.terms import RuleInfo, Words

OTHER: Final = "other"
"""What labels of things that are not personal data name: an order, a price, a version."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. ``alone`` is the score of a value that nothing introduces; 0: not found then."""

    name: str
    title: Words
    mask: Words
    alone: float
    labels: tuple[str, ...]
    secret: bool

    @property
    def rule(self) -> RuleInfo:
        """The rule of this kind: personal data (A.4.f), or a credential (A.3.c)."""
        risk, clause = ("A.3.c", "4(3)") if self.secret else ("A.4.f", "4(4)")
        return RuleInfo(
            f"pii.{self.name}",
            risk,
            self.name,
            self.title,
            clause,
            self.mask,
            personal=not self.secret,
        )


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files("hegui.detectors").joinpath("data/personal.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds by name."""
    return MappingProxyType(
        {
            entry["name"]: Kind(
                entry["name"],
                Words(**entry["title"]),
                Words(**entry["mask"]),
                float(entry.get("alone", 0)),
                tuple(entry["labels"]),
                bool(entry.get("secret", False)),
            )
            for entry in _data()["kind"]
        }
    )


@cache
def labels() -> Mapping[str, frozenset[str]]:
    """Return what each label names: kinds, or ``other``."""
    found: dict[str, set[str]] = {}
    for kind in kinds().values():
        for label in kind.labels:
            found.setdefault(label, set()).add(kind.name)
    for label in _data()["other"]["labels"]:
        found.setdefault(label, set()).add(OTHER)
    return MappingProxyType({label: frozenset(named) for label, named in found.items()})
