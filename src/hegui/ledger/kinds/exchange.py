"""Records of an exchange: what was asked and what was answered, each decided and released.

They evidence that both were judged (Art. 4(1), 4(4)), stopped where they had to be (Art. 14 para.
1), labelled (Art. 12), and that the record was preserved (Art. 14 para. 2). Content is in them only
as a commitment that nobody can guess and that erasure makes meaningless (Art. 11).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hegui.ledger.kinds.shapes import (
    Count,
    Counts,
    Decision,
    Digest,
    Kept,
    Kind,
    Name,
    Names,
    Shape,
)


class Asked(Shape, kw_only=True, frozen=True):
    """A request, before any byte of its reply was released.

    ``subject`` is a pseudonym or ``unidentified``; ``key`` the id of the caller's key; ``known``
    the turns recognised from before; ``roles`` the passages judged per role.
    """

    exchange: Name
    subject: Name
    audience: Name
    key: Name
    model: Name
    upstream: Name
    policy: Digest
    panel: Digest
    decision: Decision
    rules: Counts
    faults: Names
    unjudged: Count
    roles: Counts
    known: Count
    commit: Digest
    content: Kept
    stream: bool


class Label(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the reply was labelled (Art. 12): the mode, and the number it was produced under."""

    mode: Name
    produce_id: Name


End = Literal[
    "complete", "refused", "disconnected", "upstream_failed", "limit", "shutdown", "error"
]


class Answered(Shape, kw_only=True, frozen=True):
    """A reply, exactly as it was handed to the socket.

    ``released`` counts characters per ``<choice>.<field>``; ``model`` is the one that answered;
    ``label`` is left out where nothing was generated.
    """

    exchange: Name
    model: Name
    decision: Decision
    rules: Counts
    faults: Names
    released: Annotated[dict[Name, Count], Meta(max_length=64)]
    commit: Digest
    content: Kept
    label: Label | UnsetType = UNSET
    end: End
    status: Annotated[int, Meta(ge=0, le=999)]
    notes: Counts


KINDS = (
    Kind("exchange.asked", 1, Asked, ("a4-1", "a4-4", "a11-1b", "a14-1a", "a14-2b"), "log"),
    Kind("exchange.answered", 1, Answered, ("a4-1", "a4-4", "a12", "a14-1a", "a14-2b"), "log"),
)
