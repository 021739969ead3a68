"""Records of assessments, filings and licences: what must be had before a service is offered.

They evidence the security assessment and the filing (Art. 17), accuracy and absence of
discrimination as tested (Art. 4), and licences (Art. 23).
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape

Aspect = Literal["content", "discrimination", "accuracy", "refusal", "rights"]
Route = Literal["filing", "registration", "algorithm", "security-assessment", "ethics"]


class Run(Shape, kw_only=True, frozen=True):
    """A question bank was put to the service: so many items, so many without any of the risks."""

    aspect: Aspect
    bank: Digest
    model: Name
    items: Count
    good: Count
    passed: bool


class Reported(Shape, kw_only=True, frozen=True):
    """An assessment report was signed: each provision conforms, does not, or does not apply."""

    sort: Literal["security", "personal-information", "algorithm", "ethics", "anthropomorphic"]
    report: Digest
    conforms: Count
    not_conforms: Count
    not_applicable: Count
    by: Name


class Filed(Shape, kw_only=True, frozen=True):
    """A filing or registration moved on: submitted, accepted under a number, changed, cancelled.

    ``materials`` is the digest of what was submitted; ``reference``, its number, is empty before
    there is one.
    """

    route: Route
    step: Literal["submitted", "accepted", "changed", "cancelled"]
    reference: Name
    materials: Digest
    by: Name


class Licensed(Shape, kw_only=True, frozen=True):
    """A licence is held: which, its number, and until when (UTC ms; 0 where it has no end)."""

    licence: Name
    reference: Name
    until: Count
    by: Name


class LicenceEnded(Shape, kw_only=True, frozen=True):
    """A licence ended, or was given up or taken away."""

    licence: Name
    reference: Name
    cause: Literal["expired", "given-up", "revoked"]


KINDS = (
    Kind("assessment.run", 1, Run, ("a4-1", "a4-2", "a4-5", "a17-1"), "three-years"),
    Kind("assessment.reported", 1, Reported, ("a17-1",), "three-years"),
    Kind("filing.moved", 1, Filed, ("a17-2", "a17-3"), "lasting"),
    Kind("licence.held", 1, Licensed, ("a23",), "lasting"),
    Kind("licence.ended", 1, LicenceEnded, ("a23",), "lasting"),
)
