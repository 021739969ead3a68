"""Score passages: from a run of text to logits, a column at a time."""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.classifier import grams, passages
from hegui.detectors.classifier.tables import Script, Shelf, Table

Logits: TypeAlias = NDArray[np.float64]

SHARE: Final[dict[Script, float]] = {"han": 0.2, "latin": 0.5}
"""How much of a passage must be in a script for its tables to be asked."""


_Places: TypeAlias = tuple[grams.Places, passages.Edges, passages.Edges]
"""For one length of n-grams: their places; and of each passage where its own begin, and how many.
"""


class Cut(NamedTuple):
    """Codes of a run of texts, the edges of its passages, and their characters by kind."""

    codes: grams.Codes
    edges: passages.Edges
    kinds: passages.Edges


class Scored(NamedTuple):
    """What a table says of passages: their indices, rising, and a logit for each."""

    table: Table
    passages: NDArray[np.int64]
    logits: Logits


def cut(text: str, rows: passages.Edges) -> Cut:
    """Cut a run of texts, whose edges in characters are ``rows``, into passages."""
    codes = grams.codes_of(text)
    kinds = grams.kinds_of(codes)
    edges = passages.cut(rows, np.flatnonzero(kinds == grams.END) + 1)
    return Cut(codes, edges, _sums(kinds, edges[:-1], np.diff(edges)))


def scored(run: Cut, shelf: Shelf) -> Iterator[Scored]:
    """Give what each table of a shelf says of the passages in its script.

    Grounds follow, for those passages only that the table they belong to finds.
    """
    starts, sizes = run.edges[:-1], np.diff(run.edges)
    kind = grams.HAN if shelf.script == "han" else grams.LATIN
    count = run.kinds // kind % grams.LATIN
    chosen = np.flatnonzero((count > 0) & (count >= SHARE[shelf.script] * sizes))
    if not len(chosen):
        return
    starts, sizes = starts[chosen], sizes[chosen]
    places = [
        (at, starts, np.maximum(sizes - order + 1, 0))
        for order, at in grams.places_of(run.codes, shelf.orders, shelf.bits)
    ]
    root = np.sqrt(np.maximum(sum(each[2] for each in places), 1))
    sums = [_halves(_sums(shelf.pair.take(at), *where)) for at, *where in places]
    for half, table in enumerate(shelf.tables):
        logits = table.slope * sum(each[half] for each in sums) / root + table.offset
        yield Scored(table, chosen, logits)
        if table.label == shelf.of and shelf.grounds:
            yield from _grounds(shelf, places, chosen, np.flatnonzero(logits >= table.at))


def _grounds(
    shelf: Shelf, places: list[_Places], chosen: passages.Edges, hits: passages.Edges
) -> Iterator[Scored]:
    """Give what the grounds say of the passages that were found."""
    if not len(hits):
        return
    few = [_of_some(hits, *each) for each in places]
    root = np.sqrt(np.maximum(sum(each[2] for each in few), 1))
    for table in shelf.grounds:
        total = sum(_sums(table.weights.take(at).astype(np.int32), *where) for at, *where in few)
        yield Scored(table, chosen[hits], table.slope * total / root + table.offset)


def _of_some(
    some: passages.Edges, at: grams.Places, starts: passages.Edges, sizes: passages.Edges
) -> _Places:
    """Return the places of some passages alone, laid out one after another."""
    starts, sizes = starts[some], sizes[some]
    ends = np.cumsum(sizes)
    shift = np.repeat(starts - (ends - sizes), sizes)
    return at.take(np.arange(len(shift)) + shift), ends - sizes, sizes


def _halves(sums: passages.Edges) -> tuple[passages.Edges, passages.Edges]:
    """Part sums over a pair of tables: of 200 weights or fewer, each fits in its half."""
    low = ((sums + 0x8000) & 0xFFFF) - 0x8000
    return low, (sums - low) >> 16


def _sums(
    values: NDArray[np.int32], starts: passages.Edges, sizes: passages.Edges
) -> passages.Edges:
    """Return the sums over ``values[start:start + size]``; 0 where the size is 0."""
    found = np.zeros(len(starts), np.int64)
    some = np.flatnonzero(sizes)
    if len(some):
        edges = np.empty(2 * len(some), np.int64)
        edges[::2], edges[1::2] = starts[some], starts[some] + sizes[some]
        if edges[-1] == len(values):
            edges = edges[:-1]  # the last sum runs to the end by itself
        found[some] = np.add.reduceat(values, edges)[::2]
    return found
