from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hegui.cli import main
from hegui.testing.postgres import PracticeServer

Hegui = Callable[..., Result]

INTERNAL = """\
[service]
name = "assistant"
scope = "internal"
reason = "used by our own staff only"

[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
role = "own"
"""


@pytest.fixture
def hegui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hegui:
    """Run a command in an empty directory, in English unless told otherwise."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: str, stdin: str | bytes = "", **environ: str) -> Result:
        return CliRunner().invoke(main, args, input=stdin, env=environ)

    return run


@pytest.fixture
def settings(tmp_path: Path, hegui: Hegui) -> Path:
    assert callable(hegui)
    path = tmp_path / "hegui.toml"
    path.write_text(INTERNAL, encoding="utf-8")
    return path


@pytest.fixture
def on_server(hegui: Hegui, settings: Path, postgres: PracticeServer) -> Hegui:
    """Run a command whose settings name a server."""
    database = f'\n[database]\nurl = "{postgres.database()}"\npassword = "env:PRACTICE_PASSWORD"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + database, encoding="utf-8")

    def run(*args: str) -> Result:
        return hegui(*args, PRACTICE_PASSWORD=postgres.password, LANG="en_US.UTF-8")

    return run
