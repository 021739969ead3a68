"""Patterns read from right to left: the automaton behind the hold-back and behind match starts.

A deterministic automaton is built lazily from the patterns' positions and kept in a bounded cache
(Thompson 1968; the cache as in RE2). On ordinary Chinese a reading is one dictionary look-up. Sets
of positions are the bits of a number, so that a step that is not remembered costs microseconds: in
most patterns most positions stand directly after the one before, which is one shift for all of
them (Baeza-Yates and Gonnet 1992).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hegui.detectors.pattern import Pattern
from hegui.detectors.tree import Chars

CACHE: Final = 200_000  # remembered steps; then the cache starts anew


class State(dict[str, "State"]):
    """What may stand before the place reached. Maps the character there to the next state.

    ``begins``: reading the last character may have been the beginning of a match; each entry is
    what must not stand directly before it. ``dead``: nothing can be read any further.
    """

    __slots__ = ("_owner", "_steps", "begins", "dead", "wanted")

    def __init__(self, owner: "Backward", wanted: int, begins: tuple[Chars, ...]) -> None:
        super().__init__()
        self.wanted = wanted
        self.begins = begins
        self.dead = not wanted
        self._owner = owner
        self._steps: dict[int, State] = {}

    def __missing__(self, char: str) -> "State":
        return self._owner.step(self, self._steps, char)


class Backward:
    """Several patterns as one automaton that reads backwards.

    ``before[n]`` are the characters that must not stand directly before a match of
    ``patterns[n]``. Read from ``anywhere`` to find beginnings of matches (a text that ends inside
    a match), from ``ends`` to find the starts of matches that end where the reading begins.
    Results do not depend on the cache, so threads may share one object.
    """

    def __init__(
        self, patterns: Sequence[Pattern], before: Sequence[Chars], *, cache: int = CACHE
    ) -> None:
        self._cache = cache
        self._chars: list[Chars] = []
        self._before: dict[int, int] = {}  # for positions that do not just follow the one before
        self._first: dict[int, Chars] = {}
        self._last = 0
        for pattern, forbidden in zip(patterns, before, strict=True):
            shift = len(self._chars)
            laid = pattern.positions
            self._chars += laid.chars
            for position, there in enumerate(laid.before):
                if there != {position - 1}:
                    self._before[position + shift] = _bits(there) << shift
            self._first |= {p + shift: forbidden for p in laid.first}
            self._last |= _bits(laid.last) << shift
        self._all = (1 << len(self._chars)) - 1
        self._firsts = _bits(self._first)
        self._jumps = _bits(self._before)
        self._index()
        self._reset()

    def _index(self) -> None:
        """Group characters that no position tells apart, so that they share their steps."""
        sets = {chars: number for number, chars in enumerate(dict.fromkeys(self._chars))}
        members: dict[str, list[int]] = {}
        for chars, number in sets.items():
            for char in chars:
                members.setdefault(char, []).append(number)
        where: dict[int, list[int]] = {number: [] for number in sets.values()}
        for position, chars in enumerate(self._chars):
            where[sets[chars]].append(position)
        kinds: dict[tuple[int, ...], int] = {}
        self._kind = {
            char: kinds.setdefault(tuple(numbers), len(kinds)) for char, numbers in members.items()
        }
        self._at = [_bits(p for n in numbers for p in where[n]) for numbers in kinds]

    def _reset(self) -> None:
        self._nothing = State(self, 0, ())
        self._states: dict[tuple[int, tuple[Chars, ...]], State] = {}
        self._cached = 0
        self.anywhere = State(self, self._all, ())
        self.ends = State(self, self._last, ())

    def step(self, state: State, steps: dict[int, State], char: str) -> State:
        """Return the state after reading ``char`` in ``state``, and remember it."""
        self._cached += 1
        if self._cached > self._cache:
            self._reset()  # states still being read stay whole; they are only no longer shared
        kind = self._kind.get(char)
        if kind is None:
            state[char] = self._nothing
            return self._nothing
        found = steps.get(kind)
        if found is None:
            steps[kind] = found = self._after(state.wanted, kind)
        state[char] = found
        return found

    def _after(self, wanted: int, kind: int) -> State:
        read = wanted & self._at[kind]
        begins = {self._first[p]: None for p in _positions(read & self._firsts)}
        if frozenset() in begins:  # one without a boundary settles it for all
            begins = {frozenset(): None}
        onward = (read & ~self._jumps) >> 1
        for position in _positions(read & self._jumps):
            onward |= self._before[position]
        key = (onward, tuple(begins))
        if not onward and not begins:
            return self._nothing
        return self._states.setdefault(key, State(self, *key))


def _bits(positions: Iterable[int]) -> int:
    found = 0
    for position in positions:
        found |= 1 << position
    return found


def _positions(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
