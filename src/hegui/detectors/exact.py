"""A detector made of targets: what our own detectors and rule packs are."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from hegui.detectors.matcher import Laid, Matcher, PlainMatcher
from hegui.detectors.prefixes import Prefixes
from hegui.detectors.targets import Target, digest_of
from hegui.terms import DetectorCard, Findings, RuleInfo, TextColumn

Compiler: TypeAlias = Callable[[Sequence[Target], Sequence[Target]], Matcher]
"""Makes a matcher of targets and exceptions; ``fastest`` is one, a child process another."""


class Shelf(Protocol):
    """Keeps what one start made for the next one, and compiles.

    It answers for what it gives back: bytes as they were put there, by the same person, or none.
    """

    def get(self, name: str) -> bytes | None:
        """Return what was put there under a name; None where there is nothing, or nothing sound."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Keep something under a name. Where that cannot be done, it is done without."""
        ...

    def making(self, name: str) -> AbstractContextManager[None]:
        """Keep others from making what is to be put under a name, while this one makes it.

        Whoever had to wait finds it there, or makes it after all: nobody waits for ever.
        """
        ...

    def matcher(
        self, targets: Sequence[Target], exceptions: Sequence[Target], laid: Laid | None = None
    ) -> tuple[Matcher, Laid | None]:
        """Return a matcher, and what need not be reckoned again where ``laid`` is handed in.

        That is None of a matcher that has nothing to keep.
        """
        ...


def fastest(targets: Sequence[Target], exceptions: Sequence[Target] = ()) -> Matcher:
    """Return the fastest back end this machine has. All give the same findings."""
    try:
        from hegui.detectors.vectors import VectorMatcher
    except ImportError:  # no wheel of the engine for this platform
        return _without_engine(targets, exceptions)
    return VectorMatcher(targets, exceptions)


def _without_engine(targets: Sequence[Target], exceptions: Sequence[Target]) -> Matcher:
    try:
        from hegui.detectors.ahocorasick import LiteralMatcher
    except ImportError:
        return PlainMatcher(targets, exceptions)
    return LiteralMatcher(targets, exceptions)


class TargetDetector:
    """Looks for targets, in line and exactly: a stream's findings are those of the whole text.

    Findings come in order of row, start, end and target, and may overlap, also within a rule. A
    stream gives the same ones if it shows the detector ``card.left`` characters of the original
    text before what it has not released, and holds back ``pending`` characters. ``digest`` is what
    ``digest_of`` says of the same version, targets and exceptions, where that is known.
    """

    def __init__(  # noqa: PLR0913 - all but four by name, and said of one detector
        self,
        name: str,
        version: str,
        rules: Mapping[str, RuleInfo],
        targets: Sequence[Target],
        *,
        exceptions: Sequence[Target] = (),
        back_end: Matcher | None = None,
        digest: str = "",
    ) -> None:
        self.targets = targets = tuple(targets)
        self.exceptions = exceptions = tuple(exceptions)
        self._lead = max((target.lead for target in targets), default=0)
        self._matcher = back_end or fastest(targets, exceptions)
        either = (*targets, *exceptions)
        self._prefixes = Prefixes([t.pattern for t in either], [t.before for t in either])
        self._card = DetectorCard(
            name=name,
            version=version,
            digest=digest or digest_of(version, targets, exceptions=exceptions),
            rules=dict(rules),
            reach="exact",
            runs="inline",
            span=self._prefixes.span,
            left=max(
                max((target.reach for target in targets), default=0),
                max((one.pattern.span - 1 + one.reach for one in exceptions), default=0),
            ),
        )

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is found. Bytes that are not UTF-8 match nothing, and do no harm."""
        return self._matcher.find(column)

    def told(self, column: TextColumn) -> Findings:
        """Return what is found and what excepts it, each as if the other were not.

        The latter under its rule and ``matcher.EXCEPTION``.
        """
        return self._matcher.find(column, told=True)

    def quiet(self, text: str, start: int) -> int | None:
        """Return what is pending if nothing is found from ``start`` on; see ``QuietDetector``."""
        if not self.silent(text, start):
            return None
        return min(self._prefixes.pending(text[max(0, start - 1) :]), len(text) - start)

    def silent(self, text: str, start: int) -> bool:
        """Whether it is plain that nothing is found from ``start`` on.

        What introduces a finding may stand before it, and have gone out already.
        """
        return self._matcher.silent(text[max(0, start - self._lead) :])

    def context(self, before: str) -> int:  # noqa: ARG002 - what is read raw reaches equally far
        """Return how many characters at the end of ``before`` decide on what follows."""
        return self._card.left

    def pending(self, tail: str) -> int:
        """Return how many characters at the end of ``tail`` could still become a finding."""
        return self._prefixes.pending(tail)
