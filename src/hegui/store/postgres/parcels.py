"""A parcel: an entry that has been given a number, so that it is written once and never twice."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec

from hegui.store.chance import random_bytes
from hegui.terms import Entry, Write

_VERSION: Final = 8 << 76
_VARIANT: Final = 2 << 62


@dataclass(slots=True)
class Parcel:
    """An entry, and the UUID under which it is acknowledged."""

    id: UUID
    entry: Entry


class _Wire(msgspec.Struct, array_like=True):
    id: bytes
    tenant: str
    leaf: bytes
    writes: list[tuple[str, list[Any]]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Wire]).decode
_decode_writes = msgspec.msgpack.Decoder(list[tuple[str, list[Any]]]).decode


class Numbers:
    """Gives UUIDs of version 8 (RFC 9562, 5.8): 60 random bits per process, then a counter.

    They rise, so that the index over them grows at its end. A forked child draws anew.
    """

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):  # Windows forks no process
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        chance = int.from_bytes(random_bytes(8)) >> 4
        self._head = (chance >> 12) << 80 | _VERSION | (chance & 0xFFF) << 64 | _VARIANT
        self._count = itertools.count()

    def next(self) -> UUID:
        """Return a number that nobody has been given."""
        return UUID(int=self._head | next(self._count))


numbers: Final = Numbers()


def pack_writes(writes: Sequence[Write]) -> bytes:
    """Return rows as bytes."""
    return _encode([(write.sql, list(write.cells)) for write in writes])


def unpack_writes(data: bytes) -> list[Write]:
    """Read what ``pack_writes`` wrote; ``ValueError`` where it did not."""
    return [Write(sql, tuple(cells)) for sql, cells in _decode_writes(data)]


def pack(parcels: list[Parcel]) -> bytes:
    """Return parcels as bytes for the spool."""
    return _encode(
        [
            _Wire(
                parcel.id.bytes,
                parcel.entry.tenant,
                parcel.entry.leaf,
                [(write.sql, list(write.cells)) for write in parcel.entry.writes],
            )
            for parcel in parcels
        ]
    )


def unpack(data: bytes) -> list[Parcel]:
    """Read what ``pack`` wrote; ``ValueError`` where it did not."""
    return [
        Parcel(
            UUID(bytes=wire.id),
            Entry(
                wire.tenant,
                wire.leaf,
                tuple(Write(sql, tuple(cells)) for sql, cells in wire.writes),
            ),
        )
        for wire in _decode(data)
    ]
