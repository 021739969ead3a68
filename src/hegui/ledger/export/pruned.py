"""Which pruned records are of a period: they have no time any more, only neighbours that do."""

from collections.abc import Iterable

from hegui.ledger.export.scope import Period


class Gaps:
    """Runs of pruned records, each between two records whose times are known.

    A run may be of the period unless its neighbours show that it is not. ``bundles`` are the
    ranges ``[first, end]`` of bundles in which such runs lie.
    """

    def __init__(self, period: Period) -> None:
        self._period = period
        self._before: int | None = None
        self._run: list[int] = []
        self.bundles: list[list[int]] = []

    def see(self, n: int, times: Iterable[int | None]) -> None:
        """Read on: the times of the records of bundle ``n``, None where one was pruned."""
        for at_ms in times:
            if at_ms is None:
                self._run = [self._run[0] if self._run else n, n + 1]
                continue
            self._end(at_ms)
            self._before = at_ms

    def close(self) -> None:
        """Say that nothing follows."""
        self._end(None)

    def _end(self, after: int | None) -> None:
        if not self._run:
            return
        since, until = self._period.since, self._period.until
        late = since is None or after is None or after >= since
        early = until is None or self._before is None or self._before < until
        if late and early:
            for n in range(*self._run):
                extend(self.bundles, n)
        self._run = []


def extend(ranges: list[list[int]], n: int) -> None:
    """Add ``n`` to ranges ``[first, end]``, which grow in order."""
    if ranges and n < ranges[-1][1]:
        return
    if ranges and ranges[-1][1] == n:
        ranges[-1][1] = n + 1
    else:
        ranges.append([n, n + 1])
