"""Time limits that a text sets, each with its source and how it is known.

The Measures themselves set no number: *promptly* throughout, and a limit that the provider has to
publish (Art. 15). What stands here comes from their neighbours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from hegui.measures.rules import Source, source
from hegui.measures.words import data, words
from hegui.terms import Words

Unit: TypeAlias = Literal["hours", "days", "working-days", "months", "years", "persons"]
Use: TypeAlias = Literal["act-within", "keep-at-least", "repeat-within", "promptly", "threshold"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """One limit.

    ``use`` says what the number means: act within it, keep for at least so long, do again within
    it, grade from so many on (``threshold``), or ``promptly``: no number (``amount`` is 0).
    ``since`` is what starts the clock, ``to`` who must have been told.
    """

    id: str
    what: Words
    use: Use
    amount: int
    unit: Unit
    since: Words
    to: Words
    source: Source


@cache
def deadlines() -> Mapping[str, Deadline]:
    """Return the limits by id."""
    return MappingProxyType(
        {
            row["id"]: Deadline(
                id=row["id"],
                what=words(row["what"]),
                use=row["use"],
                amount=row["amount"],
                unit=row["unit"],
                since=words(row["since"]),
                to=words(row["to"]),
                source=source(row["source"]),
            )
            for row in data("deadlines.json")["deadlines"]
        }
    )
