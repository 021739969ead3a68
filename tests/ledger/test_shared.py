import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hegui.app.copying import copy_logs
from hegui.ledger import kinds, leaf, pruning
from hegui.ledger.cosigned import (
    Stamped,
    cosigned,
    keep_lines,
    keep_stamp,
    stamped,
    writing,
)
from hegui.ledger.note import Signer
from hegui.ledger.pruning import Terms
from hegui.ledger.restored import Acceptance, accept_restored
from hegui.ledger.shared import SharedLedger, SpoolTerms
from hegui.ledger.tiles import read_log
from hegui.ledger.tree import leaf_hash
from hegui.ledger.trust import SignerFor
from hegui.ledger.verify import verify
from hegui.store import open_connection
from hegui.store.postgres.delivering import deliver
from hegui.store.postgres.parcels import Parcel, numbers, pack_writes
from hegui.store.postgres.server import Server
from hegui.store.postgres.spool import Spool
from hegui.terms import (
    BadRequest,
    Corrupt,
    Entry,
    Misconfigured,
    Receipt,
    Unavailable,
    Words,
    Write,
)
from hegui.testing.postgres import PracticeServer
from hegui.testing.stopwatch import Stopwatch

NOW = 1_780_000_000_000
MANY = Path(__file__).with_name("share_many.py")
PUT = "INSERT INTO standing (subject_row, level) VALUES (?, ?)"


def signer_for(tenant: str, _head: str = "") -> Signer:
    return Signer(f"ledger.test/{tenant}", (tenant.encode() * 32)[:32])


def entry(key: str, tenant: str = "t", *writes: Write) -> Entry:
    return Entry(tenant, leaf.make(kinds.named("key.revoked"), NOW, tenant, {"key": key}), writes)


def within(seconds: float, fact: Callable[[], Any]) -> Any:
    until = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def ended(process: "subprocess.Popen[str]") -> str:
    """Kill a process that may hang, and return the rest of what it said."""
    process.send_signal(signal.SIGCONT)
    process.kill()
    if process.stdout is None or process.stdout.closed:
        return ""
    return process.communicate()[0]


class House:
    """A shared database, and the ledgers of several gateways on it."""

    def __init__(self, postgres: PracticeServer, url: str, folder: Path) -> None:
        self.postgres, self.url, self.folder = postgres, url, folder
        self.place = postgres.place(url)
        self._opened: list[SharedLedger] = []
        self._processes: list[subprocess.Popen[str]] = []

    def ledger(
        self,
        *,
        spool: int = 1 << 26,
        name: str = "here",
        accepting: bool = False,
        signers: SignerFor = signer_for,
    ) -> SharedLedger:
        opened = SharedLedger(
            self.postgres.place(self.url),
            signers,
            heads=self.folder / "heads",
            accepting=accepting,
            spool=SpoolTerms(self.folder / name, spool, 3_600_000, lambda: NOW) if spool else None,
        )
        self._opened.append(opened)
        return opened

    def process(self, name: str, count: int = 1_000_000) -> "subprocess.Popen[str]":
        words = [sys.executable, MANY, self.folder, self.url, self.postgres.password, name]
        process = subprocess.Popen(  # noqa: S603 - our own script
            [*words, str(count)], stdout=subprocess.PIPE, text=True
        )
        self._processes.append(process)
        return process

    def sql(self, text: str) -> list[Any]:
        return self.postgres.sql(text, self.url.rpartition("/")[2])

    def placed(self, tenant: str = "t") -> list[str]:
        rows = self.sql(
            f"SELECT leaf FROM hegui.entry WHERE tenant = '{tenant}' ORDER BY idx"  # noqa: S608 - our own name
        )
        return [str(leaf.parse(row)["key"]) for (row,) in rows]

    def settled(self) -> None:
        """Wait until every acknowledged record has its place."""
        within(60, lambda: self.sql("SELECT count(*) FROM hegui.outbox") == [(0,)])

    def close(self) -> None:
        while self._processes:
            ended(self._processes.pop())
        for one in self._opened:
            one.close()

    def check(self, *tenants: str) -> None:
        """Close everything, and have the verifier look at all of it."""
        self.close()
        copied = copy_logs(self.place, self.folder / "copy.db")
        keys = {tenant: signer_for(tenant).vkey for tenant in tenants or ("t",)}
        report = verify(copied.path, keys)
        assert report.ok, report.problems
        assert copied.waiting == 0


