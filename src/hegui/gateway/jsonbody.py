"""Read JSON from outside within bounds, as plain values."""

import json
import re
from collections.abc import Container
from typing import Any

import msgspec

from hegui.terms import BadRequest, Words

_NESTS = frozenset({dict, list})
_LONE = re.compile("[\ud800-\udfff]")
_NOT_JSON = Words(
    en="The body is not valid JSON (UTF-8). Send one JSON object.",
    zh="请求体不是有效的 JSON（UTF-8）。请发送一个 JSON 对象。",
)
_TOO_DEEP = Words(
    en="The JSON is nested more than {depth} levels deep. Flatten it.",
    zh="JSON 嵌套超过 {depth} 层。请减少层级。",
)
_NOT_OBJECT = Words(en="The body must be a JSON object.", zh="请求体必须是一个 JSON 对象。")
_TOO_LARGE = Words(
    en="The body is larger than {limit} bytes. Send less at a time.",
    zh="请求体超过 {limit} 字节。请分次发送。",
)


def read_object(body: bytes, *, depth: int) -> dict[str, Any]:
    """Return the object that a caller sent. Anything else is a ``BadRequest``.

    Lone surrogates are not text and are refused here, as is nesting beyond ``depth``.
    """
    try:
        value = msgspec.json.decode(body)
    except RecursionError:
        raise too_deep(depth) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(_NOT_JSON) from None
    if not isinstance(value, dict):
        raise BadRequest(_NOT_OBJECT)
    if not shallower(value, depth):
        raise too_deep(depth)
    return value


def too_deep(depth: int) -> BadRequest:
    """Return the error for nesting beyond the limit."""
    return BadRequest(_TOO_DEEP.fill(depth=depth))


def too_large(limit: int) -> BadRequest:
    """Return the error for a body over the limit (413)."""
    return BadRequest(_TOO_LARGE.fill(limit=limit), status=413, code="request_too_large")


def read_upstream(text: bytes) -> Any:
    """Return a value that an upstream sent; raises ``ValueError`` when it is not JSON.

    Upstreams split characters outside the BMP into halves: lone surrogates are let in here, and
    joined or replaced where the pieces of a text meet. In a name no other half can follow.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except msgspec.DecodeError:
        try:
            return json.loads(text, object_pairs_hook=_sound_names)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _sound_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_LONE.sub("\ufffd", name): value for name, value in pairs}


def write(value: Any) -> bytes:
    """Return compact JSON in UTF-8. A lone surrogate that is left becomes U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", json.dumps(value, ensure_ascii=False)).encode()


def strings_of(value: Any, *, most: int) -> list[str]:
    """Return the strings of a value, each once: together at most ``most`` characters.

    Empty ones are left out; so are all, if one holds half a character.
    """
    found: dict[str, None] = {}
    below = [value]
    while below:
        each = below.pop()
        if isinstance(each, str):
            if each and len(each) <= most and each not in found:
                found[each] = None
                most -= len(each)
        elif isinstance(each, dict):
            below += each.values()
        elif isinstance(each, list):
            below += each
    try:
        "".join(found).encode()
    except UnicodeEncodeError:
        return []
    return list(found)


def longer(value: Any, most: int, *, but: Container[str] = ()) -> bool:
    """Tell whether the strings of a value, other than ``but``, have more than ``most`` characters.

    It looks no further than to the first character too many.
    """
    below = [value]
    while below and most >= 0:
        each = below.pop()
        if isinstance(each, str):
            most -= 0 if each in but else len(each)
        elif isinstance(each, dict):
            below += each.values()
        elif isinstance(each, list):
            below += each
    return most < 0


def shallower(value: Any, depth: int) -> bool:
    """Tell whether a value is nested at most ``depth`` levels deep."""
    level: list[Any] = [value]
    for _ in range(depth):
        if not level:
            return True
        below: list[Any] = []
        for each in level:
            held = each.values() if type(each) is dict else each if type(each) is list else ()
            # a long list of numbers is passed over at the interpreter's own speed
            if not _NESTS.isdisjoint(map(type, held)):
                below += [v for v in held if type(v) in _NESTS]
        level = below
    return not level
