"""Rotation: open the next epoch, wrap the living keys anew, destroy the old key.

Every step can be taken again, and each looks at the database for where things stand: a rotation
that was cut off anywhere is finished by the next one. Nothing is destroyed while anything is
wrapped under it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from hegui.terms import Cell, Clock, Corrupt, Words, Write
from hegui.vault.epochs import SETTLE_MS, Epoch, epochs_of, holder_of
from hegui.vault.holders import Holder, epoch_name
from hegui.vault.rows import Rows, as_bytes, number

BATCH = 500
"""Keys to a transaction: a few milliseconds in which the ledger cannot write."""
_GAP = 0.002  # seconds between two transactions: others' turn
_SCRUBS = 20  # tries to cut off the write-ahead log

Step: TypeAlias = Literal["create", "open", "wrap", "settle", "bar", "sweep", "destroy", "close"]

_DAMAGED = Words(
    en="A key of the epoch {name} does not open, so the rotation stopped before anything was"
    " destroyed. Keep the file, and run: hegui ledger verify",
    zh="纪元 {name} 中有密钥无法打开，轮换已停止，尚未销毁任何密钥。"
    "请保留原文件，并运行：hegui ledger verify",
)

_INSERT_EPOCH = "INSERT INTO epoch (number, holder, opened) VALUES (?, ?, ?)"
_BEGIN_FIRST = "UPDATE epoch SET opened = ? WHERE number = ? AND opened = 0"
_BAR = "UPDATE epoch SET closing = ? WHERE number = ? AND closing IS NULL"
_CLOSE = "UPDATE epoch SET closed = ? WHERE number = ? AND closed IS NULL"
_COUNT_WRAPPED = "SELECT count(*) FROM subject_key WHERE epoch = ?"
_COUNT_KEYS = "SELECT count(*) FROM subject_key"
_COUNT_CONTENT = (
    "SELECT count(*) FROM content AS c JOIN subject_key AS k ON k.key_id = c.key_id"
    " WHERE k.epoch = ?"
)
_SELECT_WRAPPED = (
    "SELECT seq, key_id, wrapped FROM subject_key WHERE epoch = ? AND seq > ? ORDER BY seq LIMIT ?"
)
_REWRAP = "UPDATE subject_key SET epoch = ?, wrapped = ? WHERE key_id = ? AND epoch = ?"
_DELETE_WRAPPED = "DELETE FROM subject_key WHERE epoch = ?"


class Record(Protocol):
    """Puts a record into a tenant's log, with its rows, durable when it returns."""

    def __call__(
        self, tenant: str, kind: str, fields: Mapping[str, Any], writes: tuple[Write, ...]
    ) -> None:
        """Write it, or raise one of the four errors."""
        ...


Told: TypeAlias = Callable[[Step, int, int], None]
"""Is told of each step as it begins, with how many keys are done and how many there are."""


def untold(step: Step, done: int, total: int) -> None:
    """Tell nobody."""
    del step, done, total


