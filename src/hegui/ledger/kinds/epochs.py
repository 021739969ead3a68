"""Records of the vault's epochs: until when keys could be opened, and that none can be any more.

They evidence that personal data is protected, and that what was erased cannot come back (Art. 11
para. 1).
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Kind, Name, Shape

Holder = Literal["file", "pkcs11"]


class Opened(Shape, kw_only=True, frozen=True):
    """From here on keys are wrapped under the epoch's key, which ``holder`` keeps."""

    epoch: Count
    holder: Holder


class Closed(Shape, kw_only=True, frozen=True):
    """The epoch's key was destroyed; the ``keys`` living keys are wrapped under later ones.

    ``opened`` (UTC ms) is 0 for the first epoch, whose beginning was not recorded.
    """

    epoch: Count
    holder: Holder
    opened: Count
    keys: Count


class Abandoned(Shape, kw_only=True, frozen=True):
    """The epoch's key is gone, and so are ``keys`` keys under it and ``content`` sealed texts.

    ``by`` is whoever said so: a role or a staff number.
    """

    epoch: Count
    holder: Holder
    keys: Count
    content: Count
    by: Name


KINDS = (
    Kind("epoch.opened", 1, Opened, ("a11-1a",), "three-years"),
    Kind("epoch.closed", 1, Closed, ("a11-1a", "a11-1c"), "three-years"),
    Kind("epoch.abandoned", 1, Abandoned, ("a11-1a", "a14-2b"), "three-years"),
)
