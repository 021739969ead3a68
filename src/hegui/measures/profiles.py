"""Profiles: which numbers are asked for, how sure they are, and what the provider said of itself.

Two are shipped: ``tc260-003``, and ``gbt-45654-2025`` with values carried over from the texts that
were read. A provider tailors one of them in its settings (``tailoring``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from hegui.measures.duties import Duty
from hegui.measures.facts import Applies, Facts
from hegui.measures.parameters import Parameter, parameters
from hegui.measures.rules import Rule, Source, rules, source
from hegui.measures.words import data, names, words
from hegui.terms import Words

Checked: TypeAlias = Literal[
    "translation", "secondary", "carried-over", "ours", "provider", "compared"
]
NOTHING_SAID: Final = Facts()
CHECKED: Final[Mapping[Checked, Words]] = MappingProxyType(
    {
        "translation": Words("read in translation", "读自译本"),
        "secondary": Words("confirmed by secondary sources only", "仅经二手资料确认"),
        "carried-over": Words(
            "carried over from earlier texts; check it against the bought text",
            "沿用自此前文本，请与购得的文本核对",
        ),
        "ours": Words(
            "the draft leaves it to the provider; the value is hegui's default",
            "征求意见稿由提供者自定，此为 hegui 的默认值",
        ),
        "provider": Words("set by the provider", "由提供者设定"),
        "compared": Words(
            "compared by the provider with the text that it named", "提供者已与其所述文本核对"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's number in a profile, where it stands, and how sure it is."""

    parameter: Parameter
    number: int
    source: Source
    checked: Checked

    @property
    def flagged(self) -> bool:
        """Whether somebody still has to look at the text."""
        return self.checked in ("secondary", "carried-over", "ours")

    @property
    def told(self) -> Words:
        """Where it stands and how sure it is, in one line."""
        where, how = self.source.words, CHECKED[self.checked]
        return Words(f"{where.en} ({how.en})", f"{where.zh}（{how.zh}）")


@dataclass(frozen=True)
class Profile:
    """Numbers and facts. ``reasons`` says, per fact, why it was said so.

    ``checked_against`` names the text that the provider compared the numbers with; empty: none.
    """

    id: str
    rule: Rule
    title: Words
    note: Words
    values: Mapping[str, Value]
    facts: Facts = NOTHING_SAID
    reasons: Mapping[str, str] = field(default_factory=dict)
    checked_against: str = ""

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Each parameter's number."""
        return MappingProxyType({name: value.number for name, value in self.values.items()})

    def applies(self, duty: Duty) -> Applies:
        """Judge whether a duty applies, by the facts."""
        return duty.applies.on(self.facts)

    def reason(self, duty: Duty) -> str:
        """Return the recorded reasons why a duty does not apply; empty when it does."""
        found = self.applies(duty)
        given = (self.reasons.get(name, "") for name in found.because)
        return "; ".join(filter(None, given)) if found.answer == "no" else ""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything in it that a status depends on, as canonical JSON."""
        facts = {
            name: sorted(said) if isinstance(said, frozenset) else said
            for name, said in (
                (name, getattr(self.facts, name)) for name in Facts.__dataclass_fields__
            )
        }
        told = {
            "id": self.id,
            "values": {name: [one.number, one.checked] for name, one in self.values.items()},
            "facts": facts,
            "reasons": dict(self.reasons),
            "checked_against": self.checked_against,
        }
        text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def profiles() -> Mapping[str, Profile]:
    """Return the shipped profiles by id; nothing is known of the provider in them."""
    found = {}
    for name in names("profiles"):
        row = data(name)
        values = {
            one["id"]: Value(parameters()[one["id"]], one["value"], source(one), one["checked"])
            for one in row["parameters"]
        }
        found[row["id"]] = Profile(
            row["id"],
            rules()[row["rule"]],
            words(row["title"]),
            words(row["note"]),
            MappingProxyType(values),
        )
    return MappingProxyType(found)
