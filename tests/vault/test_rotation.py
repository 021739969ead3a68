import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from tests.vault.conftest import YEAR, House, settings_in

from hegui.app import parts
from hegui.ledger import kinds, leaf
from hegui.settings import KeyDirectory
from hegui.store.database import migrate
from hegui.store.schema import MIGRATIONS
from hegui.terms import BadRequest, Corrupt, Entry, Misconfigured, Unavailable, Write
from hegui.vault import sealing
from hegui.vault.epochs import LOOK_MS
from hegui.vault.rotating import Step

STEPS = ("create", "open", "wrap", "settle", "bar", "sweep", "destroy", "close")


class Cut(Exception):
    """The process ends here."""


def at(step: str) -> Callable[[Step, int, int], None]:
    def told(now: Step, done: int, total: int) -> None:
        del done, total
        if now == step:
            raise Cut

    return told


def keys(house: House) -> list[str]:
    return [n for n in KeyDirectory(house.settings.key_directory).names() if n.startswith("epoch")]


def test_a_rotation_wraps_living_keys_anew_and_destroys_the_old_key(house: House) -> None:
    alice = house.keep("alice", "x1", "一")
    house.keep(None, "x2", "二")
    old = (house.settings.key_directory / "epoch-00001").read_bytes()
    before = house.query("SELECT wrapped FROM subject_key ORDER BY seq")
    done = house.rotate()
    assert [epoch.number for epoch in done.closed] == [1]
    assert keys(house) == ["epoch-00002"]
    assert (house.settings.key_directory / "epoch-00002").read_bytes() != old
    after = house.query("SELECT epoch, wrapped FROM subject_key ORDER BY seq")
    assert [epoch for epoch, _ in after] == [2, 2]
    assert {wrapped for _, wrapped in after}.isdisjoint(wrapped for (wrapped,) in before)
    assert house.vault.open("default", "x1", "prompt") == "一".encode()
    assert house.vault.open("default", "x2", "prompt") == "二".encode()
    house.clock.forward(60_000)
    assert house.vault.subject("default", "alice").key == alice.key


def test_each_epoch_is_on_record_with_the_number_of_living_keys(house: House) -> None:
    house.keep("alice", "x1", "一")
    house.tend()  # from now on it is known since when the first one runs
    began = house.clock()
    house.rotate()
    house.rotate()
    opened, closed = house.records("epoch.opened"), house.records("epoch.closed")
    assert [(r["epoch"], r["holder"]) for r in opened] == [(2, "file"), (3, "file")]
    assert [(r["epoch"], r["keys"]) for r in closed] == [(1, 1), (2, 1)]
    assert closed[0]["opened"] == began


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_is_cut_off_at_any_step_is_finished_by_the_next_start(
    house: House, again: Callable[[], House], step: str
) -> None:
    house.keep("alice", "x1", "一")
    if step == "sweep":
        with pytest.raises(Cut):
            house.rotate(_late_writer(house))
    else:
        with pytest.raises(Cut):
            house.rotate(at(step))
    assert house.vault.open("default", "x1", "prompt") == "一".encode()
    if step in ("create", "open", "wrap", "settle"):
        house.keep("bob", "x2", "二")
    anew = again()
    assert anew.vault.open("default", "x1", "prompt") == "一".encode()
    anew.tend()
    if step in ("create", "open"):
        anew.rotate()  # nothing was opened yet: the key that was made is taken up
    assert keys(anew) == ["epoch-00002"]
    assert anew.query("SELECT DISTINCT epoch FROM subject_key") == [(2,)]
    epochs = anew.query("SELECT number, closed IS NOT NULL FROM epoch ORDER BY number")
    assert epochs == [(1, 1), (2, 0)]
    assert len(anew.records("epoch.closed")) == 1
    assert len(anew.records("epoch.opened")) == 1
    assert anew.vault.open("default", "x1", "prompt") == "一".encode()
    third = again()
    assert third.vault.open("default", "x1", "prompt") == "一".encode()


def _late_writer(house: House) -> Callable[[Step, int, int], None]:
    """Write a key under the old epoch at the last moment, then end at the sweep."""

    def told(now: Step, done: int, total: int) -> None:
        del done, total
        if now == "bar":
            _copy(house)
        if now == "sweep":
            raise Cut

    return told


def _copy(house: House) -> None:
    old = house.holders["file"].wrap(1, b"k" * 32)
    house.query(
        "INSERT INTO subject_key (key_id, tenant, epoch, wrapped) VALUES (x'01', 'default', 1, ?)",
        old,
    )


