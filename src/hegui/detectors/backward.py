"""Patterns read from right to left: the automaton behind the hold-back and behind match starts.

A deterministic automaton is built lazily from the patterns' positions and kept in a bounded cache
(Thompson 1968; the cache as in RE2). On ordinary Chinese a reading is one dictionary look-up. What
a state wants is kept per pattern, as the bits of a number: after one character few patterns are
left, and in most of them most positions stand directly after the one before, which is one shift for
all (Baeza-Yates and Gonnet 1992). So neither a step that is not remembered nor a state grows with
the number of patterns.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from hegui.detectors.pattern import Pattern
from hegui.detectors.positions import bits_of

CACHE: Final = 200_000  # remembered steps; then the cache starts anew

Wanted: TypeAlias = Mapping[int, int]
"""Per pattern, the positions that may be read next, as bits."""
Tag = TypeVar("Tag")
_NOTHING: Final[frozenset[str]] = frozenset()


class State(dict[str, "State[Tag]"], Generic[Tag]):
    """What may stand before the place reached. Maps the character there to the next state.

    ``begins``: reading the last character may have been the beginning of a match; each entry is
    the tag of such a pattern. ``dead``: nothing can be read any further. ``plain``: neither, so
    that the next character is all there is to look at. ``wanted`` is None where everything is.
    """

    __slots__ = ("_owner", "_steps", "begins", "dead", "plain", "wanted")

    def __init__(
        self, owner: "Backward[Tag]", wanted: Wanted | None, begins: tuple[Tag, ...] = ()
    ) -> None:
        super().__init__()
        self.wanted = wanted
        self.begins = begins
        self.dead = wanted is not None and not wanted
        self.plain = not (begins or self.dead)
        self._owner = owner
        self._steps: dict[int, State[Tag]] = {}

    def __missing__(self, char: str) -> "State[Tag]":
        return self._owner.step(self, self._steps, char)


class _Laid(NamedTuple):
    """A pattern's positions, as bits: which may begin a match, which end one.

    Where a position does not just follow the one before, ``jumps`` has its bit, and ``before``
    says what does stand before it.
    """

    first: int
    last: int
    jumps: int
    before: Mapping[int, int]


class Backward(Generic[Tag]):
    """Several patterns as one automaton that reads backwards.

    ``tags[n]`` is what is said where a match of ``patterns[n]`` may begin: the number of the
    pattern, or the characters that must not stand directly before it (then where nothing must not,
    that is all that is said). Read from ``anywhere`` to find beginnings of matches (a text that
    ends inside a match), from ``ends`` to find the starts of matches that end where the reading
    begins. Results do not depend on the cache, so threads may share one object.
    """

    def __init__(
        self, patterns: Sequence[Pattern], tags: Sequence[Tag], *, cache: int = CACHE
    ) -> None:
        self._cache = cache
        self._laid: list[_Laid] = []
        self._tags = tags
        where: dict[frozenset[str], dict[int, int]] = {}
        for number, (pattern, _) in enumerate(zip(patterns, tags, strict=True)):
            laid = pattern.positions
            self._laid.append(_Laid(laid.first, laid.last, _bits(laid.jumps), laid.jumps))
            for position, chars in enumerate(laid.chars):
                there = where.setdefault(chars, {})
                there[number] = there.get(number, 0) | 1 << position
        self._index(where)
        self._reset()

    def _index(self, where: Mapping[frozenset[str], Mapping[int, int]]) -> None:
        """Group characters that no position tells apart, so that they share their steps."""
        members: dict[str, list[Mapping[int, int]]] = {}
        for chars, there in where.items():
            for char in chars:
                members.setdefault(char, []).append(there)
        kinds: dict[tuple[int, ...], int] = {}
        self._kind: dict[str, int] = {}
        self._at: list[Mapping[int, int]] = []
        for char, sets in members.items():
            alike = tuple(map(id, sets))
            if alike not in kinds:
                kinds[alike] = len(kinds)
                self._at.append(_joined(sets))
            self._kind[char] = kinds[alike]

    def _reset(self) -> None:
        self._nothing: State[Tag] = State(self, {})
        self._states: dict[tuple[frozenset[tuple[int, int]], frozenset[Tag]], State[Tag]] = {}
        self._cached = 0
        self.anywhere: State[Tag] = State(self, None)
        ends = {n: laid.last for n, laid in enumerate(self._laid) if laid.last}
        self.ends: State[Tag] = State(self, ends)

    def step(self, state: State[Tag], steps: dict[int, State[Tag]], char: str) -> State[Tag]:
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

    def _after(self, wanted: Wanted | None, kind: int) -> State[Tag]:
        at = self._at[kind]
        begins: dict[Tag, None] = {}
        onward: dict[int, int] = {}
        for number, here in at.items() if wanted is None else wanted.items():
            read = here if wanted is None else here & at.get(number, 0)
            if not read:
                continue
            first, _, jumps, before = self._laid[number]
            if read & first:
                begins[self._tags[number]] = None
            next_ones = (read & ~jumps) >> 1
            for position in bits_of(read & jumps):
                next_ones |= before[position]
            if next_ones:
                onward[number] = next_ones
        free = [tag for tag in begins if tag == _NOTHING]
        if free:  # one without a boundary settles it for all
            begins = dict.fromkeys(free)
        if not onward and not begins:
            return self._nothing
        key = (frozenset(onward.items()), frozenset(begins))
        return self._states.setdefault(key, State(self, onward, tuple(begins)))


def _joined(sets: Iterable[Mapping[int, int]]) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for there in sets:
        for number, bits in there.items():
            found[number] = found.get(number, 0) | bits
    return found


def _bits(positions: Iterable[int]) -> int:
    found = 0
    for position in positions:
        found |= 1 << position
    return found
