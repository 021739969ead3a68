"""Records of incidents: illegal content found (Art. 14), and network-security incidents.

They evidence what was done and when: stopped, eliminated, rectified, reported. Nothing is reported
by itself: a report is drafted, and a named person decides and sends. ``files`` are SHA-256 digests
of what the provider keeps; ``by`` is a role or a staff number, ``role`` one of the catalogue's.
Times are UTC ms; a time or a limit of 0 is one that there is not.
"""

from typing import Annotated, Literal

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Names, Shape

Sort = Literal["content", "network"]
Files = Annotated[list[Digest], Meta(max_length=8)]


class Found(Shape, kw_only=True, frozen=True):
    """Illegal content, or an incident of network security, was found. The clock starts here.

    ``target`` is the provider's own published limit in minutes, ``affected`` are places of records.
    """

    case: Name
    sort: Sort
    cause: Literal["monitoring", "complaint", "inspection", "notice", "staff", "other"]
    affected: Names
    found: Count
    target: Count
    files: Files
    by: Name
    role: Name


class Graded(Shape, kw_only=True, frozen=True):
    """A network-security incident was graded; ``due`` follows from who must report."""

    case: Name
    level: Literal["ordinary", "relatively-major", "major", "especially-major"]
    reporter: Literal["cii", "central", "other"]
    persons: Count
    flaw: bool
    due: Count
    files: Files
    by: Name
    role: Name


class Stopped(Shape, kw_only=True, frozen=True):
    """Generation and transmission were stopped, and content eliminated, so far at these times.

    ``late`` tells whether ``due``, by the provider's own published target, had passed by then.
    """

    case: Name
    generation: Count
    transmission: Count
    eliminated: Count
    due: Count
    late: bool
    files: Files
    by: Name
    role: Name


class Rectified(Shape, kw_only=True, frozen=True):
    """It was put right: by which measure, and whether the case was tried again and passed."""

    case: Name
    measure: Literal["training", "rules", "filter", "other"]
    passed: bool
    at: Count
    files: Files
    by: Name
    role: Name


class Handled(Shape, kw_only=True, frozen=True):
    """A network-security incident was handled. From ``settled`` on the closing report is due."""

    case: Name
    what: Literal["contained", "recovered", "notified", "settled"]
    at: Count
    files: Files
    by: Name
    role: Name


class Drafted(Shape, kw_only=True, frozen=True):
    """A report was drafted for a named person to decide upon."""

    case: Name
    addressee: Name
    draft: Digest


class Decided(Shape, kw_only=True, frozen=True):
    """A named person decided whether it is reported, and to whom. ``files``: draft or reasons."""

    case: Name
    choice: Literal["report", "no-report", "unfounded"]
    addressee: Name
    files: Files
    by: Name
    role: Name


class Reported(Shape, kw_only=True, frozen=True):
    """A named person sent a report. ``receipts`` are digests of the authority's receipts.

    ``flaw``: it is the report of a flaw, which has a limit of its own.
    """

    case: Name
    sort: Literal["content", "network", "misuse"]
    flaw: bool
    addressee: Name
    report: Digest
    receipts: Files
    at: Count
    due: Count
    late: bool
    by: Name
    role: Name


class Closed(Shape, kw_only=True, frozen=True):
    """The case was closed, with a closing report: handled, or found to be no incident."""

    case: Name
    sort: Sort
    outcome: Literal["handled", "unfounded"]
    report: Digest
    at: Count
    due: Count
    late: bool
    by: Name
    role: Name


KINDS = (
    Kind("incident.found", 2, Found, ("a14-1a",), "three-years"),
    Kind("incident.graded", 2, Graded, ("a13",), "three-years"),
    Kind("incident.stopped", 2, Stopped, ("a14-1a",), "three-years"),
    Kind("incident.rectified", 2, Rectified, ("a14-1b",), "three-years"),
    Kind("incident.handled", 1, Handled, ("ir-closing", "pipl57"), "three-years"),
    Kind("incident.drafted", 1, Drafted, ("a14-1c",), "three-years"),
    Kind("incident.decided", 1, Decided, ("a14-1c",), "three-years"),
    Kind("incident.reported", 2, Reported, ("a14-1c", "a14-2c"), "three-years"),
    Kind("incident.closed", 2, Closed, ("a14-1c",), "three-years"),
)
