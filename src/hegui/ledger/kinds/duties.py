"""Records of the duties themselves: what a provider declared, attested and computed of them.

They evidence nothing by being computed: a board is kept so that it can be recomputed. What a person
attests stands apart from what doors recorded (Art. 17, 19 para. 1).
"""

from typing import Annotated, Literal

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Counts, Digest, Kind, Name, Shape, Text

_Files = Annotated[list[Digest], Meta(max_length=16)]
_Facts = Annotated[dict[Name, Name], Meta(max_length=40)]


class Attested(Shape, kw_only=True, frozen=True):
    """A person stands in for a duty that no machine can see, until ``until`` (UTC ms).

    ``statement`` is the SHA-256 of what was said, ``files`` those of what was attached; all lie in
    the data directory. ``by`` is a role or a staff number, ``role`` one that the catalogue allows.
    """

    duty: Name
    attestation: Name
    statement: Digest
    files: _Files
    by: Name
    role: Name
    until: Count


class Withdrawn(Shape, kw_only=True, frozen=True):
    """An attestation was withdrawn. It counts no more from here on."""

    duty: Name
    attestation: Name
    by: Name
    role: Name
    reason: Text


class Declared(Shape, kw_only=True, frozen=True):
    """The facts of the service, under which duties apply or do not (Art. 2, 22).

    ``profile`` is the digest of profile and facts, ``reason`` why they are as they are.
    """

    profile: Digest
    facts: _Facts
    reason: Text
    by: Name
    role: Name


class Computed(Shape, kw_only=True, frozen=True):
    """A board was computed from four things: catalogue, profile, checkpoint and date.

    ``size`` and ``root`` are the checkpoint's, ``as_of`` is UTC ms, ``states`` counts the duties
    by state, ``board`` is the SHA-256 of the board in canonical JSON: recomputing gives it again.
    """

    catalogue: Digest
    profile: Digest
    size: Count
    root: Digest
    as_of: Count
    states: Counts
    board: Digest
    cause: Literal["asked", "gate"]


KINDS = (
    Kind("duty.attested", 1, Attested, ("a17-1", "a19-1"), "three-years"),
    Kind("duty.withdrawn", 1, Withdrawn, ("a17-1", "a19-1"), "three-years"),
    Kind("profile.declared", 1, Declared, ("a22-2", "a19-1"), "lasting"),
    Kind("duty.computed", 1, Computed, ("a19-1",), "three-years"),
)
