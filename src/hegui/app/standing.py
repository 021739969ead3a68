"""A board of duties as OSCAL: assessment results, and what is open as a plan of action.

Here because the board's words, the ledger's hashes and the documents meet only here.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hegui.app import parts
from hegui.filing import board as judged
from hegui.filing.states import OPEN, State
from hegui.filing.telling import moment, why
from hegui.ledger.stretch import stored_hashes
from hegui.measures import catalogue
from hegui.measures.oscal import Stamp, plan_document, results_document
from hegui.settings import Settings
from hegui.store import exists, open_connection
from hegui.terms import Words

NO_LOG = "none"


@dataclass(frozen=True, slots=True)
class Cited:
    """A record that a state rests on."""

    index: int
    leaf: str
    kind: str


@dataclass(frozen=True, slots=True)
class Stood:
    """The state of one duty."""

    duty: str
    state: str
    why: Words
    citations: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Stand:
    """A board as the documents take it."""

    catalogue: str
    profile: str
    checkpoint: str
    as_of: str
    standings: Sequence[Stood]


def stand_of(settings: Settings, found: judged.Board) -> Stand:
    """Return the board with the hash of every record that it cites."""
    hashes = _hashes(settings, found)
    head = found.head
    return Stand(
        catalogue=found.catalogue,
        profile=found.profile,
        checkpoint=f"{head.origin} {head.size} {head.root}" if head else NO_LOG,
        as_of=moment(found.as_of),
        standings=[
            Stood(
                item.duty.id,
                item.state.value,
                found.trouble or why(item),
                [
                    Cited(index, hashes.get(index, ""), " / ".join(dict.fromkeys(kinds)))
                    for index, kinds in sorted(item.cited.items())
                ],
            )
            for item in found.items
        ],
    )


def standing_documents(
    settings: Settings, found: judged.Board, stamp: Stamp
) -> dict[str, dict[str, Any]]:
    """Return the results, and the plan where anything is open."""
    stand, whole = stand_of(settings, found), catalogue()
    made = {"results.json": results_document(whole, stand, stamp)}
    open_ = {*OPEN, State.COULD_NOT_TELL}
    if any(item.state in open_ for item in found.items):
        made["plan.json"] = plan_document(whole, stand, stamp)
    return made


def _hashes(settings: Settings, found: judged.Board) -> dict[int, str]:
    """Read the leaf hashes of cited records; the board has shown that each is in the log."""
    cited = _cited(found)
    place = parts.place_of(settings)
    if not cited or not exists(place):
        return {}
    with closing(open_connection(place, read_only=isinstance(place, Path))) as connection:
        return {
            index: stored_hashes(connection, found.tenant, index, index + 1)[0].hex()
            for index in cited
        }


def _cited(found: judged.Board) -> Iterable[int]:
    return sorted({index for item in found.items for index in item.cited})
