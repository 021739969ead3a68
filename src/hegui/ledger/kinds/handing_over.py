"""Records of evidence that is handed over: exports, inspectors' keys, and what these read.

They evidence that inspections are supported (Art. 19 para. 1) and that records reach nobody else
(Art. 11 para. 1). Each is durable before a byte of what it tells of is handed over.
"""

from typing import Literal

from msgspec import UNSET, UnsetType

from hegui.ledger.kinds.shapes import Count, Digest, Kept, Kind, Name, Shape, Text


class Exported(Shape, kw_only=True, frozen=True):
    """An export began. ``by`` is a role or a staff number: a person's name could not be erased.

    ``since`` and ``until`` (UTC ms, the end excluded) bound the records that are shown; left out,
    there is no bound. ``size`` and ``root`` are the head before this record. ``clauses`` is the
    SHA-256 of the list of clauses that goes along, ``content`` tells whether sealed content was
    opened, and then ``content_purpose`` for what. ``recipient`` is the age key encrypted to.
    """

    by: Name
    purpose: Text
    since: Count | UnsetType = UNSET
    until: Count | UnsetType = UNSET
    size: Count
    root: Digest
    clauses: Digest
    proofs: Literal["named", "all"]
    content: Kept
    content_purpose: Text | UnsetType = UNSET
    recipient: Name | UnsetType = UNSET


class ContentHandedOver(Shape, kw_only=True, frozen=True):
    """So many parts of kept content went into the export that ``record`` tells of.

    Whose they are lies in the vault: an erasure finds them and says that they cannot be called
    back.
    """

    record: Count
    parts: Count


class InspectorCreated(Shape, kw_only=True, frozen=True):
    """An inspector's key was made: for what, for records of which time, and until when.

    ``since`` and ``until`` (UTC ms, the end excluded) bound the records; ``expires`` the key.
    """

    key: Name
    purpose: Text
    since: Count
    until: Count
    expires: Count


class InspectorRevoked(Shape, kw_only=True, frozen=True):
    """An inspector's key was revoked. A revoked key never comes back."""

    key: Name


class InspectorRead(Shape, kw_only=True, frozen=True):
    """From ``t`` on, for ``seconds``, entries ``first`` to ``last`` may be read with this key.

    Durable before the first of them is served. It bounds what was read from above: not every entry
    need have been.
    """

    key: Name
    first: Count
    last: Count
    seconds: Count


KINDS = (
    Kind("ledger.exported", 1, Exported, ("a19-1", "a11-1d"), "three-years"),
    Kind("content.handed_over", 1, ContentHandedOver, ("a11-1d", "a11-2"), "three-years"),
    Kind("inspector.created", 1, InspectorCreated, ("a19-1", "a11-1a"), "three-years"),
    Kind("inspector.revoked", 1, InspectorRevoked, ("a11-1a",), "three-years"),
    Kind("inspector.read", 1, InspectorRead, ("a19-1", "a11-1d"), "three-years"),
)
