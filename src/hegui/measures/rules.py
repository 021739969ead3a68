"""The rules that duties come from: laws, measures, standards, practice, and how well we know each.

``force`` orders what to do next: 1 law, 2 administrative regulation, 3 departmental rule or
mandatory standard, 4 recommended standard or technical document, 5 guidance or practice. The order
is ours, after the Legislation Law's; it says nothing of the weight of a breach.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from hegui.measures.places import article
from hegui.measures.words import data, words
from hegui.terms import Words

Reading: TypeAlias = Literal["original", "translation", "secondary", "memory", "unread"]

READINGS: Final[Mapping[Reading, Words]] = MappingProxyType(
    {
        "original": Words("read in the original", "已读原文"),
        "translation": Words(
            "read in a full translation; not compared with the original",
            "已读全文译本，未与原文核对",
        ),
        "secondary": Words(
            "known from secondary sources; nobody here has read the original",
            "来自二手资料，未读原文",
        ),
        "memory": Words(
            "not confirmed: written from memory; check the original",
            "未核实：凭记忆写成，请查对原文",
        ),
        "unread": Words("text not read", "文本未读"),
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A law, rule or standard. ``in_force`` is a date, or empty where it is not confirmed."""

    id: str
    title: Words
    short: Words
    force: int
    in_force: str
    url: str
    reading: Reading
    note: Words
    counts: Literal["articles", "clauses"]

    def at(self, place: str) -> Words:
        """Return the rule's short name with a place in it, or alone without a place."""
        if not place:
            return self.short
        where = article(place) if self.counts == "articles" else Words(place, place)
        gap = "" if self.counts == "articles" else " "
        return Words(f"{self.short.en}, {where.en}", f"{self.short.zh}{gap}{where.zh}")


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a rule: an article, clause or section as that text counts them."""

    rule: Rule
    place: str
    reading: Reading

    @property
    def words(self) -> Words:
        """The place in one line."""
        return self.rule.at(self.place)

    @property
    def told(self) -> Words:
        """The place, and how it is known."""
        how = READINGS[self.reading]
        return Words(f"{self.words.en} ({how.en})", f"{self.words.zh}（{how.zh}）")


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rules by id."""
    return MappingProxyType(
        {
            row["id"]: Rule(
                id=row["id"],
                title=words(row["title"]),
                short=words(row["short"]),
                force=row["force"],
                in_force=row["in_force"],
                url=row["url"],
                reading=row["reading"],
                note=words(row["note"]),
                counts=row["counts"],
            )
            for row in data("rules.json")["rules"]
        }
    )


def source(row: Mapping[str, Any]) -> Source:
    """Return the source that ``{"rule": …, "place": …}`` names; ``KeyError`` if there is none."""
    rule = rules()[row["rule"]]
    return Source(rule, row.get("place", ""), row.get("reading", rule.reading))