def test_the_database_takes_no_key_of_an_epoch_that_is_being_closed(house: House) -> None:
    house.keep("alice", "x1", "一")
    with pytest.raises(Cut):
        house.rotate(at("destroy"))
    for sql in (
        "INSERT INTO subject_key (key_id, tenant, epoch, wrapped) VALUES (x'01', 't', 1, x'02')",
        "UPDATE subject_key SET epoch = 1",
        "INSERT INTO subject_key (key_id, tenant, epoch, wrapped) VALUES (x'01', 't', 9, x'02')",
    ):
        with pytest.raises(apsw.ConstraintError, match="being closed"):
            house.query(sql)


def test_a_process_that_did_not_look_is_refused_and_then_looks(house: House) -> None:
    """Its clock stands still: it does not know that its epoch has passed."""
    still = house.clock()
    sleepy = house.vault
    stale = sleepy.subject("default", "alice")
    house.rotate()
    with pytest.raises(Unavailable):
        house.ledger.add_blocking(_entry(house, stale.writes))
    assert house.clock() > still
    house.clock.forward(LOOK_MS)
    fresh = sleepy.subject("default", "alice")
    assert (fresh.pseudonym, fresh.key) == (stale.pseudonym, stale.key)
    house.ledger.add_blocking(_entry(house, fresh.writes))
    assert house.query("SELECT epoch FROM subject_key") == [(2,)]


def _entry(house: House, writes: tuple[Write, ...]) -> Entry:
    fields = {"reason": "x", "answered": 0}
    made = leaf.make(kinds.named("service.stopped"), house.clock(), "default", fields)
    return Entry("default", made, writes)


def test_nothing_is_destroyed_while_a_key_does_not_open(house: House) -> None:
    house.keep("alice", "x1", "一")
    house.query("UPDATE subject_key SET wrapped = zeroblob(40)")
    with pytest.raises(Corrupt, match="before anything"):
        house.rotate()
    assert keys(house) == ["epoch-00001", "epoch-00002"]


def test_a_gateway_rotates_when_the_days_have_passed_and_not_before(house: House) -> None:
    house.keep("alice", "x1", "一")
    house.tend()
    house.clock.forward(7 * 86_400_000 - 60_000)
    assert house.tend().closed == []
    house.clock.forward(60_000)
    assert [epoch.number for epoch in house.tend().closed] == [1]


def test_only_one_process_rotates_at_a_time(house: House) -> None:
    with KeyDirectory(house.settings.key_directory).alone() as alone:
        assert alone
        with pytest.raises(Unavailable, match="Another process"):
            house.rotate()
        assert house.tend().closed == []


def test_a_key_that_is_destroyed_is_overwritten_first(tmp_path: Path) -> None:
    directory = KeyDirectory(tmp_path / "keys")
    directory.create("epoch-00001", b"s" * 32)
    os.link(tmp_path / "keys" / "epoch-00001", tmp_path / "another-name")
    directory.destroy("epoch-00001")
    directory.destroy("epoch-00001")
    left = (tmp_path / "another-name").read_bytes()
    assert len(left) == 32
    assert left != b"s" * 32
    assert directory.names() == []


def test_an_older_database_whose_key_was_destroyed_starts_only_when_it_is_given_up(
    house: House, again: Callable[[], House]
) -> None:
    house.keep("alice", "x1", "一")
    (house.settings.key_directory / "epoch-00001").unlink()
    with pytest.raises(Misconfigured, match="epoch-00001"):
        again()
    parts.require_keys(house.settings, parts.EVERY_EPOCH)  # a log can be written all the same
    with house.upkeep() as upkeep:
        house.holders["file"].forget(0)
        assert upkeep.abandon(1, "dpo") is not None
        assert upkeep.abandon(1, "dpo") is None
    anew = again()
    with pytest.raises(BadRequest, match="not kept"):
        anew.vault.open("default", "x1", "prompt")
    (record,) = anew.records("epoch.abandoned")
    assert (record["keys"], record["content"], record["by"]) == (1, 1, "dpo")
    assert anew.keep("alice", "x2", "二", term=YEAR).pseudonym


def test_a_key_that_is_there_is_not_given_up(house: House) -> None:
    house.keep("alice", "x1", "一")
    with house.upkeep() as upkeep:
        assert upkeep.abandon(1, "dpo") is None
    assert house.vault.open("default", "x1", "prompt") == "一".encode()


