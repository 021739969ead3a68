import os
import resource
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hegui.store.postgres.parcels import Parcel, numbers, pack, unpack
from hegui.store.postgres.spool import Spool
from hegui.store.postgres.spoolfile import SpoolFile
from hegui.terms import Corrupt, Entry, Misconfigured, Unavailable, Write

NOW = 1_780_000_000_000
HOUR = 3_600_000


def parcel(leaf: bytes) -> Parcel:
    writes = (Write("INSERT INTO a (b) VALUES (?)", (b"\x00\xff", "文", 7, None)),)
    return Parcel(numbers.next(), Entry("t", leaf, writes))


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Spool]]:
    spools = []

    def again(limit: int = 1 << 20) -> Spool:
        spools.append(Spool(tmp_path / "spool", limit, HOUR, clock))
        return spools[-1]

    yield again
    for spool in spools:
        spool.close()


def leaves(spool: Spool) -> list[bytes]:
    return [each.entry.leaf for parcels in spool.batches() for each in parcels]


def only_file(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "spool").iterdir()
    return found


def test_a_parcel_comes_back_as_it_was() -> None:
    given = [parcel(b"one"), parcel(b"two")]
    assert unpack(pack(given)) == given


def test_numbers_are_uuids_of_version_8_that_rise() -> None:
    first, second = numbers.next(), numbers.next()
    assert first.version == 8
    assert second.int == first.int + 1


def test_what_waits_comes_out_in_order_and_then_is_gone(opened: Callable[..., Spool]) -> None:
    spool = opened()
    for number in range(5):
        spool.append([parcel(b"%d" % (2 * number)), parcel(b"%d" % (2 * number + 1))])
    assert spool.holds
    assert spool.state().records == 10
    assert leaves(spool) == [b"%d" % number for number in range(10)]
    assert not spool.holds
    assert leaves(spool) == []


def test_what_could_not_be_handed_over_waits_on(opened: Callable[..., Spool]) -> None:
    spool = opened()
    first = [parcel(b"%d" % number) for number in range(2_000)]
    spool.append(first)
    spool.append([parcel(b"b")])
    with closing(spool.batches()) as batches:
        assert next(batches) == first
        assert [each.entry.leaf for each in next(batches)] == [b"b"]  # and then it fails
    spool.append([parcel(b"c")])
    assert leaves(spool) == [b"b", b"c"]


def test_whoever_lines_up_is_sent_on_where_nobody_waits(opened: Callable[..., Spool]) -> None:
    spool = opened()
    assert not spool.append([parcel(b"a")], behind=True)
    assert not spool.holds
    spool.append([parcel(b"a")])
    assert spool.append([parcel(b"b")], behind=True)
    assert leaves(spool) == [b"a", b"b"]


