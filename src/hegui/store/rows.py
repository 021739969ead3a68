"""Insert many rows with few statements.

A statement costs a hand-over of the interpreter to other threads and back, which costs more than
the row. So neighbouring rows of one kind go in together.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from typing import Final

from hegui.store.port import Connection
from hegui.store.postgres.session import PostgresConnection
from hegui.terms import Cell, Write

_TOGETHER: Final = 64  # rows to a statement, at most; a power of two
_ONE_ROW: Final = re.compile(r" VALUES (\(\?(?:, \?)*\))")


def write_all(connection: Connection, writes: Iterable[Write]) -> None:
    """Carry out writes in their order, neighbours with one statement in as few as can be."""
    for sql, same in groupby(writes, key=lambda write: write.sql):
        insert_all(connection, sql, [cells for _, cells in same])


def insert_all(connection: Connection, sql: str, rows: Sequence[tuple[Cell, ...]]) -> None:
    """Carry out ``sql`` once for each row, in order.

    ``INSERT … VALUES (?, …)`` takes up to 64 rows at a time, anything else one.
    """
    if isinstance(connection, PostgresConnection):
        connection.insert(sql, rows)
        return
    if len(rows) == 1 or not _ONE_ROW.search(sql):
        for row in rows:
            connection.execute(sql, row)
        return
    at, size = 0, _TOGETHER
    while at < len(rows):
        while size > len(rows) - at:
            size //= 2
        cells = [cell for row in rows[at : at + size] for cell in row]
        connection.execute(_for_rows(sql, size), cells)
        at += size


@cache
def _for_rows(sql: str, size: int) -> str:
    """Return the statement for ``size`` rows: powers of two only, so that few have to be kept."""
    return _ONE_ROW.sub(lambda found: " VALUES " + ", ".join([found[1]] * size), sql, count=1)
