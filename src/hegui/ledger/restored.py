"""Going on after a restored backup: the documented way, which says on record who and why."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hegui.ledger import kinds, leaf
from hegui.ledger.heads import Head, heads_beside
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.ledger.trust import RESTORED
from hegui.terms import BadRequest, Clock, Corrupt, Entry, Unavailable, Words

_NOTHING = Words(
    en="The log of tenant {tenant} does not contradict the head that was signed last: there is "
    "nothing to accept.",
    zh="租户 {tenant} 的账本与最近一次签名的账本头并不矛盾，无需接受。",
)
_UNSIGNED = Words(
    en="The acceptance is on record as entry {index} of tenant {tenant}, and is not signed yet. "
    "Look at the warnings above, and start the service when they are mended.",
    zh="接受已记录为租户 {tenant} 的第 {index} 条，但尚未签名。请查看上方警告，排除后再启动服务。",
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted: the record's place, how many entries are lost, where the old head lies."""

    tenant: str
    index: int
    lost: int
    kept: Path


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepts, and why: both go on record."""

    by: str
    reason: str


def accept_restored(
    ledger: Ledger | SharedLedger, database: Path, tenant: str, acceptance: Acceptance, clock: Clock
) -> Accepted:
    """Put on record that ``tenant``'s log goes on from here, then sign it, and close ``ledger``.

    ``ledger`` was opened with ``accepting``. The head that it contradicts is kept. ``BadRequest``
    where there is none; ``Unavailable`` where the log could not be signed after all.
    """
    heads = heads_beside(database)
    contradicts = any(one.tenant == tenant and one.contradicts for one in ledger.found)
    size = ledger.size(tenant)
    digest = heads.digest(tenant)
    if not digest or not (contradicts or size is None):
        raise BadRequest(_NOTHING.fill(tenant=tenant), param="tenant")
    fields: dict[str, Any] = {"by": acceptance.by, "reason": acceptance.reason}
    fields |= {"size": size or 0, "head": digest}
    old = _readable(heads.read, tenant)
    if old is not None:
        fields |= {"signed": old.checkpoint.size, "root": old.checkpoint.root.hex()}
    record = leaf.make(kinds.named(RESTORED), clock(), tenant, fields)
    index = ledger.add_blocking(Entry(tenant, record)).index or 0
    ledger.close()
    if heads.digest(tenant) == digest:
        raise Unavailable(_UNSIGNED.fill(tenant=tenant, index=index))
    lost = max(0, old.checkpoint.size - (size or 0)) if old else 0
    return Accepted(tenant, index, lost, heads.aside(tenant, digest))


def _readable(read: Callable[[str], Head | None], tenant: str) -> Head | None:
    try:
        return read(tenant)
    except Corrupt:
        return None
