import asyncio
import json
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hegui.app import parts
from hegui.app.shelf import close, open_shelf
from hegui.app.upkeep import Upkeep, holders_of, open_vault
from hegui.ledger import kinds, leaf
from hegui.settings import Settings, inspect
from hegui.shelf.blobs import Folder
from hegui.shelf.book import Task
from hegui.shelf.shelf import New, Shelf
from hegui.store import open_connection, open_database
from hegui.terms import BadRequest, Entry, Misconfigured, Unavailable, Words, Write
from hegui.testing.clock import FixedClock
from hegui.testing.postgres import PracticeServer
from hegui.vault import Subject, Vault

TEXT = """
data_dir = "{folder}/data"
[service]
name = "x"
scope = "internal"
reason = "trial"
public_url = "https://ai.example.com"
[shelf]
hours = 2
quota_mb = 1
[[upstream]]
name = "x"
base_url = "http://127.0.0.1:1/v1"
"""
EXCHANGE = "01KSR49200AAAAAAAAAAAAAAAA"


class House:
    """A shelf on a real ledger, and what it left on record. In a file, or on a server."""

    def __init__(self, settings: Settings, clock: FixedClock) -> None:
        self.settings, self.clock = settings, clock
        self.ledger = ledger = parts.open_ledger(settings)
        self.shelf: Shelf = open_shelf(settings, ledger, clock)
        self.folder = settings.data_dir / "media"

    def new(self, data: bytes = b"picture", subject: str = "unidentified") -> New:
        return New("default", EXCHANGE, subject, data, "image/png", ".png")

    def records(self, kind: str) -> list[dict[str, Any]]:
        connection = open_connection(parts.place_of(self.settings), read_only=True)
        rows = connection.execute("SELECT leaf FROM entry ORDER BY idx").fetchall()
        connection.close()
        return [record for (leaf,) in rows if (record := json.loads(leaf))["kind"] == kind]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    async def close(self) -> None:
        await close(self.shelf)
        self.ledger.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings, problems = inspect(TEXT.format(folder=tmp_path), environ={})
    assert settings is not None, problems
    return settings


@pytest_asyncio.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    made = House(settings, FixedClock())
    yield made
    await made.close()


async def test_a_kept_file_is_on_disk_on_record_and_under_an_address_of_ours(house: House) -> None:
    (kept,) = await house.shelf.keep([house.new()])
    assert kept.address.startswith("https://ai.example.com/media/")
    assert kept.address == house.shelf.address(kept.medium)
    assert await house.shelf.blobs.read(kept.medium.file, 0, 100) == b"picture"
    (record,) = house.records("media.stored")
    assert record["medium"] == kept.medium.id
    assert record["expires"] == house.clock() + 2 * 3_600_000
    assert kept.address.rpartition("/")[2] not in json.dumps(record)


async def test_files_are_readable_by_their_owner_only(house: House) -> None:
    await house.shelf.keep([house.new()])
    assert stat.S_IMODE(house.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in house.folder.iterdir()} == {0o600}


async def test_what_cannot_be_put_on_record_is_not_kept(house: House) -> None:
    house.ledger.close()
    with pytest.raises(Unavailable):
        await house.shelf.keep([house.new()])
    assert house.files() == []


class Full(Folder):
    """A disk that takes one file and is full then."""

    taken = 0

    async def put(self, name: str, data: bytes, mime: str) -> None:
        self.taken += 1
        if self.taken > 1:
            raise Unavailable(Words("full", "已满"))
        await super().put(name, data, mime)


async def test_of_several_files_all_are_kept_or_none(house: House) -> None:
    shelf = replace(house.shelf, blobs=Full(house.folder))
    with pytest.raises(Unavailable):
        await shelf.keep([house.new(), house.new()])
    assert house.files() == []
    assert house.records("media.stored") == []


async def test_a_full_shelf_takes_nothing_more_until_a_term_ends(house: House) -> None:
    await house.shelf.keep([house.new(bytes(700_000))])
    with pytest.raises(Unavailable, match="quota_mb"):
        await house.shelf.keep([house.new(bytes(700_000))])
    house.clock.forward(2 * 3_600_000)
    await house.shelf.tend()
    await house.shelf.keep([house.new(bytes(700_000))])


async def test_files_that_come_at_once_do_not_overfill_the_shelf_together(house: House) -> None:
    both = [house.shelf.keep([house.new(bytes(700_000))]) for _ in range(2)]
    kept, refused = sorted(
        await asyncio.gather(*both, return_exceptions=True),
        key=lambda one: isinstance(one, Unavailable),
    )
    assert isinstance(refused, Unavailable)
    assert isinstance(kept, list)
    assert house.files() == [kept[0].medium.file]
    assert not house.shelf.pending


