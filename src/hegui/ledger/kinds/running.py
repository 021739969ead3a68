"""Records of the service itself: when it ran, under which rules, and what its clock did.

They evidence stable, continuous service (Art. 13), and under which declared scope it ran (Art. 2).
"""

from typing import Annotated, Literal

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape, Text


class Started(Shape, kw_only=True, frozen=True):
    """The service started. ``reason`` is the written reason of an internal scope (Art. 2(3)).

    ``upstreams`` names each with its declared role; ``detectors`` each with its version.
    """

    version: Name
    scope: Literal["public", "internal"]
    reason: Text
    settings: Digest
    policy: Digest
    panel: Digest
    keep: Literal["none", "findings", "sample", "all"]
    upstreams: Annotated[dict[Name, Name], Meta(max_length=40)]
    detectors: Annotated[dict[Name, Name], Meta(max_length=40)]


class Stopped(Shape, kw_only=True, frozen=True):
    """The service ended by itself; without this record it was ended from outside."""

    reason: Name
    answered: Count


class ClockBack(Shape, kw_only=True, frozen=True):
    """The clock stepped back: the next record's time lies ``by`` ms before ``last``."""

    last: Count
    by: Count


KINDS = (
    Kind("service.started", 1, Started, ("a13", "a22-2"), "lasting"),
    Kind("service.stopped", 1, Stopped, ("a13",), "log"),
    Kind("clock.back", 1, ClockBack, ("a14-2b",), "log"),
)
