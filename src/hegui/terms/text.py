"""The text column: what every detector is given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """Texts as one run of UTF-8 bytes and ``len + 1`` offsets, as Arrow lays a string array out.

    Row ``i`` is ``data[offsets[i]:offsets[i + 1]]``. A prompt is a column of a few rows, a Parquet
    row group one of thousands; neither is copied to become one.
    """

    data: bytes | memoryview
    offsets: Sequence[int]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "TextColumn":
        """Lay ``texts`` out as a column. Lone surrogates become U+FFFD."""
        rows = [text.encode("utf-8", "replace") for text in texts]
        return cls(b"".join(rows), [0, *accumulate(map(len, rows))])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    def row_bytes(self, row: int) -> bytes:
        """Return the UTF-8 bytes of a row."""
        return bytes(self.data[self.offsets[row] : self.offsets[row + 1]])

    def row_text(self, row: int) -> str:
        """Return a row as text; bytes that are not UTF-8 show as U+FFFD."""
        return str(self.data[self.offsets[row] : self.offsets[row + 1]], "utf-8", "replace")

    def texts(self) -> list[str]:
        """Return all rows as text."""
        return [self.row_text(row) for row in range(len(self))]
