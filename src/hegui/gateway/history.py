"""Turns that were judged before, recognised without keeping them.

A chat client resends the whole conversation with every request. What was judged under the same
digests is not judged, recorded or counted again: its mask or notice is put in silently. Otherwise
one refusal would be repeated with every later turn, and counted as misuse each time.
"""

import hashlib
import os
from collections import OrderedDict
from typing import NamedTuple, TypeAlias

from hegui.terms import Finding, Role


class Withheld:
    """Marks a text that was refused: later requests carry a notice in its place."""


WITHHELD = Withheld()
Outcome: TypeAlias = tuple[Finding, ...] | Withheld
"""What became of a text: the findings masked in it, none if it was left, or ``WITHHELD``."""

_MOST_JOINT = 16  # contexts remembered for one text


class Joint(NamedTuple):
    """What became of a text because of the ``length`` characters that the user said before it.

    Kept apart from what became of the text by itself: a harmless word that once completed
    something is still harmless everywhere else.
    """

    length: int
    context: bytes
    outcome: Outcome


class History:
    """A bounded memory of outcomes under keyed digests; the texts are not in it.

    Lives in one process: after a restart, and in another worker, a turn is judged once more, under
    the role ``history``, which withholds and never refuses. ``limit`` counts texts and masks.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._key = os.urandom(32)
        self._limit = limit
        self._weight = 0
        self._known: OrderedDict[bytes, Outcome] = OrderedDict()
        self._joint: OrderedDict[bytes, tuple[Joint, ...]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many texts and masks are remembered."""
        return self._weight

    def digest(self, scope: str, origin: Role, text: str) -> bytes:
        """Return the digest of a text under a scope (tenant, panel and policy) and who said it."""
        body = f"{scope}\0{origin}\0{text}".encode("utf-8", "replace")
        return hashlib.blake2b(body, key=self._key, digest_size=16).digest()

    def recall(self, digest: bytes) -> Outcome | None:
        """Return what became of a text by itself, or None when it was not judged before."""
        outcome = self._known.get(digest)
        if outcome is not None:
            self._known.move_to_end(digest)
        return outcome

    def remember(self, digest: bytes, outcome: Outcome) -> None:
        """Keep what became of a text by itself."""
        self._weight += _weight(outcome) - _weight(self._known.pop(digest, None))
        self._known[digest] = outcome
        self._shrink()

    def joints(self, digest: bytes) -> tuple[Joint, ...]:
        """Return what became of a text after others."""
        return self._joint.get(digest, ()) if self._joint else ()

    def remember_joint(self, digest: bytes, joint: Joint) -> None:
        """Keep what became of a text because of what was said before it."""
        before = self._joint.pop(digest, ())
        same = joint[:2]
        kept = (*(each for each in before if each[:2] != same), joint)[-_MOST_JOINT:]
        self._weight += _all(kept) - _all(before)
        self._joint[digest] = kept
        self._shrink()

    def _shrink(self) -> None:
        while self._weight > self._limit:
            if len(self._joint) > len(self._known):
                self._weight -= _all(self._joint.popitem(last=False)[1])
            else:
                self._weight -= _weight(self._known.popitem(last=False)[1])


def _weight(outcome: Outcome | None) -> int:
    if outcome is None:
        return 0
    return 1 if isinstance(outcome, Withheld) else 1 + len(outcome)


def _all(joints: tuple[Joint, ...]) -> int:
    return sum(_weight(joint.outcome) for joint in joints)
