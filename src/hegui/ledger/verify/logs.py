"""The check of one log."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hegui.ledger.edge import WIDE
from hegui.ledger.tree import HASH_BYTES
from hegui.ledger.verify.entries import (
    Thorough,
    Tree,
    quick_tree,
    read_thoroughly,
    stored_between,
)
from hegui.ledger.verify.nodes import NodeCheck
from hegui.ledger.verify.notes import Claim, read_claim, read_vkey, signed_by
from hegui.ledger.verify.opening import as_bytes
from hegui.ledger.verify.pruned import Pruned, read_pruned
from hegui.ledger.verify.ranges import Progress, Work
from hegui.ledger.verify.report import LogReport, Report
from hegui.ledger.verify.second import Second

_FIRST = "SELECT min(idx) FROM entry WHERE tenant = ?"
_LAST = "SELECT max(idx) FROM entry WHERE tenant = ?"
_BYTES = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of ``log`` as it lies there."""

    origin: str
    size: object
    edge: object
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Means:
    """What a check has to work with beside the file: a key, the second place, processors."""

    path: Path
    vkey: str | None
    seconds: Sequence[Second] | None
    jobs: int
    progress: Progress


class LogCheck:
    """The check of one log."""

    def __init__(
        self, connection: sqlite3.Connection, report: Report, tenant: str, means: Means
    ) -> None:
        self._connection = connection
        self._report = report
        self._tenant = tenant
        self._means = means
        self._pruned = Pruned([])

    def run(self, stored: Stored) -> None:
        """Check entries, head, frontier, tiles and signature, and report each by itself."""
        claim = self._read_checkpoint(stored)
        signed_size = claim.size if claim else 0
        seconds = [one for one in self._means.seconds or () if one.claim.origin == stored.origin]
        marks = frozenset([signed_size, *(one.claim.size for one in seconds)])
        self._pruned = read_pruned(self._connection, self._tenant, self._report)
        tree, size, root = self._read_entries(stored, claim, marks)
        self._compare_head(stored, claim, tree, size)
        self._check_frontier(stored.edge, tree)
        self._check_nodes(claim, tree)
        for one in seconds:
            self._check_second(one, tree)
        if self._means.seconds is not None and not seconds and signed_size:
            self._report.gap(
                f"{self._tenant}: no signed head is kept in the second place, so that an older copy"
                " cannot be told.",
                f"{self._tenant}：第二存放处没有该账本的账本头，无法判断数据库是否为旧副本。",
            )
        signed = self._check_signature(stored)
        self._report.logs.append(
            LogReport(
                self._tenant,
                stored.origin,
                size,
                root.hex(),
                signed,
                head=signed_size,
                pruned=self._pruned.count,
            )
        )

    def _say(self, where: str, en: str, zh: str) -> None:
        self._report.problem(f"{self._tenant}/{where}", en, zh)

    def _read_entries(
        self, stored: Stored, claim: Claim | None, marks: frozenset[int]
    ) -> tuple[Tree, int, bytes]:
        """Return the tree to go on with, and size and root over the leaves that are here."""
        first = self._connection.execute(_FIRST, (self._tenant,)).fetchone()[0]
        last = self._connection.execute(_LAST, (self._tenant,)).fetchone()[0]
        if first is None or (first == 0 and isinstance(last, int)):
            size = 0 if first is None else last + 1
            quick = self._quickly(size, marks)
            if quick is not None and self._pruned.fits(quick[1]):
                return quick[0], size, quick[0].edge.root()
        found = read_thoroughly(self._connection, self._tenant, marks, self._pruned.has)
        tree = self._name_odd(found, stored, claim)
        return tree, found.leaves.edge.size, found.leaves.edge.root()

    def _quickly(
        self, size: int, marks: frozenset[int]
    ) -> tuple[Tree, list[tuple[int, int]]] | None:
        room = self._connection.execute(_BYTES).fetchone()[0]
        if size * HASH_BYTES > room:  # an index that was made up: so many hashes are not here
            return None
        means = self._means
        work = Work(means.path, self._tenant, size, means.jobs, means.progress)
        return quick_tree(work.run(self._connection), marks, self._stored)

    def _stored(self, start: int, end: int) -> list[bytes]:
        return stored_between(self._connection, self._tenant, start, end)

    def _name_odd(self, found: Thorough, stored: Stored, claim: Claim | None) -> Tree:
        """Name each entry that is missing or odd; return the tree to go on with.

        What agrees with the signed root, or beyond it with the frontier, was not changed.
        """
        for expected, index in found.gaps:
            self._say(
                f"entry {expected}",
                f"missing: the next entry here is {index}",
                f"缺失：此处的下一条是第 {index} 条",
            )
        for index in self._pruned.still_there([(one, 1) for one in found.empty]):
            self._say(
                f"entry {index}",
                "is on record as pruned, and its leaf is here",
                "记为已清理，但内容仍在此处",
            )
        signed = claim.size if claim else 0
        root = claim.root if claim else b""
        below = (root == found.stored.roots.get(signed), root == found.leaves.roots.get(signed))
        edge = as_bytes(stored.edge)
        beyond = (_edge(found.stored) == edge, _edge(found.leaves) == edge)
        for index in found.odd:
            fits = below if index < signed else beyond
            self._say(f"entry {index}", *_odd_words(*fits))
        if below[0] != below[1]:
            return found.stored if below[0] else found.leaves
        return found.stored if beyond[0] and below[0] else found.leaves

    def _compare_head(self, stored: Stored, claim: Claim | None, tree: Tree, size: int) -> None:
        if claim is not None and claim.size > size:
            self._say(
                "checkpoint",
                f"is for {claim.size} entries, {size} are here",
                f"对应 {claim.size} 条记录，实有 {size} 条",
            )
        elif claim is not None and claim.root != tree.roots.get(claim.size):
            self._say(
                "checkpoint",
                "the signed root is not the root of the entries: one of them was changed",
                "已签名的根哈希与记录不符：检查点或记录被改动过",
            )
        if claim is not None and claim.size < size:
            count = size - claim.size
            self._report.gap(
                f"{self._tenant}: the last {count} entries are durable and not signed yet. They"
                " were checked against the frontier only.",
                f"{self._tenant}：最后 {count} 条记录已落盘、尚未签名，仅与存储的前沿哈希核对。",
            )
        if stored.size != size:
            self._say(
                "size",
                f"the head counts {stored.size} entries, {size} are here",
                f"账本的头记为 {stored.size} 条，实有 {size} 条",
            )

    def _check_frontier(self, edge: object, tree: Tree) -> None:
        data = as_bytes(edge)
        expected = tree.edge.frontier().edge
        if len(data) != len(expected) * HASH_BYTES:
            self._say("frontier", "has the wrong length", "长度有误")
            return
        for place, hashed in enumerate(expected):
            if data[place * HASH_BYTES :][:HASH_BYTES] != hashed:
                self._say(
                    f"frontier {place}",
                    "this hash is not that of the entries below it",
                    "该哈希与其下的记录不符",
                )

    def _check_nodes(self, claim: Claim | None, tree: Tree) -> None:
        if claim is None or claim.size > tree.edge.size:  # what it counts beyond is not here
            return
        last = self._stored(claim.size - claim.size % WIDE, claim.size)
        agrees = claim.root == tree.roots.get(claim.size)
        check = NodeCheck(
            self._connection, self._tenant, tree.tiles[: claim.size // WIDE], self._report
        )
        check.run(claim.size, claim.root, last, agrees=agrees)

    def _check_second(self, second: Second, tree: Tree) -> None:
        claim = second.claim
        if claim.size > tree.edge.size:
            self._report.problem(
                second.name,
                f"a head of {claim.size} entries was signed, {tree.edge.size} are here: the"
                " database is an older copy",
                f"曾为 {claim.size} 条的账本头签名，此处只有 {tree.edge.size} 条：数据库是旧副本",
            )
        elif claim.root != tree.roots.get(claim.size):
            self._report.problem(
                second.name,
                f"the head of {claim.size} entries that was signed is not that of these entries",
                f"曾签名的 {claim.size} 条的账本头与此处的记录不符",
            )
        key = read_vkey(self._means.vkey) if self._means.vkey else None
        if key is not None and not signed_by(second.note, key):
            self._report.problem(
                second.name,
                f"carries no valid signature by {key.name}",
                f"没有 {key.name} 的有效签名",
            )

    def _read_checkpoint(self, stored: Stored) -> Claim | None:
        claim = read_claim(stored.checkpoint)
        if claim is None:
            self._say("checkpoint", "cannot be read as a checkpoint", "不是有效的检查点")
        elif claim.origin != stored.origin:
            self._say("checkpoint", "names another log", "所写的账本来源不符")
        return claim

    def _check_signature(self, stored: Stored) -> bool:
        if self._means.vkey is None:
            self._report.gap(
                f"{self._tenant}: no verifier key was given, so the signature was not checked.",
                f"{self._tenant}：未提供验证公钥，因此未检查签名。",
            )
            return False
        key = read_vkey(self._means.vkey)
        if key is None:
            self._say("key", "the verifier key that was given is not one", "给出的验证公钥无效")
            return False
        if not signed_by(stored.checkpoint, key):
            self._say(
                "checkpoint",
                f"carries no valid signature by {key.name}",
                f"没有 {key.name} 的有效签名",
            )
            return False
        if key.name != stored.origin:  # one key may have signed several logs
            self._say(
                "checkpoint",
                f"is of the log {stored.origin}, and the key that was given is that of {key.name}",
                f"属于账本 {stored.origin}，而给出的公钥属于 {key.name}",
            )
            return False
        return True


def _edge(tree: Tree) -> bytes:
    return tree.edge.frontier().to_bytes()


def _odd_words(stored_fits: bool, leaves_fit: bool) -> tuple[str, str]:  # noqa: FBT001 - what fits is told twice
    if stored_fits and not leaves_fit:
        return "the leaf was changed", "记录内容被改动过"
    if leaves_fit and not stored_fits:
        return "the stored hash was changed", "存储的哈希被改动过"
    return "the leaf or its hash was changed", "记录内容或其哈希被改动过"
