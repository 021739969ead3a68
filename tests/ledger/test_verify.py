import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest

from hegui.ledger.apart import verify_apart
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.tree import leaf_hash
from hegui.ledger.verify import Report, verify
from hegui.ledger.verify.opening import open_to_read
from hegui.ledger.verify.ranges import Work, read_range
from hegui.terms import Entry

SIZE = 7  # three hashes in the frontier
READ = {
    "leaf": "SELECT leaf FROM entry WHERE idx = 4",
    "hash": "SELECT hash FROM entry WHERE idx = 4",
}
WRITE = {
    "leaf": "UPDATE entry SET leaf = ? WHERE idx = 4",
    "hash": "UPDATE entry SET hash = ? WHERE idx = 4",
}


class MakeLeaf(Protocol):
    def __call__(self, at_ms: int = ..., tenant: str = ...) -> bytes: ...


@pytest.fixture
def vkeys(signer: Callable[[str], Signer]) -> dict[str, str]:
    return {"t": signer("t").vkey}


@pytest.fixture
def filled(db: Path, ledger: Ledger, make_leaf: MakeLeaf) -> Path:
    for n in range(SIZE):
        ledger.add_blocking(Entry("t", make_leaf(1_780_000_000_000 + n)))
    ledger.close()
    return db


def change(db: Path, sql: str, *cells: object) -> None:
    connection = sqlite3.connect(db, isolation_level=None)
    try:
        connection.execute(sql, cells)
    finally:
        connection.close()


def read(db: Path, sql: str) -> bytes:
    connection = sqlite3.connect(db)
    try:
        value = connection.execute(sql).fetchone()[0]
        return value if isinstance(value, bytes) else str(value).encode()
    finally:
        connection.close()


def places(report: Report) -> set[str]:
    return {problem.where for problem in report.problems}


def flips(value: bytes) -> list[bytes]:
    """Return ``value`` with each of its bytes changed in turn, in one of its bits."""
    return [
        value[:at] + bytes([byte ^ (1 << at % 8)]) + value[at + 1 :]
        for at, byte in enumerate(value)
    ]


def test_a_clean_ledger_is_clean_and_says_what_it_does_not_prove(
    filled: Path, vkeys: dict[str, str]
) -> None:
    report = verify(filled, vkeys)
    assert report.ok
    assert [(one.tenant, one.size, one.signed) for one in report.logs] == [("t", SIZE, True)]
    assert any("witness" in one.en and "见证" in one.zh for one in report.not_proven)
    unsigned = verify(filled)
    assert unsigned.ok
    assert not unsigned.logs[0].signed
    assert len(unsigned.not_proven) == len(report.not_proven) + 1


@pytest.mark.parametrize("column", ["leaf", "hash"])
def test_every_changed_byte_of_an_entry_is_named(
    filled: Path, vkeys: dict[str, str], column: str
) -> None:
    word = {"leaf": "the leaf was changed", "hash": "the stored hash was changed"}[column]
    value = read(filled, READ[column])
    for changed in flips(value):
        change(filled, WRITE[column], changed)
        report = verify(filled, vkeys)
        assert [(one.where, one.what_en) for one in report.problems] == [("t/entry 4", word)]
    change(filled, WRITE[column], value)
    assert verify(filled, vkeys).ok


def test_every_changed_byte_of_the_frontier_is_named(filled: Path, vkeys: dict[str, str]) -> None:
    for at, changed in enumerate(flips(read(filled, "SELECT frontier FROM log"))):
        change(filled, "UPDATE log SET frontier = ?", changed)
        assert places(verify(filled, vkeys)) == {f"t/frontier {at // 32}"}
    change(filled, "UPDATE log SET frontier = ?", b"short")
    assert places(verify(filled, vkeys)) == {"t/frontier"}


def test_every_changed_byte_of_the_checkpoint_is_named(filled: Path, vkeys: dict[str, str]) -> None:
    for changed in flips(read(filled, "SELECT checkpoint FROM log")):
        change(filled, "UPDATE log SET checkpoint = CAST(? AS TEXT)", changed)
        assert places(verify(filled, vkeys)) == {"t/checkpoint"}


