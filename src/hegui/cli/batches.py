"""What a reader of documents hands on: rows of one file, with what may not be judged in them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hegui.terms import TextColumn


class Batch(NamedTuple):
    """Rows of one file, in order.

    ``rows`` are their numbers, from 1: lines of a text or JSON Lines file, rows of a Parquet file.
    ``broken`` are places in ``column`` whose bytes are not UTF-8: nothing may be said of them.
    ``malformed`` are numbers of rows that hold no text where one should be, and so are not in
    ``column``. ``source`` is what the file held, for the one who writes a masked copy. ``earlier``
    are places in ``column`` of values that a record holds under a key that stands in it again: the
    value behind them, of the same row number, is the one that programs take.
    """

    column: TextColumn
    rows: Sequence[int]
    broken: frozenset[int] = frozenset()
    malformed: tuple[int, ...] = ()
    source: Any = None
    earlier: frozenset[int] = frozenset()
