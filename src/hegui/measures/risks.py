"""The 31 safety risks of the standard, as data.

Source: TC260-003, Appendix A, and the May 2024 draft of GB/T 45654, both in translation; what is
not confirmed for the final standard is said in ``data/risks.json``, and shown wherever it matters.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

from hegui.terms import Words

Cover: TypeAlias = Literal["shipped", "provider", "split"]


@dataclass(frozen=True, slots=True)
class RiskGroup:
    """One of the five classes. ``article`` is the paragraph of the Measures that it spells out."""

    id: str
    name: Words
    article: str


@dataclass(frozen=True, slots=True)
class Risk:
    """One of the 31 risks.

    ``cover`` says whose detectors look for it: ``shipped`` (hegui may ship some), ``provider``
    (only one that the provider attaches: detector-required), or ``split`` (both). ``zh_confirmed``:
    the Chinese name stands so in Article 4. The minima are entries of the keyword library, of the
    question bank and of the should-refuse bank; 0 where the texts ask for none.
    """

    id: str
    group: RiskGroup
    name: Words
    cover: Cover
    zh_confirmed: bool
    min_keywords: int
    min_questions: int
    min_refusals: int

    @property
    def detector_required(self) -> bool:
        """Whether it stays uncovered, at least in part, until the provider attaches a detector."""
        return self.cover != "shipped"


@cache
def risks() -> Mapping[str, Risk]:
    """Return the 31 risks by id (``A.4.f``), in the order of the standard."""
    data = json.loads(files("hegui.measures").joinpath("data/risks.json").read_text("utf-8"))
    groups = {
        row["id"]: RiskGroup(row["id"], Words(row["en"], row["zh"]), row["article"])
        for row in data["groups"]
    }
    return MappingProxyType(
        {
            row["id"]: Risk(
                id=row["id"],
                group=groups[row["id"].rpartition(".")[0]],
                name=Words(row["en"], row["zh"]),
                cover=row["cover"],
                zh_confirmed=row["zh_wording"] == "article-4",
                min_keywords=row["keywords"],
                min_questions=row["questions"],
                min_refusals=row["refusals"],
            )
            for row in data["risks"]
        }
    )
