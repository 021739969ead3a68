"""What is attested is kept under its digest, by several at once, and never another content."""

import threading
from pathlib import Path

import pytest
from tests.cli.conftest import INTERNAL

from hegui.app.attestations import keep, kept, path_of
from hegui.settings import Settings, read
from hegui.terms import Corrupt


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "hegui.toml"
    path.write_text(INTERNAL, encoding="utf-8")
    return read(path, {})


def test_several_keep_the_same_at_once(settings: Settings) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            for number in range(25):
                keep(settings, b"%d" % number)
        except BaseException as error:  # noqa: BLE001 - what a thread raises is looked at below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert failed == []
    folder = path_of(settings, "x").parent
    assert sorted(one.read_bytes() for one in folder.iterdir()) == sorted(
        b"%d" % number for number in range(25)
    )


def test_what_was_changed_is_not_taken_for_what_is_attested_again(settings: Settings) -> None:
    digest = keep(settings, b"as it was")
    path_of(settings, digest).write_bytes(b"another")
    with pytest.raises(Corrupt, match="not the file that was attested"):
        keep(settings, b"as it was")
    path_of(settings, digest).unlink()
    assert keep(settings, b"as it was") == digest
    assert kept(settings, digest) == b"as it was"
