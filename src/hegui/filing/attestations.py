"""What persons attested, as the ledger has it: who, in which role, until when, withdrawn or not.

Pure. A record by a role that the catalogue does not allow counts for nothing, and one that claims a
longer term than the catalogue gives ends with the catalogue's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hegui.filing.projection import DAY_MS, Noted
from hegui.measures.duties import Duty


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation of a duty. ``at`` and ``until`` are UTC ms; ``index`` its place in the log."""

    index: int
    attestation: str
    statement: str
    files: tuple[str, ...]
    by: str
    role: str
    at: int
    until: int
    withdrawn: int | None = None

    def holds(self, as_of: int) -> bool:
        """Tell whether it counts at a time."""
        return self.withdrawn is None and self.at <= as_of < self.until


def attested(duty: Duty, noted: Iterable[Noted]) -> tuple[Attested, ...]:
    """Return the attestations of a duty that the catalogue allows, the newest first."""
    if duty.attest is None:
        return ()
    allowed = {role.id for role in duty.attest.roles}
    longest = duty.attest.days * DAY_MS
    found: dict[str, Attested] = {}
    for one in noted:
        record = one.record
        if record.get("duty") != duty.id:
            continue
        if record["kind"] == "duty.attested" and record["role"] in allowed:
            found[record["attestation"]] = _read(one.index, record, longest)
        elif record["kind"] == "duty.withdrawn" and record["attestation"] in found:
            before = found[record["attestation"]]
            found[before.attestation] = Attested(
                before.index,
                before.attestation,
                before.statement,
                before.files,
                before.by,
                before.role,
                before.at,
                before.until,
                withdrawn=one.index,
            )
    return tuple(sorted(found.values(), key=lambda one: -one.index))


def _read(index: int, record: Mapping[str, object], longest: int) -> Attested:
    at, until, files = record["t"], record["until"], record["files"]
    assert isinstance(at, int)
    assert isinstance(until, int)
    assert isinstance(files, list)
    return Attested(
        index,
        str(record["attestation"]),
        str(record["statement"]),
        tuple(files),
        str(record["by"]),
        str(record["role"]),
        at,
        min(until, at + longest),
    )
