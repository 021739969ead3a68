"""Reading one tenant's log from the database: one snapshot, and nothing above the signed head."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from hegui.ledger.cosigned import cosigned
from hegui.ledger.note import Checkpoint
from hegui.ledger.tiles.places import HEIGHT, MOST_SIZE, WIDTH, width_at
from hegui.ledger.tiles.subtrees import TileTree
from hegui.ledger.tree import HASH_BYTES, consistent, included, root_of
from hegui.store import Connection
from hegui.terms import BadRequest, Corrupt, Unavailable, Words

_NO_LOG = Words(
    en="There is no log of tenant {tenant} here.",
    zh="此处没有租户 {tenant} 的账本。",
)
_UNSIGNED = Words(
    en="No head of tenant {tenant}'s log has been signed yet. Try again in a second.",
    zh="租户 {tenant} 的账本尚无已签名的账本头。请稍后再试。",
)
_NOT_THERE = Words(
    en="The signed log of tenant {tenant} has {size} entries; {what} lies beyond them.",
    zh="租户 {tenant} 的已签名账本共有 {size} 条记录，{what} 超出了这一范围。",
)
_NOT_YET = Words(
    en="The tiles of tenant {tenant}'s log are still being made. Try again in a minute.",
    zh="租户 {tenant} 的账本哈希分片仍在生成。请一分钟后再试。",
)

_NO_SUM = ("the tiles do not add up to the signed root", "哈希分片与已签名的根不符")

# a row that is stepped to costs a hand-over of the interpreter to other threads, which costs more
# than the row: so a stretch comes as one row, its cells run together
_HASHES = (
    "SELECT count(*), min(idx), CAST(group_concat(hash, '') AS BLOB), '' FROM (SELECT idx, hash"
    " FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx)"
)
_LEAVES = (
    "SELECT count(*), min(idx), CAST(group_concat(leaf, '') AS BLOB), group_concat(length(leaf))"
    " FROM (SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx)"
)
_NODES = (
    "SELECT count(*), min(idx), CAST(group_concat(hash, '') AS BLOB), '' FROM (SELECT idx, hash"
    " FROM node WHERE tenant = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx)"
)
_PRESENT = "SELECT idx FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx"
_AT_A_TIME = 4_096


class LogReader:
    """Reads one tenant's log as its signed head shows it.

    All of it belongs to one snapshot: where ``connection`` is in no transaction yet, a reading one
    is begun, and the caller ends it. Entries that are durable but lie above the signed head are not
    there for this reader. ``BadRequest`` (404) where there is no such log or no such place;
    ``Unavailable`` before the first head is signed; ``Corrupt`` where the rows contradict the head.

    Hashes of higher tiles that are not stored, as in a log of format 1 that was not written to
    since, are worked out from the entries, unless these are more than ``patience``: then they are
    ``Unavailable``.
    """

    def __init__(self, connection: Connection, tenant: str, *, patience: int = MOST_SIZE) -> None:
        self._connection = connection
        self._patience = patience
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

    @property
    def published(self) -> str:
        """The signed head, with witnesses' lines where they have signed this very head."""
        witnessed = cosigned(self._connection, self.tenant)
        text = self.checkpoint.partition("\n\n")[0]
        same = witnessed is not None and witnessed.partition("\n\n")[0] == text
        return witnessed if witnessed is not None and same else self.checkpoint

    def tile(self, level: int, n: int, width: int = WIDTH) -> bytes:
        """Return the first ``width`` hashes of tile ``n`` of ``level``, as C2SP writes a tile."""
        if not 0 < width <= width_at(level, n, self.size):
            raise self._not_there(f"tile/{level}/{n}:{width}")
        return b"".join(self._level(level, n * WIDTH, n * WIDTH + width))

    def hashes(self, start: int, end: int) -> list[bytes]:
        """Return the hashes of the leaves ``[start, end)``."""
        self._check(start, end)
        return self._in_pieces(self._hashes, start, end)

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Return the leaves ``[start, end)``. One that was pruned is empty: only its hash is left.

        They come as they are stored: it is ``hegui ledger verify`` that hashes them.
        """
        self._check(start, end)
        return self._in_pieces(self._some_leaves, start, end)

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

    def _in_pieces(
        self, read: Callable[[int, int], list[bytes]], start: int, end: int
    ) -> list[bytes]:
        found: list[bytes] = []
        for at in range(start, end, _AT_A_TIME):
            found += read(at, min(end, at + _AT_A_TIME))
        return found

    def _check(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.size:
            raise self._not_there(f"[{start}, {end})")

    def _level(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes ``[start, end)`` of ``level``, which lie below the signed size."""
        if level == 0:
            return self._hashes(start, end)
        found = self._stretch(_NODES, (self.tenant, level, start, end))
        if found is not None:
            return self._split_up(found[0], start, end)
        if (end - start) << (HEIGHT * level) > self._patience:
            raise Unavailable(_NOT_YET.fill(tenant=self.tenant))
        if end - start > 1:
            return [self._level(level, idx, idx + 1)[0] for idx in range(start, end)]
        below = range(start * WIDTH, end * WIDTH)
        return [root_of(self._level(level - 1, below.start, below.stop))]

    def _hashes(self, start: int, end: int) -> list[bytes]:
        found = self._stretch(_HASHES, (self.tenant, start, end))
        if found is None:
            raise self._missing(start, end)
        return self._split_up(found[0], start, end)

    def _some_leaves(self, start: int, end: int) -> list[bytes]:
        found = self._stretch(_LEAVES, (self.tenant, start, end))
        if found is None:
            raise self._missing(start, end)
        data, lengths = found[0], [int(length) for length in found[1].split(",")]
        if len(lengths) != end - start or sum(lengths) != len(data):
            raise self._split(
                f"leaves {start} to {end - 1} are damaged", f"第 {start} 至 {end - 1} 条记录已损坏"
            )
        return [data[low:high] for low, high in pairwise(accumulate(lengths, initial=0))]

    def _stretch(self, sql: str, values: tuple[str | int, ...]) -> tuple[bytes, str] | None:
        """Return a stretch's cells, run together; None where one of them is not there."""
        start, end = values[-2:]
        row = self._connection.execute(sql, values).fetchone()
        if row is None or row[:2] != (int(end) - int(start), start):
            return None
        return row[2], row[3]

    def _split_up(self, data: bytes, start: int, end: int) -> list[bytes]:
        if len(data) != (end - start) * HASH_BYTES:
            raise self._split(
                f"hashes {start} to {end - 1} are damaged", f"第 {start} 至 {end - 1} 个哈希已损坏"
            )
        return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]

    def _missing(self, start: int, end: int) -> Corrupt:
        present = self._connection.execute(_PRESENT, (self.tenant, start, end))
        found = {idx for (idx,) in present}
        at = next((idx for idx in range(start, end) if idx not in found), start)
        return self._split(f"entry {at} is missing", f"缺少第 {at} 条记录")

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
