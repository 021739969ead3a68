"""The protocol that every detector answers to, ours and attached ones alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from hegui.terms.findings import Findings, RuleInfo
from hegui.terms.text import TextColumn
from hegui.terms.verdicts import Role

Reach: TypeAlias = Literal["exact", "clause"]
Runs: TypeAlias = Literal["inline", "process", "remote"]


@dataclass(frozen=True, slots=True)
class DetectorCard:
    """What a detector says of itself. Goes into the panel's digest, so a verdict names it.

    ``reach`` ``exact``: findings are literals or patterns of at most ``span`` characters that look
    at most ``left`` characters to their left and one to their right; a stream holds back exactly
    ``pending`` characters. ``clause``: needs a whole clause; the policy says whether it is held.
    ``runs``: ``inline`` must be linear in the text; ``process`` runs in a worker with a deadline;
    ``remote`` is asked over the network. ``digest`` covers the detector's data and options.
    ``roles``: it looks at texts of these roles only; empty, at all.
    """

    name: str
    version: str
    digest: str
    rules: Mapping[str, RuleInfo]
    reach: Reach = "clause"
    runs: Runs = "process"
    span: int = 64
    left: int = 0
    roles: frozenset[Role] = frozenset()

    @property
    def risks(self) -> frozenset[str]:
        """The risks of the standard's list that this detector looks for."""
        return frozenset(rule.risk for rule in self.rules.values())


@runtime_checkable
class Detector(Protocol):
    """Looks for risks in a column of texts. Deterministic unless its card says ``remote``."""

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        ...

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is found, rows and byte spans as in ``column``."""
        ...


@runtime_checkable
class ExactDetector(Detector, Protocol):
    """A detector whose findings a stream can hold back exactly."""

    def context(self, before: str) -> int:
        """Return how many characters at the end of ``before`` decide on what follows.

        At most ``card.left``; less where the text itself shows that less will do.
        """
        ...

    def pending(self, tail: str) -> int:
        """Return how many characters at the end of ``tail`` could still become a finding.

        That is the length of the longest suffix of ``tail`` which is the beginning (or the whole)
        of something this detector looks for, given what may follow. Never more than ``span``.
        """
        ...


@runtime_checkable
class QuietDetector(ExactDetector, Protocol):
    """An exact detector that says cheaply that nothing is found, as in nearly every stream."""

    def quiet(self, text: str, start: int) -> int | None:
        """Return how much of ``text[start:]`` is pending, if no finding begins in it.

        ``text[start:]`` is what is not settled yet: no finding that begins before ``start`` ends
        after it. No fewer than ``pending(text)`` says, and no more than are not settled. None where
        only ``inspect`` can tell, which need not mean that it finds anything.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """A question the engine cannot answer itself: put ``column`` before ``detector``.

    The door has its runners answer with Findings or a Fault, and owns the deadline. ``roles`` says
    where each row of ``column`` stands, for models that judge a prompt and a reply differently;
    empty when that is not known.
    """

    detector: str
    column: TextColumn
    rows: tuple[int, ...]
    roles: tuple[Role, ...] = ()
