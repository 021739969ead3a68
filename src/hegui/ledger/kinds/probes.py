"""Records of probes: a detector was put before texts whose answer is known.

They evidence that a risk is looked for, and how well (Art. 4(1) to 4(4)); for a risk that only the
provider's own detector can cover they are the evidence.
"""

from typing import Annotated

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape


class Probed(Shape, kw_only=True, frozen=True):
    """A detector was probed for one risk. The texts are named by the digest of their file only.

    ``detector`` is ``panel`` where all of them judged. ``as_of`` is the legal day
    (Asia/Shanghai) whose rules applied. ``tp``, ``fp``, ``tn``, ``fn``: expected and found, found
    only, neither, expected only; ``unjudged`` and ``faults`` are texts on which nothing was said.
    """

    detector: Name
    version: Name
    digest: Digest
    panel: Digest
    risk: Annotated[str, Meta(pattern=r"^A\.[1-5]\.[a-z]$")]
    probe: Digest
    tp: Count
    fp: Count
    tn: Count
    fn: Count
    unjudged: Count
    faults: Count
    as_of: Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


KINDS = (Kind("detector.probed", 1, Probed, ("a4-1", "a4-2", "a4-3", "a4-4"), "three-years"),)
