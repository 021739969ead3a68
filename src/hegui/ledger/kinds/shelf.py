"""Records of labelled media that are answered with an address: kept, withdrawn, expired.

They evidence that generated media are labelled before anybody can fetch them (Art. 12), that what
must not be spread can be called back (Art. 14 para. 1), and that nothing is kept longer than
needed (Art. 11 para. 1).
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Counts, Digest, Kind, Name, Shape, Text


class Tasked(Shape, kw_only=True, frozen=True):
    """A model server took on a task. Callers know it as ``task``; ``theirs`` is not on record.

    Precedes the answer that names the task. ``interface`` is the kind of task interface.
    """

    task: Name
    exchange: Name
    upstream: Name
    interface: Name


class TaskEnded(Shape, kw_only=True, frozen=True):
    """A task ended: its ``media`` were labelled and kept, or it failed, here or at the server.

    ``reason`` is a short word, empty where it did not fail.
    """

    task: Name
    exchange: Name
    end: Literal["kept", "failed"]
    media: Count
    reason: Name


class Stored(Shape, kw_only=True, frozen=True):
    """A labelled file was put where its address leads. Precedes the answer with that address.

    ``file`` is the SHA-256 of all of it; ``expires`` (UTC ms) is when address and file end by
    themselves.
    """

    medium: Name
    exchange: Name
    mime: Name
    size: Count
    file: Digest
    store: Literal["disk", "s3"]
    expires: Count


class Withdrawn(Shape, kw_only=True, frozen=True):
    """From here on the address of ``medium`` leads to nothing, and its file is deleted.

    ``cause``: somebody decided so (``by``, for ``reason``), the person was erased, or it was kept
    a second time by mistake and nobody got that address.
    """

    medium: Name
    exchange: Name
    cause: Literal["withdrawn", "erased", "superseded"]
    by: Name
    reason: Text


class MediaExpired(Shape, kw_only=True, frozen=True):
    """Addresses whose term had ended by ``until`` (UTC ms) ended, so many per media type."""

    count: Count
    types: Counts
    until: Count


KINDS = (
    Kind("media.task", 1, Tasked, ("a14-2b",), "log"),
    Kind("media.task_ended", 1, TaskEnded, ("a12", "a14-2b"), "log"),
    Kind("media.stored", 1, Stored, ("a12", "a14-2b"), "log"),
    Kind("media.withdrawn", 1, Withdrawn, ("a14-1a", "a11-2"), "three-years"),
    Kind("media.expired", 1, MediaExpired, ("a11-1b", "a11-1c"), "three-years"),
)
