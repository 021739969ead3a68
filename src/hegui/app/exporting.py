"""Exports of a tenant's evidence: put on record first, then written under a head that covers it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Final

from hegui.app import parts
from hegui.app.attesting import ask_now
from hegui.app.published import vkeys_of
from hegui.app.upkeep import holders_of, open_vault
from hegui.ledger import kinds, leaf
from hegui.ledger.cosigned import stamped
from hegui.ledger.export import (
    FolderSink,
    Keys,
    Opened,
    Scope,
    SealedSink,
    Stamp,
    Summary,
    check_named,
    digest_of_clauses,
    write_export,
)
from hegui.ledger.export.folder import Sink
from hegui.ledger.export.sealed import SUFFIX
from hegui.ledger.shared import SharedLedger
from hegui.ledger.tiles import read_log
from hegui.settings import Settings
from hegui.store import open_connection
from hegui.terms import BadRequest, Clock, Entry, Unavailable, Words
from hegui.vault.vault import Place, Vault

_SIGNED_WITHIN: Final = 15.0  # seconds; heads are signed about once a second
_LOOK_EVERY: Final = 0.1
_TOGETHER: Final = 500  # parts of content to a record

_UNSIGNED = Words(
    en="No head was signed within {seconds} seconds that covers the record of this export. Is the"
    " gateway running, and its disk in order? Try again.",
    zh="{seconds} 秒内没有签署涵盖本次导出记录的账本头。请检查网关和磁盘是否正常，然后重试。",
)


@dataclass(frozen=True, slots=True)
class Order:
    """An export as it is asked for. What opens content, in its scope, ``opener`` makes."""

    tenant: str
    out: Path
    scope: Scope

    @property
    def place(self) -> Path:
        """Where it appears: the folder, or with a recipient one file."""
        if not self.scope.recipient or self.out.name.endswith(SUFFIX):
            return self.out
        return self.out.with_name(self.out.name + SUFFIX)


def export(
    settings: Settings, order: Order, progress: Callable[[int, int], None], clock: Clock = parts.now
) -> Summary:
    """Write the export and return what went into it.

    Its record is durable before a byte is written (Art. 11 para. 1): one that fails afterwards
    leaves the record of an attempt. Errors: ``BadRequest`` for a place that is taken, a tenant
    without a log and a recipient that is none; ``Unavailable`` for a disk that is full, or where
    no head is signed.
    """
    parts.require_keys(settings)
    scope, at = order.scope, clock()
    sink: FolderSink | SealedSink
    if scope.recipient:
        name = order.place.name.removesuffix(SUFFIX)
        sink = SealedSink(order.place, scope.recipient, name, at)
    else:
        sink = FolderSink(order.place)
    record = _put_on_record(settings, order, at)
    _await_head(settings, order.tenant, record)
    if settings.witnesses or settings.ledger.timestamp is not None:
        ask_now(settings, clock)  # who does not answer is missing from the export, and that is said
    noted = _Noted(sink, lambda: _put_content_on_record(settings, order, record, clock()))
    with read_log(parts.place_of(settings), order.tenant) as log, sink:
        keys = replace(_keys(settings, order.tenant, log.size), cosigned=log.published)
        return write_export(log, scope, record, keys, noted, progress)


@dataclass(frozen=True, slots=True)
class _Noted:
    """A sink whose export appears only once ``note`` has put on record what goes along."""

    sink: Sink
    note: Callable[[], None]

    def put(self, path: str, data: bytes) -> None:
        """Write one file."""
        self.sink.put(path, data)

    def finish(self) -> None:
        """Put it on record, then let the export appear."""
        self.note()
        self.sink.finish()


def _keys(settings: Settings, tenant: str, size: int) -> Keys:
    """Return what goes along to check a head of ``size`` records with."""
    witnesses = [vkey for each in settings.witnesses for vkey in each.vkeys]
    connection = open_connection(parts.place_of(settings), read_only=True)
    try:
        last = stamped(connection, tenant)
    finally:
        connection.close()
    stamp = Stamp(last.checkpoint, last.answer) if last and last.size <= size else None
    return Keys(vkeys_of(settings, tenant), witnesses, stamp)


def opener(settings: Settings, tenant: str, clock: Clock = parts.now) -> tuple[Vault, "Open"]:
    """Return the vault, to be closed, and what opens a tenant's content for an export."""
    vault = open_vault(settings, clock, holders_of(settings))
    return vault, Open(vault, tenant)


@dataclass(frozen=True, slots=True)
class Open:
    """Opens a tenant's content."""

    vault: Vault
    tenant: str
    opened: list[Place] = field(default_factory=list)

    def __call__(self, exchange: str, part: str) -> Opened | None:
        """Open one part; None where nothing is kept, or it must not be opened."""
        try:
            revealed = self.vault.reveal(self.tenant, exchange, part)
        except BadRequest:
            return None
        self.opened.append(Place(self.tenant, exchange, part))
        return Opened(*revealed)


def _put_on_record(settings: Settings, order: Order, at: int) -> int:
    with read_log(parts.place_of(settings), order.tenant) as log:
        check_named(order.scope, log.size)
        head = {"size": log.size, "root": log.root.hex()}
    fields = {**order.scope.record(), **head, "clauses": digest_of_clauses()}
    record = leaf.make(kinds.named("ledger.exported"), at, order.tenant, fields)
    ledger = parts.open_ledger(settings)
    try:
        receipt = ledger.add_blocking(Entry(order.tenant, record))
        if isinstance(ledger, SharedLedger):
            receipt = ledger.wait(receipt)
    finally:
        ledger.close()
    if receipt.index is None:
        raise Unavailable(_UNSIGNED.fill(seconds=int(_SIGNED_WITHIN)))
    return receipt.index


def _put_content_on_record(settings: Settings, order: Order, record: int, at: int) -> None:
    """Note whose content goes along, before it does: an erasure cannot call it back (Art. 11)."""
    content = order.scope.content
    opens = content.open if content is not None else None
    if not isinstance(opens, Open) or not opens.opened:
        return
    ledger = parts.open_ledger(settings)
    try:
        for low in range(0, len(opens.opened), _TOGETHER):
            places = opens.opened[low : low + _TOGETHER]
            fields = {"record": record, "parts": len(places)}
            noted = leaf.make(kinds.named("content.handed_over"), at, order.tenant, fields)
            rows = [opens.vault.handing_over(place, f"export {record}", at) for place in places]
            ledger.add_blocking(Entry(order.tenant, noted, tuple(chain.from_iterable(rows))))
    finally:
        ledger.close()


def _await_head(settings: Settings, tenant: str, record: int) -> None:
    """Wait until a signed head covers the record: whoever appends signs, soon after."""
    until = time.monotonic() + _SIGNED_WITHIN
    while True:
        with read_log(parts.place_of(settings), tenant) as log:
            if log.size > record:
                return
        if time.monotonic() > until:
            raise Unavailable(_UNSIGNED.fill(seconds=int(_SIGNED_WITHIN)))
        time.sleep(_LOOK_EVERY)
