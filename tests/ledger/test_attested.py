import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.ledger.conftest import MakeLeaf, signer_for
from tests.ledger.tsa import Authority, make_authority

from hegui.ledger.attested import Outside, root_at
from hegui.ledger.cosignature import ML_DSA_44
from hegui.ledger.cosigned import Stamped, keep_lines, keep_stamp, writing
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint
from hegui.ledger.timestamps import question
from hegui.ledger.tree import leaf_hash, root_of
from hegui.ledger.verify import Report, verify
from hegui.store import open_database
from hegui.terms import Entry

WITNESS = Cosigner("w.test/1", b"w" * 32)
QUANTUM = Cosigner("w.test/1", b"q" * 32, ML_DSA_44)
OTHER = Cosigner("o.test/1", b"o" * 32)
AT = 1_780_000_000
OWN = {"t": (signer_for("t").vkey,)}
VKEYS = {"t": signer_for("t").vkey}
TRUSTED = Outside(witnesses=(WITNESS.key.vkey,), own=OWN)


def said(report: Report, what: str) -> str:
    return " ".join(each.en for each in getattr(report, what))


def head_of(path: Path) -> tuple[str, int]:
    connection = open_database(path, read_only=True)
    note = str(connection.execute("SELECT checkpoint FROM log WHERE tenant = 't'").get)
    connection.close()
    return note, int(note.split("\n")[1])


def cosign(path: Path, *cosigners: Cosigner, note: str = "") -> None:
    head, size = (note, int(note.split("\n")[1])) if note else head_of(path)
    text = head.partition("\n\n")[0] + "\n"
    connection = open_database(path)
    with writing(connection):
        lines = [each.line(text, AT) for each in cosigners]
        keep_lines(connection, "t", head, size, lines)
    connection.close()


def change(path: Path, sql: str, *cells: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, cells)


@pytest.fixture
def grow(db: Path, make_leaf: MakeLeaf) -> Callable[[int], None]:
    """Add entries, and sign."""
    return lambda by: add(db, make_leaf, by)


def add(path: Path, make_leaf: MakeLeaf, by: int) -> None:
    path.parent.mkdir(exist_ok=True)
    ledger = Ledger(path, signer_for)
    for waiting in [ledger._writer.submit(Entry("t", make_leaf())) for _ in range(by)]:
        waiting.result()
    ledger.close()


@pytest.fixture
def closed(db: Path, grow: Callable[[int], None]) -> Path:
    """A database of 700 entries that nobody has open, witnessed at the end."""
    grow(700)
    cosign(db, WITNESS)
    return db


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa"))


def test_without_a_witnesss_key_nobody_has_witnessed_anything(closed: Path) -> None:
    report = verify(closed, VKEYS)
    assert report.ok
    assert not report.proven
    assert "no witness's key was given" in said(report, "not_proven")
    change(closed, "DELETE FROM cosigned")
    report = verify(closed, VKEYS)
    assert "No independent witness has signed" in said(report, "not_proven")


def test_a_witness_that_signed_the_head_is_named_with_its_time(closed: Path) -> None:
    report = verify(closed, VKEYS, outside=TRUSTED)
    assert report.ok
    assert said(report, "proven") == (
        "t: w.test/1 signed the first 700 entries (2026-05-28 20:26:40 UTC by its clock)."
    )
    told = said(report, "not_proven")
    assert "No independent witness" not in told
    assert "ask who runs it" in told
    assert "came later" not in told


def test_a_stranger_is_no_witness(closed: Path) -> None:
    report = verify(closed, VKEYS, outside=Outside((OTHER.key.vkey,), OWN))
    assert report.ok
    assert not report.proven
    assert "none of the given witnesses has signed" in said(report, "not_proven")


