"""Fill a JSON schema with made-up values: for structured output and for tool arguments."""

from collections.abc import Mapping
from typing import Any

_DEPTH = 12  # a schema may refer to itself


def sample(schema: object, text: str) -> Any:
    """Return a value that fits ``schema`` (JSON Schema, the part that the OpenAI API uses).

    Every string that is free to be anything is ``text``.
    """
    root = schema if isinstance(schema, Mapping) else {}
    return _value(root, root, text, 0)


def _value(schema: Any, root: Mapping[str, Any], text: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return None
    if isinstance(place := schema.get("$ref"), str):
        return _value(_lookup(root, place), root, text, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(options := schema.get(key), list) and options:
            return _value(options[0], root, text, depth + 1)
    if "const" in schema:
        return schema["const"]
    if isinstance(options := schema.get("enum"), list) and options:
        return options[0]
    return _of_type(schema, root, text, depth)


def _of_type(schema: Mapping[str, Any], root: Mapping[str, Any], text: str, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0] if kind else "null"
    if kind == "object":
        fields = schema.get("properties")
        members = fields.items() if isinstance(fields, Mapping) else ()
        return {name: _value(part, root, text, depth + 1) for name, part in members}
    if kind == "array":
        return [_value(schema.get("items", {}), root, text, depth + 1)]
    plain: dict[str, Any] = {"string": text, "integer": 7, "number": 7.5, "boolean": True}
    return plain.get(str(kind))


def _lookup(root: Mapping[str, Any], place: str) -> Any:
    found: Any = root
    for step in place.removeprefix("#").strip("/").split("/"):
        if step:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found
