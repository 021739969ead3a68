"""Personal data and credentials, by pattern, check digit and the words that introduce a value.

Boundaries are ASCII and full-width only, never Unicode's: in Chinese a number stands between
characters without a space. Numbers that carry strong evidence of their own may touch Latin
letters; codes made of letters and digits may not. Each kind's source stands beside its shapes.
"""

from typing import Final

from hegui.detectors.exact import TargetDetector
from hegui.detectors.matcher import Matcher
from hegui.detectors.personal import contact, credentials, identity, money, things, whereabouts
from hegui.detectors.personal.kinds import kinds
from hegui.detectors.targets import Target

__all__ = ["RULES", "SHAPES", "VERSION", "PersonalData", "targets"]

VERSION: Final = "4"
SHAPES: Final = (
    *identity.SHAPES,
    *contact.SHAPES,
    *money.SHAPES,
    *things.SHAPES,
    *whereabouts.SHAPES,
    *credentials.SHAPES,
)
RULES: Final = {kind.rule.id: kind.rule for kind in kinds().values()}


def targets() -> tuple[Target, ...]:
    """Return what the detector looks for, full-width forms folded in."""
    return tuple(shape.target() for shape in SHAPES)


class PersonalData(TargetDetector):
    """Finds personal data (Art. 4(4), 11) and credentials (Art. 4(3)). Rules are ``pii.<kind>``.

    Names of people are not guessed: attach a detector for them. Values with a right check digit
    score high by themselves; those without one stay below 0.5 unless a word before them says
    what they are, or are not found without it. A web address is listed (0.2) and never acts.
    """

    def __init__(self, *, back_end: Matcher | None = None) -> None:
        super().__init__("personal", VERSION, RULES, targets(), back_end=back_end)
