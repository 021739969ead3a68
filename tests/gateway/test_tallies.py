"""What is counted quickly is exposed as the library's own counters and histograms would be."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hegui.gateway.tallies import Counts, Seconds, WholeNumbers

BUCKETS = (0, 1, 2, 4, 8)
TIMES = (0.0005, 0.01, 0.25, 1.0)


def lines(page: bytes) -> list[str]:
    """Return the samples, without the creation time that only the library's own has."""
    return [line for line in page.decode().splitlines() if line and "_created" not in line]


def test_whole_numbers_are_exposed_as_the_librarys_own_histogram_is() -> None:
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    quick = WholeNumbers("held", "How much is held", BUCKETS)
    mine.register(quick)
    slow = Histogram("held", "How much is held", buckets=BUCKETS, registry=theirs)
    for number in (0, 0, 1, 2, 3, 4, 7, 8, 9, 10, 400):
        quick.observe(number)
        slow.observe(number)
    assert lines(generate_latest(mine)) == lines(generate_latest(theirs))


def test_times_are_exposed_as_the_librarys_own_histogram_is() -> None:
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    quick = Seconds("took", "How long it took", TIMES)
    mine.register(quick)
    slow = Histogram("took", "How long it took", buckets=TIMES, registry=theirs)
    for seconds in (0.0, 0.0005, 0.00051, 0.01, 0.2, 0.25, 1.0, 1.01, 60.0):
        quick.observe(seconds)
        slow.observe(seconds)
    assert lines(generate_latest(mine)) == lines(generate_latest(theirs))


def test_counts_are_exposed_as_the_librarys_own_counter_is() -> None:
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    quick = Counts("asked", "Requests", ["path", "status"])
    mine.register(quick)
    slow = Counter("asked", "Requests", ["path", "status"], registry=theirs)
    assert lines(generate_latest(mine)) == lines(generate_latest(theirs))
    for path, status in (("/v1", "200"), ("/v1", "200"), ('/"\\\n', "404"), ("/v1", "503")):
        quick.count(path, status)
        slow.labels(path, status).inc()
    assert lines(generate_latest(mine)) == lines(generate_latest(theirs))
