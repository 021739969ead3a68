"""Reading one stretch ahead: in order, alone with its session, and never on after an error."""

import threading
from contextlib import closing

import pytest

from hegui.filing.projection.ahead import ahead


def test_stretches_come_in_order_and_cover_everything_once() -> None:
    assert list(ahead(lambda low, high: (low, high), 3, 10, 3)) == [(3, 6), (6, 9), (9, 10)]
    assert list(ahead(lambda low, high: (low, high), 4, 4, 3)) == []


def test_an_error_is_raised_at_its_place_and_nothing_is_read_after_it() -> None:
    read: list[int] = []

    def reading(low: int, _: int) -> int:
        read.append(low)
        if low == 4:
            raise ValueError("entry 4")
        return low

    found: list[int] = []
    with pytest.raises(ValueError, match="entry 4"):
        found.extend(ahead(reading, 0, 100, 2))
    assert (found, read) == ([0, 2], [0, 2, 4])


def test_whoever_stops_early_has_the_session_to_himself_again() -> None:
    with closing(ahead(lambda low, _: low, 0, 100, 1)) as stretches:
        assert next(stretches) == 0
    assert not [one for one in threading.enumerate() if one.name.startswith("hegui-ahead")]


def test_all_is_read_in_one_thread() -> None:
    threads = set(ahead(lambda *_: threading.get_ident(), 0, 50, 1))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
