"""Turns that were judged before, recognised without keeping them.

A chat client resends the whole conversation with every request. What was judged under the same
digests is not judged, recorded or counted again: its mask or notice is put in silently. Otherwise
one refusal would be repeated with every later turn, and counted as misuse each time.
"""

import hashlib
import os
from collections import OrderedDict

from hegui.terms import Role


class Withheld:
    """Marks a text that was refused: later requests carry a notice in its place."""


WITHHELD = Withheld()
Known = str | Withheld
"""What became of a text: itself or its masked form, or ``WITHHELD``."""


class History:
    """A bounded memory of outcomes under keyed digests; the texts are not in it.

    Lives in one process: after a restart, and in another worker, a turn is judged once more, under
    the role ``history``, which withholds and never refuses.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._key = os.urandom(32)
        self._limit = limit
        self._known: OrderedDict[bytes, str | Withheld | None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many outcomes are remembered."""
        return len(self._known)

    def digest(self, scope: str, origin: Role, text: str) -> bytes:
        """Return the digest of a text under a scope (tenant, panel and policy) and who said it."""
        body = f"{scope}\0{origin}\0{text}".encode("utf-8", "replace")
        return hashlib.blake2b(body, key=self._key, digest_size=16).digest()

    def recall(self, digest: bytes, text: str) -> Known | None:
        """Return what became of a text, or None when it was not judged before."""
        if digest not in self._known:
            return None
        self._known.move_to_end(digest)
        outcome = self._known[digest]
        return text if outcome is None else outcome

    def remember(self, digest: bytes, outcome: str | Withheld | None) -> None:
        """Keep an outcome: None for a text left as it was, its masked form, or ``WITHHELD``."""
        self._known[digest] = outcome
        self._known.move_to_end(digest)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)
