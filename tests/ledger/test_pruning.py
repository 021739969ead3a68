import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from hegui.ledger import leaf, tree
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.pruning import DAY_MS, Plan, Terms, plan
from hegui.ledger.verify import Report, pruned, verify
from hegui.terms import Entry, Unavailable

NOW = 1_780_000_000_000
OLD = NOW - 200 * DAY_MS
ANCIENT = NOW - 1_200 * DAY_MS
TERMS = Terms.at(NOW, 180)


class MakeLeaf(Protocol):
    def __call__(self, at_ms: int = ..., tenant: str = ..., kind: str = ...) -> bytes: ...


@pytest.fixture
def vkeys(signer: Callable[[str], Signer]) -> dict[str, str]:
    return {"t": signer("t").vkey}


@pytest.fixture
def aged(
    reopen: Callable[[], Ledger], make_leaf: MakeLeaf
) -> Callable[[list[tuple[int, str]]], None]:
    """Fill a log with records of given times and kinds, and close it."""

    def fill(records: list[tuple[int, str]]) -> None:
        ledger = reopen()
        made = [Entry("t", make_leaf(at_ms, kind=kind)) for at_ms, kind in records]
        for future in [ledger.submit(entry) for entry in made]:
            future.result(30)
        ledger.close()

    return fill


def asked(at_ms: int, count: int) -> list[tuple[int, str]]:
    return [(at_ms, "exchange.asked")] * count


