import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from hegui.ledger import tree
from hegui.ledger.apart import verify_apart as verify
from hegui.ledger.heads import heads_beside
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.ledger.restored import Acceptance, accept_restored
from hegui.ledger.signing import Signing
from hegui.ledger.trust import SignerFor, Trust
from hegui.store import open_database
from hegui.terms import BadRequest, Corrupt, Entry, Misconfigured, Unavailable
from hegui.testing.stopwatch import Stopwatch

NOW = 1_780_000_000_000
HOUR = 3_600.0
# the sizes of logs, and of the heads that are signed
SIZES = "SELECT size, CAST(substr(checkpoint, instr(checkpoint, char(10)) + 1) AS INTEGER) FROM log"


HOLDING = """
import pathlib, sys
from hegui.ledger.holding import Hold
hold = Hold(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


class MakeLeaf(Protocol):
    def __call__(self, at_ms: int = ..., tenant: str = ...) -> bytes: ...


class Opener(Protocol):
    def __call__(self, **changes: float) -> Ledger: ...


@pytest.fixture
def opened(db: Path, signer: Callable[[str], Signer]) -> Opener:
    def again(**changes: float) -> Ledger:
        ledger = Ledger(db, signer, **changes)  # type: ignore[arg-type] # by name
        return looked(ledger) if changes.get("sign_seconds") == HOUR else ledger

    return again


def looked(ledger: Ledger) -> Ledger:
    """Wait until it has looked for what others left: it signs whatever is there by then."""
    until(lambda: ledger._signing.wait() > 2)  # while it looks, the next look is due in a second
    return ledger


def query(db: Path, sql: str) -> list[tuple[object, ...]]:
    connection = open_database(db)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def signed_size(db: Path, tenant: str = "t") -> int:
    ((note,),) = query(db, f"SELECT checkpoint FROM log WHERE tenant = '{tenant}'")  # noqa: S608 - a test's own name
    return int(str(note).split("\n")[1])


def add(ledger: Ledger, make_leaf: MakeLeaf, count: int, tenant: str = "t") -> None:
    futures = [ledger._writer.submit(Entry(tenant, make_leaf(NOW, tenant))) for _ in range(count)]
    for future in futures:
        future.result(60)


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; the time is only for what hangs."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < 60
        time.sleep(0.01)


def test_a_tail_is_signed_within_about_a_second_though_nobody_appends(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened(sign_seconds=0.3)
    add(ledger, make_leaf, 3)
    with Stopwatch() as watch:
        until(lambda: signed_size(db) == 3)
        assert watch.seconds < 1.5
    assert verify(db).logs[0].head == 3
    ledger.close()


def test_many_logs_are_signed_in_turn_and_none_is_left_out(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened(sign_seconds=0.2)
    tenants = [f"t{number}" for number in range(50)]
    for _ in range(2):
        for future in [ledger.submit(Entry(t, make_leaf(NOW, t))) for t in tenants]:
            future.result(60)
        until(lambda: all(row[0] == row[1] for row in query(db, SIZES)))
    ledger.close()
    assert sorted(query(db, SIZES)) == [(2, 2)] * 50
    assert len(list(heads_beside(db).folder.glob("*.head"))) == 50


def test_a_tail_is_signed_when_it_has_grown_long(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened(sign_seconds=HOUR, sign_leaves=500)
    add(ledger, make_leaf, 499)
    assert ledger.signed == 0
    add(ledger, make_leaf, 1)
    until(lambda: signed_size(db) == 500)
    ledger.close()


def test_an_unsigned_tail_is_durable_and_the_report_says_so(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    ledger = opened(sign_seconds=HOUR)
    add(ledger, make_leaf, 5)
    report = verify(db, {"t": signer("t").vkey})
    assert report.ok
    assert (report.logs[0].size, report.logs[0].head) == (5, 0)
    assert any(
        "the last 5 entries are durable and not signed" in gap.en for gap in report.not_proven
    )
    ledger.close()
    report = verify(db, {"t": signer("t").vkey})
    assert (report.logs[0].size, report.logs[0].head) == (5, 5)
    assert not any("not signed" in gap.en for gap in report.not_proven)


def test_tiles_stand_below_the_signed_head_and_nowhere_else(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened(sign_seconds=HOUR, sign_leaves=10_000)
    add(ledger, make_leaf, 1_000)
    assert query(db, "SELECT count(*) FROM node") == [(0,)]
    ledger.close()
    ledger = opened(sign_seconds=HOUR)
    add(ledger, make_leaf, 100)
    hashes = [
        h for (h,) in query(db, "SELECT hash FROM entry ORDER BY idx") if isinstance(h, bytes)
    ]
    expected = [(1, n, tree.root_of(hashes[n * 256 : n * 256 + 256])) for n in range(3)]
    assert query(db, "SELECT level, idx, hash FROM node ORDER BY idx") == expected
    ledger.close()
    assert len(query(db, "SELECT * FROM node")) == 1_100 // 256
    assert verify(db).ok


def test_the_second_place_holds_the_signed_head_and_only_we_may_read_it(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    ledger = opened()
    add(ledger, make_leaf, 7)
    ledger.close()
    heads = heads_beside(db)
    head = heads.read("t")
    assert head is not None
    assert head.checkpoint == Checkpoint.parse(open_note(head.note, signer("t").vkey))
    assert [(head.note,)] == query(db, "SELECT checkpoint FROM log")
    assert heads.path("t").stat().st_mode & 0o777 == 0o600
    assert heads.folder.stat().st_mode & 0o777 == 0o700
    heads.path("t").chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 0600"):
        opened()


def test_no_two_tenants_share_a_second_place(db: Path) -> None:
    heads = heads_beside(db)
    assert len({heads.path(name).name for name in ("a", "A", "a b", "a-b", "租户", "租户二")}) == 6
    assert heads.path("../x").parent == heads.folder


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "UPDATE entry SET leaf = CAST(replace(leaf, '通义', '通一') AS BLOB) WHERE idx = 3",
            "entry 3",
        ),
        ("UPDATE entry SET hash = zeroblob(32) WHERE idx = 4", "entry 4"),
        ("UPDATE log SET frontier = zeroblob(length(frontier))", "frontier"),
        ("DELETE FROM entry WHERE idx = 2", "not all here"),
    ],
)
def test_what_was_changed_before_it_was_signed_is_never_signed(
    db: Path, opened: Opener, make_leaf: MakeLeaf, change: str, why: str
) -> None:
    ledger = opened(sign_seconds=HOUR)
    add(ledger, make_leaf, 7)
    query(db, change)
    ledger.close()
    assert signed_size(db) == 0
    again = opened()
    assert [(one.tenant, why in str(one.refused)) for one in again.found] == [("t", True)]
    with pytest.raises(Corrupt, match="does not hold together"):
        add(again, make_leaf, 1)
    again.close()
    assert query(db, "SELECT size FROM log") == [(7,)]
    assert not verify(db).ok


def test_a_log_is_taken_up_again_once_it_holds_together(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened(sign_seconds=0.1)
    query(db, "CREATE TABLE kept AS SELECT * FROM entry")
    add(ledger, make_leaf, 2)
    until(lambda: signed_size(db) == 2)
    query(
        db,
        "CREATE TRIGGER odd AFTER INSERT ON entry BEGIN"
        " UPDATE entry SET hash = zeroblob(32) WHERE idx = NEW.idx; END",
    )
    add(ledger, make_leaf, 1)
    until(lambda: bool(ledger._signing._trust.refused))
    with pytest.raises(Corrupt):
        add(ledger, make_leaf, 1)
    query(db, "DROP TRIGGER odd")
    ((leaf,),) = query(db, "SELECT leaf FROM entry WHERE idx = 2")
    assert isinstance(leaf, bytes)
    query(db, f"UPDATE entry SET hash = x'{tree.leaf_hash(leaf).hex()}' WHERE idx = 2")  # noqa: S608 - hex
    until(lambda: signed_size(db) == 3)
    add(ledger, make_leaf, 1)
    ledger.close()
    assert verify(db).ok


def test_what_others_appended_is_followed_before_it_is_extended(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    one, two = opened(sign_seconds=HOUR), opened(sign_seconds=HOUR)
    for _ in range(5):
        add(one, make_leaf, 3)
        add(two, make_leaf, 2)
    query(db, "UPDATE log SET frontier = zeroblob(length(frontier))")
    with pytest.raises(Corrupt, match="frontier is not that of the entries"):
        add(one, make_leaf, 1)
    two.close()
    one.close()


def test_a_start_says_what_lay_beyond_the_signed_head(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: SignerFor, tmp_path: Path
) -> None:
    ledger = opened(sign_seconds=HOUR)
    add(ledger, make_leaf, 3)
    left = tmp_path / "left"
    left.mkdir()
    for path in db.parent.glob("hegui.db*"):  # as after a kill: nobody signed
        shutil.copy(path, left)
    ledger.close()
    other = Ledger(left / "hegui.db", signer)
    assert [(one.tenant, one.signed, one.size, one.refused) for one in other.found] == [
        ("t", 0, 3, None)
    ]
    until(lambda: signed_size(left / "hegui.db") == 3)
    other.close()
    last = Ledger(left / "hegui.db", signer)
    assert last.found == []
    last.close()


def test_what_a_living_process_is_about_to_sign_is_not_told_of(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened(sign_seconds=HOUR)
    add(ledger, make_leaf, 3)
    assert signed_size(db) == 0
    other = opened()  # and it signs that soon
    assert other.found == []
    ledger.close()
    other.close()
    last = opened()
    assert last._hold.alone
    last.close()


def test_what_a_killed_process_left_is_told_of(db: Path, opened: Opener) -> None:
    child = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", HOLDING, db], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    living = opened()
    assert not living._hold.alone
    living.close()
    child.kill()
    child.communicate()
    last = opened()
    assert last._hold.alone
    last.close()


def as_format_one(db: Path) -> None:
    """Leave of a closed ledger what the first format had: a signed head, and no tiles."""
    query(db, "DELETE FROM node")
    shutil.rmtree(heads_beside(db).folder)


def test_a_log_without_tiles_gets_them_in_bounded_steps(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    ledger = opened()
    add(ledger, make_leaf, 3_000)
    ledger.close()
    tiles = query(db, "SELECT * FROM node")
    as_format_one(db)
    report = verify(db)
    assert report.ok
    assert any("tiles of the first 0 of 3000" in gap.en for gap in report.not_proven)
    connection = open_database(db)
    signing = Signing(db, Trust(signer, heads_beside(db)), step=1_024)
    counts = []
    while signing.wait() == 0:
        signing.run(connection)
        counts.append(connection.execute("SELECT count(*) FROM node").get)
    signing.let_go()
    connection.close()
    assert counts == [4, 8, 11, 11]
    assert query(db, "SELECT * FROM node") == tiles
    ledger = opened()
    add(ledger, make_leaf, 1)
    ledger.close()
    assert signed_size(db) == 3_001
    assert verify(db, {"t": signer("t").vkey}).ok


def test_no_head_is_signed_that_is_smaller_than_the_one_in_the_second_place(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    ledger = opened(sign_seconds=HOUR, sign_leaves=10_000)
    add(ledger, make_leaf, 1_000)
    ((empty,),) = query(db, "SELECT checkpoint FROM log")
    ledger.close()
    # as after a crash between the second place and the database
    query(db, f"UPDATE log SET checkpoint = '{empty}'")  # noqa: S608 - a head of ours
    query(db, "DELETE FROM node")
    connection = open_database(db)
    signing = Signing(db, Trust(signer, heads_beside(db)), step=256)
    signing.run(connection)
    signing.let_go()
    connection.close()
    assert signed_size(db) == 1_000
    assert verify(db, {"t": signer("t").vkey}, heads=heads_beside(db).folder).ok


def test_what_was_changed_is_never_taken_over(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened()
    add(ledger, make_leaf, 600)
    ledger.close()
    as_format_one(db)
    query(db, "UPDATE entry SET leaf = x'00' WHERE idx = 300")
    again = opened()
    until(lambda: bool(again._signing._trust.refused))
    with pytest.raises(Corrupt, match="entry 300"):
        add(again, make_leaf, 1)
    again.close()
    assert signed_size(db) == 600


class Restored:
    """A ledger of ten entries whose database was put back to five."""

    def __init__(self, db: Path, opened: Opener, make_leaf: MakeLeaf) -> None:
        ledger = opened()
        add(ledger, make_leaf, 5)
        ledger.close()
        backup = db.with_suffix(".backup")
        shutil.copy(db, backup)
        ledger = opened()
        add(ledger, make_leaf, 5)
        ledger.close()
        shutil.copy(backup, db)
        self.head = heads_beside(db).path("t").read_bytes()


@pytest.fixture
def restored(db: Path, opened: Opener, make_leaf: MakeLeaf) -> Restored:
    return Restored(db, opened, make_leaf)


def accept(db: Path, signer: Callable[[str], Signer], tenant: str = "t") -> tuple[int, int, Path]:
    ledger = Ledger(db, signer, accepting=True)
    try:
        done = accept_restored(ledger, db, tenant, Acceptance("张三", "磁盘损坏"), lambda: NOW)
    finally:
        ledger.close()
    return done.index, done.lost, done.kept


@pytest.mark.usefixtures("restored")
def test_a_restored_backup_is_refused_and_told_what_to_do(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    ledger = opened()
    with pytest.raises(Corrupt, match="older copy"):
        add(ledger, make_leaf, 1)
    ledger.close()
    assert [found.contradicts for found in ledger.found] == [True]
    assert signed_size(db) == 5
    assert verify(db).ok  # the file by itself cannot tell
    report = verify(db, heads=heads_beside(db).folder)
    assert ["a head of 10 entries was signed, 5 are here" in one.what_en for one in report.problems]


def test_accepting_it_is_on_record_and_keeps_the_old_head(
    db: Path,
    restored: Restored,
    opened: Opener,
    make_leaf: MakeLeaf,
    signer: Callable[[str], Signer],
) -> None:
    index, lost, kept = accept(db, signer)
    assert (index, lost, kept.read_bytes()) == (5, 5, restored.head)
    ((leaf,),) = query(db, "SELECT leaf FROM entry WHERE idx = 5")
    assert isinstance(leaf, bytes)
    for said in ("ledger.restored", "张三", "磁盘损坏", '"signed":10', '"size":5'):
        assert said in leaf.decode()
    ledger = opened()
    assert ledger.found == []
    add(ledger, make_leaf, 1)
    ledger.close()
    assert signed_size(db) == 7
    assert verify(db, {"t": signer("t").vkey}, heads=heads_beside(db).folder).ok
    with pytest.raises(BadRequest, match="nothing to accept"):
        accept(db, signer)


@pytest.mark.usefixtures("restored")
def test_a_log_that_grew_past_the_old_head_another_way_is_refused(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    heads = heads_beside(db).folder
    heads.rename(heads.with_name("away"))
    ledger = opened()
    add(ledger, make_leaf, 20)
    ledger.close()
    shutil.rmtree(heads)
    heads.with_name("away").rename(heads)
    ledger = opened()
    with pytest.raises(Corrupt, match="different histories"):
        add(ledger, make_leaf, 1)
    ledger.close()


@pytest.mark.usefixtures("restored")
def test_a_database_that_was_lost_altogether_is_refused_and_may_be_accepted(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    db.unlink()
    ledger = opened()
    with pytest.raises(Corrupt, match="has 0 entries"):
        add(ledger, make_leaf, 1)
    ledger.close()
    assert query(db, "SELECT count(*) FROM log") == [(0,)]
    assert accept(db, signer)[:2] == (0, 10)
    ledger = opened()
    add(ledger, make_leaf, 1)
    ledger.close()
    assert verify(db, {"t": signer("t").vkey}).ok


def test_a_damaged_second_place_is_refused_and_may_be_accepted(
    db: Path, opened: Opener, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    ledger = opened()
    add(ledger, make_leaf, 3)
    ledger.close()
    path = heads_beside(db).path("t")
    data = bytearray(path.read_bytes())
    data[90] ^= 1
    path.write_bytes(data)
    ledger = opened()
    with pytest.raises(Corrupt, match="its checksum does not fit") as refused:
        add(ledger, make_leaf, 1)
    assert "校验值不符" in refused.value.words.zh
    ledger.close()
    assert accept(db, signer)[2].read_bytes() == data
    assert verify(db, {"t": signer("t").vkey}, heads=path.parent).ok


def test_a_head_that_cannot_be_written_to_its_second_place_is_not_signed(
    db: Path, opened: Opener, make_leaf: MakeLeaf
) -> None:
    heads = heads_beside(db).folder
    heads.parent.mkdir(exist_ok=True)
    heads.write_text("no folder")
    with pytest.raises(Unavailable):
        add(opened(), make_leaf, 1)
    heads.unlink()
    ledger = opened(sign_seconds=0.1)
    add(ledger, make_leaf, 1)
    until(lambda: signed_size(db) == 1)
    ledger.close()
