"""Records made up from their kind's schema: for tests of what reads records that no door writes."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from msgspec import inspect

from hegui.ledger.kinds import Kind, named
from hegui.ledger.kinds.shapes import HEAD

_DIGEST = "0123456789abcdef" * 4
_PATTERNS: Mapping[str, str] = {
    "^[0-9a-f]{64}$": _DIGEST,
    r"^A\.[1-5]\.[a-z]$": "A.2.e",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "2026-11-25",
}


def record_of(name: str, **changes: Any) -> dict[str, Any]:
    """Return the fields of a good record of the kind ``name``, with ``changes``.

    Every field is there. What the schema leaves open is short: ``x``, 1, an empty list.
    """
    made = fields_of(named(name))
    unknown = set(changes) - set(made)
    if unknown:
        raise KeyError(f"{name} has no field {sorted(unknown)}")
    return {**made, **changes}


def fields_of(kind: Kind) -> dict[str, Any]:
    """Return a value for each field of a kind besides the head."""
    shape = inspect.type_info(kind.shape)
    assert isinstance(shape, inspect.StructType)
    return {
        field.encode_name: _value(field.type) for field in shape.fields if field.name not in HEAD
    }


def _value(kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.UnionType):  # what may be left out is there
        kind = kind.types[0]
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.StrType):
        return _PATTERNS[kind.pattern] if kind.pattern else "x"
    if isinstance(kind, inspect.StructType):
        return {field.encode_name: _value(field.type) for field in kind.fields}
    plain = {
        inspect.IntType: 1,
        inspect.BoolType: True,
        inspect.ListType: [],
        inspect.DictType: {},
    }
    return copy(plain[type(kind)])


def fitting(kind: str, where: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a record that fits a query: facets become values of the field's type."""
    made = record_of(kind)
    for field, facet in where.items():
        plain = made[field]
        if isinstance(plain, bool):
            made[field] = facet == "true"
        elif isinstance(plain, int):
            made[field] = 0 if facet == "0" else 1
        elif isinstance(plain, str):
            made[field] = facet
        elif facet == "none" and isinstance(plain, dict) and plain:
            del made[field]
        elif facet == "some" and not plain:
            made[field] = {"x": 1} if isinstance(plain, dict) else ["x"]
    return made