def test_a_database_of_the_first_format_is_taken_over_and_rotated(tmp_path: Path) -> None:
    """As the first release wrote it: no table of epochs, keys under epoch 1, content in v1."""
    settings = settings_in(tmp_path)
    settings.data_dir.mkdir()
    keys = KeyDirectory(settings.key_directory)
    epoch_key = keys.load_or_create("epoch-00001", 32)
    path = settings.database
    os.close(os.open(path, os.O_CREAT, 0o600))
    connection = apsw.Connection(str(path))
    migrate(connection, path, MIGRATIONS[:1])
    key, key_id = b"k" * 32, b"i" * 16
    place = sealing.place_of("default", "x1", "prompt", key_id)
    sealed = sealing.seal(key, place, "x1", "prompt", "一".encode())
    wrapped = sealing.wrap(epoch_key, key)
    connection.execute(
        "INSERT INTO subject_key (key_id, tenant, epoch, wrapped) VALUES (?, 'default', 1, ?)",
        (key_id, wrapped),
    )
    connection.execute(
        "INSERT INTO content (id, tenant, exchange, part, key_id, class, expires, sealed)"
        " VALUES (x'01', 'default', 'x1', 'prompt', ?, 'all', ?, ?)",
        (key_id, 2**60, sealed),
    )
    connection.close()
    house = House(settings)
    assert house.vault.open("default", "x1", "prompt") == "一".encode()
    house.rotate()
    assert house.vault.open("default", "x1", "prompt") == "一".encode()
    assert house.query("SELECT epoch FROM subject_key") == [(2,)]
    house.close()


def test_a_kill_between_overwriting_a_key_and_deleting_it_is_made_good(
    house: House, again: Callable[[], House]
) -> None:
    house.keep("alice", "x1", "一")
    with pytest.raises(Cut):
        house.rotate(at("destroy"))
    (house.settings.key_directory / "epoch-00001").write_bytes(os.urandom(32))
    anew = again()
    anew.tend()
    assert keys(anew) == ["epoch-00002"]
    assert anew.vault.open("default", "x1", "prompt") == "一".encode()


def test_a_process_that_is_killed_while_it_rotates_and_erases_loses_nothing() -> None:
    """A sample of ``make torture-vault``."""
    root = Path(__file__).parent.parent.parent
    script = str(root / "tools" / "torture_vault.py")
    args = [sys.executable, script, "--rounds", "2", "--seed", "5"]
    ended = subprocess.run(args, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 violations" in ended.stdout


WRITER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.vault.conftest import House, settings_in
from hegui.app.parts import now
from hegui.terms import Unavailable
folder, name = Path(sys.argv[1]), sys.argv[3]
house = House(settings_in(folder), now)
end, kept, refused = time.monotonic() + 120, 0, 0
while not (folder / "enough").exists() and time.monotonic() < end:
    subject = f"{name}{kept % 50}" if kept % 3 else None
    try:
        house.keep(subject, f"{name}-{kept}", "text")
        kept += 1
    except Unavailable:
        refused += 1
print(kept, refused)
house.close()
"""


def test_two_processes_under_load_never_keep_a_key_under_a_destroyed_epoch(house: House) -> None:
    """They look every five seconds; the rotation here waits for none of them (fail closed).

    A writer is refused from a rotation until it looks: how much is kept in a second depends on
    the machine. So the test ends by what was kept, and its deadline is only for what hangs.
    """
    root = str(Path(__file__).parent.parent.parent)
    folder = house.settings.data_dir.parent
    running = [
        subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", WRITER, str(folder), root, name],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    rotations, deadline = 0, time.monotonic() + 90
    while time.monotonic() < deadline:
        time.sleep(0.8)
        house.clock.at_ms = max(house.clock.at_ms, time.time_ns() // 1_000_000)
        house.rotate()
        rotations += 1
        if rotations > 4 and house.query("SELECT count(*) FROM content")[0][0] > 50:
            break
    (folder / "enough").touch()
    counts = [process.communicate()[0].split() for process in running]
    kept = sum(int(count[0]) for count in counts)
    assert rotations > 1
    assert kept > 50
    alive = {number for (number,) in house.query("SELECT DISTINCT epoch FROM subject_key")}
    assert alive == {max(n for (n,) in house.query("SELECT number FROM epoch"))}
    house.clock.at_ms = time.time_ns() // 1_000_000
    opened = 0
    for exchange, part in house.query("SELECT exchange, part FROM content"):
        assert house.vault.open("default", exchange, part) == b"text"
        opened += 1
    assert opened == kept
