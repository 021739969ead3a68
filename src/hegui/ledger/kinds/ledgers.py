"""Records of the ledger about itself: what a start found, what was pruned, what was restored.

They evidence that records are preserved (Art. 14 para. 2) and for how long. They are never pruned.
"""

from msgspec import UNSET, UnsetType

from hegui.ledger.kinds.shapes import Count, Counts, Digest, Kind, Name, Shape, Text


class Resumed(Shape, kw_only=True, frozen=True):
    """At a start of the service the log had ``size`` entries, and a head of ``head`` was signed.

    What lay beyond was hashed anew, found good, and is signed with what follows.
    """

    head: Count
    size: Count


class Restored(Shape, kw_only=True, frozen=True):
    """A log went on that contradicts the head signed last: its database was restored, or lost.

    ``by`` and ``reason``: who said so, and why. The log had ``size`` entries; ``head`` is the
    digest of the file of that head, which is kept, of ``signed`` entries with ``root`` where it
    could be read. What that head counted beyond is lost.
    """

    by: Name
    reason: Text
    size: Count
    head: Digest
    signed: Count | UnsetType = UNSET
    root: Digest | UnsetType = UNSET


class Pruned(Shape, kw_only=True, frozen=True):
    """The leaves of ``count`` entries were deleted because their terms had ended; hashes stay.

    ``list`` is the digest of their stretches, ``start count`` a line. ``minimum`` is the index from
    which on nothing was deleted (the minimum index of C2SP tlog-tiles). ``log`` and ``years``: the
    times (UTC ms) before which records of the two retention classes were deleted.
    """

    count: Count
    list: Digest
    minimum: Count
    kinds: Counts
    log: Count
    years: Count


KINDS = (
    Kind("ledger.resumed", 1, Resumed, ("a14-2b",), "log"),
    Kind("ledger.restored", 1, Restored, ("a14-2b",), "three-years"),
    Kind("ledger.pruned", 1, Pruned, ("a14-2b", "a11-1c"), "three-years"),
)