async def test_a_withdrawal_is_on_record_and_takes_the_bytes_away(house: House) -> None:
    one, other = await house.shelf.keep([house.new(), house.new(b"other")])
    closed = await house.shelf.withdraw(one.medium.id, "reviewer-3", "complaint 17")
    assert [medium.id for medium in closed] == [one.medium.id]
    (record,) = house.records("media.withdrawn")
    said = {name: record[name] for name in ("medium", "cause", "by", "reason")}
    assert said == {
        "medium": one.medium.id,
        "cause": "withdrawn",
        "by": "reviewer-3",
        "reason": "complaint 17",
    }
    assert house.files() == [other.medium.file]
    row = await house.shelf.book.medium(one.medium.id)
    assert row is not None
    assert row.ended == row.gone == house.clock()


async def test_all_files_of_an_exchange_are_withdrawn_by_its_number(house: House) -> None:
    await house.shelf.keep([house.new(), house.new()])
    assert len(await house.shelf.withdraw(EXCHANGE, "r", "")) == 2
    assert await house.shelf.withdraw(EXCHANGE, "r", "") == []
    assert len(house.records("media.withdrawn")) == 2
    with pytest.raises(BadRequest) as caught:
        await house.shelf.withdraw("M-" + "0" * 32, "r", "")
    assert caught.value.status == 404


async def test_a_withdrawal_that_cannot_be_put_on_record_takes_nothing_away(house: House) -> None:
    (kept,) = await house.shelf.keep([house.new()])
    house.ledger.close()
    with pytest.raises(Unavailable):
        await house.shelf.withdraw(kept.medium.id, "r", "")
    assert house.files() == [kept.medium.file]


async def test_a_term_ends_by_itself_on_record(house: House) -> None:
    (kept,) = await house.shelf.keep([house.new()])
    house.clock.forward(2 * 3_600_000 - 1)
    assert (await house.shelf.tend()).expired == 0
    house.clock.forward(1)
    done = await house.shelf.tend()
    assert (done.expired, done.deleted) == (1, 1)
    (record,) = house.records("media.expired")
    assert (record["count"], record["types"]) == (1, {"image/png": 1})
    assert house.files() == []
    row = await house.shelf.book.medium(kept.medium.id)
    assert row is not None
    assert row.cause == "expired"
    house.clock.forward(31 * 86_400_000)
    await house.shelf.tend()
    assert await house.shelf.book.medium(kept.medium.id) is None


async def test_bytes_that_a_cut_off_deletion_left_are_deleted_later(house: House) -> None:
    (kept,) = await house.shelf.keep([house.new()])
    await house.shelf.withdraw(kept.medium.id, "r", "")
    connection = open_database(house.settings.database)
    connection.execute("UPDATE medium SET gone = NULL")
    connection.close()
    (house.folder / kept.medium.file).write_bytes(b"picture")
    assert (await house.shelf.tend()).deleted == 1
    assert house.files() == []


async def test_files_without_a_row_are_found_and_deleted_and_fresh_ones_left(
    house: House, tmp_path: Path
) -> None:
    (kept,) = await house.shelf.keep([house.new()])
    names = ("M-" + "a" * 32 + ".png", ".0123456789abcdef.part")
    for name in names:
        (house.folder / name).write_bytes(b"left behind")
    del tmp_path
    house.clock.at_ms = (house.folder / names[0]).stat().st_mtime_ns // 1_000_000 + 1_000
    connection = open_database(house.settings.database)
    connection.execute("UPDATE medium SET expires = ?", (house.clock() + 9_000_000,))
    connection.close()
    assert (await house.shelf.tend()).left_behind == 0
    house.clock.forward(3_600_000)
    assert (await house.shelf.tend()).left_behind == 2
    assert house.files() == [kept.medium.file]


async def test_an_erasure_closes_and_deletes_what_a_person_has(house: House) -> None:
    mine = house.new(subject="p-alice")
    (kept,) = await house.shelf.keep([mine])
    (others,) = await house.shelf.keep([house.new(subject="p-bob")])
    await house.shelf.erase("other-tenant", "p-alice")
    assert len(house.files()) == 2
    await house.shelf.erase("default", "p-alice")
    assert house.files() == [others.medium.file]
    (record,) = house.records("media.withdrawn")
    assert (record["medium"], record["cause"]) == (kept.medium.id, "erased")
    assert "p-alice" not in json.dumps(record)