def test_two_changed_leaves_are_both_named(filled: Path, vkeys: dict[str, str]) -> None:
    change(filled, "UPDATE entry SET leaf = x'00' WHERE idx IN (1, 5)")
    report = verify(filled, vkeys)
    assert [one.where for one in report.problems] == ["t/entry 1", "t/entry 5"]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE entry SET leaf = x'00', hash = zeroblob(32) WHERE idx = 2", "t/entry 2"),
        ("DELETE FROM entry WHERE idx = 3", "t/entry 3"),
        ("DELETE FROM entry WHERE idx = 6", "t/size"),
        ("DELETE FROM entry", "t/checkpoint"),
        ("UPDATE entry SET idx = 9 WHERE idx = 6", "t/entry 6"),
        ("UPDATE entry SET tenant = 'u' WHERE idx = 6", "u"),
        ("UPDATE log SET size = 6", "t/size"),
        ("UPDATE log SET origin = 'x'", "t/checkpoint"),
        ("UPDATE log SET tenant = 'u'", "t"),
        ("DELETE FROM log", "t"),
        # numbers that no file has room for: named, and not counted up to
        (
            "UPDATE log SET checkpoint = replace(checkpoint, x'0a370a', x'0a'||~(1<<63)||x'0a')",
            "t/checkpoint",
        ),
        (
            "UPDATE log SET checkpoint = replace(checkpoint, x'0a370a', x'0a' || '9' || ~(1<<63))",
            "t/checkpoint",
        ),
        ("UPDATE entry SET idx = ~(1 << 63) - 1 WHERE idx = 6", "t/entry 6"),
    ],
)
def test_what_is_missing_or_moved_is_named(
    filled: Path, vkeys: dict[str, str], sql: str, named: str
) -> None:
    change(filled, sql)
    report = verify(filled, vkeys)
    assert not report.ok
    assert named in places(report)


def test_two_swapped_entries_are_found(filled: Path, vkeys: dict[str, str]) -> None:
    for old, new in ((2, 100), (3, 2), (100, 3)):
        change(filled, "UPDATE entry SET idx = ? WHERE idx = ?", new, old)
    assert "t/checkpoint" in places(verify(filled, vkeys))


def test_a_history_rewritten_without_the_key_is_found(
    vkeys: dict[str, str], tmp_path: Path, make_leaf: MakeLeaf
) -> None:
    forged = tmp_path / "forged.db"
    forger = Ledger(forged, lambda *_: Signer("ledger.test/t", b"f" * 32))
    forger.add_blocking(Entry("t", make_leaf()))
    forger.close()
    assert verify(forged).ok
    assert places(verify(forged, vkeys)) == {"t/checkpoint"}


def test_the_head_of_another_log_that_the_same_key_signed_is_refused(filled: Path) -> None:
    other = Signer("ledger.test/u", b"t" * 32)  # the key of t, as one key signed all logs once
    note = read(filled, "SELECT checkpoint FROM log").decode()
    change(filled, "UPDATE log SET checkpoint = ?", other.sign(note.partition("\n\n")[0] + "\n"))
    assert places(verify(filled, {"t": other.vkey})) == {"t/checkpoint"}


@pytest.mark.parametrize("words", [["example.com/log+0+A"], ["--ca", "nowhere.pem"]])
def test_words_that_say_nothing_are_never_passed_over(filled: Path, words: list[str]) -> None:
    command = [sys.executable, "-P", "-m", "hegui.ledger.verify", str(filled), *words]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own module
    assert (ended.returncode, ended.stdout, b"Traceback" in ended.stderr) == (3, b"", False)


def test_a_key_that_is_none_is_named(filled: Path) -> None:
    assert places(verify(filled, {"t": "nonsense"})) == {"t/key"}


def test_a_missing_file_and_a_foreign_file_are_problems(tmp_path: Path) -> None:
    assert places(verify(tmp_path / "none.db")) == {"none.db"}
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to be taken for one " * 50)
    assert places(verify(text)) == {"text.db"}
    empty = tmp_path / "empty.db"
    empty.touch()
    assert places(verify(empty)) == {"log"}


