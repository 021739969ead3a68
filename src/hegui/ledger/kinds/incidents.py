"""Records of incidents: illegal content found (Art. 14), and network-security incidents.

They evidence what was done and when: stopped, eliminated, rectified, reported. Nothing is reported
by itself: a report is drafted, and a named person decides and sends.
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Names, Shape

Sort = Literal["content", "network"]


class Found(Shape, kw_only=True, frozen=True):
    """Illegal content, or an incident of network security, was found. The clock starts here."""

    case: Name
    sort: Sort
    cause: Name
    affected: Names


class Graded(Shape, kw_only=True, frozen=True):
    """A network-security incident was graded; ``due`` (UTC ms) follows from who must report."""

    case: Name
    level: Literal["ordinary", "relatively-major", "major", "especially-major"]
    reporter: Name
    due: Count
    by: Name


class Stopped(Shape, kw_only=True, frozen=True):
    """Generation and transmission were stopped, and content eliminated, at these times (UTC ms).

    ``late`` tells whether the provider's own published target had passed.
    """

    case: Name
    generation: Count
    transmission: Count
    eliminated: Count
    late: bool


class Rectified(Shape, kw_only=True, frozen=True):
    """It was put right: by which measure, and whether the case was tried again and passed."""

    case: Name
    measure: Literal["training", "rules", "filter", "other"]
    plan: Digest
    passed: bool


class Drafted(Shape, kw_only=True, frozen=True):
    """A report was drafted for a named person to decide upon."""

    case: Name
    addressee: Name
    draft: Digest


class Reported(Shape, kw_only=True, frozen=True):
    """A named person sent a report. ``receipt`` is the digest of the authority's receipt."""

    case: Name
    sort: Literal["content", "network", "misuse"]
    addressee: Name
    report: Digest
    receipt: Digest
    by: Name
    late: bool


class Closed(Shape, kw_only=True, frozen=True):
    """The case was closed, with a closing report."""

    case: Name
    sort: Sort
    report: Digest
    by: Name


KINDS = (
    Kind("incident.found", 1, Found, ("a14-1a",), "three-years"),
    Kind("incident.graded", 1, Graded, ("a13",), "three-years"),
    Kind("incident.stopped", 1, Stopped, ("a14-1a",), "three-years"),
    Kind("incident.rectified", 1, Rectified, ("a14-1b",), "three-years"),
    Kind("incident.drafted", 1, Drafted, ("a14-1c",), "three-years"),
    Kind("incident.reported", 1, Reported, ("a14-1c", "a14-2c"), "three-years"),
    Kind("incident.closed", 1, Closed, ("a14-1c",), "three-years"),
)
