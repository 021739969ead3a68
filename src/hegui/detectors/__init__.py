"""Detectors that come with hegui: personal data by check digit, a small lexicon, a classifier.

The first two are ``exact``: a stream holds back only what could still become a finding, and gives
the same findings as the whole text. The classifier needs clauses, and is attached by a setting.
Nothing here looks for political speech.
"""

from functools import cache

from hegui.detectors import lexicon, personal
from hegui.detectors.exact import TargetDetector
from hegui.detectors.lexicon import Lexicon
from hegui.detectors.matcher import Matcher
from hegui.detectors.personal import PersonalData
from hegui.terms import Detector

__all__ = ["BuiltIn", "Lexicon", "PersonalData", "TargetDetector", "builtin", "triage"]


class BuiltIn(TargetDetector):
    """The lexicon and the personal data in one database, so that a text is scanned once."""

    def __init__(self, *, back_end: Matcher | None = None) -> None:
        super().__init__(
            "builtin",
            f"lexicon-{lexicon.VERSION} personal-{personal.VERSION}",
            {**lexicon.rules(), **personal.RULES},
            (*lexicon.targets(), *personal.targets()),
            back_end=back_end,
        )


@cache
def _built_in() -> BuiltIn:
    return BuiltIn()


def builtin() -> list[Detector]:
    """Return the detectors that hegui attaches by itself. Built once per process."""
    return [_built_in()]


@cache
def _triage() -> Detector:
    from hegui.detectors.classifier import Classifier  # its tables are read only where it is used

    return Classifier()


def triage() -> list[Detector]:
    """Return the classifier that hegui attaches where the settings say so. Read once."""
    return [_triage()]
