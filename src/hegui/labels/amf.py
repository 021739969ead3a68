"""Values of AMF0 as FLV's onMetaData holds them: the places of properties, nothing more.

After Adobe's "Action Message Format, AMF 0" (2007), sections 2.2 to 2.18.
"""

from struct import unpack
from typing import Final, NamedTuple

from hegui.labels.container import CUT_SHORT, INCONSISTENT, MOST_PARTS, TOO_MANY, refused

NUMBER, STRING, OBJECT, MIXED, STRICT, LONG = 0, 2, 3, 8, 10, 12
_TYPED: Final = 16
_FIXED: Final = {0: 8, 1: 1, 5: 0, 6: 0, 7: 2, 11: 10, 13: 0}  # bytes after the marker
_END: Final = b"\0\0\x09"
_DEEPEST: Final = 16


class Property(NamedTuple):
    """A property: its name, where it begins, where its value's marker stands, and its end."""

    name: bytes
    start: int
    value: int
    end: int


class Values:
    """What a body of AMF0 holds; ``at`` is where it stands in the file, for refusals."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self._at = at
        self._count = 0

    def text(self, past: int, marker: int) -> tuple[bytes, int]:
        """Return the string whose length stands at ``past``, and where it ends."""
        width = 4 if marker == LONG else 2
        start = past + width
        end = start + int.from_bytes(self._taken(past, width))
        return self._taken(start, end - start), end

    def properties(self, past: int) -> tuple[list[Property], int]:
        """Return the properties from ``past`` to the mark that ends them, and where that ends."""
        return self._properties(past, 0)

    def items(self, past: int) -> list[int]:
        """Return where the markers of a strict array's items stand; ``past`` is the array's."""
        if self.data[past : past + 1] != bytes([STRICT]):
            return []
        count, past = int.from_bytes(self._taken(past + 1, 4)), past + 5
        places = []
        for _ in range(count):
            places.append(past)
            past = self._skipped(past, 1)
        return places

    def number(self, past: int) -> float | None:
        """Return the number whose marker stands at ``past``; None if it is none."""
        if self.data[past : past + 1] != bytes([NUMBER]):
            return None
        return float(unpack(">d", self._taken(past + 1, 8))[0])

    def _properties(self, past: int, depth: int) -> tuple[list[Property], int]:
        there: list[Property] = []
        # some leave the mark out at the very end
        while past < len(self.data):
            if self.data[past : past + 3] == _END:
                return there, past + 3
            name, value = self.text(past, STRING)
            end = self._skipped(value, depth + 1)
            there.append(Property(name, past, value, end))
            past = end
        return there, past

    def _skipped(self, past: int, depth: int) -> int:
        """Return where the value ends whose marker stands at ``past``."""
        self._count += 1
        if depth > _DEEPEST or self._count > MOST_PARTS:
            raise refused("onMetaData", self._at + past, TOO_MANY)
        marker = self._taken(past, 1)[0]
        past += 1
        if marker in _FIXED:
            self._taken(past, _FIXED[marker])
            return past + _FIXED[marker]
        if marker in (STRING, LONG, 15):
            return self.text(past, LONG if marker != STRING else STRING)[1]
        if marker == STRICT:
            count, past = int.from_bytes(self._taken(past, 4)), past + 4
            for _ in range(count):
                past = self._skipped(past, depth + 1)
            return past
        if marker == MIXED:
            past += len(self._taken(past, 4))
        elif marker == _TYPED:
            past = self.text(past, STRING)[1]
        elif marker != OBJECT:
            raise refused("onMetaData", self._at + past, INCONSISTENT)
        return self._properties(past, depth)[1]

    def _taken(self, past: int, count: int) -> bytes:
        data = self.data[past : past + count]
        if len(data) < count:
            raise refused("onMetaData", self._at + past, CUT_SHORT)
        return data
