"""Opening kept content for a person to read: on record before it is shown (Art. 11).

Content of somebody who asked for erasure is stored and not processed (PIPL Art. 47 para. 2). To
open it all the same, two persons name a legal basis, a purpose, one part of one exchange, and an
end: that is break-glass, and it has a record of its own.
"""

from dataclasses import dataclass
from typing import Final

from hegui.store import random_bytes
from hegui.terms import BadRequest, Clock, Words, Write
from hegui.vault.rotating import Record
from hegui.vault.rows import Rows
from hegui.vault.vault import RESTRICTED, Place, Vault

MOST_MINUTES: Final = 1_440

_WANTING = Words(
    en="To open content, say {what}: it goes on record. Name nobody: a role or a staff number.",
    zh="打开内容须写明 {what}，并会记录在案。请勿写姓名，写岗位或工号。",
)
_ONE_PERSON = Words(
    en="Break-glass needs two different persons; --by and --and are the same.",
    zh="应急打开须由两个不同的人共同决定；--by 与 --and 相同。",
)
_TOO_LONG = Words(
    en="A permission lasts from 1 to {most} minutes.", zh="许可期限应为 1 至 {most} 分钟。"
)

_INSERT = (
    "INSERT INTO break_glass (id, tenant, exchange, part, one, other, until)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = (
    "SELECT id FROM break_glass WHERE tenant = ? AND exchange = ? AND part = ? AND until > ?"
    " AND (one = ? OR other = ?) ORDER BY until DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Permission:
    """What two persons decide: on which legal basis restricted content is opened, how long."""

    basis: str
    other: str
    minutes: int = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens content for a person, and puts it on record first."""

    vault: Vault
    rows: Rows
    record: Record
    clock: Clock

    def open(
        self, place: Place, by: str, purpose: str, permission: Permission | None = None
    ) -> bytes:
        """Return the content, once it is on record that ``by`` opens it for ``purpose``.

        Restricted content needs a permission: given now, or one that ``by`` still has.
        """
        self._require(by=by, purpose=purpose)
        glass = ""
        try:
            content = self.vault.open(*place)
        except BadRequest as error:
            if error.code != RESTRICTED:
                raise
            glass = self._glass(place, by)
            if not glass and permission is None:
                raise
            content = self.vault.open(*place, restricted=True)
            if permission is not None and not glass:
                glass = self._permit(place, by, purpose, permission)
        fields = {
            "exchange": place.exchange,
            "part": place.part,
            "by": by,
            "purpose": purpose,
            "glass": glass,
        }
        self.record(place.tenant, "content.opened", fields, ())
        return content

    def _glass(self, place: Place, by: str) -> str:
        cells = (*place, self.clock(), by, by)
        rows = self.rows.query(_SELECT, cells)
        return str(rows[0][0]) if rows else ""

    def _permit(self, place: Place, by: str, purpose: str, said: Permission) -> str:
        self._require(basis=said.basis, other=said.other)
        if said.other.strip().casefold() == by.strip().casefold():
            raise BadRequest(_ONE_PERSON, param="and")
        if not 0 < said.minutes <= MOST_MINUTES:
            raise BadRequest(_TOO_LONG.fill(most=MOST_MINUTES), param="minutes")
        glass, until = random_bytes(8).hex(), self.clock() + said.minutes * 60_000
        fields = {
            "glass": glass,
            "exchange": place.exchange,
            "part": place.part,
            "basis": said.basis,
            "by": by,
            "other": said.other,
            "purpose": purpose,
            "until": until,
        }
        row = Write(_INSERT, (glass, *place, by, said.other, until))
        self.record(place.tenant, "glass.broken", fields, (row,))
        return glass

    def _require(self, **said: str) -> None:
        names = {"by": "--by", "purpose": "--purpose", "basis": "--basis", "other": "--and"}
        for name, value in said.items():
            if not value.strip():
                raise BadRequest(_WANTING.fill(what=names[name]), param=name)