async def test_on_a_server_files_are_kept_withdrawn_expired_and_tasks_ended_once(
    tmp_path: Path, postgres: PracticeServer
) -> None:
    text = f'[database]\nurl = "{postgres.database()}"\npassword = "env:PASSWORD"\n[shelf]'
    text = TEXT.format(folder=tmp_path).replace("[shelf]", text)
    settings, problems = inspect(text, environ={"PASSWORD": postgres.password})
    assert settings is not None, problems
    house = House(settings, FixedClock())
    try:
        shelf, now = house.shelf, house.clock()
        one, other = await shelf.keep([house.new(), house.new(b"other")])
        assert await shelf.book.used() == len(b"picture") + len(b"other")
        await shelf.withdraw(one.medium.id, "r", "")
        house.clock.forward(2 * 3_600_000)
        assert (await shelf.tend()).expired == 1
        assert house.files() == []
        causes = {row.id: row.cause for row in await shelf.book.listing(ended=True)}
        assert causes == {one.medium.id: "withdrawn", other.medium.id: "expired"}
        task = Task("task-1", "default", EXCHANGE, "p", "films", "ark", "t", "", now, now + 10**9)
        said = {"task": task.id, "exchange": EXCHANGE, "upstream": "films", "interface": "ark"}
        await shelf.record("media.task", "default", now, said, task.insertion())
        ended = {"task": task.id, "exchange": EXCHANGE, "end": "kept", "media": 1, "reason": ""}
        for answer in ("first", "second"):
            write = task.ending("done", answer)
            await shelf.record("media.task_ended", "default", now, ended, write)
        row = await shelf.book.task("task-1", "default")
        assert row is not None
        assert (row.state, row.answer, row.theirs) == ("done", "first", "")
        await shelf.erase("default", "p")
        assert await shelf.book.task("task-1", "default") is None
    finally:
        await house.close()


async def test_the_key_of_addresses_that_still_lead_somewhere_is_never_made_anew(
    settings: Settings,
) -> None:
    house = House(settings, FixedClock())
    (kept,) = await house.shelf.keep([house.new()])
    await house.close()
    (settings.key_directory / "media").unlink()
    with pytest.raises(Misconfigured, match="media is missing"):
        parts.open_ledger(settings)
    (settings.key_directory / "media").write_bytes(house.shelf.addresses.key)
    (settings.key_directory / "media").chmod(0o600)
    again = House(settings, FixedClock())
    await again.shelf.withdraw(kept.medium.id, "r", "")
    await again.close()
    (settings.key_directory / "media").unlink()
    parts.open_ledger(settings).close()  # no address is left that it could matter to


async def test_addresses_and_rows_survive_a_restart(settings: Settings) -> None:
    clock = FixedClock()
    first = House(settings, clock)
    (kept,) = await first.shelf.keep([first.new()])
    await first.close()
    second = House(settings, clock)
    try:
        row = await second.shelf.book.medium(kept.medium.id)
        assert row == kept.medium
        assert second.shelf.address(row) == kept.address
        await asyncio.sleep(0)
    finally:
        await second.close()


def test_an_erasure_is_not_complete_before_the_files_are_gone(settings: Settings) -> None:
    clock = FixedClock()
    house = House(settings, clock)
    holders = holders_of(settings)
    vault = open_vault(settings, clock, holders)
    try:
        subject = vault.subject("default", "alice")
        writes = (*subject.writes, *sealed(vault, subject, clock))
        record = leaf.make(kinds.named("service.stopped"), clock(), "default", STOPPED)
        house.ledger.add_blocking(Entry("default", record, writes))
        assert subject.pseudonym is not None
        new = house.new(subject=subject.pseudonym)
        (kept,) = asyncio.run(house.shelf.keep([new]))
        with Upkeep(settings, house.ledger, clock, holders) as upkeep:
            erasures = upkeep.erasures()
            person = erasures.person("default", pseudonym=subject.pseudonym)
            erasures.ask(person, "requested", "staff 7")
            assert "media" in [sink.name for sink in erasures.sinks]
            erasures.advance()
            clock.forward(8 * 86_400_000)
            upkeep.tend()
            clock.forward(300_000)
            upkeep.tend()
            (standing,) = erasures.standings()
        assert standing.sinks["media"] == "done"
        assert house.files() == []
        assert house.records("media.withdrawn")[0]["medium"] == kept.medium.id
    finally:
        vault.close()
        asyncio.run(house.close())


STOPPED = {"reason": "x", "answered": 0}


def sealed(vault: Vault, subject: Subject, clock: FixedClock) -> tuple[Write, ...]:
    return vault.seal(subject, "default", EXCHANGE, "prompt", "all", b"x", clock() + 86_400_000)
