"""A board as OSCAL's assessment results and plan of action ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hegui.filing.board import Board, Item
from hegui.filing.projection import Cited
from hegui.filing.states import State
from hegui.filing.telling import moment, why
from hegui.measures import catalogue
from hegui.measures.oscal import Stamp, is_open, plan_document, results_document
from hegui.terms import Words

PLAN: Final = "plan-of-action.json"


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of one duty, with the records that it rests on."""

    duty: str
    state: str
    why: Words
    citations: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Told:
    """A board in the words of OSCAL: what is no duty of the provider is left out."""

    catalogue: str
    profile: str
    checkpoint: str
    as_of: str
    standings: Sequence[Standing]


def told(found: Board) -> Told:
    """Return a board as OSCAL is told of it."""
    head = found.head
    checkpoint = f"{head.origin} {head.size} {head.root}" if head else "no-log 0 0"
    standings = [_standing(item, found) for item in found.items if item.state is not State.NO_DUTY]
    return Told(found.catalogue, found.profile, checkpoint, moment(found.as_of), standings)


def documents(found: Board, stamp: Stamp) -> dict[str, dict[str, Any]]:
    """Return the documents by their file names; no plan where nothing is open."""
    said = told(found)
    made = {"assessment-results.json": results_document(catalogue(), said, stamp)}
    if any(is_open(one) for one in said.standings):
        made[PLAN] = plan_document(catalogue(), said, stamp)
    return made


def _standing(item: Item, found: Board) -> Standing:
    cited = [found.records[index] for index in sorted(item.cited) if index in found.records]
    return Standing(item.duty.id, item.state.value, why(item), cited)
