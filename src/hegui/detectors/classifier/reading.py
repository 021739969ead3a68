"""Read a column a stretch at a time, so that what is computed on it stays in the cache."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.terms import TextColumn

STRETCH: Final = 1 << 19  # bytes
_CONTINUES: Final = -65  # as a signed byte: the highest that continues a character of UTF-8

Numbers = NDArray[np.int64]


class Run(NamedTuple):
    """Rows that are read at a time, all of them UTF-8.

    ``rows`` are their edges in characters, ``number`` their numbers in the column, ``bytes_at``
    where each character begins, and the end of all. ``skipped`` is how many bytes of the row were
    in earlier runs: only a row longer than a stretch is read in pieces.
    """

    text: str
    rows: Numbers
    number: Numbers
    bytes_at: Numbers
    skipped: int = 0

    def row_of(self, place: int) -> tuple[int, int]:
        """Return the number of the row that a character is in, and the byte where it begins."""
        here = int(np.searchsorted(self.rows, place, "right")) - 1
        return int(self.number[here]), int(self.bytes_at[self.rows[here]]) - self.skipped


def runs(column: TextColumn) -> Iterator[Run]:
    """Give the rows of a column that are UTF-8 and not empty."""
    edges = np.asarray(column.offsets, np.int64)
    row = 0
    while row < len(edges) - 1:
        upto = int(np.searchsorted(edges, edges[row] + STRETCH, "right")) - 1
        if upto > row:
            yield from _rows(column, edges, np.arange(row, upto))
        else:
            upto = row + 1
            yield from _pieces(bytes(column.data[edges[row] : edges[upto]]), row)
        row = upto


def _rows(column: TextColumn, edges: Numbers, number: Numbers) -> Iterator[Run]:
    first, last = edges[number[0]], edges[number[-1] + 1]
    data = bytes(column.data[first:last])
    try:
        text = data.decode()
    except UnicodeDecodeError:
        number, data = _sound(column, number)
        sizes = edges[number + 1] - edges[number]
        inner = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        text = data.decode()
    else:
        inner = edges[number[0] : number[-1] + 2] - first
    if text:
        bytes_at = _characters(data)
        yield Run(text, np.searchsorted(bytes_at, inner), number, bytes_at)


def _sound(column: TextColumn, number: Numbers) -> tuple[Numbers, bytes]:
    """Leave out the rows that are not UTF-8."""
    kept, parts = [], []
    for row in number.tolist():
        data = column.row_bytes(row)
        try:
            data.decode()
        except UnicodeDecodeError:
            continue
        kept.append(row)
        parts.append(data)
    return np.asarray(kept, np.int64), b"".join(parts)


def _pieces(data: bytes, row: int) -> Iterator[Run]:
    """Read a row that is longer than a stretch in pieces that end between characters."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    start = 0
    while start < len(data):
        end = min(start + STRETCH, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8: continues
            end -= 1
        piece = data[start:end]
        bytes_at = _characters(piece)
        rows = np.asarray([0, len(bytes_at) - 1], np.int64)
        yield Run(piece.decode(), rows, np.asarray([row], np.int64), bytes_at, start)
        start = end


def _characters(data: bytes) -> Numbers:
    """Return where each character begins, and the end of all."""
    begins = np.frombuffer(data, np.int8) > _CONTINUES
    return np.append(np.flatnonzero(begins), len(data))
