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
_MOST_CLEAN = 40_000  # texts that were left as they were


class Joint(NamedTuple):
    """What became of a text because of the ``length`` characters that the user said before it.

    Kept apart from what became of the text by itself: a harmless word that once completed
    something is still harmless everywhere else.
    """

    length: int
    context: bytes
    outcome: Outcome


class Recent:
    """The latest digests, at most ``most``, in two generations: forgetting them costs nothing."""

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        """Whether the digest was added, or asked for, lately."""
        if digest in self._young:
            return True
        if digest not in self._old:
            return False
        self.add(digest)
        return True

    def __len__(self) -> int:
        """Return how many digests are remembered."""
        return len(self._young | self._old)

    def add(self, digest: bytes) -> None:
        """Remember a digest."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, set()
        self._young.add(digest)

    def discard(self, digest: bytes) -> None:
        """Forget a digest."""
        self._young.discard(digest)
        self._old.discard(digest)


class History:
    """A bounded memory of outcomes under keyed digests; the texts are not in it.

    Lives in one process: after a restart, and in another worker, a turn is judged once more, under
    the role ``history``, which withholds and never refuses. ``limit`` counts texts and masks. Of
    them at most a half, and at most 40,000, are texts that were left as they were: those are many,
    and judging one once more costs a few microseconds.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._key = os.urandom(32)
        self._most_clean = min(limit // 2, _MOST_CLEAN)
        self._limit = limit - self._most_clean
        self._weight = 0
        self._clean = Recent(self._most_clean)
        self._known: OrderedDict[bytes, Outcome] = OrderedDict()
        self._joint: OrderedDict[bytes, tuple[Joint, ...]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many texts and masks are remembered."""
        return self._weight + len(self._clean)

    def digest(self, scope: str, origin: Role, text: str) -> bytes:
        """Return the digest of a text under a scope (tenant, panel and policy) and who said it."""
        body = f"{scope}\0{origin}\0{text}".encode("utf-8", "replace")
        return hashlib.blake2b(body, key=self._key, digest_size=16).digest()

    def recall(self, digest: bytes) -> Outcome | None:
        """Return what became of a text by itself, or None when it was not judged before."""
        if digest in self._clean:
            return ()
        outcome = self._known.get(digest)
        if outcome is not None:
            self._known.move_to_end(digest)
        return outcome

    def remember(self, digest: bytes, outcome: Outcome) -> None:
        """Keep what became of a text by itself."""
        self._weight -= _weight(self._known.pop(digest, None))
        if outcome == ():
            self._clean.add(digest)
            return
        self._clean.discard(digest)
        self._weight += _weight(outcome)
        self._known[digest] = outcome
        self._shrink()

    def clear(self) -> None:
        """Forget everything, because somebody was erased: no digest says whose turn it was.

        Turns that come again are judged once more, as after a restart.
        """
        self._key = os.urandom(32)
        self._weight = 0
        self._clean = Recent(self._most_clean)
        self._known.clear()
        self._joint.clear()

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
