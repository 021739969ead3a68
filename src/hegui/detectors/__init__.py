"""Detectors that come with hegui: personal data by check digit, rule packs, a classifier.

The first two are ``exact``: a stream holds back only what could still become a finding, and gives
the same findings as the whole text. Rules of packs that need a clause form a detector of their own,
and the classifier needs clauses, too; it is attached by a setting. Nothing that hegui ships looks
for political speech.
"""

from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import Final

from hegui.detectors import lexicon, personal
from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.exact import Compiler, TargetDetector, fastest
from hegui.detectors.lexicon import Lexicon
from hegui.detectors.matcher import Matcher
from hegui.detectors.packs import ClauseRules, Pack, compiled, digest_of, shipped
from hegui.detectors.personal import PersonalData
from hegui.detectors.reading import CORPUS, GATEWAY, RAW, Channels, Plan
from hegui.terms import Detector

__all__ = [
    "CORPUS",
    "GATEWAY",
    "RAW",
    "BuiltIn",
    "Channels",
    "Lexicon",
    "PersonalData",
    "TargetDetector",
    "builtin",
    "triage",
]


class BuiltIn(TargetDetector):
    """Rule packs and personal data in one database, so that a text is scanned once.

    ``packs`` are a provider's own; they come on top of the shipped ones. ``as_of``
    (``YYYY-MM-DD``) is the day whose rules apply; without it, all that nobody has retired.
    ``plan`` is what ``ChannelledDetector`` reads it in ``channels`` by.
    """

    def __init__(
        self,
        packs: Iterable[Pack] = (),
        as_of: str = "",
        *,
        channels: Channels = RAW,
        back_end: Matcher | None = None,
        compiler: Compiler = fastest,
    ) -> None:
        held = (*shipped(), *packs)
        made = compiled(held, as_of)
        given = (*made.targets, *personal.targets())
        self.plan = Plan(channels, made.variants, given, made.exceptions)
        self.clauses = (
            ClauseRules(made.clause_rules, made.clauses, made.clause_exceptions, compiler)
            if made.clauses
            else None
        )
        super().__init__(
            "builtin",
            f"packs-{lexicon.VERSION}-{digest_of(held)[:12]} personal-{personal.VERSION}",
            {**made.rules, **personal.RULES},
            self.plan.targets,
            exceptions=made.exceptions,
            back_end=back_end or compiler(self.plan.targets, made.exceptions),
        )


_KEPT: Final = 4
_recent: OrderedDict[tuple[tuple[Pack, ...], str, Channels], tuple[Detector, ...]] = OrderedDict()
_turn = Lock()


def builtin(
    packs: Iterable[Pack] = (),
    as_of: str = "",
    compiler: Compiler = fastest,
    *,
    channels: Channels = GATEWAY,
) -> list[Detector]:
    """Return the detectors that hegui attaches by itself, with ``packs`` of the provider's.

    One exact detector, read in ``channels``, and one for the rules that need a clause where there
    are any. What was asked for lately is not built again; who asks at the same time waits.
    ``compiler`` decides where the rules are compiled, and nothing about what they find.
    """
    key = (tuple(packs), as_of, channels)
    with _turn:
        found = _recent.pop(key, None)
        if found is None:
            built = BuiltIn(key[0], as_of, channels=channels, compiler=compiler)
            exact = built if channels == RAW else ChannelledDetector(built, built.plan)
            found = (exact,) if built.clauses is None else (exact, built.clauses)
        _recent[key] = found
        while len(_recent) > _KEPT:
            _recent.popitem(last=False)
    return list(found)


@cache
def _triage() -> Detector:
    from hegui.detectors.classifier import Classifier  # its tables are read only where it is used

    return Classifier()


def triage() -> list[Detector]:
    """Return the classifier that hegui attaches where the settings say so. Read once."""
    return [_triage()]