@dataclass(frozen=True, slots=True)
class Rotation:
    """Replaces the epoch's key. Run by one process at a time (``KeyDirectory.alone``).

    Others may write meanwhile: each learns of the new epoch within ``LOOK_MS``, and the old one is
    barred only ``SETTLE_MS`` after the new one was opened. From then on the database takes no key
    under it. ``pause`` waits so many seconds, or raises to break off.
    """

    rows: Rows
    holders: Mapping[str, Holder]
    record: Record
    clock: Clock
    pause: Callable[[float], None]
    told: Told = untold

    def run(self, holder: str) -> list[Epoch]:
        """Open an epoch whose key ``holder`` keeps, unless a rotation was cut off after that.

        Then close all epochs before it, and return them.
        """
        epochs = epochs_of(self.rows.query)
        if all(epoch.closed for epoch in epochs[:-1]) and not epochs[-1].closing:
            self._open(epochs[-1].number + 1, holder)
        return self.finish()

    def finish(self) -> list[Epoch]:
        """Close every epoch before the newest, as after a rotation that was cut off."""
        *old, newest = epochs_of(self.rows.query)
        open_still = [epoch for epoch in old if not epoch.closed]
        for epoch in open_still:
            self._close(epoch, newest)
        return open_still

    def begin(self) -> None:
        """Let the very first epoch begin now, unless it has."""
        first = epochs_of(self.rows.query)[0]
        if first.opened == 0 and not first.closing:
            self.rows.apply([Write(_BEGIN_FIRST, (self.clock(), first.number))])

    def abandon(self, wanted: int, holder: str, by: str) -> Epoch | None:
        """Give up everything under an epoch whose key is gone for good, and put it on record.

        The way out for a database that is older than the destruction of its keys. Nothing is done,
        and None returned, where the epoch's key is there, or nothing is under it.
        """
        epochs = {epoch.number: epoch for epoch in epochs_of(self.rows.query)}
        epoch = epochs.get(wanted)
        wrapped = self.rows.query(_SELECT_WRAPPED, (wanted, 0, 1))
        if epoch is None or not wrapped:
            return None
        if holder_of(self.holders, epoch).unwrap(wanted, as_bytes(wrapped[0][2])) is not None:
            return None
        if wanted == max(epochs):
            self._open(wanted + 1, holder)
        now = self.clock()
        fields = {
            "epoch": wanted,
            "holder": epoch.holder,
            "keys": self._count(_COUNT_WRAPPED, wanted),
            "content": self._count(_COUNT_CONTENT, wanted),
            "by": by,
        }
        writes = (
            Write(_DELETE_WRAPPED, (wanted,)),
            Write(_BAR, (now, wanted)),
            Write(_CLOSE, (now, wanted)),
        )
        self.record("default", "epoch.abandoned", fields, writes)
        self._scrub()
        return epoch

    def _open(self, fresh: int, holder: str) -> None:
        self.told("create", 0, 0)
        self.holders[holder].create(fresh)
        self.told("open", 0, 0)
        cells: tuple[Cell, ...] = (fresh, holder, self.clock())
        fields = {"epoch": fresh, "holder": holder}
        self.record("default", "epoch.opened", fields, (Write(_INSERT_EPOCH, cells),))

    def _close(self, epoch: Epoch, newest: Epoch) -> None:
        keys = self._wrap_anew("wrap", epoch, newest)
        self.told("settle", keys, keys)
        self._settle(newest)
        self.told("bar", keys, keys)
        self.rows.apply([Write(_BAR, (self.clock(), epoch.number))])
        while self._count(_COUNT_WRAPPED, epoch.number):
            keys += self._wrap_anew("sweep", epoch, newest)
        self._scrub()
        self.told("destroy", keys, keys)
        holder_of(self.holders, epoch).destroy(epoch.number)
        self.told("close", keys, keys)
        living = number(self.rows.query(_COUNT_KEYS)[0][0])
        fields = {
            "epoch": epoch.number,
            "holder": epoch.holder,
            "opened": epoch.opened,
            "keys": living,
        }
        done = Write(_CLOSE, (self.clock(), epoch.number))
        self.record("default", "epoch.closed", fields, (done,))

    def _settle(self, newest: Epoch) -> None:
        """Wait until every process has looked since the newest epoch was opened.

        A clock that was set back meanwhile makes the wait longer, but by no more than itself.
        """
        waited = 0
        while waited < SETTLE_MS and self.clock() - newest.opened < SETTLE_MS:
            self.pause(0.2)
            waited += 200

    def _wrap_anew(self, step: Step, old: Epoch, newest: Epoch) -> int:
        """Wrap every key of an epoch under the newest, a batch to a transaction; count them."""
        before, after = holder_of(self.holders, old), holder_of(self.holders, newest)
        total, done, last = self._count(_COUNT_WRAPPED, old.number), 0, 0
        self.told(step, done, total)
        while batch := self.rows.query(_SELECT_WRAPPED, (old.number, last, BATCH)):
            writes = []
            for _, key_id, wrapped in batch:
                key = before.unwrap(old.number, as_bytes(wrapped))
                if key is None:
                    raise Corrupt(_DAMAGED.fill(name=epoch_name(old.number)))
                cells = (newest.number, after.wrap(newest.number, key), key_id, old.number)
                writes.append(Write(_REWRAP, cells))
            self.rows.apply(writes)
            last, done = number(batch[-1][0]), done + len(batch)
            self.told(step, done, max(done, total))
            self.pause(_GAP)
        return done

    def _count(self, sql: str, epoch: int) -> int:
        return number(self.rows.query(sql, (epoch,))[0][0])

    def _scrub(self) -> bool:
        for _ in range(_SCRUBS):
            if self.rows.scrub():
                return True
            self.pause(0.05)
        return False
