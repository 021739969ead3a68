"""What callers' and inspectors' keys have in common: listed, revoked, on record with their row."""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from hegui.cli.columns import table
from hegui.cli.shared import read_settings
from hegui.cli.speech import CLEAN, lang_of, say, say_json, say_lines
from hegui.terms import BadRequest, Entry, Words, Write

if TYPE_CHECKING:
    from hegui.settings import Settings
    from hegui.store import Connection

_DAY_MS = 86_400_000
LAST_DAY_MS = 253_402_214_400_000
"""The beginning (UTC) of 31 December 9999, the last day that Python can name: what ends later is
shown as ending then."""


class _Key(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def tenant(self) -> str: ...

    @property
    def revoked(self) -> int | None: ...


KeyT = TypeVar("KeyT", bound=_Key)

KEY_STATES = {
    "active": Words("active", "有效"),
    "expired": Words("expired", "已过期"),
    "revoked": Words("revoked", "已吊销"),
}


@dataclass(frozen=True, slots=True)
class Listing(Generic[KeyT]):
    """How the keys of a sort are shown: a heading and cells for people, a row for machines."""

    heading: tuple[Words, ...]
    cells: Callable[[KeyT, int], list[str]]
    row: Callable[[KeyT, int], dict[str, Any]]
    none: Words

    def show(
        self, config: Path, read: "Callable[[Connection], list[KeyT]]", *, as_json: bool
    ) -> int:
        """List all keys, as they stand now."""
        from hegui.app import parts

        records, at = _listed(read_settings(config), read), parts.now()
        if as_json:
            rows = [self.row(record, at) for record in records]
            say_json(rows)
        elif not records:
            say(self.none)
        else:
            heading = [words.say(lang_of()) for words in self.heading]
            lines = [heading, *(self.cells(record, at) for record in records)]
            say_lines(table(lines, indent=0))
        return CLEAN


def _listed(settings: "Settings", read: "Callable[[Connection], list[KeyT]]") -> list[KeyT]:
    """Return all keys of a sort; none where there is no database yet."""
    from hegui.app import parts
    from hegui.store import exists, open_connection, reading

    place = parts.place_of(settings)
    if not exists(place):
        return []
    with closing(open_connection(place, read_only=True)) as connection, reading():
        return read(connection)


def revoke(
    config: Path,
    key_id: str,
    revocation: "Callable[[Connection, str, int], tuple[KeyT, Write]]",
    kind: str,
) -> int:
    """Revoke a key for good, on record as ``kind``, and say so."""
    from hegui.app import parts
    from hegui.ledger.kinds import named
    from hegui.store import open_connection, reading

    settings = read_settings(config)
    at = parts.now()
    place = parts.place_of(settings)
    with closing(open_connection(place, read_only=True)) as connection, reading():
        record, write = revocation(connection, key_id, at)
    if record.revoked is not None:
        say(Words("{id} was revoked before.", "{id} 此前已吊销。").fill(id=record.id))
        return CLEAN
    put_on_record(settings, record.tenant, (named(kind), at, {"key": record.id}), write)
    say(Words("{id} is revoked.", "{id} 已吊销。").fill(id=record.id))
    return CLEAN


def put_on_record(
    settings: "Settings", tenant: str, said: tuple[Any, int, dict[str, Any]], write: Write
) -> None:
    """Write the row and the record that tells of it in one transaction."""
    from hegui.app import parts
    from hegui.ledger.leaf import make as make_leaf

    kind, at, fields = said
    ledger = parts.open_ledger(settings)
    try:
        ledger.add_blocking(Entry(tenant, make_leaf(kind, at, tenant, fields), (write,)))
    finally:
        ledger.close()


def date_of(ms: int) -> str:
    """Return a moment's day (UTC)."""
    return datetime.fromtimestamp(min(ms, LAST_DAY_MS) / 1_000, UTC).strftime("%Y-%m-%d")


def end_of(said: str | None, at: int) -> int | None:
    """Read ``90d`` or a date as the moment at which a key ends."""
    if said is None:
        return None
    if re.fullmatch(r"[0-9]{1,5}d", said):
        return at + int(said[:-1]) * _DAY_MS
    try:
        day = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadRequest(
            Words(
                "--expires is a number of days such as 90d, or a date such as 2027-01-31",
                "--expires 应为天数（如 90d）或日期（如 2027-01-31）",
            ),
            param="expires",
        ) from None
    return int(day.timestamp() * 1_000) + _DAY_MS
