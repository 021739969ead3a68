"""What is known of each target before a scan, and how a single hit becomes a finding."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, TypeAlias

from hegui.detectors.backward import Backward
from hegui.detectors.edges import edge_of
from hegui.detectors.matcher import Hit, row_text
from hegui.detectors.recipe import fixed_size, late
from hegui.detectors.targets import Target
from hegui.detectors.tree import narrow

Data: TypeAlias = bytes | memoryview
Open: TypeAlias = dict[tuple[int, int], list[int]]
"""By start and target, where its matches end that no check has been asked about."""

WIDEST: Final = 4  # bytes of a character of UTF-8
_FIRST_LOOK: Final = 64  # bytes


class Plan:
    """Targets, those from ``count`` on being exceptions, laid out for back ends that scan bytes.

    ``sizes[n]``: bytes of every match, or 0. ``plain[n]``: the same when no check has to be asked,
    so that a hit is a finding but for its boundaries. ``reach``: bytes that a match may be long.
    """

    def __init__(self, targets: Sequence[Target], exceptions: Sequence[Target] = ()) -> None:
        self.targets = (*targets, *exceptions)
        self.count = len(targets)
        self.sizes = [fixed_size(target) for target in self.targets]
        self.plain = [
            0 if target.check else size
            for target, size in zip(self.targets, self.sizes, strict=True)
        ]
        self.late = [late(target) for target in self.targets]
        self.before = [edge_of(target.before) for target in self.targets]
        self.after = [edge_of(target.after) for target in self.targets]
        self.reach = WIDEST * max((target.pattern.span for target in self.targets), default=0)
        self._backward: dict[int, Backward] = {}

    @cached_property
    def glue(self) -> frozenset[int]:
        """The bytes that, at the beginning of a row, hide a match at the end of the row before."""
        told = (t.after for t, is_late in zip(self.targets, self.late, strict=True) if is_late)
        return frozenset(ord(char) for chars in set(told) for char in chars if char.isascii())

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
        for start in self._starts(data, end, target, floor):
            opened.setdefault((start, target), []).append(end)

    def _starts(self, data: Data, end: int, target: int, floor: int) -> list[int]:
        """Read backwards from an end. Most matches are short: look at a little first."""
        pattern, before = self.targets[target].pattern, self.targets[target].before
        backward = self._backward.get(target)
        if backward is None:
            backward = self._backward[target] = Backward([pattern], [before])
        size, most = _FIRST_LOOK, WIDEST * (pattern.span + 1)
        while True:
            low = max(floor, end - min(size, most))
            text = _text(data, low, end, floor)
            state = backward.ends
            starts = []
            at = len(text)
            while at and not state.dead:
                at -= 1
                state = state[text[at]]
                if state.begins and not (at and text[at - 1] in before):
                    starts.append(end - _size(text[at:]))
            if at or low == floor or size >= most:
                return starts
            size *= 8  # what stands before is not known: look again, further back

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
    while cut < min(start + WIDEST - 1, end) and data[cut] & 0xC0 == 0x80:  # noqa: PLR2004
        cut += 1
    return row_text(bytes(data[cut:end]))


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
