"""The histogram of small whole numbers says what the library's own would say."""

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from hegui.gateway.whole_numbers import WholeNumbers

BUCKETS = (0, 1, 2, 4, 8)


def lines(page: bytes) -> list[str]:
    """Return the samples, without the creation time that only the library's own has."""
    return [line for line in page.decode().splitlines() if line and "_created" not in line]


def test_it_is_exposed_as_the_librarys_own_histogram_is() -> None:
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    quick = WholeNumbers("held", "How much is held", BUCKETS)
    mine.register(quick)
    slow = Histogram("held", "How much is held", buckets=BUCKETS, registry=theirs)
    for number in (0, 0, 1, 2, 3, 4, 7, 8, 9, 10, 400):
        quick.observe(number)
        slow.observe(number)
    assert lines(generate_latest(mine)) == lines(generate_latest(theirs))
