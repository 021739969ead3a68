"""Cut rows into passages: what one score is about."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Edges: TypeAlias = NDArray[np.int64]

LONGEST: Final = 200
"""Characters. A row of at most so many is one passage, as in the data a table was trained on."""
STEP: Final = 100


def cut(rows: Edges, clause_ends: Edges) -> Edges:
    """Return the edges of passages; the edges of the rows are among them. All are in characters.

    A row that is too long is cut at clause ends, at one in each ``STEP`` characters counted from
    the end of the row: in a stream, the clause just completed is judged with what came before it,
    whatever came long before. Where a step has no clause end it is cut where the step ends. No
    passage is longer than ``LONGEST``.
    """
    sizes = np.diff(rows)
    long = np.flatnonzero(sizes > LONGEST)
    if not len(long):
        return rows
    steps = (sizes[long] - 1) // STEP
    first = np.zeros(len(rows), np.int64)  # of a long row: where its steps begin in ``cuts``
    first[long] = np.cumsum(steps) - steps
    owner = np.repeat(long, steps)
    cuts = rows[owner + 1] - (np.arange(len(owner)) - first[owner] + 1) * STEP
    at = np.searchsorted(rows, clause_ends, "left") - 1  # an end on a row's edge cuts nothing
    number = (rows[at + 1] - clause_ends) // STEP
    far = (number > 0) & (sizes[at] > LONGEST)
    # marks rise, and of several in one step the last one stays
    cuts[first[at[far]] + number[far] - 1] = clause_ends[far]
    return np.sort(np.concatenate([rows, cuts]), kind="stable")
