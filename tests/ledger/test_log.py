import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from hegui.ledger import leaf, tree
from hegui.ledger.apart import verify_apart as verify
from hegui.ledger.appending import SLACK_MS
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.store import open_database
from hegui.terms import BadRequest, Corrupt, Entry, Unavailable, Write

NOW = 1_780_000_000_000
ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SUSPEND = "INSERT INTO standing (subject_row, level) VALUES (?, 'suspended')"


class MakeLeaf(Protocol):
    def __call__(
        self, at_ms: int = ..., tenant: str = ..., kind: str = ..., **changes: object
    ) -> bytes: ...


def rows(db: Path, sql: str) -> list[tuple[object, ...]]:
    connection = open_database(db, read_only=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def exchange_at(at_ms: int) -> str:
    return "".join(ULID[at_ms >> shift & 31] for shift in range(45, -1, -5)) + "A" * 16


async def test_receipts_are_the_places_in_a_log_that_verifies(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    leaves = [make_leaf(NOW + n) for n in range(200)]
    receipts = await asyncio.gather(*(ledger.add(Entry("t", one)) for one in leaves))
    assert [receipt.index for receipt in receipts] == list(range(200))
    assert [receipt.leaf_hash for receipt in receipts] == [tree.leaf_hash(one) for one in leaves]
    report = verify(db, {"t": signer("t").vkey})
    assert report.ok
    root = tree.root_of(receipt.leaf_hash for receipt in receipts)
    assert [(one.size, one.root, one.signed) for one in report.logs] == [(200, root.hex(), True)]


async def test_each_tenant_has_a_log_an_origin_and_a_key_of_its_own(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    tenants = ["a", "b", "c"] * 20
    entries = [Entry(tenant, make_leaf(NOW, tenant)) for tenant in tenants]
    receipts = await asyncio.gather(*(ledger.add(entry) for entry in entries))
    assert [receipt.index for receipt in receipts] == [n // 3 for n in range(60)]
    report = verify(db, {tenant: signer(tenant).vkey for tenant in "abc"})
    assert report.ok
    assert [(one.origin, one.size) for one in report.logs] == [
        (f"ledger.test/{tenant}", 20) for tenant in "abc"
    ]
    assert not verify(db, {"a": signer("b").vkey}).ok


async def test_no_head_is_signed_while_entries_are_committed(db: Path, make_leaf: MakeLeaf) -> None:
    signed: list[str] = []

    class Counting(Signer):
        __slots__ = ()

        def sign(self, text: str) -> str:
            signed.append(text.split("\n")[1])
            return super().sign(text)

    ledger = Ledger(db, lambda tenant, _: Counting(tenant, b"k" * 32), sign_seconds=60)
    for _ in range(20):
        await ledger.add(Entry("t", make_leaf(NOW)))
    assert signed == ["0"]  # the empty log's head, so that there is one at all times
    ledger.close()
    assert ledger.metrics.commits >= 20
    assert signed == ["0", "20"]


def test_rows_and_leaf_stand_or_fall_together(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    good = Entry("t", make_leaf(), (Write(SUSPEND, (b"a",)),))
    assert ledger.add_blocking(good).index == 0
    with pytest.raises(Unavailable, match="UNIQUE"):
        ledger.add_blocking(good)
    missing_key = (b"id", "t", "x", "prompt", b"no such key", "findings", 1, b"sealed")
    sealed = Write("INSERT INTO content VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", missing_key)
    with pytest.raises(Unavailable, match="FOREIGN KEY"):
        ledger.add_blocking(Entry("t", make_leaf(), (sealed,)))
    assert ledger.add_blocking(Entry("t", make_leaf())).index == 1
    assert rows(db, "SELECT subject_row FROM standing") == [(b"a",)]
    assert verify(db).ok


def test_a_leaf_of_another_tenant_or_no_leaf_at_all_is_refused(
    ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    for bad in (make_leaf(tenant="other"), b"{}", b"\xff", make_leaf() + b" " * 2_048):
        with pytest.raises(BadRequest, match="not a leaf of tenant t"):
            ledger.add_blocking(Entry("t", bad))
    assert ledger.add_blocking(Entry("t", make_leaf())).index == 0


def test_a_clock_that_steps_back_is_on_record_before_the_next_entry(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    times = [NOW, NOW - SLACK_MS, NOW - SLACK_MS - 1, NOW - SLACK_MS, NOW + 5]
    receipts = [ledger.add_blocking(Entry("t", make_leaf(time))).index for time in times]
    assert receipts == [0, 1, 3, 4, 5]
    ((record,),) = rows(db, "SELECT leaf FROM entry WHERE idx = 2")
    assert isinstance(record, bytes)
    read = leaf.parse(record)
    assert (read["kind"], read["last"], read["by"]) == ("clock.back", NOW, SLACK_MS + 1)
    assert rows(db, "SELECT idx FROM clock_step") == [(2,)]
    assert verify(db).ok


def test_a_log_goes_on_where_another_process_left_it(
    db: Path, reopen: Callable[[], Ledger], make_leaf: MakeLeaf
) -> None:
    first, second = reopen(), reopen()
    order = [one.add_blocking(Entry("t", make_leaf())).index for one in (first, second) * 5]
    assert order == list(range(10))
    assert verify(db).ok


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE log SET frontier = zeroblob(32)", "not the one that was signed"),
        ("UPDATE log SET frontier = x'00'", "no edge"),
        ("UPDATE log SET size = 4", "not all here"),
        ("UPDATE log SET size = 0, frontier = x''", "a head of 1 entries was signed"),
        ("UPDATE log SET origin = 'x'", "its name is not the one that was signed"),
        ("UPDATE log SET checkpoint = replace(checkpoint, '— ', '—')", "not signed by this key"),
    ],
)
def test_a_log_that_does_not_hold_together_is_never_extended(
    db: Path, reopen: Callable[[], Ledger], make_leaf: MakeLeaf, change: str, why: str
) -> None:
    first = reopen()
    first.add_blocking(Entry("t", make_leaf()))
    first.close()
    open_database(db).execute(change)
    with pytest.raises(Corrupt, match=why):
        reopen().add_blocking(Entry("t", make_leaf()))
    other = reopen().add_blocking(Entry("u", make_leaf(tenant="u")))
    assert other.index == 0
    assert rows(db, "SELECT count(*) FROM entry WHERE tenant = 't'") == [(1,)]


def test_a_log_is_not_continued_with_another_key(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    ledger.add_blocking(Entry("t", make_leaf()))
    changed = Ledger(db, lambda tenant, _: Signer(f"ledger.test/{tenant}", b"z" * 32))
    with pytest.raises(Corrupt, match="not signed by this key") as refused:
        changed.add_blocking(Entry("t", make_leaf()))
    assert "账本头不是由此密钥签名的" in refused.value.words.zh
    changed.close()


def test_the_published_checkpoint_is_the_signed_head(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    for _ in range(3):
        receipt = ledger.add_blocking(Entry("t", make_leaf()))
    ledger.close()
    ((note,),) = rows(db, "SELECT checkpoint FROM log")
    checkpoint = Checkpoint.parse(open_note(str(note), signer("t").vkey))
    assert (checkpoint.origin, checkpoint.size) == ("ledger.test/t", receipt.index + 1)


def test_the_records_of_an_exchange_are_found_among_many(
    ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    expected = {}
    for n in range(60):
        at_ms = NOW + n * 60_000
        if n >= 40:
            at_ms -= 25 * 60_000  # the clock steps back and the same minutes come again
        exchange = exchange_at(at_ms)[:-2] + f"{n:02d}"
        asked = ledger.add_blocking(Entry("t", make_leaf(at_ms, exchange=exchange)))
        answered = make_leaf(at_ms + 9, kind="exchange.answered", exchange=exchange)
        expected[exchange] = [asked.index, ledger.add_blocking(Entry("t", answered)).index]
    for exchange, indices in expected.items():
        found = ledger.find_exchange("t", exchange)
        assert [index for index, _ in found] == indices
        kinds = [leaf.parse(record)["kind"] for _, record in found]
        assert kinds == ["exchange.asked", "exchange.answered"]
    assert ledger.find_exchange("other", next(iter(expected))) == []


@pytest.mark.parametrize(
    "number", ["", "x", "I" * 26, "Z" * 26, exchange_at(NOW)[:-1] + "B", "'; --" + "0" * 21]
)
def test_a_number_that_is_not_there_is_not_found(
    ledger: Ledger, make_leaf: MakeLeaf, number: str
) -> None:
    ledger.add_blocking(Entry("t", make_leaf()))
    assert ledger.find_exchange("t", number) == []


def test_what_mentions_an_exchange_in_other_fields_is_not_its_record(
    ledger: Ledger, make_leaf: MakeLeaf
) -> None:
    mine, other = exchange_at(NOW), exchange_at(NOW + 1)
    ledger.add_blocking(Entry("t", make_leaf(exchange=other, model=f'"exchange":"{mine}"')))
    ledger.add_blocking(Entry("t", make_leaf(exchange=mine)))
    assert [index for index, _ in ledger.find_exchange("t", mine)] == [1]


def fill(ledger: Ledger, make_leaf: MakeLeaf) -> int:
    """Append until the disk is full; return how many entries were acknowledged."""
    for added in range(500):
        try:
            ledger.add_blocking(Entry("t", make_leaf()))
        except Unavailable:
            return added
    raise AssertionError("the disk never filled up")


def test_a_full_disk_is_unavailable_loses_nothing_acknowledged_and_recovers(
    db: Path, ledger: Ledger, make_leaf: MakeLeaf, signer: Callable[[str], Signer]
) -> None:
    ledger.add_blocking(Entry("t", make_leaf()))
    connection = ledger._writer._connection
    assert connection is not None
    pages = connection.pragma("page_count")
    assert isinstance(pages, int)
    connection.pragma("max_page_count", pages + 5)
    kept = 1 + fill(ledger, make_leaf)
    assert kept > 1
    report = verify(db, {"t": signer("t").vkey})
    assert report.ok
    assert report.logs[0].size == kept
    connection.pragma("max_page_count", 100_000)
    assert ledger.add_blocking(Entry("t", make_leaf())).index == kept
    assert verify(db, {"t": signer("t").vkey}).ok
    assert ledger.lag() == 0


def test_many_threads_may_append(db: Path, ledger: Ledger, make_leaf: MakeLeaf) -> None:
    indices: list[int] = []

    def append() -> None:
        indices.extend(ledger.add_blocking(Entry("t", make_leaf())).index for _ in range(20))

    threads = [threading.Thread(target=append) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(indices) == list(range(160))
    assert verify(db).ok
