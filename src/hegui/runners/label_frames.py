"""What the door says to the process that reads labels, and what that answers: MessagePack.

Behind each message comes the file, and behind an answer the new file in base64: see ``label_desk``.
"""

from typing import Final

import msgspec

MOST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of an answer: a file of 20 MiB and what a label adds to it lie well below."""


class Read(msgspec.Struct, tag=True):
    """Say what the labels of a file are. ``name`` tells which format, where several fit."""

    name: str


class Inspect(msgspec.Struct, tag=True):
    """Inspect a user's file for a platform; see ``labels.inspecting.Asked``."""

    name: str
    declared: bool
    traces: list[str]
    code: str
    number: str
    reserved: dict[str, str] = {}


class Note(msgspec.Struct):
    """A finding, or a note, in both languages."""

    code: str
    clause: str
    en: str
    zh: str
    note: bool


class Label(msgspec.Struct):
    """A label as it is shown: bounded, and legible whatever it held.

    ``fields`` is None where nothing could be read of it.
    """

    form: str
    offset: int
    guide: bool
    raw: str
    fields: dict[str, str] | None


class Report(msgspec.Struct, tag=True):
    """What a file says. ``count`` is how many labels there are, of which some are told."""

    format: str
    place_en: str
    place_zh: str
    state: str
    count: int
    labels: list[Label]
    findings: list[Note]


class Inspection(msgspec.Struct, tag=True):
    """What became of a user's file; see ``labels.inspecting.Inspected``.

    ``label`` is the label as JSON; digests are SHA-256 in hexadecimal. ``file`` is the new file in
    base64, in pieces that are put in when they have come; none where it stays as it was. ``c2pa``
    says whether its manifest was ``signed`` anew, or it could have none (``unsigned``), and
    ``time_stamp`` whether that has one: not this process says so, but the one that signs.
    """

    report: Report
    traces: list[str]
    conclusion: str
    cause: str
    label: str
    payload: str
    before: str
    after: str
    why_en: str
    why_zh: str
    dropped: bool = False
    manifest: bool = False
    c2pa: str = ""
    time_stamp: str = ""
    file: list[bytes] = []


class Broken(msgspec.Struct, tag=True):
    """There is no answer: ``memory``, ``error``, or what was read back is not what was written."""

    reason: str


_REQUEST: Final[msgspec.msgpack.Decoder[Read | Inspect]] = msgspec.msgpack.Decoder(Read | Inspect)
_ANSWER: Final[msgspec.msgpack.Decoder[Report | Inspection | Broken]] = msgspec.msgpack.Decoder(
    Report | Inspection | Broken
)
_ENCODER: Final = msgspec.msgpack.Encoder()


def pack(message: Read | Inspect | Report | Inspection | Broken) -> bytes:
    """Return a message as the body of a frame."""
    return _ENCODER.encode(message)


def request(body: bytes) -> Read | Inspect:
    """Read what was asked."""
    return _REQUEST.decode(body)


def answer(body: bytes) -> Report | Inspection | Broken:
    """Read what was answered. Raises ``msgspec.MsgspecError`` for anything else."""
    return _ANSWER.decode(body)
