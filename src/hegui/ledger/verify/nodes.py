"""The stored roots of tiles: each must be that of the entries below it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from hegui.ledger.edge import WIDE, Edge, full_root
from hegui.ledger.verify.opening import as_bytes
from hegui.ledger.verify.report import Report

_NODES = "SELECT level, idx, hash FROM node WHERE tenant = ? ORDER BY level, idx"
_TABLE = "SELECT 1 FROM sqlite_schema WHERE name = 'node'"


@dataclass(slots=True)
class NodeCheck:
    """The check of one log's stored tiles against those that its entries make.

    ``tiles`` are the roots of the full tiles below the signed head, as the entries make them.
    """

    connection: sqlite3.Connection
    tenant: str
    tiles: Sequence[bytes]
    report: Report

    def run(self, signed: int, root: bytes, last: Sequence[bytes], *, agrees: bool) -> None:
        """Name what is wrong, missing or too much.

        ``last`` are the hashes after the last full tile below the ``signed`` size, whose ``root``
        was signed; ``agrees``: the entries make that root.
        """
        if self.connection.execute(_TABLE).fetchone() is None:
            return  # the first format has none
        found: dict[tuple[int, int], bytes] = {
            (level, index): as_bytes(hashed)
            for level, index, hashed in self.connection.execute(_NODES, (self.tenant,))
        }
        covered = max((index + 1 for level, index in found if level == 1), default=0)
        covered = min(covered, len(self.tiles))
        if covered < len(self.tiles):
            self.report.gap(
                f"{self.tenant}: tiles of the first {covered * WIDE} of {signed} signed entries"
                " are stored; the rest is made by the next process that writes.",
                f"{self.tenant}：已签名的 {signed} 条中，前 {covered * WIDE} 条的哈希分片已存储；"
                "其余由下一个写入进程补齐。",
            )
        expected = self._expected(covered)
        entries_changed = not agrees and self._signed(found, signed, root, last)
        for place in sorted(expected.keys() | found.keys()):
            if found.get(place) != expected.get(place):
                self._name(place, found, expected, entries_changed=entries_changed)

    def _expected(self, covered: int) -> dict[tuple[int, int], bytes]:
        expected: dict[tuple[int, int], bytes] = {}
        level, row = 1, list(self.tiles[:covered])
        while row:
            expected.update({(level, index): hashed for index, hashed in enumerate(row)})
            whole = range(0, len(row) - len(row) % WIDE, WIDE)
            row = [full_root(row[at : at + WIDE]) for at in whole]
            level += 1
        return expected

    def _signed(
        self,
        found: dict[tuple[int, int], bytes],
        signed: int,
        root: bytes,
        last: Sequence[bytes],
    ) -> bool:
        """Tell whether the stored tiles make the signed root: then the entries were changed."""
        row = [found.get((1, index), b"") for index in range(signed // WIDE)]
        edge = Edge()
        edge.extend(row, 1)
        edge.extend(last)
        return edge.size == signed and edge.root() == root

    def _name(
        self,
        place: tuple[int, int],
        found: dict[tuple[int, int], bytes],
        expected: dict[tuple[int, int], bytes],
        *,
        entries_changed: bool,
    ) -> None:
        level, index = place
        where = f"{self.tenant}/node {level}/{index}"
        if place not in found:
            self.report.problem(where, "this root of a tile is missing", "缺少该哈希分片的根")
        elif place not in expected:
            self.report.problem(where, "no signed entries belong to it", "没有与之对应的已签名记录")
        elif entries_changed:
            if level == 1:
                low = index * WIDE
                self.report.problem(
                    f"{self.tenant}/entries {low} to {low + WIDE - 1}",
                    "among these are some that are not those that were signed",
                    "其中有记录与签名时不符",
                )
        else:
            self.report.problem(
                where,
                "this root of a tile is not that of the entries below it",
                "该哈希分片的根与其下的记录不符",
            )
