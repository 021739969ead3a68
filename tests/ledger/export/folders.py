"""Logs that lie in memory, folders written from them, and the verifier."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from hegui.ledger import kinds, leaf, tree
from hegui.ledger.export import Scope, digest_of_clauses
from hegui.ledger.export.data import verify
from hegui.ledger.note import Checkpoint, Signer
from hegui.ledger.tiles import WIDTH, TileTree

NOW = 1_780_000_000_000
ORIGIN = "ledger.test/t"
SIGNER = Signer(ORIGIN, b"t" * 32)


def nothing(done: int, steps: int) -> None:
    assert done <= steps


@dataclass
class MemoryLog:
    """A log as the export reads it, from a list of leaves."""

    all: Sequence[bytes]
    tenant: str = "t"
    origin: str = ORIGIN
    pruned: frozenset[int] = frozenset()
    broken_at: int = -1
    size: int = field(init=False)
    root: bytes = field(init=False)
    checkpoint: str = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.all)
        self.levels = [[tree.leaf_hash(one) for one in self.all]]
        while len(self.levels[-1]) >= WIDTH:
            below = self.levels[-1]
            whole = len(below) // WIDTH * WIDTH
            self.levels.append(
                [tree.root_of(below[at : at + WIDTH]) for at in range(0, whole, WIDTH)]
            )
        self.root = tree.root_of(self.levels[0])
        self.checkpoint = SIGNER.sign(Checkpoint(self.origin, self.size, self.root).text())
        self._tree = TileTree(self.size, lambda level, start, end: self.levels[level][start:end])

    def tile(self, level: int, n: int, width: int) -> bytes:
        return b"".join(self.levels[level][n * WIDTH : n * WIDTH + width])

    def leaves(self, start: int, end: int) -> list[bytes]:
        if start <= self.broken_at < end:
            raise OSError(28, "No space left on device")
        return [b"" if at in self.pruned else self.all[at] for at in range(start, end)]

    def inclusion(self, index: int) -> list[bytes]:
        return self._tree.inclusion(index)


def a_record(at_ms: int, kind: str = "key.revoked", **fields: Any) -> bytes:
    return leaf.make(kinds.named(kind), at_ms, "t", fields or {"key": "abcdefghij"})


def own_record(scope: Scope, before: Sequence[bytes], at_ms: int) -> bytes:
    head = {"size": len(before), "root": tree.root_of(map(tree.leaf_hash, before)).hex()}
    return a_record(at_ms, "ledger.exported", **scope.record(), **head, clauses=digest_of_clauses())


def check(folder: Path, vkey: str = SIGNER.vkey, witnesses: Sequence[str] = ()) -> verify.Report:
    return verify.Check(str(folder), vkey, list(witnesses)).run()


def named(report: verify.Report) -> str:
    """Return all that the report says does not hold, in English."""
    return "\n".join(f"{where}: {words[0]}" for where, words in report.problems)


def restore_manifest(folder: Path) -> None:
    """Make SHA256SUMS anew, as whoever changes a file would."""
    lines = [
        f"{sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n"
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def edit(path: Path, **changes: Any) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **changes}), encoding="utf-8")


def files_of(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def head_of(leaves: Sequence[bytes], signer: Signer = SIGNER) -> str:
    """Return the signed head of a log of these leaves."""
    root = tree.root_of(map(tree.leaf_hash, leaves))
    return signer.sign(Checkpoint(ORIGIN, len(leaves), root).text())


def replaced(path: Path, old: str, new: str) -> None:
    """Put a text in another's place, once, in a file that holds it."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
