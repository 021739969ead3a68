"""Records of complaints and appeals. They evidence that they were accepted in time (Art. 15)."""

from hegui.ledger.kinds.shapes import Count, Digest, Kept, Kind, Name, Shape


class Received(Shape, kw_only=True, frozen=True):
    """An appeal came in. ``due`` (UTC ms) is the published time limit, as promised that day.

    ``exchange`` is what it is about, ``commit`` commits to its text, ``contact`` tells whether the
    complainant left a way to reach them (which way lies in the vault).
    """

    appeal: Name
    exchange: Name
    commit: Digest
    content: Kept
    contact: bool
    due: Count


KINDS = (Kind("appeal.received", 1, Received, ("a15-1", "a15-3", "a14-2b"), "three-years"),)
