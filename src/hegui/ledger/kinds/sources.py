"""Records of the sources of training data and of the models that are built upon.

They evidence lawful sources (Art. 7(1)), others' rights (7(2)), a basis for personal data (7(3))
and quality (7(4)); and what an inspector is told of sources, scale and types (Art. 19 para. 1).
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Counts, Digest, Kind, Name, Shape


class Admitted(Shape, kw_only=True, frozen=True):
    """A source was admitted. ``agreement`` is the digest of licence, contract or collection record.

    ``personal`` names the legal basis where it holds personal data, ``none`` where it holds none.
    """

    source: Name
    sort: Literal["open", "commercial", "own", "user"]
    agreement: Digest
    robots: Literal["allowed", "not-applicable"]
    personal: Literal["none", "consent", "separate-consent", "other-basis"]
    by: Name


class Refused(Shape, kw_only=True, frozen=True):
    """A source was refused, or taken out again: ``cause`` says why."""

    source: Name
    cause: Literal["no-licence", "no-basis", "unlawful", "intellectual-property", "quality"]
    by: Name


class Screened(Shape, kw_only=True, frozen=True):
    """A part of a source was screened: how many texts, how many dropped or masked, per rule."""

    source: Name
    part: Digest
    panel: Digest
    texts: Count
    dropped: Count
    masked: Count
    rules: Counts


class Measured(Shape, kw_only=True, frozen=True):
    """The quality of a corpus was measured: ``report`` is the digest of the report.

    ``aspect``: ``quality`` (authentic, accurate, objective, diverse), or ``balance`` over the
    grounds of discrimination.
    """

    corpus: Name
    aspect: Literal["quality", "balance"]
    report: Digest
    passed: bool


class ModelRegistered(Shape, kw_only=True, frozen=True):
    """A model that the service is built upon, with its number of filing or registration."""

    model: Name
    reference: Name
    own: bool
    by: Name


KINDS = (
    Kind("source.admitted", 1, Admitted, ("a7-1", "a7-3", "a19-1"), "three-years"),
    Kind("source.refused", 1, Refused, ("a7-1", "a7-2"), "three-years"),
    Kind("corpus.screened", 1, Screened, ("a7-2", "a7-4", "a19-1"), "three-years"),
    Kind("corpus.measured", 1, Measured, ("a7-4", "a4-2"), "three-years"),
    Kind("model.registered", 1, ModelRegistered, ("a7-1",), "three-years"),
)
