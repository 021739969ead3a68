"""Epochs: for some days all keys are wrapped under one key, which is then destroyed."""

from collections.abc import Mapping
from dataclasses import dataclass

from hegui.terms import Cell, Clock, Corrupt, Misconfigured, Words
from hegui.vault.holders import Holder, epoch_name
from hegui.vault.rows import Query, as_bytes, number

LOOK_MS = 5_000
"""How long a process takes the current epoch, and who was erased, from memory."""

SETTLE_MS = 3 * LOOK_MS
"""How long an epoch stays open for others after its successor was opened: by then every process
has looked again, and what it had handed in is written."""

_LOST = Words(
    en="The key {name} does not open what the database holds under it: it was lost or"
    " replaced. Put it back; without it, sealed content and commitments stay closed. If it was"
    " destroyed on purpose and this is an older copy of the database, see hegui vault abandon.",
    zh="密钥 {name} 打不开数据库中用它封装的内容：该密钥已丢失或被替换。"
    "请恢复原密钥；否则已封存的内容和承诺将无法打开。"
    "如果密钥是按计划销毁的，而数据库是较早的副本，请参见 hegui vault abandon。",
)
_NO_HOLDER = Words(
    en="The key {name} is held by {holder}, and the settings do not say how to reach it. Set"
    " pkcs11, pkcs11_token and pkcs11_pin in [vault].",
    zh="密钥 {name} 由 {holder} 保管，但配置中没有访问方式。"
    "请在 [vault] 中设置 pkcs11、pkcs11_token 和 pkcs11_pin。",
)

_SELECT_EPOCHS = "SELECT number, holder, opened, closing, closed FROM epoch ORDER BY number"
_SELECT_CURRENT = (
    "SELECT number, holder, opened, closing, closed FROM epoch WHERE closing IS NULL"
    " ORDER BY number DESC LIMIT 1"
)
_SELECT_EPOCH = "SELECT number, holder, opened, closing, closed FROM epoch WHERE number = ?"
_ANY_WRAPPED = "SELECT wrapped FROM subject_key WHERE epoch = ? LIMIT 1"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch. Times are UTC ms; ``opened`` is 0 for the first one, which began unrecorded."""

    number: int
    holder: str
    opened: int
    closing: int | None
    closed: int | None


def epochs_of(query: Query) -> list[Epoch]:
    """Return all epochs, the oldest first."""
    return [_epoch(row) for row in query(_SELECT_EPOCHS, ())]


class Epochs:
    """Wraps subjects' keys under the key of the current epoch, and opens those of any epoch.

    Destroying an epoch's key closes whatever was wrapped under it, in every backup of the database
    too: that, and not a deleted row, is what makes erasure true (Art. 11; PIPL Art. 47).

    Several processes write: each looks at the table every ``LOOK_MS``. One that looked too long
    ago is stopped by the database itself, which takes no key of an epoch that is being closed.
    """

    def __init__(self, query: Query, holders: Mapping[str, Holder], clock: Clock) -> None:
        self._query = query
        self._holders = holders
        self._clock = clock
        self._looked = clock()
        self._current = self._read()
        self._begin()

    @property
    def current(self) -> int:
        """The number of the epoch under which keys are wrapped now."""
        return self._current.number

    def look(self) -> bool:
        """Look at the table again if the last look is old; tell whether it was."""
        now = self._clock()
        if 0 <= now - self._looked < LOOK_MS:
            return False
        found = self._read()
        self._looked = now
        if found.number != self._current.number:
            self._current = found
            for holder in self._holders.values():
                holder.forget(found.number)
        return True

    def wrap(self, key: bytes) -> tuple[int, bytes]:
        """Return the epoch and ``key`` wrapped under it."""
        epoch = self._current
        return epoch.number, self.holder(epoch).wrap(epoch.number, key)

    def unwrap(self, epoch: Cell, wrapped: Cell) -> bytes:
        """Return a wrapped key. ``Corrupt`` where the epoch's key is not the one it was.

        A row that was read just before its epoch was closed gives ``Corrupt`` too: read it again,
        it has been wrapped anew.
        """
        wanted = number(epoch)
        held = self._current if wanted == self.current else self._epoch(wanted)
        key = self.holder(held).unwrap(wanted, as_bytes(wrapped)) if held is not None else None
        if key is None:
            raise Corrupt(_LOST.fill(name=epoch_name(wanted)))
        return key

    def holder(self, epoch: Epoch) -> Holder:
        """Return who holds an epoch's key."""
        return holder_of(self._holders, epoch)

    def _read(self) -> Epoch:
        return _epoch(self._query(_SELECT_CURRENT, ())[0])

    def _epoch(self, wanted: int) -> Epoch | None:
        rows = self._query(_SELECT_EPOCH, (wanted,))
        return _epoch(rows[0]) if rows else None

    def _begin(self) -> None:
        """Make sure that the current key is there; the very first one is made here."""
        epoch = self._current
        wrapped = self._query(_ANY_WRAPPED, (epoch.number,))
        if wrapped:
            self.unwrap(epoch.number, wrapped[0][0])
        elif epoch.number == 1:
            self.holder(epoch).create(1)
        else:
            self.holder(epoch).wrap(epoch.number, bytes(32))


def holder_of(holders: Mapping[str, Holder], epoch: Epoch) -> Holder:
    """Return who holds an epoch's key; ``Misconfigured`` where the settings do not reach them."""
    holder = holders.get(epoch.holder)
    if holder is None:
        words = _NO_HOLDER.fill(name=epoch_name(epoch.number), holder=epoch.holder)
        raise Misconfigured(words)
    return holder


def _epoch(row: tuple[Cell, ...]) -> Epoch:
    closing, closed = (cell if isinstance(cell, int) else None for cell in row[3:5])
    return Epoch(number(row[0]), str(row[1]), number(row[2]), closing, closed)
