"""Records of labels on files. They evidence that generated content is labelled (Art. 12).

An explicit label is left out under an agreement only (labelling measures, Art. 9).
"""

from typing import Literal

from msgspec import UNSET, UnsetType

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Names, Shape


class Written(Shape, kw_only=True, frozen=True):
    """A file got its labels. The record precedes the file: what is in place is on record.

    ``produce`` is the ``ProduceID`` and ``producer`` the code in the label, of which another
    producer's were ``kept``. ``payload`` is the SHA-256 of the content without metadata, ``file``
    that of the whole file. ``format`` is the file's and ``form`` how the label is stored;
    ``layers`` what marks the file beside a notice. ``explicit``: a notice was ``drawn`` upon or
    written into the content; it stands in the ``interface`` or was ``present``, as ``by`` says, a
    role or number; or it was left out under ``agreement``, which is empty otherwise.
    """

    produce: Name
    producer: Name
    propagate: Name
    propagator: Name
    label: Literal["1", "2", "3"]
    cause: Literal["added", "replaced", "kept"]
    payload: Digest
    file: Digest
    format: Name
    form: Name
    layers: Names
    explicit: Literal["drawn", "interface", "present", "agreement"]
    agreement: Name
    by: Name


class Agreed(Shape, kw_only=True, frozen=True):
    """A user asked for content without an explicit label, and agreed to carry the duty to label.

    ``subject`` is a pseudonym, ``terms`` the SHA-256 of the text agreed to; it holds from ``since``
    until ``until`` (UTC ms). ``by`` concluded it for the provider.
    """

    agreement: Name
    subject: Name
    terms: Digest
    since: Count
    until: Count
    by: Name


class Inspected(Shape, kw_only=True, frozen=True):
    """A platform inspected a user's file (labelling measures, Art. 6). Holds no name and no text.

    ``conclusion``: it is, may be or is suspected to be generated, nothing speaks for it, or the
    file could not be read. ``declared`` is what the user said; ``traces`` what else was found, and
    ``found`` how many labels; ``state`` the verdict on them. ``cause`` is what became of the
    propagation fields, ``label`` the value of ``Label`` then and ``propagate`` the number, both
    empty where nothing was written. ``before`` and ``after`` are the SHA-256 of the file,
    ``payload`` that of its content, left out for one that could not be read. ``manifest`` is what
    became of its C2PA manifest: it does not fit the new file (``superseded``), it was ``signed``
    anew in our name, or the file could have none (``unsigned``). ``key`` is the caller's.
    """

    key: Name
    conclusion: Literal["is", "may_be", "suspected", "nothing", "unreadable"]
    declared: bool
    traces: Names
    found: Count
    state: Literal["compliant", "noncompliant", "not_found", "inconclusive"]
    cause: Literal["added", "replaced", "kept", "already", "none", "refused", "beside"]
    label: Literal["", "1", "2", "3"]
    propagate: Name
    format: Name
    before: Digest
    after: Digest
    manifest: Literal["", "superseded", "signed", "unsigned"]
    payload: Digest | UnsetType = UNSET


KINDS = (
    Kind("label.written", 1, Written, ("a12",), "log"),
    Kind("label.inspected", 2, Inspected, ("a12",), "log"),
    Kind("label.agreement", 1, Agreed, ("a12",), "three-years"),
)
