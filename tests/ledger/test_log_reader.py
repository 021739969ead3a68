"""What is read of a log in the database: one snapshot, below the signed head, checked."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from hegui.ledger import tiles, tree
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint, Signer
from hegui.ledger.tiles import LogReader, Logs, read_log
from hegui.store import open_database
from hegui.terms import BadRequest, Corrupt, Entry, Unavailable

from .conftest import MakeLeaf

SIZE = 700
LEAVES = [f"leaf {n}".encode() for n in range(SIZE)]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]


def fill(path: Path, signer: Signer, signed: int = SIZE) -> None:
    """Write a log's rows as a writer does: 700 entries, of which ``signed`` are signed."""
    connection = open_database(path)
    frontier = tree.Frontier()
    for hashed in HASHES:
        frontier.push(hashed)
    head = Checkpoint(signer.name, signed, tree.root_of(HASHES[:signed])).text()
    with connection:
        connection.execute(
            "INSERT INTO log VALUES (?, ?, ?, ?, ?, 0)",
            ("t", signer.name, SIZE, frontier.to_bytes(), signer.sign(head)),
        )
        connection.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?)",
            [("t", n, HASHES[n], LEAVES[n]) for n in range(SIZE)],
        )
    connection.close()


@pytest.fixture
def connection(db: Path, signer: Callable[[str], Signer]) -> Iterator[apsw.Connection]:
    fill(db, signer("t"))
    opened = open_database(db)
    yield opened
    opened.close()


