"""What is decided about a text."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from hegui.terms.findings import Fault, Finding


class Action(IntEnum):
    """What is done with a text, mildest first, so that ``max`` is the strictest."""

    ALLOW = 0
    MASK = 1
    HOLD = 2
    REFUSE = 3


class Role(StrEnum):
    """Where a text stands in an exchange. Policies rule on each apart."""

    SYSTEM = "system"
    USER = "user"
    TOOL = "tool"
    HISTORY = "history"
    REPLY = "reply"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one row, and everything it was decided on.

    ``masks`` are the findings whose span must be masked when the action is ``MASK`` (or stricter
    and the door chooses to show the rest). ``unjudged`` names what no detector could look at,
    which is not the same as clean.
    """

    action: Action = Action.ALLOW
    findings: tuple[Finding, ...] = ()
    masks: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()
    unjudged: tuple[str, ...] = ()

    def rules(self) -> dict[str, int]:
        """Count the findings per rule."""
        counts: dict[str, int] = {}
        for finding in self.findings:
            counts[finding.rule] = counts.get(finding.rule, 0) + 1
        return counts
