"""What a runner and its worker say to each other: MessagePack behind a length of four bytes."""

import struct
from typing import Any, Final

import msgspec

from hegui.terms import RuleInfo

HEADER: Final = struct.Struct(">I")
LIMIT: Final = 256 * 1024 * 1024  # bytes; what a worker may answer with


class Load(msgspec.Struct, tag=True):
    """First to the worker: what to load, and with which options."""

    plugin: str
    options: dict[str, Any]


class Loaded(msgspec.Struct, tag=True):
    """The worker's answer: what the plug-in says of itself. ``digest`` covers its source file."""

    name: str
    version: str
    digest: str
    rules: dict[str, RuleInfo]


class Inspect(msgspec.Struct, tag=True):
    """A column for the plug-in."""

    data: bytes
    offsets: list[int]


class Found(msgspec.Struct, tag=True):
    """The worker's answer: findings as columns, in bytes of each row."""

    row: list[int]
    rule: list[str]
    start: list[int]
    end: list[int]
    score: list[float]


class Failed(msgspec.Struct, tag=True):
    """The worker's answer when it has none. ``why`` is for the operator, and only at loading."""

    reason: str
    why: str = ""


_REQUEST: Final[msgspec.msgpack.Decoder[Load | Inspect]] = msgspec.msgpack.Decoder(Load | Inspect)
_ANSWER: Final[msgspec.msgpack.Decoder[Loaded | Found | Failed]] = msgspec.msgpack.Decoder(
    Loaded | Found | Failed
)
_ENCODER: Final = msgspec.msgpack.Encoder()


def pack(message: Load | Loaded | Inspect | Found | Failed) -> bytes:
    """Return a message as one frame."""
    body = _ENCODER.encode(message)
    return HEADER.pack(len(body)) + body


def request(body: bytes) -> Load | Inspect:
    """Read what was asked of a worker."""
    return _REQUEST.decode(body)


def answer(body: bytes) -> Loaded | Found | Failed:
    """Read what a worker answered. Raises msgspec.MsgspecError for anything else."""
    return _ANSWER.decode(body)
