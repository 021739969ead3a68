"""How long each frame of the rhythm lasts, in ticks of the track that it is put before.

A frame seldom is a whole number of ticks: at 1,000 ticks a second it lasts 23 or 24, at 7 none or
one. Rounded one by one, the rhythm as a whole would last too long or too short, or not at all; so
it is the times at which frames begin that are rounded.
"""

from itertools import groupby, pairwise
from typing import NamedTuple

from hegui.labels.explicit.m4a_track import FRAME


class Steps(NamedTuple):
    """The ticks of each frame, in order."""

    lengths: tuple[int, ...]

    @property
    def long(self) -> int:
        """How long all last, within half a tick."""
        return sum(self.lengths)

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.lengths)

    def of(self, count: int) -> int:
        """Return how long the first ``count`` frames last."""
        return sum(self.lengths[:count])

    def runs(self) -> list[tuple[int, int]]:
        """Return how many frames in a row are how long, as tables of times tell it."""
        return [(len(list(run)), one) for one, run in groupby(self.lengths)]


def steps(count: int, rate: int, ticks: int) -> Steps:
    """Return the steps of ``count`` frames at ``rate`` samples and ``ticks`` ticks a second."""
    begins = [(2 * at * FRAME * ticks + rate) // (2 * rate) for at in range(count + 1)]
    return Steps(tuple(end - start for start, end in pairwise(begins)))
