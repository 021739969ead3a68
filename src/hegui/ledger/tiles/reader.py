"""Reading one tenant's log from the database: one snapshot, and nothing above the signed head."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from hegui.ledger.note import Checkpoint
from hegui.ledger.tiles.places import WIDTH, width_at
from hegui.ledger.tiles.subtrees import TileTree
from hegui.ledger.tree import HASH_BYTES, consistent, included, root_of
from hegui.store import open_database
from hegui.terms import BadRequest, Corrupt, Unavailable, Words

_NO_LOG = Words(
    en="There is no log of tenant {tenant} here.",
    zh="此处没有租户 {tenant} 的账本。",
)
_UNSIGNED = Words(
    en="No head of tenant {tenant}'s log has been signed yet. Try again in a second.",
    zh="租户 {tenant} 的账本尚未签署任何检查点。请稍后再试。",
)
_NOT_THERE = Words(
    en="The signed log of tenant {tenant} has {size} entries; {what} lies beyond them.",
    zh="租户 {tenant} 的已签名账本共有 {size} 条记录，{what} 超出了这一范围。",
)
_UNREADABLE = Words(en="The ledger cannot be read: {why}.", zh="无法读取账本：{why}。")

_NO_SUM = ("the tiles do not add up to the signed root", "哈希分片与已签名的根不符")

_HASHES = "SELECT idx, hash FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx"
_LEAVES = "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx"
_NODES = (
    "SELECT idx, hash FROM node WHERE tenant = ? AND level = ? AND idx >= ? AND idx < ?"
    " ORDER BY idx"
)


class LogReader:
    """Reads one tenant's log as its signed head shows it.

    All of it belongs to one snapshot: where ``connection`` is in no transaction yet, a reading one
    is begun, and the caller ends it. Entries that are durable but lie above the signed head are not
    there for this reader. ``BadRequest`` (404) where there is no such log or no such place;
    ``Unavailable`` before the first head is signed; ``Corrupt`` where the rows contradict the head.
    """

    def __init__(self, connection: apsw.Connection, tenant: str) -> None:
        self._connection = connection
        self.tenant = tenant
        if not connection.in_transaction:
            connection.execute("BEGIN")
        row = connection.execute(
            "SELECT origin, checkpoint FROM log WHERE tenant = ?", (tenant,)
        ).fetchone()
        if row is None:
            raise BadRequest(_NO_LOG.fill(tenant=tenant), status=404, code="not_found")
        self.origin, self.checkpoint = str(row[0]), str(row[1])
        if not self.checkpoint:
            raise Unavailable(_UNSIGNED.fill(tenant=tenant))
        head = Checkpoint.parse(self.checkpoint.rpartition("\n\n")[0] + "\n")
        self.size, self.root = head.size, head.root
        self._tree = TileTree(self.size, self._level)

    def tile(self, level: int, n: int, width: int = WIDTH) -> bytes:
        """Return the first ``width`` hashes of tile ``n`` of ``level``, as C2SP writes a tile."""
        if not 0 < width <= width_at(level, n, self.size):
            raise self._not_there(f"tile/{level}/{n}:{width}")
        return b"".join(self._level(level, n * WIDTH, n * WIDTH + width))

    def hashes(self, start: int, end: int) -> list[bytes]:
        """Return the hashes of the leaves ``[start, end)``."""
        self._check(start, end)
        return self._whole(_HASHES, start, end)

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Return the leaves ``[start, end)``. One that was pruned is empty: only its hash is left.

        They come as they are stored: it is ``hegui ledger verify`` that hashes them.
        """
        self._check(start, end)
        return self._whole(_LEAVES, start, end)

    def subtree(self, start: int, end: int) -> bytes:
        """Return the root over the leaves ``[start, end)`` of a subtree: a ``tree.Subtree``."""
        self._check(start, end)
        return self._tree.subtree(start, end)

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that leaf ``index`` is in the signed log, checked against its head."""
        self._check(index, index + 1)
        proof = self._tree.inclusion(index)
        hashed = self._level(0, index, index + 1)[0]
        if not included(hashed, index, self.size, proof, self.root):
            raise self._split(*_NO_SUM)
        return proof

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that the log of ``old`` leaves begins the signed one, checked.

        None is needed from size 0, and RFC 9162 defines none: that is a ``BadRequest`` too.
        """
        if not 0 < old <= self.size:
            raise self._not_there(f"size {old}")
        proof = self._tree.consistency(old)
        if not consistent(old, self.size, self._tree.subtree(0, old), self.root, proof):
            raise self._split(*_NO_SUM)
        return proof

    def _check(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.size:
            raise self._not_there(f"[{start}, {end})")

    def _level(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes ``[start, end)`` of ``level``, which lie below the signed size."""
        if level == 0:
            return self._whole(_HASHES, start, end)
        found = dict(self._pairs(_NODES, (self.tenant, level, start, end)))
        return [
            found[idx] if idx in found else self._from_below(level, idx)
            for idx in range(start, end)
        ]

    def _from_below(self, level: int, idx: int) -> bytes:
        """Return a node whose row is not there: a log of format 1 has none until it is extended."""
        start = idx * WIDTH
        return root_of(self._level(level - 1, start, start + WIDTH))

    def _whole(self, sql: str, start: int, end: int) -> list[bytes]:
        cells = []
        for expected, (idx, cell) in enumerate(self._pairs(sql, (self.tenant, start, end)), start):
            if idx != expected:
                break
            cells.append(cell)
        if len(cells) != end - start:
            at = start + len(cells)
            raise self._split(f"entry {at} is missing", f"缺少第 {at} 条记录")
        return cells

    def _pairs(self, sql: str, values: tuple[str | int, ...]) -> Iterator[tuple[int, bytes]]:
        hashed = sql is not _LEAVES
        for idx, cell in self._connection.execute(sql, values):
            if not isinstance(idx, int) or not isinstance(cell, bytes):
                raise self._split(f"row {idx} is damaged", f"第 {idx} 行已损坏")
            if hashed and len(cell) != HASH_BYTES:
                raise self._split(f"hash {idx} is damaged", f"第 {idx} 个哈希已损坏")
            yield idx, cell

    def _not_there(self, what: str) -> BadRequest:
        said = _NOT_THERE.fill(tenant=self.tenant, size=self.size, what=what)
        return BadRequest(said, status=404, code="not_found")

    def _split(self, en: str, zh: str) -> Corrupt:
        tenant, run = self.tenant, "hegui ledger verify"
        return Corrupt(
            Words(
                f"The log of tenant {tenant} does not hold together: {en}. Run: {run}",
                f"租户 {tenant} 的账本前后不一致：{zh}。请运行：{run}",
            )
        )


@contextmanager
def read_log(path: Path, tenant: str) -> Iterator[LogReader]:
    """Open the database at ``path`` for reading, and give one tenant's log in one snapshot."""
    connection = open_database(path, read_only=True)
    try:
        yield LogReader(connection, tenant)
    except apsw.Error as error:
        raise Unavailable(_UNREADABLE.fill(why=error)) from error
    finally:
        connection.close()
