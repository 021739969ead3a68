"""Handing parcels over: one transaction for a group and the rows that belong to it."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from hegui.store.postgres.dialect import plain_insert, statement
from hegui.store.postgres.parcels import Parcel, pack_writes
from hegui.store.postgres.server import Session
from hegui.terms import Write

_KNOWN: Final = (
    "SELECT id FROM outbox WHERE id = ANY($1) UNION ALL SELECT id FROM placed WHERE id = ANY($1)"
)


async def deliver(
    session: Session,
    parcels: list[Parcel],
    *,
    later: frozenset[str] = frozenset(),
    ask_first: bool = False,
) -> None:
    """Write parcels and what belongs to them in one transaction, in order.

    With ``ask_first`` those that are on the server already are passed over: they may have been
    written before a session broke, whose end we did not see. Rows whose statement is in ``later``
    go with the record into the outbox.
    """
    async with session.transaction():
        if ask_first:
            found = await session.fetch(_KNOWN, [parcel.id for parcel in parcels])
            known = {row["id"] for row in found}
            parcels = [parcel for parcel in parcels if parcel.id not in known]
        await session.copy_records_to_table(
            "outbox",
            records=[_row(each, later) for each in parcels],
            columns=("id", "tenant", "leaf", "after"),
        )
        writes = [write for each in parcels for write in each.entry.writes]
        await write_all(session, [write for write in writes if write.sql not in later])


def _row(parcel: Parcel, later: frozenset[str]) -> tuple[object, ...]:
    entry = parcel.entry
    after = [write for write in entry.writes if write.sql in later] if later else []
    return (parcel.id, entry.tenant, entry.leaf, pack_writes(after) if after else None)


async def write_all(session: Session, writes: Sequence[Write]) -> None:
    """Carry out writes in their order, neighbours of one kind together."""
    for sql, same in groupby(writes, key=lambda write: write.sql):
        rows = [write.cells for write in same]
        plain = plain_insert(sql)
        if plain is not None and len(rows) > 1:
            table, columns = plain
            await session.copy_records_to_table(table, records=rows, columns=columns)
        elif len(rows) == 1:
            await session.execute(statement(sql), *rows[0])
        else:
            await session.executemany(statement(sql), rows)
