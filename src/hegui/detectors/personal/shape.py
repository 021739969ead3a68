"""How a kind is written: patterns, boundaries, checks, and what the engine is asked instead.

The engine is fastest where many targets ask it for the same thing, so numbers share a few
triggers: seven digits, nine or more, fifteen or more. Each costs one pass, however many kinds use
it; what the kinds want beyond it is decided on the hit.
"""

from dataclasses import dataclass
from typing import Final

from hegui.detectors.pattern import Pattern, parse
from hegui.detectors.personal.context import GAP, LEFT, label_source
from hegui.detectors.personal.kinds import kinds
from hegui.detectors.targets import NO_DIGIT, NO_WORD, Check, Target
from hegui.detectors.tree import Chars, Row

# What people write between the groups of a number: a blank, a hyphen, or blanks around one.
SEP: Final = "(?: ?[-‐‑–] ?|[  ])?"
_LOOSE: Final = "[-‐‑–  \\(\\).]{0,3}"
NINE_DIGITS: Final = rf"\d(?:{_LOOSE}\d){{8}}"
FIFTEEN_DIGITS: Final = rf"\d(?:{_LOOSE}\d){{14}}"
SEVEN_DIGITS: Final = r"\d{7}"


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a kind is written. ``trigger``: see ``Target``.

    ``introduced``: the labels without which nothing is found, for the engine to look for, too.
    """

    kind: str
    source: str
    before: Chars = NO_WORD
    after: Chars = NO_WORD
    check: Check | None = None
    left: int = LEFT
    whole: bool = False
    case: bool = False
    width: bool = True
    trigger: str = ""
    introduced: str = ""

    def target(self) -> Target:
        """Return the target, full-width forms folded in."""
        pattern = parse(self.source).folded(case=self.case, width=self.width)
        trigger = (
            parse(self.trigger).folded(case=self.case, width=self.width) if self.trigger else None
        )
        lead = 0
        if self.introduced:  # labels count in full width, too
            label = parse(self.introduced + GAP).folded(case=True, width=True)
            trigger = Pattern(Row((label.tree, (trigger or pattern).tree)))
            lead = label.span
        return Target(
            rule=f"pii.{self.kind}",
            pattern=pattern,
            before=self.before,
            after=self.after,
            check=self.check,
            left=self.left if self.check else 0,
            whole=self.whole,
            trigger=trigger,
            lead=lead,
        )


def digits(kind: str, source: str, check: Check, trigger: str) -> Shape:
    """Return a number that may touch letters but not digits."""
    return Shape(kind, source, NO_DIGIT, NO_DIGIT, check, trigger=trigger)


def labels_of(kind: str) -> str:
    """Return the labels of a kind as a pattern."""
    return label_source(kinds()[kind].labels)


def numbered(kind: str, source: str, check: Check) -> Shape:
    """Return a number that is found only with a label before it, which it may touch (QQ123456)."""
    return Shape(kind, source, NO_DIGIT, NO_WORD, check, introduced=labels_of(kind))
