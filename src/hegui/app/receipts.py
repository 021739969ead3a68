"""Receipts of a service: found, put on record, and written under a head that covers them."""

import time
from dataclasses import dataclass
from typing import Final

from hegui.app import parts
from hegui.app.published import vkeys_of
from hegui.gateway.evidence import appeal_number, appeal_of, evidence_number, exchange_of
from hegui.ledger import finding, kinds, leaf
from hegui.ledger.receipts import MOST_RECORDS, Subject, file_name, write_receipt
from hegui.ledger.tiles import LogReader, read_log
from hegui.settings import Settings
from hegui.terms import BadRequest, Clock, Entry, Unavailable, Words

_SIGNED_WITHIN: Final = 15.0  # seconds; heads are signed about once a second
_LOOK_EVERY: Final = 0.1
_ISSUED = kinds.named("receipt.issued")

_NO_NUMBER = Words(
    en="{number!r} is neither an evidence number (HG-…) nor the number of an appeal (AP-…).",
    zh="{number!r} 既不是证据编号（HG-…），也不是申诉编号（AP-…）。",
)
_NOTHING = Words(
    en="No log has records of {number}. What was deleted at the end of its term is not there.",
    zh="所有账本中都没有 {number} 的记录。到期已删除的记录不在其中。",
)
_UNSIGNED = Words(
    en="No head was signed within {seconds} seconds that covers these records. Try again.",
    zh="{seconds} 秒内没有签署涵盖这些记录的账本头。请重试。",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt: its file's name and bytes, and which records of which log it shows."""

    name: str
    data: bytes
    tenant: str
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    about: str
    tenant: str
    subject: Subject


def receipt(settings: Settings, number: str, clock: Clock = parts.now) -> Receipt:
    """Return the receipt of an exchange (``HG-…``, or its id) or of an appeal (``AP-…``).

    An appeal's shows the appeal, and the exchange that it is about. That it was issued is on record
    first (Art. 11 para. 1). ``BadRequest`` where the number is none, or nothing is found;
    ``Unavailable`` where no head is signed.
    """
    parts.require_keys(settings)
    found = _find(settings, number)
    shown = [index for index, _ in found.subject.records]
    record = leaf.make(
        _ISSUED, clock(), found.tenant, {"about": found.about, "shown": shown, "to": "operator"}
    )
    ledger = parts.open_ledger(settings)
    try:
        ledger.add_blocking(Entry(found.tenant, record))
    finally:
        ledger.close()
    vkey = vkeys_of(settings, found.tenant)[0]
    until = time.monotonic() + _SIGNED_WITHIN
    while time.monotonic() < until:
        with read_log(parts.place_of(settings), found.tenant) as log:
            if log.size > max(shown):
                return _written(log, found, vkey, clock())
        time.sleep(_LOOK_EVERY)
    raise Unavailable(_UNSIGNED.fill(seconds=int(_SIGNED_WITHIN)))


def _written(log: LogReader, found: _Found, vkey: str, at: int) -> Receipt:
    data = write_receipt(log, found.subject, vkey, at)
    shown = tuple(index for index, _ in found.subject.records)
    return Receipt(file_name(found.subject.number), data, found.tenant, shown)


def _find(settings: Settings, number: str) -> _Found:
    database, appeal, exchange = parts.place_of(settings), appeal_of(number), exchange_of(number)
    records: list[tuple[int, bytes]] = []
    if appeal is not None:
        said, about = appeal_number(appeal), appeal
        tenant, records = finding.find_appeal(database, appeal)
        if records:
            exchange = str(leaf.parse(records[0][1]).get("exchange", ""))
            records += finding.find_exchange(database, tenant, exchange)
    elif exchange is not None:
        said, about = evidence_number(exchange), exchange
        tenant = finding.tenant_of(database, exchange) or ""
        records = finding.find_exchange(database, tenant, exchange)
    else:
        raise BadRequest(_NO_NUMBER.fill(number=number[:80]), param="number")
    if not records:
        raise BadRequest(_NOTHING.fill(number=said), param="number")
    return _Found(about, tenant, Subject(said, sorted(dict(records).items())[:MOST_RECORDS]))
