"""Patterns read from right to left: the automaton behind the hold-back and behind match starts.

A deterministic automaton is built lazily from the patterns' positions and kept in a bounded cache
(Thompson 1968; the cache as in RE2). On ordinary Chinese a reading is one dictionary look-up.
"""

from collections.abc import Sequence
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

    def __init__(
        self, owner: "Backward", wanted: frozenset[int], begins: tuple[Chars, ...]
    ) -> None:
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
        self._before: list[frozenset[int]] = []
        self._first: dict[int, Chars] = {}
        last: set[int] = set()
        for pattern, forbidden in zip(patterns, before, strict=True):
            shift = len(self._chars)
            laid = pattern.positions
            self._chars += laid.chars
            self._before += (frozenset(p + shift for p in there) for there in laid.before)
            self._first |= {p + shift: forbidden for p in laid.first}
            last.update(p + shift for p in laid.last)
        self._all = frozenset(range(len(self._chars)))
        self._last = frozenset(last)
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
        self._at = [frozenset(p for n in numbers for p in where[n]) for numbers in kinds]

    def _reset(self) -> None:
        self._nothing = State(self, frozenset(), ())
        self._states: dict[tuple[frozenset[int], tuple[Chars, ...]], State] = {}
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

    def _after(self, wanted: frozenset[int], kind: int) -> State:
        read = wanted & self._at[kind]
        begins = {self._first[p]: None for p in sorted(read) if p in self._first}
        if frozenset() in begins:  # one without a boundary settles it for all
            begins = {frozenset(): None}
        onward = frozenset().union(*(self._before[p] for p in read))
        key = (onward, tuple(begins))
        if not onward and not begins:
            return self._nothing
        return self._states.setdefault(key, State(self, *key))
