"""Counters and histograms that cost next to nothing to add to.

The library's own take a lock for each value, and look for the bucket from the first to the last: as
much time as screening a short text. What is counted here is counted on the loop's thread alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Counts(Collector):
    """Counts by labels. To be added to from one thread; read from any."""

    def __init__(self, name: str, says: str, labels: Sequence[str]) -> None:
        self._name, self._says, self._labels = name, says, tuple(labels)
        self._counts: dict[tuple[str, ...], int] = {}

    def count(self, *labels: str) -> None:
        """Count one more; as many labels as were named, in their order."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give the counts as Prometheus wants them."""
        family = CounterMetricFamily(self._name, self._says, labels=self._labels)
        for labels, count in list(self._counts.items()):
            family.add_metric(labels, float(count))
        yield family


class Seconds(Collector):
    """A histogram of times. To be added to from one thread; read from any."""

    def __init__(self, name: str, says: str, buckets: Sequence[float]) -> None:
        self._name, self._says, self._buckets = name, says, tuple(buckets)
        self._counts = [0] * (len(self._buckets) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count a time; those above the last bucket are counted together."""
        self._counts[bisect_left(self._buckets, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the buckets as Prometheus wants them: each holds those below it, too."""
        upto = [float(count) for count in accumulate(self._counts)]
        tops = [*map(str, self._buckets), "+Inf"]
        family = HistogramMetricFamily(self._name, self._says)
        family.add_metric([], list(zip(tops, upto, strict=True)), self._sum)
        yield family


class WholeNumbers(Collector):
    """A histogram of small numbers from zero up. To be added to from one thread; read from any."""

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
