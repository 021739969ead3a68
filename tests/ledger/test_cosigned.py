"""What witnesses said is kept, on a file and on a server: no line is lost to another."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hegui.ledger.cosignature import seen_by
from hegui.ledger.cosigned import (
    Stamped,
    Standing,
    cosigned,
    keep_lines,
    keep_stamp,
    keep_standing,
    stamped,
    standing,
    writing,
)
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.note import Checkpoint, Signer
from hegui.store import Place, open_connection, open_database
from hegui.terms import Unavailable
from hegui.testing.postgres import PracticeServer

HEAD = Signer("log.test/t", b"k" * 32).sign(Checkpoint("log.test/t", 1, b"r" * 32).text())
TEXT = HEAD.partition("\n\n")[0] + "\n"
WITNESSES = [Cosigner("w.test/1", b"1" * 32), Cosigner("w.test/2", b"2" * 32)]
LINES = [each.line(TEXT, 1_780_000_000) for each in WITNESSES]


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "file":
        open_database(tmp_path / "hegui.db").close()
        yield tmp_path / "hegui.db"
        return
    postgres: PracticeServer = request.getfixturevalue("postgres")
    yield postgres.place(postgres.database())


def test_what_is_known_of_a_witness_is_replaced(place: Place) -> None:
    with closing(open_connection(place)) as connection:
        for known in (Standing("w", 1, 2, 3, 4, "busy"), Standing("w", 9, 8, 7)):
            with writing(connection):
                keep_standing(connection, "t", known)
            assert standing(connection, "t", "w") == known
        for answer in (b"a", b"b"):
            with writing(connection):
                keep_stamp(connection, "t", Stamped(1, 2, HEAD, answer))
            found = stamped(connection, "t")
            assert found is not None
            assert found.answer == answer


def test_lines_of_two_witnesses_that_come_at_once_are_both_kept(place: Place) -> None:
    first = open_connection(place)
    begun = threading.Event()

    def second() -> None:
        with closing(open_connection(place)) as connection:
            begun.set()
            with writing(connection):
                keep_lines(connection, "t", HEAD, 1, [LINES[1]])

    thread = threading.Thread(target=second)
    with writing(first):
        keep_lines(first, "t", HEAD, 1, [LINES[0]])
        thread.start()
        begun.wait(10)
        thread.join(0.5)  # on a server it has read by then, and waits for the row
    thread.join(10)
    with closing(first):
        note = cosigned(first, "t") or ""
    keys = [each.key for each in WITNESSES]
    assert [one.name for one in seen_by(note, keys)] == ["w.test/1", "w.test/2"]


def test_an_older_head_is_never_put_back(place: Place) -> None:
    with closing(open_connection(place)) as connection:
        newer = HEAD.replace("\n1\n", "\n2\n")
        with writing(connection):
            keep_lines(connection, "t", newer, 2, [LINES[0]])
        with writing(connection):
            keep_lines(connection, "t", HEAD, 1, [LINES[1]])
        assert (cosigned(connection, "t") or "").startswith(newer)


def test_a_full_disk_is_named_where_stamps_are_kept(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "hegui.db")
    pages = connection.execute("PRAGMA page_count").get
    connection.execute(f"PRAGMA max_page_count = {pages}")
    large = Stamped(1, 1, "x" * 60_000, b"")
    with pytest.raises(Unavailable, match="is full"), writing(connection):
        keep_stamp(connection, "t", large)
    connection.close()