@pytest.fixture
def house(postgres: PracticeServer, url: str, tmp_path: Path) -> Iterator[House]:
    made = House(postgres, url, tmp_path)
    yield made
    made.close()


def test_acknowledged_means_a_committed_row_and_the_place_follows_within_a_second(
    house: House,
) -> None:
    ledger = house.ledger()
    within(60, lambda: ledger.state().sequencer.holds)
    given = entry("k")
    receipt = ledger.add_blocking(given)
    assert (receipt.index, receipt.leaf_hash) == (None, leaf_hash(given.leaf))
    with Stopwatch() as watch:
        placed = within(60, lambda: ledger.placed(receipt))
        assert watch.seconds < 1.5
    assert placed == Receipt("t", 0, receipt.leaf_hash, receipt.id)
    house.check()


def test_rows_stand_or_fall_with_their_record_and_a_bad_one_falls_alone(house: House) -> None:
    ledger = house.ledger()
    waiting = [
        ledger._outbox.submit(entry(f"k{number}", "t", Write(PUT, (b"%d" % row, "suspended"))))
        for number, row in enumerate([1, 2, 1, 3])
    ]
    outcomes = [each.exception(60) for each in waiting]
    assert [type(each) for each in outcomes] == [type(None), type(None), Unavailable, type(None)]
    house.settled()
    assert house.placed() == ["k0", "k1", "k3"]
    assert house.sql("SELECT count(*) FROM hegui.standing") == [(3,)]
    house.check()


def test_a_ledger_that_cannot_be_opened_lets_its_spool_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 20, 3_600_000, lambda: NOW)
    spool.append([Parcel(numbers.next(), entry("k"))])
    spool.close()
    nobody = Server("postgresql://a@127.0.0.1:1/b")
    terms = SpoolTerms(tmp_path, 1 << 20, 3_600_000, lambda: NOW)
    with pytest.raises(Unavailable):
        SharedLedger(nobody, signer_for, heads=tmp_path / "heads", spool=terms)
    again = Spool(tmp_path, 1 << 20, 3_600_000, lambda: NOW)
    assert again.state().records == 1, "it is not another's"
    again.close()


