"""What is known of each target before a scan, and how a single hit becomes a finding."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from hegui.detectors.backward import Backward
from hegui.detectors.edges import edge_of
from hegui.detectors.matcher import Hit, Laid, row_text
from hegui.detectors.recipe import alike, fixed_size, late
from hegui.detectors.targets import Target
from hegui.detectors.tree import Chars, narrow

Data: TypeAlias = bytes | memoryview
Open: TypeAlias = dict[tuple[int, int], list[int]]
"""By start and target, where its matches end that no check has been asked about."""

WIDEST: Final = 4  # bytes of a character of UTF-8
_FIRST_LOOK: Final = 64  # bytes


class _Together(NamedTuple):
    """Targets that a hit of one of them speaks for, read backwards; ``most`` bytes at most."""

    backward: Backward[int]
    most: int


class Plan:
    """Targets, those from ``count`` on being exceptions, laid out for back ends that scan bytes.

    ``sizes[n]``: bytes of every match, or 0. ``plain[n]``: the same when no check has to be asked,
    so that a hit is a finding but for its boundaries. ``reach``: bytes that a match may be long,
    or what the engine looks for instead. ``mark``: the number that full-width letters and digits
    are hits of. ``alike``: by the first of several targets that a hit speaks for, all of them.
    ``laid`` is what another plan of the same targets came to.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        exceptions: Sequence[Target] = (),
        laid: Laid | None = None,
    ) -> None:
        self.targets = (*targets, *exceptions)
        self.count, self.mark = len(targets), len(self.targets)
        self.sizes = (
            tuple(fixed_size(target) for target in self.targets) if laid is None else laid.sizes
        )
        self.plain = [
            0 if target.check else size
            for target, size in zip(self.targets, self.sizes, strict=True)
        ]
        self.late = [*(late(target) for target in self.targets), False]  # the last is the mark's
        self.before = [edge_of(target.before) for target in self.targets]
        self.after = [edge_of(target.after) for target in self.targets]
        told = [(target.trigger or target.pattern, target.pattern) for target in self.targets]
        self.reach = WIDEST * max((one.span for both in told for one in both), default=0)
        self.alike = (
            {n: all_of for n, all_of in alike(self.targets).items() if all_of[1:]}
            if laid is None
            else laid.alike
        )
        self._together: dict[int, _Together] = {}

    @cached_property
    def glue(self) -> frozenset[int]:
        """The bytes that, at the beginning of a row, hide a match at the end of the row before."""
        told = (target.after for target in self.targets if late(target))
        return frozenset(ord(char) for chars in set(told) for char in chars if char.isascii())

    @cached_property
    def closing(self) -> Chars:
        """What such a match may end with: after another character none is hidden."""
        late_ones = {target.trigger or target.pattern for target in self.targets if late(target)}
        return frozenset[str]().union(*(pattern.closing for pattern in late_ones))

    def open(self, opened: Open, data: Data, hit: tuple[int, int], floor: int) -> None:
        """Note where the matches begin that end at a hit, boundaries before them kept.

        ``hit`` is an end and a target, what follows it being allowed; its row begins at ``floor``.
        """
        end, target = hit
        size = self.sizes[target]
        if size:
            start = end - size
            edge = self.before[target]
            if start >= floor and not (edge and edge.precedes(data, start, floor)):
                opened.setdefault((start, target), []).append(end)
            return
        for start, number in self._starts(data, end, target, floor):
            opened.setdefault((start, number), []).append(end)

    def _starts(self, data: Data, end: int, target: int, floor: int) -> list[tuple[int, int]]:
        """Read backwards from an end. Most matches are short: look at a little first."""
        backward, most = self._together.get(target) or self._laid(target)
        size = _FIRST_LOOK
        while True:
            low = max(floor, end - min(size, most))
            text = _text(data, low, end, floor)
            state = backward.ends
            starts: list[tuple[int, int]] = []
            at = len(text)
            for char in reversed(text):
                at -= 1
                state = state[char]
                if state.plain:
                    continue
                starts += [
                    (end - _size(text[at:]), number)
                    for number in state.begins
                    if not (at and text[at - 1] in self.targets[number].before)
                ]
                if state.dead:
                    break
            if at or low == floor or size >= most:
                return starts
            size *= 8  # what stands before is not known: look again, further back

    def _laid(self, target: int) -> _Together:
        """Return the targets that a hit of ``target`` speaks for, made when first asked."""
        numbers = self.alike.get(target, (target,))
        patterns = [self.targets[number].pattern for number in numbers]
        most = WIDEST * (max(pattern.span for pattern in patterns) + 1)
        self._together[target] = laid = _Together(Backward(patterns, numbers), most)
        return laid

    def settle(
        self, data: Data, opened: Iterable[tuple[tuple[int, int], list[int]]], floor: int
    ) -> list[Hit]:
        """Put what is open to its checks: the longest match that is accepted is the finding.

        Places stay those of ``data``, in bytes.
        """
        found = []
        for (start, number), ends in opened:
            target = self.targets[number]
            if target.check is None:
                found.append(Hit(start, max(ends), number, target.score))
                continue
            left = ""
            if target.left:
                left = narrow(_text(data, start - WIDEST * target.left, start, floor))
                left = left[-target.left :]
            ends.sort(reverse=True)
            for end in ends[:1] if target.whole else ends:
                score = target.check(narrow(row_text(bytes(data[start:end]))), left)
                if score:
                    found.append(Hit(start, end, number, float(score)))
                    break
        return found


def _text(data: Data, start: int, end: int, floor: int) -> str:
    """Decode a row's bytes up to ``end``, from the first whole character at or after ``start``.

    What stands there is decoded as in the whole row: a byte that continues a character belongs to
    one that begins at most three bytes before it.
    """
    if start <= floor:
        return row_text(bytes(data[floor:end]))
    cut = start
    while cut < min(start + WIDEST - 1, end) and data[cut] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8: a byte that goes on
        cut += 1
    return row_text(bytes(data[cut:end]))


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
