"""Records of annotation and of sampling inspection: rules, training, and what samples showed.

They evidence Art. 8: clear rules, checks of quality by sampling, trained annotators.
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape


class Ruled(Shape, kw_only=True, frozen=True):
    """Rules of annotation were issued, for function or for safety, as a version."""

    project: Name
    part: Literal["function", "safety"]
    version: Name
    digest: Digest
    by: Name


class Trained(Shape, kw_only=True, frozen=True):
    """Annotators were trained and examined. ``separate``: nobody checks what they annotated."""

    project: Name
    trained: Count
    passed: Count
    material: Digest
    separate: bool
    by: Name


class Inspected(Shape, kw_only=True, frozen=True):
    """A seeded sample was inspected by hand: of a corpus, of annotations, or of replies.

    ``passed`` tells whether the share of good items reached what was asked, ``seed`` lets anybody
    draw the sample again.
    """

    what: Literal["corpus", "annotation", "replies"]
    name: Name
    population: Count
    sample: Count
    good: Count
    seed: Digest
    passed: bool
    by: Name


KINDS = (
    Kind("annotation.ruled", 1, Ruled, ("a8-rules", "a19-1"), "three-years"),
    Kind("annotation.trained", 1, Trained, ("a8-train",), "three-years"),
    Kind("sample.inspected", 1, Inspected, ("a8-qa", "a7-4"), "three-years"),
)
