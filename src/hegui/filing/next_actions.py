"""What to do next: at most five actions, by the force of the law and then by effort. Pure."""

from dataclasses import dataclass
from typing import Final

from hegui.filing.board import Board, Item
from hegui.filing.projection import DAY_MS
from hegui.filing.single import SOON_DAYS
from hegui.filing.states import OPEN, State
from hegui.filing.telling import ends_soon, last_day, missing
from hegui.terms import Words

MOST: Final = 5

_ENDS_SOON = Words(
    "the attestation of entry {index} ends on {until}", "第 {index} 条声明将于 {until} 到期"
)
_LACKS = Words("missing: {what}", "缺少：{what}")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: for which duty, why, with which command, by whom, in how many minutes."""

    item: Item
    why: Words
    command: str

    @property
    def minutes(self) -> int:
        """How long it takes, as the catalogue estimates."""
        return self.item.duty.effort_minutes


def next_actions(found: Board, most: int = MOST) -> tuple[Action, ...]:
    """Return what to do next, the most forceful rule first, then what is quickest.

    What nothing in this release can change but a person's word comes as that word. Of equal ones,
    a duty of which nothing is shown comes before one that is shown in part.
    """
    actions = [action for item in found.items if (action := _action(item, found.as_of))]
    actions.sort(key=_order)
    return tuple(actions[:most])


def _order(action: Action) -> tuple[int, int, int]:
    duty = action.item.duty
    return (duty.force, duty.effort_minutes, action.item.state is State.PARTLY)


def _action(item: Item, as_of: int) -> Action | None:
    duty, said = item.duty, item.attestation
    if item.state in OPEN:
        gaps = [one for one in missing(item) if item.undeclared or one not in item.because]
        if not gaps:
            return None
        words = Words(_LACKS.en.format(what=gaps[0].en), _LACKS.zh.format(what=gaps[0].zh))
        return Action(item, gaps[0] if item.undeclared else words, _command(item))
    if (
        item.state is State.ATTESTED
        and said is not None
        and said.until < as_of + SOON_DAYS * DAY_MS
    ):
        words = _ENDS_SOON.fill(index=said.index, until=last_day(said.until))
        return Action(item, words, f"hegui duty attest {duty.id}")
    ends = next((words for part in item.parts for words in ends_soon(part)), None)
    return Action(item, ends, f"hegui duty show {duty.id}") if ends is not None else None


def _command(item: Item) -> str:
    """Return the command that changes something now.

    Records first, where a door of this release writes what is missing; else the person's word.
    """
    if item.undeclared:
        return "hegui duty declare"
    if any(part.overdue for part in item.parts):
        return "hegui incident list"
    by_record = any(not part.met and part.query.door for part in item.parts)
    if not by_record and item.duty.attest is not None and not item.attested:
        return f"hegui duty attest {item.duty.id}"
    return item.duty.command or f"hegui duty show {item.duty.id}"
