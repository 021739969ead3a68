"""What a check of a ledger says."""

from dataclasses import dataclass, field
from typing import Final

MOST_PROBLEMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold together, and where."""

    where: str
    what_en: str
    what_zh: str


@dataclass(frozen=True, slots=True)
class NotProven:
    """Something that this check cannot show, so that nobody reads it into a clean report."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """One log as it was found. ``root`` is computed from the leaves, not read.

    ``head`` is the size of the signed head: what lies beyond is durable, and not signed yet.
    ``pruned`` counts the leaves that were deleted and whose hashes stay.
    """

    tenant: str
    origin: str
    size: int
    root: str
    signed: bool
    head: int = 0
    pruned: int = 0


@dataclass(slots=True)
class Report:
    """What the check found. ``ok`` means: no problem in any log. Read ``not_proven`` beside it."""

    logs: list[LogReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    not_proven: list[NotProven] = field(default_factory=list)
    more: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was checked holds together."""
        return not self.problems

    def problem(self, where: str, en: str, zh: str) -> None:
        """Add a problem; past the first thousand they are only counted, in ``more``."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(where, en, zh))
        else:
            self.more += 1

    def gap(self, en: str, zh: str) -> None:
        """Add something that is not proven."""
        self.not_proven.append(NotProven(en, zh))


NO_WITNESS: Final = NotProven(
    "No independent witness has signed these logs: a provider that shows two histories to two"
    " people, or an older copy of the file, cannot be told from this file alone.",
    "这些账本没有独立见证方的签名：仅凭此文件，无法排除提供者向不同的人出示两份历史，或出示旧副本。",
)
NO_TIME: Final = NotProven(
    "Times in the records are those of the service's own clock; no time-stamping authority"
    " confirms them.",
    "记录中的时间取自服务自身的时钟，未经时间戳机构证实。",
)
NO_MORE: Final = NotProven(
    "Records show what was recorded. That nothing else happened, they cannot show.",
    "记录只能表明记下了什么，不能证明没有发生其他事情。",
)
