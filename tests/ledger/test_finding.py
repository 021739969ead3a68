"""Records are found years later, when most of what stood around them was deleted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hegui.ledger import finding
from hegui.ledger.log import Ledger
from hegui.store import open_database
from hegui.terms import Entry

from .conftest import MakeLeaf

APPEAL = "01KSR49200BBBBBBBBBBBBBBBB"
EXCHANGE = "01KSR49200AAAAAAAAAAAAAAAA"
AT = finding.ulid_ms(APPEAL) or 0
HOUR = 3_600_000
COUNT = 41
PLACE = 13


@pytest.fixture
def db_of(db: Path, ledger: Ledger, make_leaf: MakeLeaf) -> Callable[[set[int]], Path]:
    """Write an appeal among other records, one an hour, and prune all but some of these."""

    def made(kept: set[int]) -> Path:
        for n in range(COUNT):
            at_ms = AT + (n - PLACE) * HOUR
            record = make_leaf(at_ms, kind="service.stopped")
            if n == PLACE:
                record = make_leaf(at_ms, kind="appeal.received", appeal=APPEAL)
            ledger.add_blocking(Entry("t", record))
        ledger.close()
        connection = open_database(db)
        gone = [("t", n) for n in range(COUNT) if n not in kept | {PLACE}]
        connection.executemany("UPDATE entry SET leaf = x'' WHERE tenant = ? AND idx = ?", gone)
        connection.close()
        return db

    return made


@pytest.mark.parametrize(
    "kept", [set(range(COUNT)), set(), {0}, {COUNT - 1}, {0, COUNT - 1}, {12, 14}, {3, 30}]
)
def test_an_appeal_is_found_whatever_was_pruned_around_it(
    db_of: Callable[[set[int]], Path], kept: set[int]
) -> None:
    tenant, ((index, record),) = finding.find_appeal(db_of(kept), APPEAL)
    assert (tenant, index) == ("t", PLACE)
    assert APPEAL.encode() in record


def test_what_is_not_there_is_not_found(db_of: Callable[[set[int]], Path]) -> None:
    path = db_of({3, 30})
    assert finding.find_appeal(path, "01KSR49200CCCCCCCCCCCCCCCC") == ("", [])
    assert finding.find_appeal(path, "no number") == ("", [])
    assert finding.find_appeal(path, EXCHANGE) == ("", []), "an exchange is no appeal"
