"""Patterns as position automata (Glushkov 1961): no empty moves, so they read both ways."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat

from hegui.detectors.tree import Chars, Each, Either, Node, Row, Times


@dataclass(frozen=True, slots=True)
class Positions:
    """A pattern laid out. Sets of positions are the bits of a number.

    Position ``i`` consumes one character of ``chars[i]``. ``first`` may begin a match, ``last``
    may end one. Before ``i`` stands ``i - 1``, or nothing before the first; where that is not so,
    ``jumps[i]`` are the positions that may stand directly before it.
    """

    chars: tuple[Chars, ...]
    first: int
    last: int
    jumps: dict[int, int]


class _Layout:
    """Lays nodes out as positions, left to right."""

    def __init__(self) -> None:
        self.chars: list[Chars] = []
        self.before: list[int] = []

    def walk(self, node: Node) -> tuple[int, int, bool]:
        """Lay ``node`` out; return its first and last positions and whether it may be empty."""
        if isinstance(node, Row):
            return self._follow(node.parts, len(node.parts))
        if isinstance(node, Times):
            return self._follow(repeat(node.node, node.high), node.low)
        if isinstance(node, Either):
            first = last = 0
            empty = False
            for part in node.parts:
                its_first, its_last, its_empty = self.walk(part)
                first, last, empty = first | its_first, last | its_last, empty or its_empty
            return first, last, empty
        return self._follow((node,), 1)

    def _follow(self, parts: Iterable[Node], needed: int) -> tuple[int, int, bool]:
        """Lay out nodes that follow one another; those after the first ``needed`` may be missing.

        A single character, which most nodes are, is laid out here.
        """
        chars, before = self.chars, self.before
        first = last = reach = 0
        empty = True
        for count, node in enumerate(parts, 1):
            if isinstance(node, Each):
                its_first = its_last = 1 << len(chars)
                its_empty = False
                chars.append(node.chars)
                before.append(reach)
            else:
                its_first, its_last, its_empty = self.walk(node)
                if reach:
                    for position in bits_of(its_first):
                        before[position] |= reach
            if empty:
                first |= its_first
                empty = its_empty
            reach = reach | its_last if its_empty else its_last
            if count >= needed:
                last |= reach
        return first, last, empty or needed == 0


def bits_of(positions: int) -> Iterable[int]:
    """Walk the positions of a set, from the lowest."""
    while positions:
        lowest = positions & -positions
        yield lowest.bit_length() - 1
        positions ^= lowest


def positions_of(tree: Node) -> Positions:
    """Lay a pattern out."""
    layout = _Layout()
    first, last, _ = layout.walk(tree)
    jumps = {p: there for p, there in enumerate(layout.before) if there != 1 << p >> 1}
    return Positions(tuple(layout.chars), first, last, jumps)
