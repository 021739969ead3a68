"""Records of measures against users who misuse the service.

They evidence Art. 14 para. 2: warn, restrict, suspend or terminate.
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Kind, Name, Shape


class Decided(Shape, kw_only=True, frozen=True):
    """A measure was taken against ``subject``, a pseudonym, under ``rule``, until ``until``.

    ``told``: the user was told of the rule and of how to appeal. ``until`` is 0 where it has no
    end.
    """

    case: Name
    subject: Name
    level: Literal["warn", "restrict", "suspend", "terminate"]
    rule: Name
    until: Count
    told: bool
    by: Name


class Lifted(Shape, kw_only=True, frozen=True):
    """A measure was lifted, because it ended or because an appeal was upheld."""

    case: Name
    cause: Literal["ended", "appeal", "mistake"]
    by: Name


KINDS = (
    Kind("sanction.decided", 1, Decided, ("a14-2a",), "three-years"),
    Kind("sanction.lifted", 1, Lifted, ("a14-2a",), "three-years"),
)
