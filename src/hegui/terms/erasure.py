"""The words for erasure: what is erased, and the places that hold copies of it."""

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from hegui.terms.words import Words

SinkState: TypeAlias = Literal["done", "waiting", "handed-over"]
"""``done``: nothing of the person is left there. ``waiting``: ask again later. ``handed-over``: a
copy was given to somebody and cannot be called back; the requester is told."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One person's data on their way out, as a sink needs to know it.

    ``subjects`` are the person's pseudonyms and ``keys`` the ids of their keys, never the keys;
    ``since`` (UTC ms) is when rows and keys were deleted.
    """

    id: str
    tenant: str
    subjects: tuple[str, ...]
    keys: tuple[bytes, ...] = field(repr=False)
    since: int


class Sink(Protocol):
    """A place beside the vault that may hold something of a person: an index, a cache, an export.

    An erasure counts as complete only when every sink has said ``done`` or ``handed-over`` (Art.
    11; PIPL Art. 47).
    """

    @property
    def name(self) -> str:
        """Its name in records: lower-case letters and hyphens, at most 40."""
        ...

    @property
    def words(self) -> Words:
        """What it holds and what its hook does, for people."""
        ...

    def erase(self, erasure: Erasure, now_ms: int) -> SinkState:
        """Take everything of the person away, and say what became of it.

        Asked again until it is no longer ``waiting``, so it may be called twice for one erasure.
        One of the four errors counts as ``waiting``.
        """
        ...
