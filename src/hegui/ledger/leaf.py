"""Leaves: canonical JSON of at most 2 KB, salted, so that its hash tells nothing by itself.

Canonical (format v1): UTF-8, keys sorted by code point at every depth, no spaces, integers without
sign or exponent but ``-``, only the escapes that JSON demands. ``json.dumps(..., sort_keys=True,
ensure_ascii=False, separators=(",", ":"))`` writes the same bytes.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from hegui.ledger import kinds
from hegui.ledger.kinds import Kind
from hegui.ledger.kinds.shapes import HEAD
from hegui.store import random_bytes
from hegui.terms import BadRequest, Words

MOST_BYTES = 2_048
SALT_BYTES = 16

_TOO_LARGE = Words(
    en="The record {kind} is {size} bytes long and {most} fit; {field} takes most of them.",
    zh="记录 {kind} 长 {size} 字节，上限为 {most} 字节；其中字段 {field} 占用最多。",
)
_UNFIT = Words(
    en="The record {kind} cannot be written: {why}.",
    zh="无法写入记录 {kind}：{why}。",
)
_HEAD_TAKEN = Words(
    en="The record {kind} sets {field} itself; leave it out.",
    zh="记录 {kind} 会自行填写 {field}，请勿传入。",
)

_PLACE = re.compile(r"`\$\.(\w+)[^`']*`$")

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def make(kind: Kind, at_ms: int, tenant: str, fields: Mapping[str, Any]) -> bytes:
    """Return the leaf of a record: checked against its kind, salted with 16 random bytes.

    A field that does not fit its kind, or a leaf over 2,048 bytes, is a ``BadRequest`` whose
    ``param`` names the field. Nothing is ever cut short silently.
    """
    if not HEAD.isdisjoint(fields):
        field = min(HEAD.intersection(fields))
        raise BadRequest(_HEAD_TAKEN.fill(kind=kind.name, field=field), param=field)
    record = {
        **fields,
        "v": kind.version,
        "kind": kind.name,
        "t": at_ms,
        "tenant": tenant,
        "salt": urlsafe_b64encode(random_bytes(SALT_BYTES))[:22].decode(),
    }
    try:
        leaf = _encode(msgspec.convert(record, kind.shape))
    except msgspec.ValidationError as error:
        # the library quotes the value that it refuses; what is quoted may be content
        why = str(error).partition("'")[0].partition(" - at ")[0].strip()
        place = _PLACE.search(str(error))
        field = place[1] if place else ""
        said = f"{field}: {why}" if field else why
        raise BadRequest(_UNFIT.fill(kind=kind.name, why=said), param=field) from error
    except UnicodeEncodeError as error:
        field = _unencodable(fields)
        raise BadRequest(
            _UNFIT.fill(kind=kind.name, why=f"{field}: lone surrogate"), param=field
        ) from error
    if len(leaf) > MOST_BYTES:
        field = max(fields, key=lambda name: len(_encode(fields[name])))
        raise BadRequest(
            _TOO_LARGE.fill(kind=kind.name, size=len(leaf), most=MOST_BYTES, field=field),
            param=field,
        )
    return leaf


def parse(leaf: bytes) -> dict[str, Any]:
    """Return a record's head and fields. Never fails.

    A kind that this version does not know, a version newer than it knows, or bytes that are no
    record at all come back with the head as far as it can be read and ``"opaque": True``.
    """
    try:
        record = _decode(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        record = {}
    name, version = record.get("kind"), record.get("v")
    known = kinds.kind(name) if isinstance(name, str) else None
    if known is not None and type(version) is int and 0 < version <= known.version:
        return record
    return {**{part: record[part] for part in sorted(HEAD) if part in record}, "opaque": True}


def _unencodable(fields: Mapping[str, Any]) -> str:
    for name, value in fields.items():
        try:
            _encode(value)
        except UnicodeEncodeError:
            return name
    return ""
