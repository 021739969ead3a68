"""Bringing a projection up to date: new entries only, each hashed, up to the signed head.

In one snapshot of the database: the head's signature, the second place, that the head extends what
was verified last (the tree over the old root and the new leaves must have the signed root), and
what was pruned since. Whatever does not hold together is ``Corrupt``, and nothing is changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import apsw

from hegui.filing.projection.ahead import ahead
from hegui.filing.projection.facets import Facets
from hegui.filing.projection.file import Mark, Projections
from hegui.filing.projection.rows import Cited, Head, Key, Noted, Row, Summary
from hegui.filing.projection.tally import Tally
from hegui.ledger.edge import Edge
from hegui.ledger.leaf import parse
from hegui.ledger.note import Checkpoint
from hegui.ledger.stretch import load_edge, stored_entries
from hegui.ledger.tiles import LogReader
from hegui.ledger.tree import leaf_hash
from hegui.ledger.trust import RESTORED, Trust
from hegui.store import Connection
from hegui.terms import BadRequest, Corrupt, Unavailable, Words

_BULK: Final = 4_096
Progress = Callable[[int, int], None]

_HEAD: Final = "SELECT origin, size, checkpoint FROM log WHERE tenant = ?"
_PRUNED: Final = "SELECT start, count, record FROM pruned WHERE tenant = ? AND record > ?"
_PRUNED_IN: Final = (
    "SELECT start, count FROM pruned WHERE tenant = ? AND start < ? AND start + count > ?"
)
_HAS_RESTORED: Final = (
    "SELECT 1 FROM entry WHERE tenant = ? AND instr(leaf, ?) ORDER BY idx DESC LIMIT 1"
)
_UNREADABLE = Words(en="The ledger cannot be read: {why}.", zh="无法读取账本：{why}。")
_UNSIGNED = Words(
    en="The log of tenant {tenant} has no signed head yet. Try again in a second; if it stays so, "
    "start the service once.",
    zh="租户 {tenant} 的账本尚无已签名的账本头。请稍后再试；如仍如此，请启动一次服务。",
)
_REPLACED = Words(
    en="Another release of hegui is counting the ledger into {path} at this moment. Try again, and "
    "use one release for one data directory.",
    zh="另一版本的 hegui 正在将账本汇总写入 {path}。请重试，并对同一数据目录只使用一个版本。",
)
_SPLIT = Words(
    en="The log of tenant {tenant} does not hold together: {why}. Keep the file, and run: hegui "
    "ledger verify",
    zh="租户 {tenant} 的账本前后不一致：{why}。请保留原文件，并运行：hegui ledger verify",
)
_NO_SIZE = Words(
    en="The log of tenant {tenant} has {size} signed entries; there is no checkpoint at {asked}.",
    zh="租户 {tenant} 的账本已签名 {size} 条，没有第 {asked} 条处的检查点。",
)


def _split(tenant: str, en: str, zh: str) -> Corrupt:
    return Corrupt(
        Words(_SPLIT.en.format(tenant=tenant, why=en), _SPLIT.zh.format(tenant=tenant, why=zh))
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One snapshot of a log, read together with its projection.

    ``connection`` stands in a reading transaction that has read nothing yet (its snapshot is taken
    by ``bring_up``); the caller ends it.
    """

    connection: Connection
    tenant: str
    trust: Trust
    file: Projections
    facets: Facets

    def head(self) -> Checkpoint | None:
        """Return the signed head, its signature and the second place checked.

        None where the tenant has no log yet. ``Unavailable`` before its first head is signed.
        """
        second = self.trust.second_place(self.tenant)  # first: the snapshot is the newer one
        row = self._rows(_HEAD)
        if not row:
            return None
        origin, size, note = str(row[0][0]), int(row[0][1]), str(row[0][2])
        if not note:
            raise Unavailable(_UNSIGNED.fill(tenant=self.tenant))
        head = self.trust.head(self.tenant, origin, size, note)
        self.trust.against(second, self.connection, self.tenant, head, size)
        return head

    def bring_up(self, progress: Progress) -> Checkpoint | None:
        """Read what came since the last time, and return the head up to which all is counted.

        The snapshot is taken only once the file is held: another process cannot meanwhile have
        read further, which would look like a log that lost entries.
        """
        with self.file.changing():
            head = self.head()
            if head is None:
                return None
            mark = self.file.mark(self.tenant, self.facets.digest)
            if mark.size and not self._extends(mark, head):
                mark = Mark()
            if not mark.size:
                self.file.clear(self.tenant)
            if mark.size < head.size:
                tally = Tally(self.facets, self.file.rows(self.tenant))
                self._read(mark, head, tally, progress)
                self.file.put(self.tenant, tally.rows)
                self.file.note(self.tenant, tally.noted)
            pruned = self._take_out(mark, head)
            self.file.set_mark(self.tenant, self.facets.digest, Mark(head.size, head.root, pruned))
        return head

    def summary(self, head: Checkpoint, size: int, as_of: int) -> Summary:
        """Return what is counted below ``size`` and up to ``as_of`` (UTC ms, included).

        Rows that reach beyond either are counted anew from the entries. ``Unavailable`` where
        another release put its own counts in place of ours since ``bring_up``.
        """
        if not 0 < size <= head.size:
            raise BadRequest(
                _NO_SIZE.fill(tenant=self.tenant, size=head.size, asked=size), param="size"
            )
        whole: dict[Key, Row] = {}
        across: dict[Key, Row] = {}
        for key, row in self.file.rows(self.tenant).items():
            if row.last < size and row.last_t <= as_of:
                whole[key] = row
            elif row.first < size and row.first_t <= as_of:
                across[key] = row
        if across:
            whole |= self._count_again(across, size, as_of)
        noted = [
            Noted(index, record)
            for index, leaf in self.file.noted(self.tenant).items()
            if index < size and (record := parse(leaf))["t"] <= as_of
        ]
        if not self.file.mark(self.tenant, self.facets.digest).size:
            raise Unavailable(_REPLACED.fill(path=self.file.path))
        return Summary(self._head_at(head, size), as_of, whole, noted)

    def cite(self, indices: Iterable[int], head: Checkpoint) -> dict[int, Cited]:
        """Return the records at these places, each shown to be in the log under ``head``.

        One that was pruned since, or does not belong there, is ``Corrupt``.
        """
        reader = LogReader(self.connection, self.tenant)
        if (reader.size, reader.root) != (head.size, head.root):
            raise _split(
                self.tenant, "its head changed while it was read", "读取期间账本头发生变化"
            )
        found: dict[int, Cited] = {}
        for index in sorted(set(indices)):
            leaf = reader.leaves(index, index + 1)[0]
            hashed = leaf_hash(leaf)
            if hashed != reader.hashes(index, index + 1)[0]:
                raise self._odd(index)
            reader.inclusion(index)
            found[index] = Cited(index, str(parse(leaf).get("kind", "")), hashed.hex())
        return found

    def _head_at(self, head: Checkpoint, size: int) -> Head:
        if size == head.size:
            return Head(self.tenant, head.origin, size, head.root.hex())
        root = load_edge(self.connection, self.tenant, size).root()
        LogReader(self.connection, self.tenant).consistency(size)
        return Head(self.tenant, head.origin, size, root.hex(), signed=False)

    def _extends(self, mark: Mark, head: Checkpoint) -> bool:
        """Tell whether the log goes on from what was verified last.

        A log that says on record that it was restored is read from zero: then this is false.
        """
        try:
            same = mark.size <= head.size and self._edge(mark.size).root() == mark.root
        except ValueError:
            same = False
        if same:
            return True
        words = f'"kind":"{RESTORED}"'.encode()
        if self._rows(_HAS_RESTORED, words):
            return False
        raise _split(
            self.tenant,
            f"it is not the log whose first {mark.size} entries were verified before",
            f"与此前已核验的前 {mark.size} 条记录不是同一份历史",
        )

    def _edge(self, size: int) -> Edge:
        return load_edge(self.connection, self.tenant, size)

    def _read(self, mark: Mark, head: Checkpoint, tally: Tally, progress: Progress) -> None:
        """Count the leaves from the mark on, and show that they lead to the signed root."""
        edge = self._edge(mark.size)
        for hashes in self._count(mark.size, head.size, tally):
            edge.extend(hashes)
            progress(edge.size, head.size)
        if edge.root() != head.root:
            raise _split(
                self.tenant,
                f"entries {mark.size} to {head.size - 1} do not lead to the signed root",
                f"第 {mark.size} 至 {head.size - 1} 条记录与已签名的根不符",
            )

    def _count(self, low: int, high: int, tally: Tally) -> Iterator[list[bytes]]:
        """Count the leaves ``[low, high)``; yield their hashes stretch by stretch, checked."""
        with closing(ahead(self._stored, low, high, _BULK)) as stretches:
            for hashes, leaves in stretches:
                self._check(low, hashes, leaves)
                for index, leaf in enumerate(leaves, low):
                    if leaf:
                        tally.add(index, leaf)
                low += len(leaves)
                yield hashes

    def _stored(self, low: int, high: int) -> tuple[list[bytes], list[bytes]]:
        try:
            hashes, leaves = stored_entries(self.connection, self.tenant, low, high)
        except ValueError as error:
            raise _split(self.tenant, str(error), f"第 {low} 至 {high - 1} 条记录不完整") from error
        except apsw.Error as error:
            raise Unavailable(_UNREADABLE.fill(why=error)) from error
        if not all(leaves):
            self._check_pruned([low + place for place, leaf in enumerate(leaves) if not leaf])
        return hashes, leaves

    def _check(self, low: int, hashes: list[bytes], leaves: list[bytes]) -> None:
        """Raise ``Corrupt`` where a leaf is not what its hash says; what was pruned has none."""
        made = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        if made == hashes:
            return
        for place, leaf in enumerate(leaves):
            if leaf and made[place] != hashes[place]:
                raise self._odd(low + place)

    def _check_pruned(self, empty: list[int]) -> None:
        """Raise ``Corrupt`` where a leaf is gone and the log does not list it as pruned."""
        runs = self._rows(_PRUNED_IN, empty[-1] + 1, empty[0])
        listed = {index for start, count in runs for index in range(start, start + count)}
        for index in empty:
            if index not in listed:
                raise _split(
                    self.tenant,
                    f"entry {index} is empty, and is not listed as pruned",
                    f"第 {index} 条记录为空，但未列为已清理",
                )

    def _odd(self, index: int) -> Corrupt:
        return _split(
            self.tenant,
            f"entry {index} is not what its hash says",
            f"第 {index} 条记录与其哈希不符",
        )

    def _take_out(self, mark: Mark, head: Checkpoint) -> int:
        """Count anew where leaves were pruned since; return up to which record this was done."""
        done = mark.pruned
        runs: list[tuple[int, int, int]] = self._rows(_PRUNED, done)
        if not runs:
            return done
        last: int = max(record for _, _, record in runs)
        if not mark.size:
            return max(done, last)  # read from zero: what was pruned was not there
        low, high = min(run[0] for run in runs), max(run[0] + run[1] for run in runs)
        rows = self.file.rows(self.tenant)
        touched = {key: row for key, row in rows.items() if row.first < high and row.last >= low}
        self.file.drop(self.tenant, touched)
        for start, count, _ in runs:
            self.file.forget(self.tenant, start, count)
        if touched:
            self.file.put(self.tenant, self._count_again(touched, head.size, 2**62))
        return max(done, last)

    def _count_again(self, keys: Mapping[Key, Row], size: int, as_of: int) -> dict[Key, Row]:
        """Return these rows as the entries make them, below ``size`` and up to ``as_of``."""
        low = min(row.first for row in keys.values())
        high = min(size, max(row.last for row in keys.values()) + 1)
        tally = Tally(self.facets, only=frozenset(keys), until=as_of)
        for _ in self._count(low, high, tally):
            pass
        return tally.rows

    def _rows(self, sql: str, *cells: str | int | bytes) -> list[Any]:
        try:
            return self.connection.execute(sql, (self.tenant, *cells)).fetchall()
        except apsw.Error as error:
            raise Unavailable(_UNREADABLE.fill(why=error)) from error
