"""One flipped bit anywhere: it is named, or nothing that anybody can read has changed."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from hegui.ledger.heads import heads_beside
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.verify import verify
from hegui.terms import Entry

ENTRIES = 1_200
FLIPS = 250


class MakeLeaf(Protocol):
    def __call__(self, at_ms: int = ...) -> bytes: ...


@pytest.fixture
def vkeys(signer: Callable[[str], Signer]) -> dict[str, str]:
    return {"t": signer("t").vkey}


@pytest.fixture
def rotten(db: Path, ledger: Ledger, make_leaf: MakeLeaf, tmp_path: Path) -> Path:
    """A folder with a closed database of one file, and the second place beside it."""
    for future in [ledger.submit(Entry("t", make_leaf())) for _ in range(ENTRIES)]:
        future.result(30)
    ledger.close()
    connection = sqlite3.connect(db)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    folder = tmp_path / "rotten"
    folder.mkdir()
    shutil.copy(db, folder)
    shutil.copytree(heads_beside(db).folder, folder / "heads")
    return folder


def everything(path: Path) -> dict[str, list[tuple[object, ...]]] | None:
    """Return all rows of all tables as they can be read; None where they cannot."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.text_factory = bytes
    try:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        tables = sorted(name.decode() for (name,) in names)
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - the schema's own names
            for name in tables
        }
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):
        return None
    finally:
        connection.close()


def test_a_flipped_bit_of_the_database_is_named_or_changes_nothing_that_is_read(
    rotten: Path, vkeys: dict[str, str]
) -> None:
    path = rotten / "hegui.db"
    whole, before = path.read_bytes(), everything(path)
    assert before is not None
    dice = random.Random(4)
    counted: Counter[str] = Counter()
    for _ in range(FLIPS):
        bit = dice.randrange(len(whole) * 8)
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        report = verify(path, vkeys, heads=rotten / "heads", jobs=1)
        if report.problems:
            counted["named"] += 1
        else:
            assert everything(path) == before, f"bit {bit} changed a row and was not named"
            counted["unused space"] += 1
    # unused: what lies between the rows of a page, counters in the header, pages without rows (of
    # which every table that is empty here has one)
    assert counted["named"] > FLIPS * 0.7, counted


def test_a_flipped_bit_of_an_entry_is_named_by_its_index(
    rotten: Path, vkeys: dict[str, str]
) -> None:
    path = rotten / "hegui.db"
    whole = path.read_bytes()
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT idx, hash, leaf FROM entry").fetchall()
    connection.close()
    for index, hashed, leaf in random.Random(4).sample(rows, 25):
        for cell in (hashed, leaf):
            changed = bytearray(whole)
            changed[whole.index(cell) + len(cell) // 2] ^= 4
            path.write_bytes(changed)
            report = verify(path, vkeys, heads=rotten / "heads", jobs=1)
            assert [one.where for one in report.problems] == [f"t/entry {index}"]


def test_every_flipped_bit_of_the_second_place_is_named(
    rotten: Path, vkeys: dict[str, str]
) -> None:
    (head,) = (rotten / "heads").iterdir()
    whole = head.read_bytes()
    database = rotten / "hegui.db"
    assert verify(database, vkeys, heads=head.parent, jobs=1).ok
    step = 7  # about 200 of its bits
    for bit in range(0, len(whole) * 8, step):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        head.write_bytes(changed)
        report = verify(database, vkeys, heads=head.parent, jobs=1)
        assert [one.where for one in report.problems] == [f"heads/{head.name}"]
