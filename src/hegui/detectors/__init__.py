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

from hegui.detectors.built_in import BuiltIn, made_again, made_anew
from hegui.detectors.exact import Compiler, Shelf, TargetDetector, fastest
from hegui.detectors.lexicon import Lexicon
from hegui.detectors.packs import Pack
from hegui.detectors.personal import PersonalData
from hegui.detectors.reading import CORPUS, GATEWAY, RAW, Channels
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


_KEPT: Final = 4
_recent: OrderedDict[tuple[tuple[Pack, ...], str, Channels], tuple[Detector, ...]] = OrderedDict()
_turn = Lock()


def builtin(
    packs: Iterable[Pack] = (),
    as_of: str = "",
    compiler: Compiler = fastest,
    *,
    channels: Channels = GATEWAY,
    shelf: Shelf | None = None,
) -> list[Detector]:
    """Return the detectors that hegui attaches by itself, with ``packs`` of the provider's.

    One exact detector, read in ``channels``, and one for the rules that need a clause where there
    are any. What was asked for lately is not built again; who asks at the same time waits.
    ``compiler`` decides where the rules are compiled, and ``shelf``, which then does it instead,
    what of an earlier start is used again; neither decides anything about what they find.
    """
    key = (tuple(packs), as_of, channels)
    with _turn:
        found = _recent.pop(key, None)
        if found is None:
            found = (
                made_anew(key[0], as_of, channels, compiler)
                if shelf is None
                else made_again(key[0], as_of, channels, shelf)
            )
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
