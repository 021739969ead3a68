"""Erasure on a PostgreSQL server: its log and its backups keep bytes, and these must not open."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.vault.conftest import House, settings_in

from hegui.app import parts
from hegui.store import open_connection
from hegui.terms import BadRequest
from hegui.testing.postgres import PracticeServer
from hegui.vault import sealing

MARK = "一段只在这里出现的话 4711"


@pytest.fixture
def on_server(tmp_path: Path, postgres: PracticeServer) -> Iterator[House]:
    more = f'\n[database]\nurl = "{postgres.database()}"\npassword = "env:PRACTICE_PASSWORD"\n'
    made = House(settings_in(tmp_path, more, PRACTICE_PASSWORD=postgres.password))
    yield made
    made.close()


def holding(folder: Path, mark: bytes) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if mark in path.read_bytes()]


def test_what_was_erased_opens_nowhere_once_its_epoch_is_closed(
    on_server: House, postgres: PracticeServer, tmp_path: Path
) -> None:
    house = on_server
    subject = house.keep("somebody", "X1", MARK)
    house.keep("somebody else", "X2", "another text")
    assert house.vault.open("default", "X1", "prompt").decode() == MARK
    connection = open_connection(parts.place_of(house.settings))
    sql = "SELECT wrapped FROM subject_key WHERE key_id = ?"
    wrapped = bytes(connection.execute(sql, (subject.key_id,)).get)
    connection.close()
    postgres.sql("CHECKPOINT")
    backup = tmp_path / "backup"
    shutil.copytree(postgres.folder / "data", backup)  # as a base backup taken before
    before = {path.read_bytes() for path in (house.settings.key_directory).glob("epoch-*")}
    assert any(sealing.unwrap(key, wrapped) == subject.key for key in before)

    assert house.erase("somebody").state == "erased"
    done = house.rotate()
    assert len(done.closed) == 1
    house.clock.forward(600_000)  # every gateway has looked, and forgotten
    assert [one.state for one in house.tend().completed] == ["complete"]
    with pytest.raises(BadRequest):
        house.vault.open("default", "X1", "prompt")
    assert house.vault.open("default", "X2", "prompt") == b"another text"

    postgres.sql("CHECKPOINT")
    for folder in (backup, postgres.folder / "data", house.settings.data_dir):
        assert holding(folder, MARK.encode()) == []
        assert holding(folder, subject.key) == []
    assert holding(backup, wrapped)  # it is there, and nothing is left that opens it
    left = {path.read_bytes() for path in (house.settings.key_directory).glob("epoch-*")}
    assert not left & before
    assert not any(sealing.unwrap(key, wrapped) for key in left)
