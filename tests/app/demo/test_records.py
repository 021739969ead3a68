from pathlib import Path

import pytest

from hegui.app.demo import records
from hegui.ledger import leaf
from hegui.ledger.kinds import named
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.terms import BadRequest, Entry

SIGNER = Signer("hegui.local/demo", b"\1" * 32)
AT = 1_795_470_000_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "hegui.db"
    ledger = Ledger(path, lambda *_: SIGNER)
    for n in range(5):
        fields = {"key": f"k{n}", "audience": "adult"}
        ledger.add_blocking(Entry("demo", leaf.make(named("key.created"), AT + n, "demo", fields)))
    ledger.close()
    return path


def test_the_verifier_names_the_one_entry_that_was_changed(database: Path) -> None:
    before = database.read_bytes()
    result = records.flip(database, "demo", database.with_name("copy.db"), {"demo": SIGNER.vkey})
    assert result.named
    assert result.index == 4
    assert [p.where for p in result.report.problems] == ["demo/entry 4"]
    changed = [n for n, pair in enumerate(zip(result.before, result.after, strict=True))
               if pair[0] != pair[1]]  # fmt: skip
    assert changed == [result.at]
    assert (result.before[result.at] ^ result.after[result.at]).bit_count() == 1
    assert database.read_bytes() == before
    assert result.copy.stat().st_mode & 0o777 == 0o600
    told = result.told("zh")
    assert told["before"][told["at"]] != told["after"][told["at"]]


def test_a_wrong_key_is_not_taken_for_a_sound_ledger(database: Path) -> None:
    other = Signer("hegui.local/demo", b"\2" * 32)
    result = records.flip(database, "demo", database.with_name("copy.db"), {"demo": other.vkey})
    assert not result.original.ok
    assert not result.named


def test_a_file_that_is_no_ledger_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    verdict = records.checked(tmp_path / "nothing.db", None)
    assert not verdict.ok
    assert verdict.problems


def test_entries_are_read_back_in_order_from_an_index_on(database: Path) -> None:
    assert records.size(database, "demo") == 5
    assert records.size(database, "nobody") == 0
    assert [one.leaf["key"] for one in records.since(database, "demo", 3)] == ["k3", "k4"]
    assert records.of_exchange(database, "demo", 0, None) == []
    with pytest.raises(BadRequest):
        records.flip(database, "nobody", database.with_name("copy.db"), None)
