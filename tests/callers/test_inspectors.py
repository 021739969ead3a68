from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hegui.callers import inspectors, keys
from hegui.callers.inspectors import InspectorBook, MadeInspector, NewInspector
from hegui.store import open_database
from hegui.terms import BadRequest
from hegui.testing.clock import FixedClock

PEPPER = b"p" * 32
NOW = 1_780_000_000_000
DAY = 86_400_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    opened = open_database(tmp_path / "hegui.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def book(connection: apsw.Connection, tmp_path: Path, clock: FixedClock) -> Iterator[InspectorBook]:
    assert connection
    opened = InspectorBook(tmp_path / "hegui.db", PEPPER, clock)
    yield opened
    opened.close()


def made(**changes: object) -> MadeInspector:
    asked = {"tenant": "t", "purpose": "inspection 17", "since": 0, "until": NOW}
    new = NewInspector(**{**asked, "expires": NOW + DAY, **changes})  # type: ignore[arg-type] # wrong ones, too
    return inspectors.make(PEPPER, new, NOW)


def store(connection: apsw.Connection, one: MadeInspector) -> None:
    connection.execute(one.write.sql, one.write.cells)


def test_a_key_is_known_by_its_secret_until_it_ends(
    connection: apsw.Connection, book: InspectorBook, clock: FixedClock
) -> None:
    one = made()
    store(connection, one)
    clock.forward(500)
    assert book.identify(f"Bearer {one.plain}") == one.record
    clock.forward(DAY)
    assert book.identify(f"Bearer {one.plain}") is None


def test_a_revoked_key_opens_nothing_within_half_a_second(
    connection: apsw.Connection, book: InspectorBook, clock: FixedClock
) -> None:
    one = made()
    store(connection, one)
    clock.forward(500)
    assert book.identify(f"Bearer {one.plain}") is not None
    _, write = inspectors.revocation(connection, one.record.id, NOW)
    connection.execute(write.sql, write.cells)
    clock.forward(500)
    assert book.identify(f"Bearer {one.plain}") is None
    assert inspectors.listing(connection)[0].state(NOW) == "revoked"


def test_only_a_keyed_hash_is_stored(connection: apsw.Connection, tmp_path: Path) -> None:
    one = made()
    store(connection, one)
    secret = one.plain.rpartition("-")[2]
    assert secret not in repr(one)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer x",
        "Basic {key}",
        "Bearer {key}x",
        "Bearer {other}",
        "{key}",
        "Bearer \x00",
    ],
)
def test_anything_else_is_nobody(
    connection: apsw.Connection, book: InspectorBook, clock: FixedClock, header: str
) -> None:
    one = made()
    store(connection, one)
    clock.forward(500)
    other = one.plain[:-1] + ("0" if one.plain[-1] != "0" else "1")
    assert book.identify(header.format(key=one.plain, other=other)) is None


def test_an_inspectors_key_and_a_callers_key_open_different_doors(
    connection: apsw.Connection, book: InspectorBook, clock: FixedClock, tmp_path: Path
) -> None:
    plain, _ = keys.create(connection, PEPPER, keys.NewKey(), NOW)
    one = made()
    store(connection, one)
    clock.forward(500)
    assert book.identify(f"Bearer {plain}") is None
    assert book.identify("Bearer hgi-" + plain[3:]) is None
    callers = keys.KeyBook(tmp_path / "hegui.db", PEPPER, clock)
    for tried in (one.plain, "hg-" + one.plain[4:]):
        with pytest.raises(BadRequest):
            callers.identify(f"Bearer {tried}")
    callers.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": ""},
        {"purpose": " "},
        {"purpose": "x" * 301},
        {"purpose": "a\nb"},
        {"since": NOW},
        {"expires": NOW},
        {"expires": NOW + 367 * DAY},
    ],
)
def test_a_key_without_purpose_time_or_end_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        made(**changes)


def test_an_unknown_id_cannot_be_revoked(connection: apsw.Connection) -> None:
    with pytest.raises(BadRequest):
        inspectors.revocation(connection, "0000000000", NOW)
