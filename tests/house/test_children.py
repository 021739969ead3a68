"""Processes that we start: a folder of strangers' files must not bring code for them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hegui.app import drawing, labelling
from hegui.ledger.apart import verify_apart
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL

ROOT = Path(__file__).parents[2] / "src" / "hegui"


def started(tree: ast.AST) -> Iterator[tuple[int, bool]]:
    """Give where Python is started, and whether it is told to leave the folder alone."""
    for node in ast.walk(tree):
        words = node.elts if isinstance(node, ast.List) else getattr(node, "args", None)
        if not isinstance(words, list):
            continue
        for one, after in zip(words, [*words[1:], None], strict=False):
            if isinstance(one, ast.Attribute) and one.attr == "executable":
                yield one.lineno, isinstance(after, ast.Constant) and after.value == "-P"


def test_no_process_of_ours_takes_code_from_the_folder_it_is_started_in() -> None:
    there = [
        (path.name, line, safe)
        for path in ROOT.rglob("*.py")
        for line, safe in started(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert len(there) > 5
    assert [one for one in there if not one[2]] == []


@pytest.fixture
def strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder that holds what Python would take for its own modules, and ours."""
    said = f"open({str(tmp_path / 'ran')!r}, 'w').write('ran')\nraise SystemExit(0)\n"
    for name in ("json.py", "hegui.py"):
        (tmp_path / name).write_text(said)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_strangers_folder_runs_nothing_where_films_are_drawn_upon(strange: Path) -> None:
    (strange / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08moov")
    with pytest.raises(BadRequest):
        labelling.label(strange / "a.mp4", strange / "b.mp4", LABEL, "auto", how=drawing.How())
    assert not (strange / "ran").exists()


def test_a_strangers_folder_runs_nothing_where_evidence_is_verified(strange: Path) -> None:
    report = verify_apart(strange / "none.db")
    assert not report.ok
    assert not (strange / "ran").exists()
