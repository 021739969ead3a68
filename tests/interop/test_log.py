"""The kinds of tampering that `make interop` does, before our own readers and a small log."""

import os
from pathlib import Path

import pytest
from interop.golang import build

from interop import log, logfolder, ours, tampering


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("log")
    return logfolder.write(room, log.LEAST, lambda _: None)


def test_a_log_as_it_was_written_is_accepted(folder: Path) -> None:
    assert ours.read(folder) == ""
    assert len(list((folder / "proofs").iterdir())) > 100


@pytest.mark.parametrize("kind", tampering.KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_tampering_is_rejected_for_what_it_is(
    folder: Path, tmp_path: Path, kind: tampering.Kind
) -> None:
    with tampering.copied(folder, tmp_path) as copy:
        kind.do(copy)
        why = ours.read(copy)
    assert why
    assert "No such file" not in why
    assert ours.read(folder) == "", "the original stays as it was"


def test_where_go_cannot_be_had_it_is_said_and_in_ci_it_is_no_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(log.NotRun, match=r"golang-go|go could not"):
        build(tmp_path)
    monkeypatch.setenv("CI", "true")
    assert log._not_run("no Go") == 1
    monkeypatch.delenv("CI")
    assert log._not_run("no Go") == 0
    assert "NOT RUN: no Go" in capsys.readouterr().out
    assert "CI" not in os.environ
