"""The one home of record kinds: a file per family, each with its schema, duties and retention."""

from collections.abc import Mapping
from types import MappingProxyType

from hegui.ledger.kinds import (
    annotation,
    appeals,
    assessments,
    cases,
    content,
    duties,
    epochs,
    erasure,
    exchange,
    governance,
    handing_over,
    incidents,
    keys,
    labels,
    ledgers,
    media,
    packs,
    probes,
    receipts,
    running,
    sanctions,
    shelf,
    sources,
    statements,
    works,
)
from hegui.ledger.kinds.shapes import Kind, fold

__all__ = ["Kind", "all_kinds", "fold", "kind", "named"]

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        one.name: one
        for family in (
            exchange,
            running,
            packs,
            keys,
            content,
            appeals,
            probes,
            works,
            ledgers,
            receipts,
            handing_over,
            epochs,
            erasure,
            labels,
            media,
            shelf,
            cases,
            incidents,
            sanctions,
            sources,
            annotation,
            assessments,
            governance,
            duties,
            statements,
        )
        for one in family.KINDS
    }
)


def all_kinds() -> tuple[Kind, ...]:
    """Return every kind that this version writes."""
    return tuple(_KINDS.values())


def kind(name: str) -> Kind | None:
    """Return the kind called ``name``, or nothing where this version does not know it."""
    return _KINDS.get(name)


def named(name: str) -> Kind:
    """Return the kind called ``name``. For code that writes it; ``KeyError`` is a mistake there."""
    return _KINDS[name]
