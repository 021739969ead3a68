"""What record kinds are made of: the common head, the field types, and ``Kind`` itself.

A kind that was released is never changed: a new field is a new version (readers meet it as
opaque until they are updated). Only integers, strings, booleans, lists and dictionaries occur.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Retention: TypeAlias = Literal["log", "three-years", "lasting"]
"""``log``: six months and more (Cybersecurity Law Art. 21(3)). ``three-years``: PIPL Art. 56.

``lasting``: as long as the log, for what holds until a later record undoes it: a filing of four
years ago is still the filing, and its record is the evidence of it.
"""

_INT64 = 2**63 - 1
Count: TypeAlias = Annotated[int, Meta(ge=0, le=_INT64)]
Digest: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
"""SHA-256 in lower-case hexadecimal."""
Name: TypeAlias = Annotated[str, Meta(max_length=200)]
"""A short name. Never content, never a raw identity: a leaf cannot be erased."""
Text: TypeAlias = Annotated[str, Meta(max_length=500)]
Counts: TypeAlias = Annotated[dict[Name, Count], Meta(max_length=41)]
Names: TypeAlias = Annotated[list[Name], Meta(max_length=40)]
Decision: TypeAlias = Literal["allow", "mask", "hold", "refuse"]
Kept: TypeAlias = Literal["none", "kept"]

REST = "…"
"""The name under which ``fold`` sums up what did not fit."""


class Shape(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The head that every leaf has: kind and its version, time, tenant, salt."""

    v: Count
    kind: Name
    t: Count
    tenant: Name
    salt: Annotated[str, Meta(min_length=22, max_length=22)]


HEAD = frozenset(Shape.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: what it holds, which duties it evidences, how long it must be kept.

    ``duties`` are ids of the catalogue of duties (``a14-2b``: Art. 14 para. 2, preserve records).
    """

    name: str
    version: int
    shape: type[Shape]
    duties: tuple[str, ...]
    retention: Retention

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields besides the head."""
        return tuple(name for name in self.shape.__struct_fields__ if name not in HEAD)


def fold(counts: Mapping[str, int], *, most: int = 40, size: int = 800) -> dict[str, int]:
    """Return ``counts`` so that they fit a leaf: the rest is summed up under ``…``.

    Keeps the largest counts, equal ones by name, at most ``most`` and about ``size`` bytes.
    """
    kept: dict[str, int] = {}
    room = size
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        room -= len(name.encode("utf-8", "replace")) + 8
        if len(kept) == most or room < 0:
            break
        kept[name] = counts[name]
    rest = sum(counts.values()) - sum(kept.values())
    if len(kept) < len(counts):
        kept[REST] = rest
    return kept
