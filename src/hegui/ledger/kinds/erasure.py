"""Records of erasure, of restriction, and of who opened kept content.

They evidence that requests to delete are accepted and carried out in time (Art. 11 para. 2; PIPL
Art. 47), and that kept content is protected and opened for a purpose only (Art. 11 para. 1).
Persons appear by their pseudonyms, staff by a role or a number: no record names anybody.
"""

from typing import Annotated, Literal

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Counts, Kind, Name, Shape, Text

Ground = Literal["requested", "consent-withdrawn", "purpose-ended", "term-ended", "unlawful"]
"""PIPL Art. 47 para. 1: the person's own request, (3), (1), (2), (4)."""
_Subjects = Annotated[list[Name], Meta(max_length=16)]


class Restricted(Shape, kw_only=True, frozen=True):
    """A person's data are to be erased: from here on they are stored and not processed."""

    erasure: Name
    subjects: _Subjects
    by: Name
    ground: Ground


class Deferred(Shape, kw_only=True, frozen=True):
    """What no duty holds was deleted; ``kept``, counted by class, stays restricted.

    Its terms end at ``until`` (UTC ms) at the latest. ``content`` texts were deleted, ``shared``
    ones stay open to another person whom they name.
    """

    erasure: Name
    subjects: _Subjects
    keys: Count
    content: Count
    shared: Count
    kept: Counts
    until: Count


class Erased(Shape, kw_only=True, frozen=True):
    """A person's keys and content were deleted. Complete once their last epoch is closed."""

    erasure: Name
    subjects: _Subjects
    keys: Count
    content: Count
    shared: Count


class Completed(Shape, kw_only=True, frozen=True):
    """No key that opened the person's data exists any more, ``epoch`` being closed.

    ``sinks`` says what became of copies elsewhere; what was handed over cannot be called back.
    """

    erasure: Name
    subjects: _Subjects
    epoch: Count
    sinks: Annotated[dict[Name, Literal["done", "handed-over"]], Meta(max_length=40)]


class ContentOpened(Shape, kw_only=True, frozen=True):
    """A person read kept content. ``glass`` names the permission where it was restricted."""

    exchange: Name
    part: Name
    by: Name
    purpose: Text
    glass: Name


class GlassBroken(Shape, kw_only=True, frozen=True):
    """Two persons, on a legal basis, may open one restricted part of one exchange.

    ``until`` (UTC ms) is when the permission ends.
    """

    glass: Name
    exchange: Name
    part: Name
    basis: Text
    by: Name
    other: Name
    purpose: Text
    until: Count


KINDS = (
    Kind("subject.restricted", 1, Restricted, ("a11-2", "a11-1c"), "three-years"),
    Kind("erasure.deferred", 1, Deferred, ("a11-2", "a11-1c", "a14-2b"), "three-years"),
    Kind("subject.erased", 1, Erased, ("a11-2", "a11-1c"), "three-years"),
    Kind("erasure.completed", 1, Completed, ("a11-2", "a11-1c"), "three-years"),
    Kind("content.opened", 1, ContentOpened, ("a11-1a", "a11-1d"), "three-years"),
    Kind("glass.broken", 1, GlassBroken, ("a11-1a", "a11-1d"), "three-years"),
)
