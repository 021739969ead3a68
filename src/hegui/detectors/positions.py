"""Patterns as position automata (Glushkov 1961): no empty moves, so they read both ways."""

from collections.abc import Iterable
from dataclasses import dataclass

from hegui.detectors.tree import Chars, Each, Node, Row, Times


@dataclass(frozen=True, slots=True)
class Positions:
    """A pattern laid out.

    Position ``i`` consumes one character of ``chars[i]``. ``first`` may begin a match, ``last``
    may end one, ``before[i]`` are the positions that may stand directly before ``i``.
    """

    chars: tuple[Chars, ...]
    first: frozenset[int]
    last: frozenset[int]
    before: tuple[frozenset[int], ...]


class _Layout:
    """Lays nodes out as positions, left to right."""

    def __init__(self) -> None:
        self.chars: list[Chars] = []
        self.before: list[set[int]] = []

    def walk(self, node: Node) -> tuple[set[int], set[int], bool]:
        """Lay ``node`` out; return its first and last positions and whether it may be empty."""
        if isinstance(node, Each):
            self.chars.append(node.chars)
            self.before.append(set())
            return {len(self.chars) - 1}, {len(self.chars) - 1}, False
        if isinstance(node, Times):
            return self._repeat(node)
        if isinstance(node, Row):
            return self._follow(map(self.walk, node.parts), len(node.parts))
        first: set[int] = set()
        last: set[int] = set()
        empty = False
        for part in node.parts:
            its_first, its_last, its_empty = self.walk(part)
            first, last, empty = first | its_first, last | its_last, empty or its_empty
        return first, last, empty

    def _repeat(self, node: Times) -> tuple[set[int], set[int], bool]:
        copies = (self.walk(node.node) for _ in range(node.high))
        return self._follow(copies, node.low)

    def _follow(
        self, parts: Iterable[tuple[set[int], set[int], bool]], needed: int
    ) -> tuple[set[int], set[int], bool]:
        """Join parts that follow one another; those after the first ``needed`` may be left out."""
        first: set[int] = set()
        last: set[int] = set()
        reach: set[int] = set()
        empty = True
        for count, (its_first, its_last, its_empty) in enumerate(parts, 1):
            for position in its_first:
                self.before[position] |= reach
            if empty:
                first |= its_first
            reach = reach | its_last if its_empty else its_last
            empty = empty and its_empty
            if count >= needed:
                last |= reach
        return first, last, empty or needed == 0


def positions_of(tree: Node) -> Positions:
    """Lay a pattern out."""
    layout = _Layout()
    first, last, _ = layout.walk(tree)
    return Positions(
        tuple(layout.chars), frozenset(first), frozenset(last), tuple(map(frozenset, layout.before))
    )
