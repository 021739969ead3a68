"""Records of how the provider governs itself: documents adopted, audits, drills, and care of users.

They evidence the responsibility of a producer of content and a processor of personal data (Art. 9
para. 1), protection of minors (Art. 10), stable service (Art. 13), and what neighbouring rules add.
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape


class Adopted(Shape, kw_only=True, frozen=True):
    """A document of the house was adopted or renewed: a rule, a plan, an assignment of roles.

    ``topic`` is one of those that the catalogue of evidence names (``content-safety``,
    ``incident-plan``).
    """

    topic: Name
    version: Name
    digest: Digest
    by: Name


class Repealed(Shape, kw_only=True, frozen=True):
    """A document of the house was repealed; nothing took its place yet."""

    topic: Name
    version: Name
    by: Name


class Audited(Shape, kw_only=True, frozen=True):
    """An audit or impact assessment ended, with so many findings, of which some are open."""

    topic: Name
    report: Digest
    findings: Count
    open: Count
    by: Name


class Practised(Shape, kw_only=True, frozen=True):
    """A plan was practised, or a restore was tried, and passed or did not."""

    topic: Name
    report: Digest
    passed: bool
    by: Name
    role: Name


class Cared(Shape, kw_only=True, frozen=True):
    """A day's figures of a protection that users are given (Art. 10): so often was it in force.

    ``what``: minors' mode, a reminder of time spent, a notice that one talks to a machine, help
    offered in a crisis, a guardian's consent.
    """

    what: Literal["minors-mode", "time-reminder", "ai-notice", "crisis-help", "guardian-consent"]
    day: Name
    count: Count


class Chosen(Shape, kw_only=True, frozen=True):
    """A person chose whether their input may be used for training, by a pseudonym (Art. 11)."""

    subject: Name
    choice: Literal["consent", "opt-out"]


KINDS = (
    Kind("document.adopted", 1, Adopted, ("a9-1", "a4-3", "a7-5"), "three-years"),
    Kind("document.repealed", 1, Repealed, ("a9-1",), "three-years"),
    Kind("audit.ended", 1, Audited, ("a9-1", "a7-5"), "three-years"),
    Kind("plan.practised", 2, Practised, ("a13",), "three-years"),
    Kind("care.given", 1, Cared, ("a10-2", "a10-3"), "three-years"),
    Kind("training.choice", 1, Chosen, ("a11-1d",), "three-years"),
)
