"""What stands in a pack's file, before anything is made of it.

Apart from ``parsing``, which needs a library: a start that makes nothing anew reads no pack.
"""

from dataclasses import dataclass
from typing import Final

from hegui.detectors.packs.values import Flaw
from hegui.terms import Words

LARGEST: Final = 16_777_216  # bytes of a pack


@dataclass(slots=True)
class Node:
    """A value. Exactly one of ``text``, ``items`` and ``pairs`` is not None."""

    line: int
    text: str | None = None
    items: "list[Node] | None" = None
    pairs: "dict[str, Node] | None" = None


class NotAPack(Exception):
    """The text cannot be read any further; carries the one flaw that says why."""

    def __init__(self, line: int, words: Words) -> None:
        super().__init__(words.en)
        self.flaw = Flaw(line, words)
