"""A rule pack as frozen values: what a compliance officer wrote, with the lines it stands on."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from hegui.terms import Words

Severity: TypeAlias = Literal["low", "medium", "high"]
Weight: TypeAlias = Literal["error", "note"]

SEVERITIES: Final[tuple[Severity, ...]] = ("low", "medium", "high")
SCORES: Final[dict[str, float]] = {"low": 0.4, "medium": 0.7, "high": 1.0}
"""The score of a rule's findings. Policies act from 0.5 for adults and from 0.3 for minors."""
VARIANTS: Final = ("traditional", "full_width", "spaced", "homophone")
LANGUAGES: Final = ("zh", "en")


class Flaw(NamedTuple):
    """Something to put right: its line (from 1), what it is, and the rule it is about.

    An ``error`` keeps the pack from being attached; a ``note`` is worth knowing.
    """

    line: int
    words: Words
    rule: str = ""
    weight: Weight = "error"


class Lined(NamedTuple):
    """A text of the pack and its line. ``pattern``: it is written in ``detectors.pattern``."""

    text: str
    line: int = 0
    pattern: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Dates are ``YYYY-MM-DD``; ``retired`` is empty while the rule stands.

    It applies on the days from ``added`` on and before ``retired``. ``clause``: its patterns may
    say ``.*``, which is anything within a clause; such a rule is not exact.
    """

    id: str
    risk: str
    severity: Severity
    title: Words
    mask: Words
    languages: tuple[str, ...] = LANGUAGES
    literals: tuple[Lined, ...] = ()
    patterns: tuple[Lined, ...] = ()
    variants: tuple[str, ...] = ()
    exceptions: tuple[Lined, ...] = ()
    added: str
    retired: str = ""
    clause: bool = False
    match: tuple[Lined, ...] = ()
    clean: tuple[Lined, ...] = ()
    line: int = 0

    def applies(self, as_of: str) -> bool:
        """Whether the rule stands on a day; with no day given, whether nobody has retired it."""
        if not as_of:
            return not self.retired
        return self.added <= as_of and not (self.retired and self.retired <= as_of)

    def data(self) -> dict[str, Any]:
        """Return the rule as plain data in the order of the format, lines left out."""
        told: dict[str, Any] = {
            "id": self.id,
            "risk": self.risk,
            "severity": self.severity,
            "title": {"en": self.title.en, "zh": self.title.zh},
            "mask": {"en": self.mask.en, "zh": self.mask.zh},
            "languages": list(self.languages),
            "literals": sorted({each.text for each in self.literals}),
            "patterns": sorted({each.text for each in self.patterns}),
            "variants": [kind for kind in VARIANTS if kind in self.variants],
            "exceptions": [
                {"pattern": each.text} if each.pattern else each.text
                for each in sorted(set(map(_bare, self.exceptions)))
            ],
            "added": self.added,
            "retired": self.retired,
            "clause": self.clause,
            "cases": {
                "match": sorted({each.text for each in self.match}),
                "clean": sorted({each.text for each in self.clean}),
            },
        }
        return told


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Rules with one source and one licence. ``version`` is the author's own word for its state."""

    id: str
    version: str
    title: Words
    licence: str
    source: str
    rules: tuple[Rule, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return the pack as plain data: rules by id, lists in order, nothing of its layout."""
        return {
            "pack": self.id,
            "version": self.version,
            "title": {"en": self.title.en, "zh": self.title.zh},
            "licence": self.licence,
            "source": self.source,
            "rules": [rule.data() for rule in sorted(self.rules, key=lambda rule: rule.id)],
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content in canonical JSON. Comments, layout and order change nothing."""
        body = json.dumps(self.data(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(body.encode()).hexdigest()


def _bare(lined: Lined) -> Lined:
    return lined._replace(line=0)


def digest_of(packs: Iterable[Pack]) -> str:
    """Return one digest for several packs, whatever their order."""
    told = sorted(f"{pack.id} {pack.digest}" for pack in packs)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
