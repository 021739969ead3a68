"""Patterns as data: phrases as texts, trees as lists of numbers, sets of characters once each."""

from functools import cached_property
from typing import Any, Final, NamedTuple

import msgspec

from hegui.detectors.pattern import Fold, Pattern, Phrase
from hegui.detectors.positions import Positions
from hegui.detectors.tree import Chars, Each, Either, Node, Row, Times

_ROW: Final = 0
_EITHER: Final = 1
_TIMES: Final = 2


class Packed(NamedTuple):
    """What patterns are made of.

    The number of a phrase is its place, that of the tree at place ``n`` is ``-1 - n``. ``sets`` are
    sets of characters. A tree comes laid out, and with the lengths of its shortest and its longest
    match.
    """

    sets: list[str]
    phrases: list[tuple[str, Fold]]
    trees: list[tuple[bytes, bytes, int, int]]


class _Laid(NamedTuple):
    """Positions. Their sets are numbers that may be longer than the form's own: as bytes."""

    chars: list[int]
    first: bytes
    last: bytes
    jumps: dict[int, bytes]


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


class Packer:
    """Gives patterns and sets of characters their numbers; equal ones the same."""

    def __init__(self) -> None:
        self._sets: dict[Chars, int] = {}
        self._phrases: dict[tuple[str, Fold], int] = {}
        self._trees: dict[tuple[bytes, int, int], tuple[int, bytes]] = {}

    def chars(self, chars: Chars) -> int:
        """Return the number of a set of characters."""
        return self._sets.setdefault(chars, len(self._sets))

    def pattern(self, pattern: Pattern) -> int:
        """Return the number of a pattern."""
        if isinstance(pattern, Phrase):
            return self._phrases.setdefault((pattern.text, pattern.fold), len(self._phrases))
        tree = msgspec.msgpack.encode(self._node(pattern.tree))
        key = tree, pattern.shortest, pattern.span
        if key not in self._trees:
            self._trees[key] = len(self._trees), self._laid(pattern.positions)
        return -1 - self._trees[key][0]

    def _laid(self, positions: Positions) -> bytes:
        laid = _Laid(
            [self.chars(chars) for chars in positions.chars],
            _bytes(positions.first),
            _bytes(positions.last),
            {place: _bytes(before) for place, before in positions.jumps.items()},
        )
        return msgspec.msgpack.encode(laid)

    def _node(self, node: Node) -> Any:
        if isinstance(node, Each):
            return self.chars(node.chars)
        if isinstance(node, Times):
            return [_TIMES, self._node(node.node), node.low, node.high]
        return [_ROW if isinstance(node, Row) else _EITHER, *map(self._node, node.parts)]

    def packed(self) -> Packed:
        """Return what the numbers mean."""
        sets = ["".join(sorted(chars)) for chars in self._sets]
        trees = [
            (tree, laid, shortest, span)
            for (tree, shortest, span), (_, laid) in self._trees.items()
        ]
        return Packed(sets, list(self._phrases), trees)


class Unpacker:
    """Gives numbers their patterns and sets back, each made once."""

    def __init__(self, packed: Packed) -> None:
        self._sets = packed.sets
        self._made: dict[int, Each] = {}
        self._phrases: list[Pattern] = [Phrase(text, fold) for text, fold in packed.phrases]
        self._trees: list[Pattern] = [_Lazy(self, *tree) for tree in packed.trees]

    def chars(self, number: int) -> Chars:
        """Return a set of characters."""
        return self.each(number).chars

    def each(self, number: int) -> Each:
        """Return a set of characters as a node."""
        found = self._made.get(number)
        if found is None:
            found = self._made[number] = Each(frozenset(self._sets[number]))
        return found

    def pattern(self, number: int) -> Pattern:
        """Return a pattern. Its tree is unpacked when it is asked for."""
        return self._phrases[number] if number >= 0 else self._trees[-1 - number]

    def positions(self, data: bytes) -> Positions:
        """Return a tree laid out."""
        laid = msgspec.msgpack.decode(data, type=_Laid)
        jumps = {place: _number(before) for place, before in laid.jumps.items()}
        chars = tuple(self.each(number).chars for number in laid.chars)
        return Positions(chars, _number(laid.first), _number(laid.last), jumps)

    def node(self, told: Any) -> Node:
        """Return a tree."""
        if isinstance(told, int):
            return self.each(told)
        kind, *parts = told
        if kind == _TIMES:
            return Times(self.node(parts[0]), parts[1], parts[2])
        made = tuple(map(self.node, parts))
        return Row(made) if kind == _ROW else Either(made)


class _Lazy(Pattern):
    """A pattern whose tree is still packed."""

    def __init__(
        self, unpacker: Unpacker, packed: bytes, laid: bytes, shortest: int, span: int
    ) -> None:
        self._unpacker, self._packed, self._laid = unpacker, packed, laid
        self.shortest, self.span = shortest, span
        self._tree = None

    @property
    def tree(self) -> Node:
        """What the pattern is made of."""
        if self._tree is None:
            self._tree = self._unpacker.node(msgspec.msgpack.decode(self._packed))
        return self._tree

    @cached_property
    def positions(self) -> Positions:
        """The pattern as an automaton."""
        return self._unpacker.positions(self._laid)
