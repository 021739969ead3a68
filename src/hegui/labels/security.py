"""The signature objects in ``ReservedCode1`` and ``ReservedCode2`` (TC260-PG-202511A).

SM3withSM2 over ``"Label":"…","ContentProducer":"…","ProduceID":"…"``. Some producers sign the SM3
digest of these bytes instead; both are read, the guide's is written. Which bytes a propagator's
object signs could not be confirmed with published ones. Ours signs the same three things of the
propagator, ``"Label":"…","ContentPropagator":"…","PropagateID":"…"``; one that signs other bytes is
not called wrong. Bindings to the content are not judged. A signature whose key stands in the label
itself proves only that the label is whole, not who made it: for that, give the keys that you know.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec

from hegui.labels import sm2
from hegui.labels.value import MOST, Implicit

SM3_WITH_SM2: Final = "1.2.156.10197.1.501"
_KIND: Final = "TC260PG"
_OF_LABEL: Final = ("Md", "LabelMetaData", "LabelMataData")  # the last as it is seen
_PRODUCED: Final = ("Label", "ContentProducer", "ProduceID")
_SPREAD: Final = ("Label", "ContentPropagator", "PropagateID")
_MOST_OBJECTS: Final = 8

State = Literal["valid", "invalid", "unsupported", "unchecked"]


class Signature(NamedTuple):
    """What there is to say of a label's signature.

    ``valid``, ``invalid``, ``unsupported`` (another algorithm, other bytes, or unreadable),
    ``unchecked`` (the extra ``hegui[sm2]`` is not installed). ``digest`` is true where the digest
    was signed; ``key`` is the public key, 04‖x‖y in hexadecimal; ``known`` whether it was given.
    """

    state: State
    digest: bool = False
    key: str = ""
    known: bool = False


def message(fields: Mapping[str, str]) -> bytes:
    """Return the bytes that are signed (Appendix A.1): values as they stand in the JSON."""
    return _message(fields, _PRODUCED)


def signed(label: Implicit, key: sm2.PrivateKey) -> Implicit:
    """Return the label with the producer's signature object in ``ReservedCode1``."""
    held = _signed(message(msgspec.to_builtins(label)), key)
    return msgspec.structs.replace(label, ReservedCode1=held)


def spread_signed(label: str, code: str, number: str, key: sm2.PrivateKey) -> str:
    """Return the propagator's signature object, for ``ReservedCode2``.

    ``label`` is the value of ``Label`` that it is made for, ``code`` and ``number`` the
    propagator's fields.
    """
    fields = {"Label": label, "ContentPropagator": code, "PropagateID": number}
    return _signed(_message(fields, _SPREAD), key)


def _message(fields: Mapping[str, str], names: tuple[str, ...]) -> bytes:
    return ",".join(f'"{name}":"{fields.get(name, "")}"' for name in names).encode(
        "utf-8", "replace"
    )


def _signed(text: bytes, key: sm2.PrivateKey) -> str:
    entry = {"Type": "DS", "AlgID": SM3_WITH_SM2, "TBSData": {"Type": "Md"}}
    entries = [
        {**entry, "Signature": sm2.signed(key, text).hex().upper()},
        {"Type": "PubKey", "AlgID": SM3_WITH_SM2, "KeyValue": key.spki.hex().upper()},
    ]
    held = {"SecurityData": {"Type": _KIND, "Version": 1, "PubSD": entries}}
    return msgspec.json.encode(held).decode()


def checked(fields: Mapping[str, str], known: Collection[str] = ()) -> Signature | None:
    """Judge the producer's signature; None if the label has no signature object.

    ``known`` are public keys that are trusted to be the producer's, in any of the written forms.
    """
    return _checked(_entries(fields.get("ReservedCode1", "")), message(fields), known)


def spread_checked(fields: Mapping[str, str], known: Collection[str] = ()) -> Signature | None:
    """Judge the propagator's signature; None if the label has no signature object of his.

    It is ``valid`` where it signs what ours does, and else ``unsupported``: what others sign is not
    published.
    """
    told = _checked(_entries(fields.get("ReservedCode2", "")), _message(fields, _SPREAD), known)
    return told._replace(state="unsupported") if told and told.state == "invalid" else told


def _checked(
    entries: list[dict[str, Any]] | None, bytes_: bytes, known: Collection[str]
) -> Signature | None:
    if entries is None:
        return None
    signatures = [one for one in entries if one.get("Type") == "DS"][:_MOST_OBJECTS]
    tried = [one for one in signatures if _is_ours(one)]
    if not tried:
        return Signature("unsupported")
    if not sm2.available():
        return Signature("unchecked")
    trusted = {point for key in known for point in sm2.public_keys(key)}
    forms = ((bytes_, False), (sm2.sm3(bytes_), True))
    tries = 0
    for entry in tried:
        for point in _keys(entries, entry, trusted):
            for text, digest in forms:
                tries += 1
                if tries > 2 * _MOST_OBJECTS:
                    return Signature("invalid")
                if sm2.verified(point, text, _hex(entry.get("Signature"))):
                    return Signature("valid", digest, point.hex(), point in trusted)
    return Signature("invalid" if tries else "unsupported")


def _entries(text: str) -> list[dict[str, Any]] | None:
    """Return the entries of a signature object; None for an opaque string or an empty one."""
    if len(text) > MOST:
        return None
    try:
        held = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    data = held.get("SecurityData") if isinstance(held, dict) else None
    if not isinstance(data, dict) or data.get("Type") != _KIND:
        return None
    entries = data.get("PubSD", data.get("PubSd"))
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _is_ours(entry: Mapping[str, Any]) -> bool:
    about = entry.get("TBSData")
    kind = about.get("Type") if isinstance(about, dict) else None
    return entry.get("AlgID") == SM3_WITH_SM2 and kind in _OF_LABEL


def _keys(
    entries: list[dict[str, Any]], entry: Mapping[str, Any], trusted: Collection[bytes]
) -> Iterator[bytes]:
    """Give the keys that may have made a signature: those in the label, then those that are known.

    Where keys are named, only the one of the signature's name counts.
    """
    seen: set[bytes] = set()
    for one in entries:
        value = one.get("KeyValue")
        same = one.get("KeyID") == entry.get("KeyID")
        if one.get("Type") == "PubKey" and same and isinstance(value, str):
            for point in sm2.public_keys(value):
                if point not in seen:
                    seen.add(point)
                    yield point
    for point in sorted(trusted):
        if point not in seen:
            yield point


def _hex(value: Any) -> bytes:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
