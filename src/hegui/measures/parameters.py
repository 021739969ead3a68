"""Numbers that the standard asks for, as data: each with its clause, and how sure it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

from hegui.terms import Words

Confirmed: TypeAlias = Literal["secondary", "not-seen"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number. ``tc260_003`` and ``draft`` are its clauses in the two texts that were read.

    ``final`` says how sure it is for the final GB/T 45654-2025, which was not read: ``secondary``
    (secondary sources name it) or ``not-seen`` (it stood so, unchanged, in both earlier texts).
    """

    id: str
    value: int
    unit: str
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
        return Words(
            f"TC260-003, {self.tc260_003}; GB/T 45654 draft, {self.draft}; {sure.en}",
            f"TC260-003 第 {self.tc260_003} 项；GB/T 45654 征求意见稿 {self.draft}；{sure.zh}",
        )


@cache
def parameters() -> Mapping[str, Parameter]:
    """Return the parameters by id."""
    text = files("hegui.measures").joinpath("data/parameters.json").read_text("utf-8")
    rows = json.loads(text)["parameters"]
    return MappingProxyType({row["id"]: Parameter(**row) for row in rows})
