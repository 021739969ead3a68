"""The rows of acceptances: which person accepted which version, by pseudonym.

A row goes into the database in the transaction of its record. It is found by the person's row, so
nothing leads to it once the person is erased; asking for the erasure deletes it.
"""

from typing import Final

from hegui.filing.statements.register import Version
from hegui.store import Place
from hegui.terms import Write
from hegui.vault.rows import Rows, number

_INSERT: Final = (
    "INSERT INTO acceptance (tenant, subject, statement, version, digest, at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, subject, statement, version) DO NOTHING"
)
_SELECT: Final = (
    "SELECT a.at FROM acceptance AS a JOIN subject AS s ON s.pseudonym = a.subject"
    " WHERE s.row = ? AND a.tenant = ? AND a.statement = ? AND a.version = ? AND a.digest = ?"
    " ORDER BY a.at LIMIT 1"
)


class Acceptances:
    """Reads the rows. For any thread; not for the loop."""

    def __init__(self, place: Place) -> None:
        self._rows = Rows(place, hasty=True)

    def accepted(self, tenant: str, row: bytes, version: Version) -> int | None:
        """Return when a person first accepted this version (UTC ms); None where they did not.

        ``Unavailable`` where the database cannot be read.
        """
        cells = (row, tenant, version.kind, version.version, version.digest)
        found = self._rows.query(_SELECT, cells)
        return number(found[0][0]) if found else None

    def close(self) -> None:
        """Close the connection."""
        self._rows.close()


def insertion(tenant: str, subject: str, version: Version, at_ms: int) -> Write:
    """Return the row of an acceptance. The first of a person and a version stays."""
    held = (version.kind, version.version, version.digest)
    return Write(_INSERT, (tenant, subject, *held, at_ms))