def test_a_server_that_takes_no_writes_is_trouble_until_it_does_though_nobody_asks(
    house: House,
) -> None:
    ledger = house.ledger(spool=0)
    ledger.add_blocking(entry("before"))
    house.settled()
    ledger._outbox._prove_every = 0.05
    database = house.url.rpartition("/")[2]
    ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608 - our own name
    house.postgres.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    house.postgres.sql(ends)
    with pytest.raises(Unavailable):
        ledger.add_blocking(entry("refused"))
    tried = ledger._outbox._proven
    within(60, lambda: ledger._outbox._proven != tried)
    assert isinstance(ledger.trouble, Unavailable)
    house.postgres.sql(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    house.postgres.sql(ends)
    within(60, lambda: ledger.trouble is None)
    assert house.sql("SELECT count(*) FROM hegui.outbox") == [(0,)], "what was tried left nothing"
    ledger.add_blocking(entry("after"))
    house.settled()
    assert house.placed() == ["before", "after"]
    house.check()


def test_what_no_log_could_take_is_refused_before_it_is_acknowledged(house: House) -> None:
    ledger = house.ledger()
    for wrong in (Entry("t", b"no leaf"), Entry("other", entry("k").leaf)):
        with pytest.raises(BadRequest):
            ledger.add_blocking(wrong)
    assert house.sql("SELECT count(*) FROM hegui.outbox") == [(0,)]


def test_a_log_whose_key_is_missing_here_waits_and_stops_no_other(house: House) -> None:
    lost = Misconfigured(Words("the key of u is missing", "缺少 u 的密钥"))

    def without(tenant: str, head: str) -> Signer:
        if tenant == "u":
            raise lost
        return signer_for(tenant, head)

    ledger = house.ledger(signers=without)
    for tenant in ("u", "t"):
        ledger.add_blocking(entry("k", tenant))
    within(60, lambda: house.placed("t"))
    assert house.placed("u") == []
    assert ledger.state().sequencer.refused == {"u": lost}
    ledger.close()
    house.ledger(name="mended")
    house.settled()
    house.check("t", "u")


def test_two_gateways_keep_their_order_in_one_log_without_a_gap(house: House) -> None:
    ledgers = [house.ledger(name="a"), house.ledger(name="b")]

    def append(name: int) -> None:
        for number in range(0, 600, 20):
            futures = [
                ledgers[name]._outbox.submit(entry(f"{name}-{each:04}", tenant))
                for each in range(number, number + 20)
                for tenant in ("t", "u")
            ]
            for each in futures:
                each.result(60)

    threads = [threading.Thread(target=append, args=(name,)) for name in (0, 1)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    house.settled()
    for tenant in ("t", "u"):
        keys = house.placed(tenant)
        for name in "01":
            assert [key for key in keys if key[0] == name] == [f"{name}-{n:04}" for n in range(600)]
        assert len(keys) == 1_200
    house.check("t", "u")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_when_the_holder_dies_or_hangs_another_takes_over_within_five_seconds(
    house: House, how: signal.Signals
) -> None:
    holder = house.process("first")
    assert holder.stdout
    acknowledged = -1
    held = False
    while not (held and acknowledged >= 20):
        line = holder.stdout.readline().strip()
        held = held or line == "holds"
        acknowledged = int(line) if line.isdigit() else acknowledged
    heir = house.ledger()
    time.sleep(0.3)
    assert not heir.state().sequencer.holds
    holder.send_signal(how)
    with Stopwatch() as watch:
        receipt = heir.add_blocking(entry("mine"))
        within(60, lambda: heir.state().sequencer.holds)
        assert watch.seconds < 5
    within(60, lambda: heir.placed(receipt))
    told_last = [int(line) for line in ended(holder).split() if line.isdigit()]
    house.settled()
    keys = [key for key in house.placed() if key != "mine"]
    assert keys == [f"first-{number}" for number in range(len(keys))]
    assert len(keys) >= max([acknowledged, *told_last]) + 1
    house.check()


def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed(house: House) -> None:
    ledger = house.ledger()
    acknowledged: list[int] = []
    ended = threading.Event()

    def append() -> None:
        number = 0
        while not ended.is_set():
            batch = [ledger._outbox.submit(entry(f"{number + n:06}")) for n in range(10)]
            for each in batch:
                each.result(60)
            number += 10
            acknowledged.append(number)

    def more(count: int) -> None:
        seen = len(acknowledged)
        within(60, lambda: len(acknowledged) > seen + count)

    thread = threading.Thread(target=append)
    thread.start()
    more(20)
    house.postgres.kill()
    within(60, lambda: ledger.state().spool.records > 20)  # type: ignore[union-attr]
    house.postgres.start()
    within(60, lambda: not ledger.state().spool.records)  # type: ignore[union-attr]
    more(5)
    ended.set()
    thread.join()
    house.settled()
    assert house.placed() == [f"{number:06}" for number in range(acknowledged[-1])]
    house.check()


def test_what_was_written_before_a_session_broke_is_not_written_again(house: House) -> None:
    parcels = [Parcel(numbers.next(), entry(f"k{number}")) for number in range(6)]
    place = house.place
    place.lane.enter()
    try:
        place.prepare()
        session = place.lane.run(place.connect(), 10)
        place.lane.run(deliver(session, parcels[:2]), 10)
        house.ledger(name="other")
        house.settled()  # the first two have their places already
        place.lane.run(deliver(session, parcels[2:4]), 10)
        place.lane.run(session.close(), 10)
    finally:
        place.lane.leave()
    spool = Spool(house.folder / "here", 1 << 20, 3_600_000, lambda: NOW)
    spool.append(parcels)  # whose end nobody saw
    spool.close()
    ledger = house.ledger()
    within(60, lambda: not ledger.state().spool.records)  # type: ignore[union-attr]
    house.settled()
    assert house.placed() == [f"k{number}" for number in range(6)]
    house.check()


def test_a_full_spool_refuses_and_takes_again_once_the_server_is_back(house: House) -> None:
    ledger = house.ledger(spool=3_000)
    house.postgres.kill()
    try:
        taken = 0
        while (refused := ledger._outbox.submit(entry(f"k{taken}")).exception(60)) is None:
            taken += 1
        assert "spool is full" in str(refused)
        assert taken
    finally:
        house.postgres.start()
    within(60, lambda: not ledger.state().spool.records)  # type: ignore[union-attr]
    ledger.add_blocking(entry("after"))
    house.settled()
    assert house.placed() == [*(f"k{number}" for number in range(taken)), "after"]
    house.check()


def test_without_a_spool_a_server_that_is_away_means_unavailable(house: House) -> None:
    ledger = house.ledger(spool=0)
    ledger.add_blocking(entry("before"))
    house.postgres.kill()
    try:
        with pytest.raises(Unavailable):
            ledger.add_blocking(entry("lost"))
    finally:
        house.postgres.start()
    ledger.add_blocking(entry("after"))
    within(60, lambda: house.placed() == ["before", "after"])


def test_a_log_that_does_not_hold_together_stops_no_other(house: House) -> None:
    first = house.ledger()
    for tenant in ("bad", "good"):
        first.add_blocking(entry("k0", tenant))
    house.settled()
    first.close()
    house.sql("UPDATE hegui.log SET frontier = '\\x00' WHERE tenant = 'bad'")
    ledger = house.ledger()
    waits = ledger.add_blocking(entry("k1", "bad"))
    receipt = ledger.add_blocking(entry("k1", "good"))
    assert within(60, lambda: ledger.placed(receipt)).index == 1
    within(60, lambda: "bad" in ledger.state().sequencer.refused)
    assert ledger.placed(waits) is None
    assert house.sql("SELECT count(*) FROM hegui.outbox") == [(1,)]


def restored(house: House) -> None:
    """Sign twice, and put back what a backup held that was made in between."""
    ledger = house.ledger()
    for number in range(3):
        ledger.add_blocking(entry(f"k{number}"))
    house.settled()
    ledger.close()
    (row,) = house.sql("SELECT size, encode(frontier, 'hex'), checkpoint FROM hegui.log")
    ledger = house.ledger()
    for number in range(3, 6):
        ledger.add_blocking(entry(f"k{number}"))
    house.settled()
    ledger.close()
    size, frontier, checkpoint = row
    house.sql("DELETE FROM hegui.entry WHERE idx >= 3")
    house.sql(
        f"UPDATE hegui.log SET size = {size}, frontier = decode('{frontier}', 'hex'),"  # noqa: S608 - what was there before
        f" checkpoint = '{checkpoint}'"
    )


def test_a_restored_backup_is_refused_with_the_way_out(house: House) -> None:
    restored(house)
    ledger = house.ledger()
    (found,) = ledger.found
    assert isinstance(found.refused, Corrupt)
    assert "accept-restored" in found.refused.words.en
    receipt = ledger.add_blocking(entry("after"))
    within(60, lambda: ledger.state().sequencer.refused)
    assert ledger.placed(receipt) is None
    assert house.placed() == ["k0", "k1", "k2"]
    ledger.close()
    assert house.sql("SELECT size FROM hegui.log") == [(3,)]


def test_what_was_accepted_is_on_record_and_goes_on(house: House) -> None:
    restored(house)
    ledger = house.ledger(accepting=True)
    acceptance = Acceptance("Zhang San", "the disk was lost")
    done = accept_restored(ledger, house.folder / "hegui.db", "t", acceptance, lambda: NOW)
    assert (done.index, done.lost) == (3, 3)
    after = house.ledger()
    assert after.found == []
    receipt = after.add_blocking(entry("after"))
    assert within(60, lambda: after.placed(receipt)).index == 4
    house.check()


def test_records_are_pruned_on_a_server_and_that_is_on_record_at_its_place(house: House) -> None:
    ledger = house.ledger()
    waiting = [ledger.submit(entry(f"k{number}")) for number in range(300)]
    for each in waiting:
        each.result(60)
    house.settled()
    within(60, lambda: ledger.signed)
    within(60, lambda: house.sql("SELECT 1 FROM hegui.log WHERE checkpoint LIKE '%\n300\n%'"))
    terms = Terms(NOW + 1, NOW + 1)
    plan = pruning.plan(house.place, "t", terms)
    assert plan is not None
    assert (len(plan.indices), plan.minimum) == (256, 256)
    placed = ledger.wait(ledger.add_blocking(plan.entry(NOW, terms)))
    assert placed.index == 300
    rows = house.sql("SELECT tenant, start, count, record FROM hegui.pruned")
    assert rows == [("t", 0, 256, 300)]
    assert house.sql("SELECT count(*) FROM hegui.entry WHERE length(leaf) = 0") == [(256,)]
    ledger.wait(ledger.add_blocking(plan.entry(NOW, terms)))  # another gateway had the same idea
    receipt = ledger.add_blocking(entry("after"))
    assert ledger.wait(receipt).index == 302
    assert house.sql("SELECT count(*) FROM hegui.pruned") == [(1,)]
    house.check()


def test_what_others_said_of_a_log_goes_into_its_copy(house: House) -> None:
    house.ledger().add_blocking(entry("k"))
    house.settled()
    house.check()
    said = Stamped(1, NOW, "a head", b"an answer")
    with closing(open_connection(house.place)) as server, writing(server):
        keep_lines(server, "t", "a head\n1\n\n— w.test/1 AAAAAAA=\n", 1, [])
        keep_stamp(server, "t", said)
    path = house.folder / "again.db"
    copy_logs(house.place, path)
    with closing(open_connection(path, read_only=True)) as file:
        assert stamped(file, "t") == said
        assert cosigned(file, "t")


def test_what_no_hegui_writes_is_never_carried_out(house: House) -> None:
    ledger = house.ledger()
    waits = ledger.add_blocking(entry("k0"))
    house.settled()
    bad = pack_writes([Write("DROP TABLE entry", ())]).hex()
    leaf_of = entry("k1").leaf.hex()
    house.sql(
        "INSERT INTO hegui.outbox (id, tenant, leaf, after) VALUES (gen_random_uuid(), 't',"  # noqa: S608 - our own bytes
        f" decode('{leaf_of}', 'hex'), decode('{bad}', 'hex'))"
    )
    within(60, lambda: "t" in ledger.state().sequencer.refused)
    assert house.placed() == ["k0"]
    assert ledger.placed(waits)


def test_the_tiles_of_a_log_on_a_server_are_read_as_from_a_file(house: House) -> None:
    ledger = house.ledger()
    waiting = [ledger.submit(entry(f"k{number}")) for number in range(260)]
    for each in waiting:
        each.result(60)
    house.settled()
    ledger.close()
    with read_log(house.place, "t") as reader:
        assert reader.size == 260
        assert len(reader.tile(0, 0)) == 8_192
        assert len(reader.tile(1, 0, 1)) == 32
        leaves = [leaf.parse(record)["key"] for record in reader.leaves(258, 260)]
        assert leaves == ["k258", "k259"]
        assert len(reader.inclusion(3)) == 9


def test_an_exchange_is_found_on_a_server_as_in_a_file(house: House) -> None:
    from tests.ledger.conftest import FIELDS

    with closing(open_connection(house.place)):
        ledger = house.ledger()
        asked = FIELDS["exchange.asked"]
        at = NOW
        record = leaf.make(kinds.named("exchange.asked"), at, "t", asked)
        ledger.add_blocking(Entry("t", record))
        house.settled()
        found = ledger.find_exchange("t", asked["exchange"])
        assert [(index, bytes(data)) for index, data in found] == [(0, record)]
        assert ledger.tenant_of(asked["exchange"]) == "t"
        assert ledger.tenant_of("0" * 26) is None