def query(db: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(db, isolation_level=None)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def prune(db: Path, ledger: Ledger, now: int = NOW) -> list[int]:
    """Prune until nothing is left to do; return what was deleted."""
    deleted: list[int] = []
    terms = Terms.at(now, 180)
    while (found := plan(db, "t", terms, most=200)) is not None:
        ledger.add_blocking(found.entry(now, terms))
        deleted += found.indices
    return deleted


def places(report: Report) -> set[str]:
    return {one.where for one in report.problems}


def test_only_whole_bundles_of_ended_terms_are_pruned_and_everything_still_holds(
    db: Path,
    aged: Callable[[list[tuple[int, str]]], None],
    reopen: Callable[[], Ledger],
    vkeys: dict[str, str],
) -> None:
    aged(asked(OLD, 700) + asked(NOW, 300))
    hashes = [one for (one,) in query(db, "SELECT hash FROM entry ORDER BY idx")]
    before = verify(db, vkeys).logs[0]
    ledger = reopen()
    assert sorted(prune(db, ledger)) == list(range(512))  # bundle 2 holds younger ones too
    ledger.close()
    assert query(db, "SELECT count(*), max(idx) FROM entry WHERE leaf = x''") == [(512, 511)]
    assert [one for (one,) in query(db, "SELECT hash FROM entry ORDER BY idx")][:1_000] == hashes
    report = verify(db, vkeys)
    assert report.ok, report.problems
    assert (report.logs[0].size, report.logs[0].pruned) == (1_002, 512)  # two records of it
    old = tree.consistency_proof(1_000, 1_002, tree.subtrees_of(_all(db)))
    roots = (bytes.fromhex(before.root), bytes.fromhex(report.logs[0].root))
    assert tree.consistent(1_000, 1_002, *roots, old)
    proof = tree.inclusion_proof(5, 1_002, tree.subtrees_of(_all(db)))
    assert tree.included(_all(db)[5], 5, 1_002, proof, roots[1])
    assert plan(db, "t", TERMS) is None


def _all(db: Path) -> list[bytes]:
    return [
        one for (one,) in query(db, "SELECT hash FROM entry ORDER BY idx") if isinstance(one, bytes)
    ]


def test_what_the_law_wants_for_three_years_is_kept_for_three_years(
    db: Path,
    aged: Callable[[list[tuple[int, str]]], None],
    reopen: Callable[[], Ledger],
    vkeys: dict[str, str],
) -> None:
    appeal = (OLD, "appeal.received")
    aged([appeal, *asked(OLD, 255), *asked(OLD, 100), (OLD, "ledger.resumed"), *asked(OLD, 155)])
    ledger = reopen()
    kept = {0, 356}
    assert set(prune(db, ledger)) == set(range(512)) - kept
    assert set(prune(db, ledger, NOW + 1_000 * DAY_MS)) == {0}  # and never what it says of itself
    ledger.close()
    report = verify(db, vkeys)
    assert report.ok, report.problems
    assert report.logs[0].pruned == 511
    left = [leaf.parse(one) for (one,) in query(db, "SELECT leaf FROM entry") if one]  # type: ignore[arg-type] # a BLOB
    assert {one["kind"] for one in left} == {"ledger.resumed", "ledger.pruned"}


def test_what_holds_until_it_is_undone_is_kept_and_holds_up_nothing_behind_it(
    db: Path, aged: Callable[[list[tuple[int, str]]], None], reopen: Callable[[], Ledger]
) -> None:
    """A filing of four years ago is still the filing."""
    appeals = [(OLD, "appeal.received")] * 200
    aged([(ANCIENT, "filing.moved")] * 1_024 + [*appeals, *asked(OLD, 56)])
    ledger = reopen()
    assert sorted(prune(db, ledger)) == list(range(1_224, 1_280))
    assert sorted(prune(db, ledger, NOW + 1_000 * DAY_MS)) == list(range(1_024, 1_224))
    left = [leaf.parse(one) for (one,) in query(db, "SELECT leaf FROM entry") if one]  # type: ignore[arg-type] # a BLOB
    assert [one["kind"] for one in left].count("filing.moved") == 1_024


def test_a_kind_that_this_version_does_not_know_is_kept(
    db: Path, aged: Callable[[list[tuple[int, str]]], None], reopen: Callable[[], Ledger]
) -> None:
    ledger = reopen()
    unknown = b'{"kind":"future.kind","t":1,"tenant":"t","v":1}'
    ledger.add_blocking(Entry("t", unknown))
    ledger.close()
    aged(asked(OLD, 255))
    ledger = reopen()
    assert sorted(prune(db, ledger)) == list(range(1, 256))


def test_nothing_beyond_the_signed_head_is_pruned(
    db: Path, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    slow = Ledger(db, signer, sign_seconds=60)
    for future in [slow.submit(Entry("t", make_leaf(OLD))) for _ in range(300)]:
        future.result(30)
    assert plan(db, "t", TERMS) is None
    slow.close()
    assert plan(db, "t", TERMS) is not None


def test_of_two_processes_that_prune_at_a_time_one_does_it(
    db: Path,
    aged: Callable[[list[tuple[int, str]]], None],
    reopen: Callable[[], Ledger],
    vkeys: dict[str, str],
) -> None:
    aged(asked(OLD, 256))
    ledger, found = reopen(), plan(db, "t", TERMS)
    assert found is not None
    ledger.add_blocking(found.entry(NOW, TERMS))
    with pytest.raises(Unavailable, match="UNIQUE"):
        ledger.add_blocking(found.entry(NOW, TERMS))
    ledger.close()
    assert verify(db, vkeys).ok


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE entry SET leaf = x'' WHERE idx = 600", "t/entry 600"),
        ("UPDATE entry SET leaf = x'' WHERE idx = 3", "t/entry 3"),
        ("UPDATE entry SET hash = zeroblob(32) WHERE idx = 9", "t/entries 0 to 255"),
        ("DELETE FROM pruned", "t/entry 0"),
        ("UPDATE pruned SET count = count + 1", "t/pruned 768"),
        ("UPDATE pruned SET record = 700", "t/pruned 700"),
        ("INSERT INTO pruned VALUES ('t', 600, 1, 768)", "t/pruned 768"),
        ("UPDATE entry SET leaf = CAST(leaf || ' ' AS BLOB) WHERE idx = 768", "t/entry 768"),
        ("UPDATE entry SET leaf = x'00' WHERE idx = 12", "t/entry 12"),
    ],
)
def test_what_was_taken_away_without_being_on_record_is_named(
    db: Path,
    aged: Callable[[list[tuple[int, str]]], None],
    reopen: Callable[[], Ledger],
    vkeys: dict[str, str],
    change: str,
    named: str,
) -> None:
    aged([*asked(OLD, 3), (OLD, "appeal.received"), *asked(OLD, 508), *asked(NOW, 256)])
    ledger, found = reopen(), plan(db, "t", TERMS)
    assert found is not None
    ledger.add_blocking(found.entry(NOW, TERMS))
    ledger.close()
    assert verify(db, vkeys).ok
    query(db, change)
    assert named in places(verify(db, vkeys))


def test_a_record_that_prunes_what_no_file_has_room_for_is_named_and_not_counted_up_to(
    db: Path, reopen: Callable[[], Ledger]
) -> None:
    ledger, all_of_it = reopen(), (0, 2**62)
    forged = {"kind": "ledger.pruned", "list": pruned.digest_of([all_of_it])}
    head = {"t": NOW, "tenant": "t", "v": 1}
    ledger.add_blocking(Entry("t", json.dumps({**forged, **head}).encode()))
    ledger.close()
    query(db, "INSERT INTO pruned VALUES ('t', 0, 1 << 62, 0)")
    assert "t/pruned 0" in places(verify(db))


def test_stretches_are_of_neighbours() -> None:
    assert Plan("t", 9, 0, [5, 1, 2, 3, 7]).runs == [(1, 3), (5, 1), (7, 1)]
    assert (
        Terms.at(ANCIENT, 2_000).years == Terms.at(ANCIENT, 2_000).log
    )  # a longer term of one's own
