import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Never, TypeAlias

import apsw
import pytest

from hegui.store import Writer, open_database
from hegui.store.groups import linger
from hegui.terms import Corrupt, Unavailable, Words

Pen: TypeAlias = Writer[bytes, int]

INSERT = "INSERT INTO standing (subject_row, level) VALUES (?, ?)"


def put(connection: apsw.Connection, items: list[bytes]) -> list[int]:
    """Write each item as a row; its result is how many rows there are then."""
    results = []
    for item in items:
        connection.execute(INSERT, (item, "suspended"))
        results.append(connection.execute("SELECT count(*) FROM standing").get)
    return results


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hegui.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Pen]:
    made = Writer(path, put)
    yield made
    made.close()


class Held:
    """A commit function that waits in its transaction until it is let go."""

    def __init__(self) -> None:
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self, connection: apsw.Connection, items: list[bytes]) -> list[int]:
        self.inside.set()
        self.go.wait(60)
        return put(connection, items)


def rows(path: Path) -> list[bytes]:
    connection = open_database(path, read_only=True)
    return [row for (row,) in connection.execute("SELECT subject_row FROM standing")]


def key(number: int) -> bytes:
    return number.to_bytes(4, "big")


async def test_each_item_gets_its_own_result_in_order(writer: Pen, path: Path) -> None:
    assert await asyncio.gather(*(writer.add(key(n)) for n in range(500))) == list(range(1, 501))
    assert rows(path) == [key(n) for n in range(500)]


async def test_items_that_wait_together_share_a_transaction(path: Path) -> None:
    held = Held()
    writer = Writer(path, held)
    waiting = [asyncio.ensure_future(writer.add(key(n))) for n in range(300)]
    await asyncio.sleep(0)
    held.inside.wait(60)
    held.go.set()
    await asyncio.gather(*waiting)
    writer.close()
    assert writer.metrics.items == 300
    assert writer.metrics.commits <= 3
    assert writer.metrics.last_commit_seconds > 0


def test_a_result_is_given_only_once_the_row_is_durable(writer: Pen, path: Path) -> None:
    writer.submit(b"a").result(60)
    assert rows(path) == [b"a"]


async def test_a_full_queue_refuses_at_once_and_keeps_what_it_took(path: Path) -> None:
    held = Held()
    writer = Writer(path, held, limit=3)
    first = writer.submit(b"first")
    held.inside.wait(60)
    taken = [writer.submit(key(n)) for n in range(3)]
    with pytest.raises(Unavailable, match="3 records wait"):
        await writer.add(b"one too many")
    assert writer.lag() == 4
    held.go.set()
    assert [future.result(60) for future in (first, *taken)] == [1, 2, 3, 4]
    writer.close()
    assert writer.lag() == 0


def test_one_bad_item_takes_nobody_down_with_it(path: Path) -> None:
    held = Held()
    writer = Writer(path, held)
    futures = [writer.submit(key(n % 50)) for n in range(60)]  # ten rows come twice
    held.go.set()
    failed = [n for n, future in enumerate(futures) if future.exception(60)]
    assert failed == list(range(50, 60))
    assert isinstance(futures[50].exception(), Unavailable)
    assert futures[49].result() == 50
    writer.close()
    assert rows(path) == [key(n) for n in range(50)]
    assert writer.metrics.failed == 10


def test_an_error_of_ours_reaches_the_one_who_waits(path: Path) -> None:
    def refuse(_connection: apsw.Connection, _items: list[bytes]) -> Never:
        raise Corrupt(Words("broken", "坏了"))

    writer = Writer(path, refuse)
    assert isinstance(writer.submit(b"a").exception(60), Corrupt)
    assert isinstance(writer.submit(b"b").exception(60), Corrupt)
    writer.close()


def test_a_full_disk_is_unavailable_and_the_thread_lives_on(writer: Pen, path: Path) -> None:
    writer.submit(b"before").result(60)
    pages = writer._connection.pragma("page_count")
    writer._connection.pragma("max_page_count", pages)
    with pytest.raises(Unavailable, match="full"):
        writer.submit(bytes(50_000)).result(60)
    assert rows(path) == [b"before"]
    writer._connection.pragma("max_page_count", pages + 1_000)
    writer.submit(b"after").result(60)
    assert set(rows(path)) == {b"before", b"after"}


def test_a_writer_on_a_full_disk_is_in_trouble_until_it_has_room_and_leaves_no_trace_of_trying(
    path: Path,
) -> None:
    writer = Writer(path, put, prove=0.01)
    writer.submit(b"before").result(60)
    pages = writer._connection.pragma("page_count")
    writer._connection.pragma("max_page_count", pages)
    assert isinstance(writer.submit(bytes(50_000)).exception(60), Unavailable)
    assert "full" in writer.trouble.words.en
    began = writer._proven
    wait_for(lambda: writer._proven != began)
    assert writer.trouble is not None
    log = path.with_name("hegui.db-wal")
    before = log.stat().st_size
    writer._connection.pragma("max_page_count", pages + 1_000)
    wait_for(lambda: writer.trouble is None)
    assert log.stat().st_size > before + 65_536, "more than a page was written"
    writer.close()
    assert rows(path) == [b"before"]
    with closing(open_database(path, read_only=True)) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'trial'").get


def test_an_item_that_fails_for_a_reason_of_its_own_is_no_trouble(writer: Pen) -> None:
    assert writer.submit(b"a").result(60) == 1
    assert isinstance(writer.submit(b"a").exception(60), Unavailable)
    assert writer.trouble is None


