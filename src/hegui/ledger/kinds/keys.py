"""Records of callers' keys: who may ask. They evidence protected access (Art. 11 para. 1)."""

from msgspec import UNSET, UnsetType

from hegui.ledger.kinds.shapes import Count, Kind, Name, Shape


class Created(Shape, kw_only=True, frozen=True):
    """A key was made for a caller. ``expires`` (UTC ms) is left out where it has no end."""

    key: Name
    audience: Name
    expires: Count | UnsetType = UNSET


class Revoked(Shape, kw_only=True, frozen=True):
    """A key was revoked. A revoked key never comes back."""

    key: Name


KINDS = (
    Kind("key.created", 1, Created, ("a11-1a",), "log"),
    Kind("key.revoked", 1, Revoked, ("a11-1a",), "log"),
)
