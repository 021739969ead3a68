"""Records of the rule packs in use: which, from when on, and what was not taken over.

With the panel's digest and the day they say under which rules a text was judged (Art. 4(1), Art. 14
para. 1), so that a verdict can be recomputed; and that the keyword library is kept up to date, as
the standard asks.
"""

from typing import Annotated, Literal

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape

MOST = 8
"""How many packs are named one by one; ``all`` covers every one."""

Cause = Literal["start", "file", "signal", "day"]


class Attached(Shape, kw_only=True, frozen=True):
    """From here on exchanges begin under ``panel``, whose rules are those of the day ``as_of``.

    ``packs`` names the provider's packs by id and digest, the first by id where there are more than
    ``count`` says; ``all`` is one digest over the shipped ones and these. ``before`` is the panel
    up to here. ``cause``: a changed file, a signal, a new day in Asia/Shanghai.
    """

    cause: Cause
    panel: Digest
    before: Digest
    as_of: Name
    packs: Annotated[dict[Name, Digest], Meta(max_length=MOST)]
    all: Digest
    count: Count


class Refused(Shape, kw_only=True, frozen=True):
    """Packs were changed and are broken: ``panel`` goes on as it was.

    ``files`` is one digest over the bytes on disk, ``problems`` how many there were.
    """

    cause: Cause
    panel: Digest
    as_of: Name
    files: Digest
    problems: Count


KINDS = (
    Kind("packs.attached", 1, Attached, ("a4-1", "a14-1a"), "three-years"),
    Kind("packs.refused", 1, Refused, ("a4-1", "a14-1a"), "log"),
)
