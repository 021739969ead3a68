"""Records of complaints and of requests about personal data, from receipt to answer.

They evidence that both are accepted, handled and answered in time (Art. 11 para. 2, Art. 15; PIPL
Art. 44 to 50). What was said lies elsewhere; a record names the case only.
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape

Right = Literal[
    "access",
    "copy",
    "correct",
    "supplement",
    "delete",
    "explain",
    "restrict",
    "withdraw",
    "portability",
    "close",
]
"""What may be asked for: PIPL Art. 15, 44 to 48; network data regulation Art. 23, 25."""


class ComplaintReceived(Shape, kw_only=True, frozen=True):
    """A complaint or report came in. ``due`` (UTC ms) is the limit that was published that day."""

    case: Name
    channel: Name
    category: Name
    due: Count


class ComplaintAnswered(Shape, kw_only=True, frozen=True):
    """The result was fed back. ``late`` tells whether the published limit had passed by then."""

    case: Name
    outcome: Literal["upheld", "partly", "rejected", "out-of-scope", "withdrawn"]
    late: bool
    reply: Digest


class RequestReceived(Shape, kw_only=True, frozen=True):
    """A person asked to exercise a right over their data. ``due`` (UTC ms) is our own limit."""

    case: Name
    right: Right
    minor: bool
    due: Count


class RequestAnswered(Shape, kw_only=True, frozen=True):
    """The request was answered; ``reasons`` tells whether a refusal gave its reasons in writing."""

    case: Name
    right: Right
    outcome: Literal["fulfilled", "partly", "refused"]
    reasons: bool
    late: bool


KINDS = (
    Kind("complaint.received", 1, ComplaintReceived, ("a15-1", "a15-3"), "three-years"),
    Kind("complaint.answered", 1, ComplaintAnswered, ("a15-3", "a4-4"), "three-years"),
    Kind("request.received", 1, RequestReceived, ("a11-2",), "three-years"),
    Kind("request.answered", 1, RequestAnswered, ("a11-2",), "three-years"),
)
