"""The vault's upkeep: rotation when it is due, erasures on their way, each step on record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from hegui.app import parts
from hegui.app.shelf import OpenShelf, ShelfSink, open_shelf, unopened
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.settings import Settings
from hegui.terms import Clock, Entry, Sink, Unavailable, Words, Write
from hegui.vault.epochs import Epoch, Epochs, epochs_of
from hegui.vault.erasing import Erasures, Standing
from hegui.vault.holders import FileHolder, Holder
from hegui.vault.opening import Opening
from hegui.vault.pkcs11 import TokenHolder
from hegui.vault.remembered import Remembered
from hegui.vault.rotating import Record, Rotation, Told, untold
from hegui.vault.rows import Rows
from hegui.vault.sinks import HandedOver, MemorySink, VaultSink
from hegui.vault.vault import Vault

_DAY_MS = 86_400_000

_BUSY = Words(
    en="Another process is working on the keys just now. Try again when it has finished.",
    zh="另一个进程正在处理密钥，请待其完成后重试。",
)


def holders_of(settings: Settings) -> dict[str, Holder]:
    """Return the keepers of epochs' keys: files, and the token where the settings name one."""
    held: dict[str, Holder] = {"file": FileHolder(parts.key_directory(settings))}
    said = settings.vault
    if said.pkcs11:
        held["pkcs11"] = TokenHolder(said.pkcs11, said.pkcs11_token, said.pkcs11_pin)
    return held


def close_holders(holders: Mapping[str, Holder]) -> None:
    """End the session with the token, where there is one."""
    for holder in holders.values():
        if isinstance(holder, TokenHolder):
            holder.close()


def holder_wanted(settings: Settings) -> str:
    """Return who is to keep the key of the next epoch."""
    return "pkcs11" if settings.vault.pkcs11 else "file"


def open_vault(settings: Settings, clock: Clock, holders: Mapping[str, Holder]) -> Vault:
    """Open the vault that the settings describe."""
    return Vault(parts.place_of(settings), parts.key_directory(settings), clock, holders=holders)


def sinks_of(rows: Rows, shelf: OpenShelf = unopened) -> tuple[Sink, ...]:
    """Return every place that may hold something of a person, each with its erase hook.

    A new index, cache or export of content is not finished before it stands here.
    """
    return VaultSink(rows), MemorySink(), HandedOver(rows), ShelfSink(rows, shelf)


def recorder(ledger: Ledger | SharedLedger, clock: Clock) -> Record:
    """Return what puts a record and its rows into a tenant's log."""

    def record(
        tenant: str, kind: str, fields: Mapping[str, Any], writes: tuple[Write, ...]
    ) -> None:
        made = leaf.make(kinds.named(kind), clock(), tenant, fields)
        ledger.add_blocking(Entry(tenant, made, writes))

    return record


@dataclass(frozen=True, slots=True)
class Tended:
    """What upkeep did: epochs that were closed, erasures that became complete."""

    closed: list[Epoch]
    completed: list[Standing]


class Upkeep:
    """Rotation and erasure over one database. Blocks: not for the event loop.

    ``pause`` waits so many seconds, or raises to break off; what was broken off is finished by the
    next run.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger | SharedLedger,
        clock: Clock,
        holders: Mapping[str, Holder],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._holders = holders
        self._pause = pause
        self._keys = parts.key_directory(settings)
        self._record = recorder(ledger, clock)
        self._shelf = partial(open_shelf, settings, ledger, clock)
        self.rows = Rows(parts.place_of(settings))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the connection."""
        self.rows.close()

    def rotate(self, told: Told = untold) -> Tended:
        """Open a new epoch and close those before it; then complete what waited for that.

        ``Unavailable`` while another process on this machine does so.
        """
        with self._keys.alone() as alone:
            if not alone:
                raise Unavailable(_BUSY)
            closed = self._rotation(told).run(holder_wanted(self._settings))
        return Tended(closed, self.erasures().advance())

    def tend(self) -> Tended:
        """Do what is due: finish a rotation that was cut off, rotate, carry erasures on.

        Nothing where another process does so already.
        """
        with self._keys.alone() as alone:
            if not alone:
                return Tended([], [])
            rotation = self._rotation()
            rotation.begin()
            due = self.due() <= self._clock()
            wanted = holder_wanted(self._settings)
            closed = rotation.run(wanted) if due else rotation.finish()
            erasures = self.erasures()
            erasures.repeat()
            return Tended(closed, erasures.advance())

    def due(self) -> int:
        """Return when (UTC ms) the epoch's key is to be replaced."""
        newest = epochs_of(self.rows.query)[-1]
        return (newest.opened or self._clock()) + self._settings.vault.epoch_days * _DAY_MS

    def abandon(self, epoch: int, by: str) -> Epoch | None:
        """Give up what lies under an epoch whose key is gone for good."""
        with self._keys.alone() as alone:
            if not alone:
                raise Unavailable(_BUSY)
            return self._rotation().abandon(epoch, holder_wanted(self._settings), by)

    def erasures(self) -> Erasures:
        """Return what takes requests to erase."""
        return Erasures(
            self.rows,
            Epochs(self.rows.query, self._holders, self._clock),
            self._record,
            sinks_of(self.rows, self._shelf),
            self._clock,
            self._settings.vault.epoch_days,
            Remembered(self._settings.data_dir / "erasures"),
        )

    def opening(self, vault: Vault) -> Opening:
        """Return what opens content for a person."""
        return Opening(vault, self.rows, self._record, self._clock)

    def _rotation(self, told: Told = untold) -> Rotation:
        return Rotation(self.rows, self._holders, self._record, self._clock, self._pause, told)
