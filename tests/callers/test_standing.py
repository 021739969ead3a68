from pathlib import Path

import pytest

from hegui.callers import StandingBook
from hegui.store import open_database
from hegui.terms import Unavailable
from hegui.testing.clock import FixedClock


def test_the_suspended_are_known_until_their_time_is_over(tmp_path: Path) -> None:
    clock = FixedClock()
    path = tmp_path / "hegui.db"
    with open_database(path) as connection:
        book = StandingBook(path, clock)
        rows = [
            (b"suspended", "suspended", None),
            (b"for a while", "suspended", clock() + 2_000),
            (b"warned", "warned", None),
            (b"unheard of", "some new level", None),
        ]
        connection.executemany("INSERT INTO standing VALUES (?, ?, ?)", rows)
    assert not book.suspended(b"suspended")
    clock.forward(500)
    assert book.suspended(b"suspended")
    assert book.suspended(b"for a while")
    assert book.suspended(b"unheard of")
    assert not book.suspended(b"warned")
    assert not book.suspended(b"nobody")
    clock.forward(1_500)
    assert not book.suspended(b"for a while")
    book.close()
    connection.close()


def test_an_unknown_standing_fails_closed(tmp_path: Path) -> None:
    clock = FixedClock()
    path = tmp_path / "hegui.db"
    connection = open_database(path)
    book = StandingBook(path, clock)
    assert not book.suspended(b"x")
    connection.execute("DROP TABLE standing")
    clock.forward(500)
    with pytest.raises(Unavailable):
        book.suspended(b"x")
    book.close()
    connection.close()
