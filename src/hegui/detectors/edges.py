"""What must not stand beside a match, asked of bytes: of one place, or of many at once.

A character's UTF-8 bytes, found in a text, are that character and nothing else, also where the
text around them is not UTF-8. So a boundary needs no decoding.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.tree import Chars

Places: TypeAlias = NDArray[np.int64]
Marks: TypeAlias = NDArray[np.bool_]
_LOOK: Final = 2  # the byte may belong to a character of several bytes that is in the set
_SEVERAL: Final = (2, 3, 4)  # bytes


class Edge:
    """A set of characters as bytes.

    ``first[b]`` and ``last[b]`` say of the byte directly after, or before, a match: 0, no character
    of the set; 1, one of them; 2, the first (last) byte of one, to be looked at.
    """

    def __init__(self, chars: Chars) -> None:
        self.spelt: dict[int, frozenset[bytes]] = {}
        self.first, self.last = bytearray(256), bytearray(256)
        for char in chars:
            data = char.encode()
            self.spelt[len(data)] = self.spelt.get(len(data), frozenset()) | {data}
            self.first[data[0]] = self.last[data[-1]] = 1 if len(data) == 1 else _LOOK
        self.codes = {
            size: np.array(sorted(int.from_bytes(data) for data in spelt), np.int64)
            for size, spelt in self.spelt.items()
        }

    def follows(self, data: bytes | memoryview, end: int, ceiling: int) -> bool:
        """Whether a character of the set begins at ``end``, in a row that ends at ``ceiling``."""
        kind = self.first[data[end]] if end < ceiling else 0
        return kind == 1 or (
            kind == _LOOK
            and any(
                end + size <= ceiling and bytes(data[end : end + size]) in spelt
                for size, spelt in self.spelt.items()
            )
        )

    def precedes(self, data: bytes | memoryview, start: int, floor: int) -> bool:
        """Whether a character of the set ends at ``start``, in a row that begins at ``floor``."""
        kind = self.last[data[start - 1]] if start > floor else 0
        return kind == 1 or (
            kind == _LOOK
            and any(
                start - size >= floor and bytes(data[start - size : start]) in spelt
                for size, spelt in self.spelt.items()
            )
        )


@cache
def edge_of(chars: Chars) -> Edge | None:
    """Return a set's edge; None for the empty set."""
    return Edge(chars) if chars else None


class Edges:
    """The edges of many targets, for many places at once."""

    def __init__(self, sets: Sequence[Chars]) -> None:
        kinds = {chars: number for number, chars in enumerate(dict.fromkeys(sets))}
        self._kind = np.array([kinds[chars] for chars in sets], np.int64)
        edges = [Edge(chars) for chars in kinds]
        self._codes = [edge.codes for edge in edges]
        self._first = np.array([bytearray(e.first) for e in edges], np.uint8).reshape(-1, 256)
        self._last = np.array([bytearray(e.last) for e in edges], np.uint8).reshape(-1, 256)
        self._has = np.array([bool(chars) for chars in kinds])[self._kind]

    def follow(self, data: Any, ends: Places, targets: Places, ceilings: Places) -> Marks:
        """Mark the places at which what begins must not follow its target."""
        marks = np.zeros(len(ends), np.bool_)
        some = np.flatnonzero(self._has[targets])
        if len(some):
            marks[some] = self._follow(data, ends[some], self._kind[targets[some]], ceilings[some])
        return marks

    def _follow(self, data: Any, ends: Places, kinds: Places, ceilings: Places) -> Marks:
        found = self._first[kinds, data[np.minimum(ends, len(data) - 1)]]
        found[ends >= ceilings] = 0
        marks: Marks = found == 1
        look = np.flatnonzero(found == _LOOK)
        for size in _SEVERAL if len(look) else ():
            fits = look[ends[look] + size <= ceilings[look]]
            marks[fits] |= self._among(data, ends[fits], size, kinds[fits])
        return marks

    def precede(self, data: Any, starts: Places, targets: Places, floors: Places) -> Marks:
        """Mark the places at which what ends must not stand before its target."""
        marks = np.zeros(len(starts), np.bool_)
        some = np.flatnonzero(self._has[targets])
        if len(some):
            marks[some] = self._precede(data, starts[some], self._kind[targets[some]], floors[some])
        return marks

    def _precede(self, data: Any, starts: Places, kinds: Places, floors: Places) -> Marks:
        found = self._last[kinds, data[np.maximum(starts - 1, 0)]]
        found[starts <= floors] = 0
        marks: Marks = found == 1
        look = np.flatnonzero(found == _LOOK)
        for size in _SEVERAL if len(look) else ():
            fits = look[starts[look] - size >= floors[look]]
            marks[fits] |= self._among(data, starts[fits] - size, size, kinds[fits])
        return marks

    def _among(self, data: Any, begins: Places, size: int, kinds: Places) -> Marks:
        """Mark the places at which a character of ``size`` bytes of the set begins."""
        marks = np.zeros(len(begins), np.bool_)
        codes = np.zeros(len(begins), np.int64)
        for byte in range(size):
            codes = codes << 8 | data[begins + byte]
        for kind in np.unique(kinds).tolist():
            known = self._codes[kind].get(size)
            if known is not None:
                here = np.flatnonzero(kinds == kind)
                asked = codes[here]
                at = np.searchsorted(known, asked)  # ``np.isin`` sorts them all anew
                marks[here] = known[np.minimum(at, len(known) - 1)] == asked
        return marks
