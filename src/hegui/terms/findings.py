"""What detectors report."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hegui.terms.words import Words


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a rule is about: enough to explain a refusal and to place it under the law.

    ``risk`` is an id of the standard's list of 31 (``A.4.f``). ``kind`` is the fixed name of what
    is found (``mobile``) or the rule's own id. ``mask`` is the noun a mask keeps (``手机号``).
    ``personal`` marks personal data, which may come back to the person who wrote it.
    """

    id: str
    risk: str
    kind: str
    title: Words
    clause: str
    mask: Words
    personal: bool = False


class Finding(NamedTuple):
    """One claim that a risk is present, in characters of the row it was found in."""

    rule: str
    risk: str
    start: int
    end: int
    score: float
    detector: str


@dataclass(slots=True)
class Findings:
    """Findings as columns. ``start`` and ``end`` are byte offsets within the row.

    All five lists have one length. Rows are those of the column that was inspected.
    """

    row: list[int] = field(default_factory=list)
    rule: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    score: list[float] = field(default_factory=list)

    def add(self, row: int, rule: str, start: int, end: int, score: float = 1.0) -> None:
        """Append one finding."""
        self.row.append(row)
        self.rule.append(rule)
        self.start.append(start)
        self.end.append(end)
        self.score.append(score)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.row)

    def __iter__(self) -> Iterator[tuple[int, str, int, int, float]]:
        """Walk the findings as (row, rule, start, end, score)."""
        return iter(zip(self.row, self.rule, self.start, self.end, self.score, strict=True))


@dataclass(frozen=True, slots=True)
class Fault:
    """A detector that could not answer. Counts against a text, never for it.

    ``reason`` is a short word such as ``timeout`` or an exception's class name, never content.
    """

    detector: str
    reason: str