async def test_a_ledger_reads_back_as_tiles_bundles_and_proofs_that_hold(
    ledger: Ledger, db: Path, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    written = [make_leaf(at_ms=1_780_000_000_000 + n) for n in range(300)]
    await asyncio.gather(*(ledger.add(Entry("t", record)) for record in written))
    ledger.close()
    with read_log(db, "t") as log:
        assert log.size == 300
        assert log.origin == signer("t").name
        assert log.leaves(0, 300) == written
        assert tiles.read_bundle(tiles.bundle(log.leaves(256, 300)), 44) == written[256:]
        hashes = tiles.read_tile(log.tile(0, 1, 44), 44)
        assert hashes == log.hashes(256, 300) == [tree.leaf_hash(one) for one in written[256:]]
        assert tree.included(hashes[0], 256, 300, log.inclusion(256), log.root)
        assert tree.consistent(7, 300, log.subtree(0, 7), log.root, log.consistency(7))


def test_higher_tiles_are_the_same_with_and_without_their_rows(connection: apsw.Connection) -> None:
    without = LogReader(connection, "t").tile(1, 0, 2)
    connection.execute("COMMIT")
    roots = [tree.root_of(HASHES[:256]), tree.root_of(HASHES[256:512])]
    assert without == b"".join(roots)
    connection.execute("INSERT INTO node VALUES ('t', 1, 1, ?)", (roots[1],))
    assert LogReader(connection, "t").tile(1, 0, 2) == without


def test_who_asks_from_outside_cannot_have_a_whole_log_worked_out(
    connection: apsw.Connection,
) -> None:
    with pytest.raises(Unavailable, match="still being made"):
        LogReader(connection, "t", patience=511).tile(1, 0, 2)
    assert LogReader(connection, "t", patience=512).tile(1, 0, 2)
    assert LogReader(connection, "t", patience=0).tile(0, 0)


def test_nothing_above_the_signed_head_is_there(db: Path, signer: Callable[[str], Signer]) -> None:
    fill(db, signer("t"), signed=600)
    with read_log(db, "t") as log:
        assert log.size == 600
        assert len(log.tile(0, 2, 88)) == 88 * 32
        for ask in (
            lambda: log.tile(0, 2, 89),
            lambda: log.tile(0, 3, 1),
            lambda: log.tile(2, 0, 1),
            lambda: log.tile(0, 0, 0),
            lambda: log.tile(0, -1),
            lambda: log.tile(0, 1 << 70),
            lambda: log.leaves(599, 601),
            lambda: log.hashes(-1, 3),
            lambda: log.inclusion(600),
            lambda: log.consistency(601),
            lambda: log.consistency(0),
            lambda: log.subtree(0, 601),
        ):
            with pytest.raises(BadRequest, match="has 600 entries") as caught:
                ask()
            assert caught.value.status == 404


def test_a_reader_goes_on_reading_the_head_that_it_opened_with(
    connection: apsw.Connection, db: Path
) -> None:
    log = LogReader(connection, "t")
    other = open_database(db)
    other.execute("DELETE FROM entry WHERE idx = 5")
    other.execute("UPDATE log SET checkpoint = ''")
    other.close()
    assert log.leaves(5, 6) == [LEAVES[5]]
    assert LogReader(connection, "t").size == SIZE


def test_a_log_that_is_not_there_or_not_signed_yet_is_named(connection: apsw.Connection) -> None:
    with pytest.raises(BadRequest, match="no log of tenant u") as caught:
        LogReader(connection, "u")
    assert caught.value.status == 404
    connection.execute("UPDATE log SET checkpoint = ''")
    with pytest.raises(Unavailable, match="No head"):
        LogReader(connection, "t")


def test_a_pruned_leaf_is_empty_and_its_hash_stays(connection: apsw.Connection) -> None:
    connection.execute("UPDATE entry SET leaf = x'' WHERE idx = 9")
    log = LogReader(connection, "t")
    assert log.leaves(8, 11) == [LEAVES[8], b"", LEAVES[10]]
    assert log.hashes(9, 10) == [HASHES[9]]
    assert tree.included(HASHES[9], 9, SIZE, log.inclusion(9), log.root)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM entry WHERE idx = 3", "entry 3 is missing"),
        ("UPDATE entry SET hash = x'00' WHERE idx = 3", "hashes 0 to 255 are damaged"),
        ("UPDATE entry SET hash = zeroblob(32) WHERE idx = 3", "do not add up to the signed root"),
        (
            "UPDATE log SET checkpoint = replace(checkpoint, char(10) || '700', char(10) || '699')",
            "do not add up to the signed root",
        ),
        ("UPDATE log SET checkpoint = 'x'", "not a checkpoint"),
    ],
)
def test_rows_that_contradict_the_head_are_refused(
    connection: apsw.Connection, sql: str, said: str
) -> None:
    connection.execute(sql)
    with pytest.raises(Corrupt, match=said):
        LogReader(connection, "t").inclusion(3)
    connection.execute("ROLLBACK")


def test_many_threads_read_at_once_and_no_connection_stays_open(
    db: Path, signer: Callable[[str], Signer]
) -> None:
    fill(db, signer("t"))
    logs = Logs(db)
    with ThreadPoolExecutor(8) as threads:
        tiles_read = list(
            threads.map(lambda n: logs.read("t", lambda log: log.tile(0, n % 2)), range(80))
        )
    assert tiles_read == [b"".join(HASHES[:256]), b"".join(HASHES[256:512])] * 40
    assert 0 < len(logs._idle) <= 4
    assert not any(each.in_transaction for each in logs._idle)
    with pytest.raises(BadRequest):
        logs.read("u", lambda log: log.size)
    logs.close()
    assert logs.read("t", lambda log: log.size) == SIZE, "one that comes late is served"
    assert logs._idle == []


def test_each_reading_has_a_snapshot_of_its_own(db: Path, signer: Callable[[str], Signer]) -> None:
    fill(db, signer("t"), signed=600)
    logs = Logs(db)
    assert logs.read("t", lambda log: log.size) == 600
    head = Checkpoint(signer("t").name, 650, tree.root_of(HASHES[:650])).text()
    connection = open_database(db)
    connection.execute("UPDATE log SET checkpoint = ?", (signer("t").sign(head),))
    connection.close()
    assert logs.read("t", lambda log: log.size) == 650
    logs.close()