def test_a_damaged_file_is_trouble_until_something_is_written_and_is_not_tried(
    path: Path,
) -> None:
    bad = [True]

    def broken(connection: apsw.Connection, items: list[bytes]) -> list[int]:
        if bad:
            raise apsw.CorruptError("malformed")
        return put(connection, items)

    writer = Writer(path, broken, prove=0.0)
    assert isinstance(writer.submit(b"a").exception(60), Corrupt)
    assert isinstance(writer.trouble, Corrupt)
    assert writer._patience() is None
    bad.clear()
    assert writer.submit(b"a").result(60) == 1
    assert writer.trouble is None
    writer.close()


def test_another_process_that_holds_the_lock_too_long_is_unavailable(
    writer: Pen, path: Path
) -> None:
    writer._connection.set_busy_timeout(50)
    other = open_database(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        writer.submit(b"a").result(60)
    other.execute("ROLLBACK")
    assert writer.submit(b"b").result(60) == 1


def test_after_an_io_error_the_file_is_opened_anew(path: Path) -> None:
    failing = [True]

    def fail_once(connection: apsw.Connection, items: list[bytes]) -> list[int]:
        if failing.pop() if failing else False:
            raise apsw.IOError("disk I/O error")
        return put(connection, items)

    writer = Writer(path, fail_once)
    before = writer._connection
    with pytest.raises(Unavailable):
        writer.submit(b"a").result(60)
    assert writer.submit(b"b").result(60) == 1
    assert writer._connection is not before
    writer.close()


def test_a_commit_that_loses_count_is_rolled_back(path: Path) -> None:
    writer = Writer(path, lambda connection, items: put(connection, items)[1:])
    assert isinstance(writer.submit(b"a").exception(60), AssertionError)
    writer.close()
    assert rows(path) == []


def test_closing_writes_what_waits_and_takes_no_more(path: Path) -> None:
    held = Held()
    writer = Writer(path, held)
    futures = [writer.submit(key(n)) for n in range(20)]
    held.go.set()
    writer.close()
    assert len(rows(path)) == 20
    assert all(future.done() for future in futures)
    with pytest.raises(Unavailable, match="being closed"):
        writer.submit(b"late")
    writer.close()


def test_closing_without_drain_refuses_what_waits(path: Path) -> None:
    held = Held()
    writer = Writer(path, held)
    first = writer.submit(b"first")
    held.inside.wait(60)
    later = writer.submit(b"later")
    closing = threading.Thread(target=writer.close, kwargs={"drain": False})
    closing.start()
    while not writer._closed:
        pass
    held.go.set()
    closing.join(60)
    assert first.result(60) == 1
    assert isinstance(later.exception(60), Unavailable)


async def test_a_cancelled_wait_does_not_take_the_record_back(path: Path) -> None:
    held = Held()
    writer = Writer(path, held)
    waiting = asyncio.ensure_future(writer.add(b"a"))
    await asyncio.sleep(0)
    waiting.cancel()
    held.go.set()
    writer.close()
    await asyncio.sleep(0)
    assert rows(path) == [b"a"]


def test_a_loop_that_has_ended_does_not_end_the_writer(path: Path) -> None:
    held = Held()
    writer = Writer(path, held)

    async def leave() -> None:
        asyncio.ensure_future(writer.add(b"a")).add_done_callback(lambda _: None)
        await asyncio.sleep(0)

    asyncio.run(leave())
    held.go.set()
    assert writer.submit(b"b").result(60) == 2
    writer.close()


class Counting:
    """A chore that wants to run so often, and may fail."""

    def __init__(self, every: float, *, fails: int = 0) -> None:
        self.runs, self.finished, self.fails = 0, 0, fails
        self._every, self._due = every, time.monotonic()

    def wait(self) -> float:
        return max(0.0, self._due - time.monotonic())

    def run(self, connection: apsw.Connection) -> None:
        self.runs += 1
        self._due = time.monotonic() + self._every
        connection.execute("BEGIN IMMEDIATE")
        if self.runs <= self.fails:
            raise apsw.IOError("disk I/O error")
        connection.execute("COMMIT")

    def finish(self, connection: apsw.Connection) -> None:
        assert not connection.in_transaction
        self.finished += 1


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_chore_runs_when_its_time_comes_though_nothing_is_handed_in(path: Path) -> None:
    chore = Counting(0.02)
    writer = Writer(path, put, chore=chore)
    wait_for(lambda: chore.runs > 3)
    assert writer.submit(b"a").result(60) == 1
    writer.close()
    assert chore.finished == 1


def test_a_chore_that_fails_is_rolled_back_and_tried_again(path: Path) -> None:
    chore = Counting(0.01, fails=2)
    writer = Writer(path, put, chore=chore)
    wait_for(lambda: chore.runs > 2)
    assert writer.submit(b"a").result(60) == 1
    writer.close()
    assert rows(path) == [b"a"]


def test_nobody_waits_for_a_group_while_items_come_slowly() -> None:
    assert linger(took=0.016, last=9, waiting=0) == 0
    assert linger(took=60, last=9, waiting=0) == 0


def test_the_faster_items_come_the_longer_a_group_is_waited_for_and_never_over_four_ms() -> None:
    waits = [linger(took=took / 1_000, last=2, waiting=0) for took in (15, 12, 10, 8, 1, 0)]
    assert waits == sorted(waits)
    assert waits[0] > 0.001
    assert waits[-1] == pytest.approx(0.004)


def test_a_group_that_waits_already_is_not_waited_for() -> None:
    assert linger(took=0.001, last=9, waiting=64) == 0


def test_who_hands_in_one_after_the_other_waits_for_nobody() -> None:
    assert linger(took=0.001, last=1, waiting=0) == 0
