"""The value of an implicit label: seven string fields as JSON (GB 45438-2025, Appendix E).

Written strictly, read tolerantly: what real files hold differs in a dozen ways, and a label that
is written wrongly is a finding, not a reason to see none.
"""

import html
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from hegui.terms import Words

FIELDS: Final = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_OTHER_FORM: Final = frozenset({"ServiceProvider", "ServiceUser", "ContentId"})
_KNOWN: Final = _OTHER_FORM.union(FIELDS)
_NEEDED: Final = FIELDS[1:3] + FIELDS[4:6]
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
MOST: Final = 65_536  # bytes of a label as it is read; what is longer is none
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|\\")


class Implicit(msgspec.Struct, frozen=True):
    """The seven fields of Appendix E, in the order listed there."""

    Label: str
    ContentProducer: str
    ProduceID: str
    ReservedCode1: str
    ContentPropagator: str
    PropagateID: str
    ReservedCode2: str

    def inner(self) -> str:
        """Return the JSON object as it is stored under a key named ``AIGC``."""
        return _ascii(msgspec.to_builtins(self))

    def wrapped(self) -> str:
        """Return ``{"AIGC": …}``, for places that have no key of their own."""
        return _ascii({"AIGC": msgspec.to_builtins(self)})


class Parsed(NamedTuple):
    """A label as it was read. ``fields`` are its values as text; ``faults`` what is wrong."""

    fields: Mapping[str, str]
    faults: tuple["Fault", ...]
    wrapped: bool = False

    @property
    def implicit(self) -> Implicit | None:
        """The seven fields, if all are there."""
        if any(name not in self.fields for name in FIELDS):
            return None
        return Implicit(*(self.fields[name] for name in FIELDS))


class Fault(NamedTuple):
    """What is wrong with a label, and the clause that it offends; ``field`` where it is of one."""

    code: str
    clause: str
    words: Words
    field: str = ""


def faults_of(fields: Mapping[str, Any]) -> list[Fault]:
    """Return what Appendix E finds wrong with the fields of a label; nothing if it is right."""
    found = [
        Fault("missing-field", "E.1", _MISSING.fill(field=name))
        for name in FIELDS
        if name not in fields
    ]
    for name, value in fields.items():
        if name not in FIELDS:
            found.append(Fault("unknown-field", "E.1", _UNKNOWN.fill(field=name[:40])))
        elif not isinstance(value, str):
            found.append(Fault("not-a-string", "E.1", _NO_STRING.fill(field=name)))
        elif _UNSAFE.search(value) and name not in ("ReservedCode1", "ReservedCode2"):
            found.append(Fault("character", "E.1 j)", _CHARACTER.fill(field=name)))
        elif name in _NEEDED and not value:
            found.append(Fault("empty-field", "6.1 a)", _EMPTY.fill(field=name), name))
    if fields.get("Label") not in ("1", "2", "3"):
        found.append(Fault("label", "E.1 c)", _LABEL))
    return found


def parsed(raw: str) -> Parsed | None:
    """Read a label in any form that was seen in files; None where no field of one is named.

    Bare or under a key ``AIGC``, with XML's entities, encoded twice, or after the word ``AIGC``.
    """
    if len(raw) > MOST or (start := raw.find("{")) < 0:
        return None
    text, faults = raw[start:].rstrip("\x00 \r\n\t"), []
    value = _json(raw.strip()) if raw.lstrip()[:1] == '"' else _json(text)
    if value is None and "&quot;" in text:
        value = _json(html.unescape(text))
    wrapped = isinstance(value, dict) and "AIGC" in value
    if wrapped:
        value = value["AIGC"]
    if isinstance(value, str):
        value = _json(value)
        faults.append(Fault("encoded-twice", "E.1", _TWICE))
    if not isinstance(value, dict) or _KNOWN.isdisjoint(value):
        return None
    faults += faults_of(value)
    fields = {
        str(name): one if isinstance(one, str) else msgspec.json.encode(one).decode()
        for name, one in value.items()
    }
    return Parsed(fields, tuple(faults), wrapped)


def _ascii(value: Any) -> str:
    """Return JSON in ASCII: another producer's name in Chinese is kept, and any place takes it."""
    return _ENCODER.encode(value)


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
        return None


_MISSING = Words(en="The field {field} is missing.", zh="缺少字段 {field}。")
_UNKNOWN = Words(en="There is no field {field} in Appendix E.", zh="附录 E 中没有字段 {field}。")
_NO_STRING = Words(en="The value of {field} must be a string.", zh="字段 {field} 的值应为字符串。")
_CHARACTER = Words(
    en="{field} holds a character outside 0x21–0x7E, or a backslash; names in Chinese do not fit:"
    " use the provider code.",
    zh="{field} 含有 0x21–0x7E 以外的字符或反斜杠；中文名称不符合要求，请使用服务提供者编码。",
)
_EMPTY = Words(en="{field} is empty.", zh="{field} 为空。")
_LABEL = Words(
    en='Label must be "1" (is AI-generated), "2" (may be) or "3" (suspected).',
    zh='Label 应为 "1"（是）、"2"（可能）或 "3"（疑似）。',
)
_TWICE = Words(en="The JSON was encoded twice.", zh="JSON 被重复编码。")
