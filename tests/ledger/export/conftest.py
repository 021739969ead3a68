"""Exports that the tests write, copy and change."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.export.folders import NOW, SIGNER, MemoryLog, a_record, nothing, own_record

from hegui.ledger.export import FolderSink, Keys, Scope, write_export

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def some_leaves() -> list[bytes]:
    """Six hundred records, one a second; three of them of kinds that this version cannot know."""
    made = [a_record(NOW + 1000 * at) for at in range(600)]
    made[7] = b'{"kind":"key.revoked","t":1780000007000,"tenant":"t","v":9,"x":1}'
    made[8] = b'{"kind":"of.tomorrow","t":1780000008000,"tenant":"t","v":1}'
    made[9] = b'{"t":1780000009000,"tenant":"t"}'
    return made


@pytest.fixture
def write(tmp_path: Path, some_leaves: list[bytes]) -> Write:
    """Write an export of some records and of its own record; return the folder."""

    def into(
        scope: Scope | None = None,
        leaves: Sequence[bytes] | None = None,
        name: str = "out",
        keys: Keys | None = None,
        **more: Any,
    ) -> Path:
        scope = scope or Scope("staff-1", "a test")
        before = list(some_leaves if leaves is None else leaves)
        log = MemoryLog([*before, own_record(scope, before, NOW + 700_000)], **more)
        with FolderSink(tmp_path / name) as sink:
            write_export(log, scope, len(before), keys or Keys([SIGNER.vkey]), sink, nothing)
        return tmp_path / name

    return into


@pytest.fixture(scope="session")
def kept_export(tmp_path_factory: pytest.TempPathFactory, some_leaves: list[bytes]) -> Path:
    """An export that tests copy before they change it."""
    out = tmp_path_factory.mktemp("kept") / "export"
    scope = Scope("staff-1", "a test", named=frozenset({3, 300}))
    log = MemoryLog([*some_leaves, own_record(scope, some_leaves, NOW + 700_000)])
    with FolderSink(out) as sink:
        write_export(log, scope, len(some_leaves), Keys([SIGNER.vkey]), sink, nothing)
    return out


@pytest.fixture
def folder(kept_export: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(kept_export, copy)
    return copy