def test_what_cannot_be_checked_here_is_neither_trusted_nor_blamed(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cosign(closed, QUANTUM)
    both = Outside((WITNESS.key.vkey, QUANTUM.key.vkey), OWN)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    report = verify(closed, VKEYS, outside=Outside((QUANTUM.key.vkey,), OWN))
    assert report.ok
    assert not report.proven
    assert "ML-DSA-44 was not checked" in said(report, "not_proven")
    report = verify(closed, VKEYS, outside=both)
    assert "w.test/1 signed the first 700" in said(report, "proven")
    assert "ML-DSA-44 was not checked" in said(report, "not_proven")


def test_entries_after_the_witnessed_head_are_told(db: Path, grow: Callable[[int], None]) -> None:
    grow(10)
    cosign(db, WITNESS, QUANTUM)
    grow(300)
    report = verify(db, VKEYS, outside=Outside((WITNESS.key.vkey, QUANTUM.key.vkey), OWN))
    assert report.ok
    assert "signed the first 10 entries" in said(report, "proven")
    assert "the last 300 entries came later: no witness" in said(report, "not_proven")


def test_a_history_that_was_rewritten_and_signed_anew_is_told_by_the_cosignature(
    closed: Path, tmp_path: Path, make_leaf: MakeLeaf
) -> None:
    """The provider holds the log's key: without a witness nobody could tell."""
    other = tmp_path / "other" / "hegui.db"
    add(other, make_leaf, 700)
    assert verify(other, VKEYS).ok
    with closing(sqlite3.connect(closed)) as connection:
        row = connection.execute("SELECT * FROM cosigned").fetchone()
    change(other, "INSERT INTO cosigned VALUES (?, ?, ?)", *row)
    report = verify(other, VKEYS, outside=TRUSTED)
    assert [problem.where for problem in report.problems] == ["t/cosigned"]
    assert "history was changed" in report.problems[0].what_en
    assert not report.proven


def test_an_older_copy_is_told_by_the_cosignature(closed: Path) -> None:
    with closing(sqlite3.connect(closed)) as connection:
        hashes = [h for (h,) in connection.execute("SELECT hash FROM entry ORDER BY idx")]
    longer = Checkpoint("ledger.test/t", 701, root_of([*hashes, leaf_hash(b"x")]))
    cosign(closed, WITNESS, note=signer_for("t").sign(longer.text()))
    report = verify(closed, VKEYS, outside=TRUSTED)
    assert "an older copy" in report.problems[0].what_en


@pytest.mark.parametrize("keys", [TRUSTED, Outside(own=OWN)])
def test_every_changed_character_of_a_cosigned_head_is_named(closed: Path, keys: Outside) -> None:
    with closing(sqlite3.connect(closed)) as connection:
        (note,) = connection.execute("SELECT checkpoint FROM cosigned").fetchone()
    at_witness = note.index("— w.test/1")
    end = len(note) if keys.witnesses else at_witness
    for place in range(0, end, 5):
        sign = "A" if note[place] != "A" else "B"
        change(
            closed, "UPDATE cosigned SET checkpoint = ?", note[:place] + sign + note[place + 1 :]
        )
        report = verify(closed, VKEYS, outside=keys)
        name = at_witness <= place < at_witness + len("— w.test/1 AAAAAA")
        if not name:  # who is said to have signed: then it is another's line, and nobody's word
            assert not report.ok, note[:place]
        assert not report.proven


def test_a_key_that_is_none_is_a_problem_and_not_passed_over(closed: Path) -> None:
    report = verify(closed, VKEYS, outside=Outside(("x+y+z",), OWN))
    assert [problem.where for problem in report.problems] == ["key"]


def test_a_time_stamp_tells_by_when_the_entries_were_there(
    db: Path, grow: Callable[[int], None], authority: Authority
) -> None:
    grow(10)
    note, size = head_of(db)
    connection = open_database(db)
    with writing(connection):
        answer = authority.answer(question(note).data)
        keep_stamp(connection, "t", Stamped(size, AT * 1_000, note, answer))
    connection.close()
    grow(5)
    outside = Outside(own=OWN, authorities=authority.ca)
    report = verify(db, VKEYS, outside=outside)
    assert report.ok
    assert "the first 10 entries were there by 20" in said(report, "proven")
    assert "the last 5 entries came later: no time stamp" in said(report, "not_proven")
    assert "no time-stamping authority" not in said(report, "not_proven")
    report = verify(db, VKEYS, outside=Outside(own=OWN))
    assert "no authority's certificate was given" in said(report, "not_proven")
    change(db, "UPDATE stamped SET answer = zeroblob(length(answer))")
    report = verify(db, VKEYS, outside=outside)
    assert [problem.where for problem in report.problems] == ["t/time stamp 10"]
    assert not report.proven


def test_a_root_at_any_size_is_that_of_the_entries(closed: Path) -> None:
    with closing(sqlite3.connect(closed)) as connection:
        hashes = [h for (h,) in connection.execute("SELECT hash FROM entry ORDER BY idx")]
        for size in (0, 1, 2, 255, 256, 257, 512, 513, 699, 700):
            assert root_at(connection, "t", size) == root_of(hashes[:size])
        assert root_at(connection, "t", 701) is None
        connection.execute("DELETE FROM node")
        for size in (255, 256, 300, 512, 700):
            assert root_at(connection, "t", size) == root_of(hashes[:size])
        connection.execute("DELETE FROM entry WHERE idx = 600")
        assert root_at(connection, "t", 700) is None
