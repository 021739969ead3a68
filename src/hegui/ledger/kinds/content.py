"""Records of kept content. They evidence that no more is kept than needed (Art. 11 para. 1)."""

from hegui.ledger.kinds.shapes import Count, Counts, Kind, Shape


class Expired(Shape, kw_only=True, frozen=True):
    """Content whose term had ended by ``until`` (UTC ms) was deleted, so many per class."""

    count: Count
    classes: Counts
    until: Count


KINDS = (Kind("content.expired", 1, Expired, ("a11-1b", "a11-1c"), "three-years"),)
