"""Which channels a panel affords, and what its detector must look for so that they can be read.

Channels are data: they are part of the detector's digest, and so of the panel's.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol, TypeAlias

from hegui.detectors import escapes, homophones, skeleton
from hegui.detectors.flagged import SUSPECT, suspects
from hegui.detectors.normal import Derived
from hegui.detectors.pattern import Pattern, literal
from hegui.detectors.targets import Target
from hegui.detectors.tree import Chars
from hegui.terms import RuleInfo, Words

Extent: TypeAlias = Literal["none", "flagged", "all"]

SPAN: Final = 220  # raw characters of a channel's finding; with what follows it, fits into HOLD
HOLD: Final = 256  # raw characters that a stream ever holds back, but for ``escapes``
SKELETON: Final = "\0skeleton"  # after a rule: looked for in skeletons only
SOUND: Final = "\0sound"  # after a rule: looked for in syllables only

FILLERS: Final = RuleInfo(
    id="evasion.fillers",
    risk="A.5.b",
    kind="evasion.fillers",
    title=Words("a run of characters that cannot be seen", "连续的不可见字符"),
    clause="4(5)",
    mask=Words("removed", "已屏蔽"),
)
FILLERS_SCORE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels beside the raw one and the variants, which are targets like any other.

    ``normalised``: of ``all`` rows, or only of those ``flagged`` by a character that ordinary text
    does not mix in; then a finding must hold such a character, so that it does not depend on the
    rest of its row. ``skeleton`` and ``homophones`` are made from the normalised text. ``escapes``:
    what source text spells is read in all of these, but for the skeleton.
    """

    normalised: Extent = "none"
    skeleton: bool = False
    homophones: bool = False
    escapes: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all channels that are read, as a panel shows them."""
        if self.normalised == "none":
            return ("raw", "variants")
        more = {
            "skeleton": self.skeleton,
            "homophones": self.homophones,
            "escapes": self.escapes,
        }
        return ("raw", "variants", "normalised", *(name for name, read in more.items() if read))


RAW: Final = Channels()
CORPUS: Final = Channels("flagged", skeleton=True, escapes=True)
GATEWAY: Final = Channels("all", skeleton=True, homophones=True, escapes=True)


def span_at(derived: Derived, start: int) -> int:
    """Return how many raw characters a finding may have that begins at ``start`` in the raw text.

    More than elsewhere only if an escape stands in so many: a stream that has seen none yet holds
    no more, and what stands further on must not decide.
    """
    at = bisect_left(derived.escapes, start)
    near = at < len(derived.escapes) and derived.escapes[at] < start + SPAN
    return escapes.SPAN if near else SPAN


Begins: TypeAlias = tuple[tuple[Pattern, Chars], ...]
"""Patterns, and what must not stand before each."""


class Readable(Protocol):
    """What ``ChannelledDetector`` reads by: a ``Plan``, or what is kept of one."""

    @property
    def channels(self) -> Channels:
        """The channels that are read."""
        ...

    @property
    def targets(self) -> tuple[Target, ...]:
        """See ``Plan``, here and below."""
        ...

    @property
    def exceptions(self) -> Sequence[Target]: ...  # noqa: D102 - see Plan

    @property
    def spaced(self) -> frozenset[str]: ...  # noqa: D102 - see Plan

    @property
    def excepted(self) -> frozenset[str]: ...  # noqa: D102 - see Plan

    @property
    def widest(self) -> int: ...  # noqa: D102 - see Plan

    @property
    def width(self) -> int: ...  # noqa: D102 - see Plan

    @property
    def in_skeletons(self) -> Begins: ...  # noqa: D102 - see Plan

    @property
    def in_sounds(self) -> Begins: ...  # noqa: D102 - see Plan

    @property
    def sounding(self) -> frozenset[tuple[str, str]]: ...  # noqa: D102 - see Plan

    @property
    def opening(self) -> Chars: ...  # noqa: D102 - see Plan

    @property
    def hint(self) -> str: ...  # noqa: D102 - see Plan


@dataclass(frozen=True)
class Plan:
    """Channels for the rules of a detector.

    ``asked`` says which variants a rule asks for: ``spaced`` is the skeleton, ``homophone`` the
    homophones. Every rule is looked for in the normalised text. Rules whose targets have a check
    are never looked for in skeletons. ``exceptions`` (the detector's own) hold in the raw and in
    the normalised text.
    """

    channels: Channels
    asked: Mapping[str, Collection[str]]
    given: Sequence[Target]
    exceptions: Sequence[Target] = ()

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets that the detector must be built of: those given, and those of the channels.

        Build it with these and nothing else. What is added has rules that are never reported.
        """
        added = [*self._skeletons(), *self._sounds()]
        if self.channels.normalised == "flagged":
            added += suspects()
            if self.channels.escapes:
                added += [Target(SUSPECT, literal(part)) for part in escapes.flagging()]
        return (*self.given, *added)

    @cached_property
    def spaced(self) -> frozenset[str]:
        """The rules that are looked for in skeletons."""
        if "skeleton" not in self.channels.names:
            return frozenset()
        checked = {target.rule for target in self.given if target.check}
        return self._asking("spaced") - checked

    @cached_property
    def excepted(self) -> frozenset[str]:
        """The rules that have exceptions: in skeletons they have targets of their own.

        A skeleton with its exceptions would reach further than a stream can hold.
        """
        return frozenset(one.rule for one in self.exceptions)

    @cached_property
    def in_skeletons(self) -> Begins:
        """What a skeleton may begin with: patterns, and what must not stand before them."""
        found = ((skeleton.stripped(t.pattern), t.before) for t in self._of(self.spaced))
        return tuple((pattern, before) for pattern, before in found if pattern)

    @cached_property
    def in_sounds(self) -> Begins:
        """What the homophones may begin with, in characters of the normalised text."""
        found = ((homophones.alike(t.pattern), t.before) for t in self._sounding())
        return tuple((pattern, before) for pattern, before in found if pattern)

    @cached_property
    def opening(self) -> Chars:
        """The characters that something in a skeleton may begin with."""
        return frozenset[str]().union(*(pattern.opening for pattern, _ in self.in_skeletons))

    @cached_property
    def hint(self) -> str:
        """What is found, with ``re``, in every text that may hold a homophone; or nothing."""
        sounds = [pattern for pattern, _ in self.in_sounds]
        return homophones.hint(sounds) if sounds else ""

    @cached_property
    def sounding(self) -> frozenset[tuple[str, str]]:
        """The rules and literals that are looked for by their sound."""
        return frozenset(
            (target.rule, homophones.spelling(target.pattern)) for target in self._sounding()
        )

    @cached_property
    def widest(self) -> int:
        """The longest of what must be cut to ``SPAN`` before it is known what is found: see there.

        Exceptions and the targets of their rules, and targets whose longest match alone is checked.
        """
        told = (one for one in self.given if one.whole or one.rule in self.excepted)
        return max((one.pattern.span for one in (*told, *self.exceptions)), default=0)

    @cached_property
    def width(self) -> int:
        """How long a break must be, so that no check sees across it."""
        return max(1, max((target.left for target in self.given), default=0))

    def _asking(self, kind: str) -> frozenset[str]:
        return frozenset(rule for rule, kinds in self.asked.items() if kind in kinds)

    def _of(self, rules: Collection[str]) -> Iterator[Target]:
        return (target for target in self.given if target.rule in rules)

    def _skeletons(self) -> Iterator[Target]:
        seen = set()
        for target in self._of(self.spaced):
            left = skeleton.stripped(target.pattern)
            if left is None:
                continue
            if left.source == target.pattern.source and target.rule not in self.excepted:
                continue  # the target itself serves
            if (target.rule, left.source) not in seen:
                seen.add((target.rule, left.source))
                yield Target(
                    target.rule + SKELETON, left, target.before, target.after, score=target.score
                )

    def _sounding(self) -> Iterator[Target]:
        if "homophones" in self.channels.names:
            yield from self._of(self._asking("homophone"))

    def _sounds(self) -> Iterator[Target]:
        seen = set()
        for target in self._sounding():
            left = homophones.sound(target.pattern)
            if left is not None and (target.rule, left.source) not in seen:
                seen.add((target.rule, left.source))
                yield Target(target.rule + SOUND, left, score=target.score)
