"""Numbers that the standard asks for, as data: each with its clause, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from hegui.measures.words import data, words
from hegui.terms import Words

Confirmed: TypeAlias = Literal["secondary", "not-seen"]
Bound: TypeAlias = Literal["at-least", "at-most"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number. ``tc260_003`` and ``draft`` are its clauses in the two texts that were read.

    ``bound`` says on which side of it is stricter. ``draft`` is empty where the draft of GB/T 45654
    dropped the number. ``final`` says how sure it is for the final GB/T 45654-2025, which was not
    read: ``secondary`` (secondary sources name it) or ``not-seen`` (carried over from the earlier
    texts).
    """

    id: str
    name: Words
    value: int
    unit: str
    bound: Bound
    tc260_003: str
    draft: str
    final: Confirmed

    @property
    def source(self) -> Words:
        """Where the number stands, and how sure it is, in one line."""
        sure = {
            "secondary": Words("confirmed by secondary sources", "经二手资料确认"),
            "not-seen": Words("not confirmed for the final text", "正式文本未核实"),
        }[self.final]
        draft = self.draft or "–"
        return Words(
            f"TC260-003, {self.tc260_003}; GB/T 45654 draft, {draft}; {sure.en}",
            f"TC260-003 第 {self.tc260_003} 项；GB/T 45654 征求意见稿 {draft}；{sure.zh}",
        )

    def laxer(self, value: int) -> bool:
        """Whether ``value`` asks for less than the number does."""
        return value < self.value if self.bound == "at-least" else value > self.value


@cache
def parameters() -> Mapping[str, Parameter]:
    """Return the parameters by id."""
    rows = data("parameters.json")["parameters"]
    return MappingProxyType(
        {row["id"]: Parameter(**{**row, "name": words(row["name"])}) for row in rows}
    )
