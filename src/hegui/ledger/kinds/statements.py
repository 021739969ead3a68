"""Records of statements: what a provider tells the public, as versions, and who accepted which.

They evidence Art. 4(5), 9 para. 2, 10 and 15, and Art. 8 of the labelling measures.
"""

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape


class Published(Shape, kw_only=True, frozen=True):
    """A version of a statement was published. ``digest`` is the SHA-256 of its text."""

    statement: Name
    version: Count
    digest: Digest
    by: Name
    role: Name


class Withdrawn(Shape, kw_only=True, frozen=True):
    """A statement was withdrawn: no version of it is in force."""

    statement: Name
    version: Count
    by: Name


class Accepted(Shape, kw_only=True, frozen=True):
    """A user, by a pseudonym, accepted a version of a statement."""

    statement: Name
    version: Count
    digest: Digest
    subject: Name


KINDS = (
    Kind("statement.published", 1, Published, ("a4-5", "a9-2", "a10-1", "a15-2"), "lasting"),
    Kind("statement.withdrawn", 1, Withdrawn, ("a4-5", "a9-2", "a10-1", "a15-2"), "lasting"),
    Kind("statement.accepted", 1, Accepted, ("a9-2",), "three-years"),
)
