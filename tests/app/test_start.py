"""What stops start-up: a service that would not do what its settings say does not run."""

from pathlib import Path

import pytest

from hegui.app import build
from hegui.settings import inspect
from hegui.terms import Misconfigured

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


async def test_an_action_that_names_nothing_stops_start_up(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"pii\.mobil,"):
        await start(tmp_path, '[screen.actions.reply]\n"pii.mobil" = "refuse"\n')


async def test_an_action_that_names_a_rule_does_not(tmp_path: Path) -> None:
    await start(tmp_path, '[screen.actions.reply]\n"pii.mobile" = "refuse"\n')


async def test_a_detector_that_cannot_be_loaded_stops_start_up(tmp_path: Path) -> None:
    attached = '[[screen.detector]]\nname = "mine"\nplugin = "nowhere_at_all:Mine"\n'
    with pytest.raises(Misconfigured, match="nowhere_at_all"):
        await start(tmp_path, attached)
