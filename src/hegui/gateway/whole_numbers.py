"""A histogram of small whole numbers that costs next to nothing to add to.

The library's own looks for the bucket and takes a lock: as much time as screening a short text.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector


class WholeNumbers(Collector):
    """Counts numbers from zero up. To be added to from one thread; read from any."""

    def __init__(self, name: str, says: str, buckets: Sequence[int]) -> None:
        self._name, self._says, self._buckets = name, says, tuple(buckets)
        self._counts = [0] * (self._buckets[-1] + 2)
        self._sum = 0

    def observe(self, number: int) -> None:
        """Count a number; those above the last bucket are counted together."""
        counts = self._counts
        counts[number if number < len(counts) else -1] += 1
        self._sum += number

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the buckets as Prometheus wants them: each holds those below it, too."""
        upto = list(accumulate(self._counts))
        buckets = [(f"{top:.1f}", float(upto[top])) for top in self._buckets]
        family = HistogramMetricFamily(self._name, self._says)
        family.add_metric([], [*buckets, ("+Inf", float(upto[-1]))], float(self._sum))
        yield family
