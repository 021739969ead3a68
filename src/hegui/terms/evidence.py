"""The words for evidence: an entry, what is written with it, and the receipt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Returns UTC milliseconds since 1970. Doors own it; nothing below them reads the time."""

Cell: TypeAlias = str | bytes | int | float | None


class Write(NamedTuple):
    """A row that must become durable in the same transaction as an entry."""

    sql: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf on its way into a tenant's log, and the rows that go with it."""

    tenant: str
    leaf: bytes
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry's place in the ledger: given only once the entry is durable.

    ``index`` is None where the database is shared: there the place follows within a second, and
    ``id`` (16 bytes) is what it is then found by.
    """

    tenant: str
    index: int | None
    leaf_hash: bytes
    id: bytes = b""