def test_another_process_takes_over_what_a_dead_one_left(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    dead = opened()
    dead.append([parcel(b"a"), parcel(b"b")])
    dead.close()
    assert only_file(tmp_path).stat().st_mode & 0o777 == 0o600
    heir = opened()
    assert heir.state().records == 2
    assert heir.state().oldest_ms == NOW
    heir.append([parcel(b"c")])
    assert leaves(heir) == [b"a", b"b", b"c"]
    heir.close()
    assert not list((tmp_path / "spool").iterdir())


def test_a_file_that_another_process_has_is_left_alone(opened: Callable[..., Spool]) -> None:
    alive = opened()
    alive.append([parcel(b"a")])
    assert not opened().holds
    assert leaves(alive) == [b"a"]


def test_a_last_group_that_was_cut_off_was_never_acknowledged(
    opened: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dead = opened()
    dead.append([parcel(b"whole")])
    end = dead.state().bytes
    dead.append([parcel(b"torn")])
    dead.close()
    path = only_file(tmp_path)
    size = path.stat().st_size
    for cut in [*range(end + 1, size, 23), size - 1]:
        os.truncate(path, cut)
        heir = opened()
        assert leaves(heir) == [b"whole"]
        assert "never acknowledged" in caplog.text
        heir.append([parcel(b"whole")])
        heir.append([parcel(b"torn")])
        heir.close()
        torn = path.with_suffix(".torn")
        assert torn.stat().st_mode & 0o777 == 0o600
        torn.unlink()
        path = only_file(tmp_path)
        caplog.clear()


def test_files_that_hold_nothing_stop_nobody(opened: Callable[..., Spool], tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir(mode=0o700)
    for name, content in (("1.spool", b""), ("2.spool", b"hegui"), ("3.spool", b"hegui spool 1\n")):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    spool = opened()
    assert not spool.holds
    spool.append([parcel(b"a")])
    assert leaves(spool) == [b"a"]
    spool.close()
    assert not list(folder.iterdir())


def test_a_file_that_is_handed_over_and_removed_meanwhile_stops_nobody(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    (tmp_path / "spool").mkdir(mode=0o700)
    (tmp_path / "spool/1.spool").symlink_to("gone")
    assert not opened().holds
    assert SpoolFile.adopt(tmp_path / "gone.spool") is None


def test_a_group_that_is_whole_and_no_record_is_told_at_the_start(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    (tmp_path / "spool").mkdir(mode=0o700)
    file = SpoolFile.make(tmp_path / "spool/1.spool")
    file.append(b"of a newer version", NOW)
    file.close()
    with pytest.raises(Corrupt, match="what is not a record"):
        opened()


def test_every_flipped_bit_before_the_last_group_is_found(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    dead = opened()
    dead.append([parcel(b"first")])
    end = dead.state().bytes
    dead.append([parcel(b"last")])
    dead.close()
    path = only_file(tmp_path)
    whole = path.read_bytes()
    for at in range(end):
        for bit in (0, 7):
            changed = bytearray(whole)
            changed[at] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(Corrupt, match=path.name):
                opened()
    path.write_bytes(whole)
    assert opened().state().records == 2


def test_a_group_that_is_whole_and_holds_no_records_is_told_at_the_start(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    dead = opened()
    dead.append([parcel(b"first")])
    dead.close()
    path = only_file(tmp_path)
    file = SpoolFile.adopt(path)
    assert file is not None
    file.append(b"\xff" * 20, 1)
    file.close()
    for _ in "ab":  # the file is let go again
        with pytest.raises(Corrupt, match=path.name):
            opened()


def test_a_full_spool_takes_no_more(opened: Callable[..., Spool], clock: Clock) -> None:
    spool = opened(limit=600)
    spool.append([parcel(b"x" * 100)])
    with pytest.raises(Unavailable, match="full"):
        spool.append([parcel(b"x" * 600)])
    clock.now += HOUR + 1
    with pytest.raises(Unavailable, match="3600 s old"):
        spool.append([parcel(b"y")])
    assert leaves(spool) == [b"x" * 100]
    spool.append([parcel(b"z")])


def test_a_disk_that_takes_no_more_leaves_the_spool_as_it_was(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    spool = opened()
    spool.append([parcel(b"a")])
    with largest_file(spool.state().bytes + 20):
        with pytest.raises(Unavailable, match="disk"):
            spool.append([parcel(b"b" * 1_000)])
        with pytest.raises(Unavailable, match="disk"):
            spool.try_out()
    spool.try_out()
    spool.append([parcel(b"c")])
    assert only_file(tmp_path).stat().st_size == spool.state().bytes
    assert leaves(spool) == [b"a", b"c"]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_spool_that_others_can_read_stops_the_start(
    opened: Callable[..., Spool], tmp_path: Path, what: str
) -> None:
    spool = opened()
    spool.append([parcel(b"a")])
    spool.close()
    path = tmp_path / "spool" if what == "folder" else only_file(tmp_path)
    path.chmod(0o755 if what == "folder" else 0o640)
    with pytest.raises(Misconfigured, match="chmod"):
        opened()
