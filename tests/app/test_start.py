"""What stops start-up: a service that would not do what its settings say does not run."""

import asyncio
import shutil
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from hegui.app import build, parts
from hegui.app.serving import bound
from hegui.callers.keys import NewKey, make
from hegui.ledger import kinds, leaf
from hegui.settings import Settings, inspect
from hegui.store import open_database
from hegui.terms import Corrupt, Entry, HeguiError, Misconfigured, Unavailable, Words
from hegui.testing.ports import free_port

SETTINGS = """
data_dir = "{data}"

[service]
name = "test"
scope = "internal"
reason = "a test"

[[upstream]]
name = "own"
base_url = "http://127.0.0.1:9/v1"
role = "own"
"""


async def start(tmp_path: Path, more: str) -> None:
    settings, problems = inspect(SETTINGS.format(data=tmp_path / "data") + more, environ={})
    assert settings is not None, problems
    gateway = build(settings)
    await gateway.start()
    await gateway.stop()


def test_a_port_that_was_taken_is_nobody_elses_though_nothing_is_served_yet() -> None:
    with closing(bound("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(Misconfigured, match=str(port)):
            bound("127.0.0.1", port)


async def test_an_action_that_names_nothing_stops_start_up(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"pii\.mobil,"):
        await start(tmp_path, '[screen.actions.reply]\n"pii.mobil" = "refuse"\n')


async def test_an_action_that_names_a_rule_does_not(tmp_path: Path) -> None:
    await start(tmp_path, '[screen.actions.reply]\n"pii.mobile" = "refuse"\n')


async def test_a_detector_that_cannot_be_loaded_stops_start_up(tmp_path: Path) -> None:
    attached = '[[screen.detector]]\nname = "mine"\nplugin = "nowhere_at_all:Mine"\n'
    with pytest.raises(Misconfigured, match="nowhere_at_all"):
        await start(tmp_path, attached)


JWKS = """
[callers.assertion]
issuer = "app"
audience = "hegui"
algorithms = ["RS256"]
jwks = "https://127.0.0.1:{port}/keys"
"""


async def test_a_start_that_fails_late_leaves_nothing_running_and_says_so_on_record(
    tmp_path: Path,
) -> None:
    text = SETTINGS.format(data=tmp_path / "data") + JWKS.format(port=free_port())
    settings, problems = inspect(text, environ={})
    assert settings is not None, problems
    gateway, before = build(settings), asyncio.all_tasks()
    with pytest.raises(Unavailable, match="jwks"):
        await gateway.start()
    assert asyncio.all_tasks() == before
    assert gateway.gate.upstreams._session is None
    last = records_of(settings)[-1]
    assert (last["kind"], last["reason"]) == ("service.stopped", "not-started")


def open_in(folder: Path) -> list[str]:
    """Return the files below a folder that this process has open."""
    found = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(one.readlink()))
    return [name for name in found if name.startswith(str(folder))]


async def test_a_gateway_that_cannot_be_made_leaves_nothing_open_and_can_be_made_afterwards(
    tmp_path: Path,
) -> None:
    await start(tmp_path, "")
    assert open_in(tmp_path) == []
    key = tmp_path / "data" / "keys" / "media"  # the last thing that is opened
    settings, problems = inspect(SETTINGS.format(data=tmp_path / "data"), environ={})
    assert settings is not None, problems
    key.write_bytes(b"too short")
    threads = set(threading.enumerate())
    with pytest.raises(HeguiError, match="media"):
        build(settings)
    assert open_in(tmp_path) == []
    assert set(threading.enumerate()) == threads
    key.unlink()
    await start(tmp_path, "")


@pytest.mark.parametrize("name", ["signing", "pepper", "epoch-00001", "tenant-default"])
async def test_a_lost_key_file_is_never_made_anew_in_silence(tmp_path: Path, name: str) -> None:
    settings, problems = inspect(SETTINGS.format(data=tmp_path / "data"), environ={})
    assert settings is not None, problems
    gateway = build(settings)
    await gateway.start()
    made = make(parts.pepper(settings), NewKey(), parts.now())
    subject = gateway.vault.subject("default", "somebody")
    fields = {"key": made.record.id, "audience": "adult"}
    record = leaf.make(kinds.named("key.created"), parts.now(), "default", fields)
    await gateway.ledger.add(Entry("default", record, (made.write, *subject.writes)))
    await gateway.stop()
    (settings.key_directory / name).unlink()
    with pytest.raises(Misconfigured, match=name):
        build(settings)
    assert not (settings.key_directory / name).exists()


async def resumed_in(settings: Settings) -> list[dict[str, Any]]:
    """Start the service and stop it; return what it has on record of what it found."""
    gateway = build(settings)
    await gateway.start()
    await gateway.stop()
    return [one for one in records_of(settings) if one["kind"] == "ledger.resumed"]


def records_of(settings: Settings) -> list[dict[str, Any]]:
    """Return what is on record, in order."""
    with closing(open_database(settings.database, read_only=True)) as connection:
        rows = connection.execute("SELECT leaf FROM entry ORDER BY idx").fetchall()
    return [leaf.parse(one) for (one,) in rows]


async def test_a_start_says_on_record_what_lay_beyond_the_signed_head(tmp_path: Path) -> None:
    text = SETTINGS.format(data=tmp_path / "data") + "[ledger]\nsign_seconds = 60\n"
    settings, problems = inspect(text, environ={})
    assert settings is not None, problems
    living = parts.open_ledger(settings)
    fields = {"reason": "test", "answered": 0}
    made = leaf.make(kinds.named("service.stopped"), parts.now(), "default", fields)
    await living.add(Entry("default", made))  # durable, and not signed
    shutil.copytree(tmp_path / "data", tmp_path / "killed")
    assert await resumed_in(settings) == []  # it is about to sign
    living.close()
    text = text.replace(str(tmp_path / "data"), str(tmp_path / "killed"))
    settings, problems = inspect(text, environ={})
    assert settings is not None, problems
    (resumed,) = await resumed_in(settings)
    assert (resumed["head"], resumed["size"]) == (0, 1)


async def test_a_restored_backup_stops_start_up(tmp_path: Path) -> None:
    await start(tmp_path, "")
    database = tmp_path / "data" / "hegui.db"
    backup = database.read_bytes()
    await start(tmp_path, "")
    database.write_bytes(backup)
    with pytest.raises(Corrupt, match="older copy"):
        await start(tmp_path, "")


async def test_a_chore_that_failed_in_any_way_is_done_again_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings, problems = inspect(SETTINGS.format(data=tmp_path / "data"), environ={})
    assert settings is not None, problems
    gateway = build(settings)
    await gateway.start()
    tried, again = 0, asyncio.Event()

    async def chore() -> None:
        nonlocal tried
        tried += 1
        if tried > 1:
            again.set()
            raise Misconfigured(Words("look into the settings", "请检查配置"))
        raise OSError("what no error of ours says")

    gateway._chores.repeat(chore, 0.001)
    try:
        async with asyncio.timeout(10):
            await again.wait()
    finally:
        await gateway.stop()
    assert "chore failed: OSError" in caplog.text
    assert "chore failed: look into the settings" in caplog.text
