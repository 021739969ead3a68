from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hegui.callers import KeyBook, NewKey
from hegui.callers.keys import create, listing, make, revoke
from hegui.store import open_database
from hegui.terms import BadRequest, Unavailable
from hegui.testing.clock import FixedClock

PEPPER = b"p" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hegui.db"


@pytest.fixture
def connection(path: Path) -> Iterator[apsw.Connection]:
    connection = open_database(path)
    yield connection
    connection.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def book(path: Path, connection: apsw.Connection, clock: FixedClock) -> Iterator[KeyBook]:
    assert listing(connection) == []
    book = KeyBook(path, PEPPER, clock)
    yield book
    book.close()


def refusal(book: KeyBook, header: str | None) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        book.identify(header)
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    return caught.value


def test_a_key_opens_what_it_was_made_for(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    new = NewKey(tenant="school", audience="minor", label_mode="interface", refusal_mode="error")
    plain, record = create(connection, PEPPER, new, clock())
    clock.forward(500)
    assert book.identify(f"Bearer {plain}") == record
    assert book.identify(f"bearer  {plain} ") == record
    assert (record.tenant, record.audience) == ("school", "minor")


def test_nothing_that_is_stored_or_printed_gives_the_key_away(
    path: Path, connection: apsw.Connection, clock: FixedClock
) -> None:
    made = make(PEPPER, NewKey(), clock())
    connection.execute(made.write.sql, made.write.cells)
    secret = made.plain.rpartition("-")[2]
    connection.pragma("wal_checkpoint", "TRUNCATE")
    assert secret.encode() not in path.read_bytes()
    assert secret not in f"{made!r} {listing(connection)!r}"


def test_keys_look_as_documented_and_never_repeat(clock: FixedClock) -> None:
    keys = {make(PEPPER, NewKey(), clock()).plain for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        prefix, key_id, secret = key.split("-")
        assert (prefix, len(key_id), len(secret)) == ("hg", 10, 32)


def test_a_revoked_key_ends_at_the_next_look_also_from_another_connection(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    plain, record = create(connection, PEPPER, NewKey(), clock())
    clock.forward(500)
    book.identify(f"Bearer {plain}")
    revoked = revoke(connection, record.id, clock())
    assert revoked.revoked == clock()
    book.identify(f"Bearer {plain}")
    clock.forward(500)
    assert "revoked" in refusal(book, f"Bearer {plain}").words.en


def test_revoking_twice_keeps_the_first_time(
    connection: apsw.Connection, clock: FixedClock
) -> None:
    _, record = create(connection, PEPPER, NewKey(), clock())
    first = revoke(connection, record.id, clock())
    clock.forward(9_000)
    assert revoke(connection, record.id, clock()) == first


def test_an_expired_key_ends_on_the_millisecond(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    plain, _ = create(connection, PEPPER, NewKey(expires=clock() + 1_000), clock())
    clock.forward(999)
    book.identify(f"Bearer {plain}")
    clock.forward(1)
    assert "expired" in refusal(book, f"Bearer {plain}").words.en


def test_what_is_no_key_is_refused_and_never_repeated(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    plain, record = create(connection, PEPPER, NewKey(), clock())
    clock.forward(500)
    other = f"hg-{record.id}-{'0' * 32}"
    wrong = [
        None,
        "",
        "Bearer",
        plain,
        f"Basic {plain}",
        f"Bearer {other}",
        f"Bearer {plain}x",
        f"Bearer {plain[:-1]}",
        f"Bearer {plain.upper()}",
        "Bearer sk-live-123456",
        f"Bearer hg-{'é' * 43}",
        "Bearer " + "x" * 100_000,
    ]
    for header in wrong:
        error = refusal(book, header)
        told = error.words.en + error.words.zh
        assert record.id not in told
        assert "sk-live" not in told


def test_a_wrong_secret_does_not_learn_that_a_key_was_revoked(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    plain, record = create(connection, PEPPER, NewKey(), clock())
    revoke(connection, record.id, clock())
    clock.forward(500)
    wrong = plain[:-1] + ("0" if plain[-1] != "0" else "1")
    assert "revoked" not in refusal(book, f"Bearer {wrong}").words.en


def test_another_pepper_opens_nothing(
    path: Path, connection: apsw.Connection, clock: FixedClock
) -> None:
    plain, _ = create(connection, PEPPER, NewKey(), clock())
    book = KeyBook(path, b"q" * 32, clock)
    refusal(book, f"Bearer {plain}")
    book.close()


def test_a_clock_that_steps_back_does_not_keep_a_revoked_key_alive(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    plain, record = create(connection, PEPPER, NewKey(), clock())
    clock.forward(500)
    book.identify(f"Bearer {plain}")
    clock.back(3_600_000)
    revoke(connection, record.id, clock())
    refusal(book, f"Bearer {plain}")


def test_a_database_that_cannot_be_read_lets_nobody_in(
    connection: apsw.Connection, clock: FixedClock, book: KeyBook
) -> None:
    plain, _ = create(connection, PEPPER, NewKey(), clock())
    clock.forward(500)
    book.identify(f"Bearer {plain}")
    connection.execute("ALTER TABLE caller_key RENAME TO gone")
    clock.forward(500)
    with pytest.raises(Unavailable):
        book.identify(f"Bearer {plain}")


def test_what_makes_no_sense_is_not_made(connection: apsw.Connection, clock: FixedClock) -> None:
    notes = [NewKey(note=note) for note in ("a\nb", "\x1b[2J", "x" * 201)]
    for new in (NewKey(expires=clock()), NewKey(tenant=""), NewKey(tenant="a\nb"), *notes):
        with pytest.raises(BadRequest):
            create(connection, PEPPER, new, clock())
    with pytest.raises(BadRequest, match="hegui keys list"):
        revoke(connection, "0000000000", clock())
    assert listing(connection) == []
