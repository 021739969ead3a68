"""Boards of duties that nobody computed, for whoever writes or reads them as documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hegui.terms import Words


@dataclass(frozen=True, slots=True)
class Cited:
    """A record that is cited; made up."""

    index: int
    leaf: str
    kind: str


class Stood(NamedTuple):
    """The status of a duty; made up."""

    duty: str
    state: str
    why: Words
    citations: Sequence[Cited]


class Made(NamedTuple):
    """A board; made up."""

    catalogue: str
    profile: str
    checkpoint: str
    as_of: str
    standings: Sequence[Stood]
