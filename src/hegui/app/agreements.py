"""Agreements with users who ask for content without an explicit label (labelling measures, Art. 9).

The user, told of the duty to label, agreed to carry it. An agreement is a record in the ledger and
nothing else: where content is labelled under it, it is looked up there. So nobody can make one up
without its being found out, and none can be put back that was not on record.
"""

import re
from dataclasses import asdict, dataclass
from typing import Final

import msgspec

from hegui.app import parts
from hegui.ledger import finding, leaf
from hegui.ledger.kinds import named
from hegui.ledger.pruning import DAY_MS, THREE_YEARS_DAYS
from hegui.ledger.shared import SharedLedger
from hegui.settings import Settings
from hegui.store import exists
from hegui.terms import BadRequest, Entry, Words

TENANT: Final = "default"
LONGEST_MS: Final = THREE_YEARS_DAYS * DAY_MS
"""How long an agreement may hold: as long as its record is kept at least."""

_KIND: Final = named("label.agreement")
_NUMBER: Final = re.compile(r"LA-[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed. ``subject`` is a pseudonym, ``terms`` the SHA-256 of the text agreed to.

    ``since`` and ``until`` are UTC milliseconds; ``by`` who concluded it for the provider.
    """

    agreement: str
    subject: str
    terms: str
    since: int
    until: int
    by: str


def conclude(settings: Settings, agreement: Agreement) -> None:
    """Put an agreement on record; it can be looked up when this returns.

    ``BadRequest`` where it is to hold for longer than its record is kept.
    """
    if agreement.until - agreement.since > LONGEST_MS:
        raise BadRequest(_LONG, param="until")
    ledger = parts.open_ledger(settings)
    try:
        made = leaf.make(_KIND, agreement.since, TENANT, asdict(agreement))
        receipt = ledger.add_blocking(Entry(TENANT, made))
        if isinstance(ledger, SharedLedger):
            ledger.wait(receipt)
    finally:
        ledger.close()


def in_force(settings: Settings, number: str, at_ms: int) -> Agreement:
    """Return an agreement that holds at ``at_ms``, as the ledger has it on record.

    ``BadRequest`` for a number that is none, one that is on no record, and one that has ended;
    ``Corrupt`` where the record is not the one that was signed.
    """
    if not _NUMBER.fullmatch(number):
        raise BadRequest(_NO_NUMBER.fill(number=repr(number[:60])), param="agreement")
    place = parts.place_of(settings)
    record = finding.find_agreement(place, TENANT, number) if exists(place) else None
    if record is None:
        raise BadRequest(_UNKNOWN.fill(number=number), param="agreement")
    found = msgspec.json.decode(record, type=Agreement)
    if not found.since <= at_ms < found.until:
        raise BadRequest(_ENDED.fill(number=number), param="agreement")
    return found


_NO_NUMBER: Final = Words(
    en="{number} is no number of an agreement: those begin with LA-",
    zh="{number} 不是协议编号；编号以 LA- 开头",
)
_UNKNOWN: Final = Words(
    en="There is no agreement {number} on record. Conclude and record it first: hegui label "
    "agreement",
    zh="账本中没有协议 {number} 的记录。请先签订并登记：hegui label agreement",
)
_ENDED: Final = Words(
    en="The agreement {number} is not in force now. Without one, content carries its explicit label"
    " (labelling measures, Art. 9).",
    zh="协议 {number} 当前不在有效期内。没有有效协议时，内容须带显式标识（标识办法第九条）。",
)
_LONG: Final = Words(
    en="--until lies more than three years ahead, and the record of an agreement is kept for three "
    "years. Name an earlier day, and conclude it anew then.",
    zh="--until 超过三年，而协议的记录保存三年。请填写较早的日期，到期后重新签订。",
)