def test_a_cut_or_scribbled_file_never_ends_the_check(
    filled: Path, vkeys: dict[str, str], tmp_path: Path
) -> None:
    change(filled, "PRAGMA journal_mode = DELETE")
    whole = filled.read_bytes()
    copy = tmp_path / "copy.db"
    for size in range(0, len(whole), 1_999):
        copy.write_bytes(whole[:size])
        verify(copy, vkeys)
    dice = random.Random(5)
    for _ in range(300):
        scribbled = bytearray(whole)
        for _ in range(dice.choice([1, 5, 200])):
            scribbled[dice.randrange(len(whole))] = dice.randrange(256)
        copy.write_bytes(scribbled)
        verify(copy, vkeys)


def test_a_copy_on_a_medium_that_cannot_be_written_is_verified(
    filled: Path, vkeys: dict[str, str], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(filled, copy)
    for suffix in ("-shm", "-wal"):  # what SQLite would write beside it cannot be made
        (tmp_path / f"copy.db{suffix}").mkdir()
    assert verify(copy, vkeys).ok


async def test_a_ledger_in_use_is_verified_as_it_stood_at_one_moment(
    db: Path, ledger: Ledger, vkeys: dict[str, str], make_leaf: MakeLeaf
) -> None:
    ledger.add_blocking(Entry("t", make_leaf()))
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        futures = [ledger._writer.submit(Entry("t", make_leaf())) for _ in range(500)]
        assert verify_apart(db, vkeys).ok
        for future in futures:
            future.result(60)


def test_a_ledger_that_this_process_writes_is_not_touched_here(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    ledger.add_blocking(Entry("t", make_leaf()))
    report = verify(db)
    assert [one.what_en.partition(":")[0] for one in report.problems] == [
        "is open in this process, and was not touched"
    ]
    assert not report.logs
    assert verify_apart(db).ok


def test_verification_changes_nothing(filled: Path, vkeys: dict[str, str]) -> None:
    before = filled.read_bytes()
    verify(filled, vkeys)
    assert filled.read_bytes() == before


@pytest.fixture
def tiled(db: Path, ledger: Ledger, make_leaf: MakeLeaf) -> Path:
    """A log with three full tiles."""
    for future in [ledger.submit(Entry("t", make_leaf())) for _ in range(800)]:
        future.result(30)
    ledger.close()
    return db


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE node SET hash = zeroblob(32) WHERE idx = 1", "t/node 1/1"),
        ("DELETE FROM node WHERE idx = 1", "t/node 1/1"),
        ("INSERT INTO node VALUES ('t', 1, 3, zeroblob(32))", "t/node 1/3"),
        ("INSERT INTO node VALUES ('t', 2, 0, zeroblob(32))", "t/node 2/0"),
        ("UPDATE node SET level = 2 WHERE idx = 0", "t/node 1/0"),
    ],
)
def test_a_wrong_root_of_a_tile_is_named(
    tiled: Path, vkeys: dict[str, str], sql: str, named: str
) -> None:
    assert verify(tiled, vkeys).ok
    change(tiled, sql)
    assert named in places(verify(tiled, vkeys))


def test_leaf_and_hash_changed_together_are_named_by_their_tile(
    tiled: Path, vkeys: dict[str, str]
) -> None:
    forged = b'{"forged":1}'
    change(tiled, "UPDATE entry SET leaf = ?, hash = ? WHERE idx = 300", forged, leaf_hash(forged))
    assert places(verify(tiled, vkeys)) == {
        "t/checkpoint",
        "t/entries 256 to 511",
        "t/frontier 0",
    }


def test_several_processes_read_what_one_reads(tiled: Path) -> None:
    bounds = [(0, 256), (256, 512), (512, 800)]
    with closing(open_to_read(tiled)) as connection:
        alone = [read_range(connection, "t", *one) for one in bounds]
    told: list[int] = []
    shared = Work(tiled, "t", 800, 2, told.append)._shared(bounds, 2)
    assert shared is not None
    assert list(shared) == alone
    assert sorted(told) == [256, 256, 288]
    change(tiled, "UPDATE entry SET leaf = x'00' WHERE idx = 700")
    shared = Work(tiled, "t", 800, 2, told.append)._shared(bounds, 2)
    assert shared is not None
    assert [one.odd for one in shared] == [False, False, True]


def test_processes_that_cannot_be_had_are_done_without(tmp_path: Path) -> None:
    assert Work(tmp_path / "none.db", "t", 800, 2, lambda _: None)._shared([(0, 800)], 1) is None
