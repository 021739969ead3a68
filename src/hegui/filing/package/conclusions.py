"""Each provision: 符合, 不符合 or 不适用, as a board and the annexes show it. Pure.

The three words are those that TC260-003, 9.1, asks of an assessment report. They are said of one
provision at a time, on the criteria that the catalogue names; nothing is said of the whole but how
many there are of each.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hegui.filing.board import Board, Item
from hegui.filing.projection import Cited
from hegui.filing.states import State
from hegui.filing.telling import missing, why
from hegui.measures.duties import Duty
from hegui.terms import Words


class Verdict(StrEnum):
    """What is said of one provision."""

    CONFORMS = "conforms"
    NOT = "does-not-conform"
    NOT_APPLICABLE = "not-applicable"


VERDICTS: Final[Mapping[Verdict, Words]] = {
    Verdict.CONFORMS: Words("conforms", "符合"),
    Verdict.NOT: Words("does not conform", "不符合"),
    Verdict.NOT_APPLICABLE: Words("not applicable", "不适用"),
}
_OF_STATE: Final = {
    State.EVIDENCED: Verdict.CONFORMS,
    State.ATTESTED: Verdict.CONFORMS,
    State.NOT_APPLICABLE: Verdict.NOT_APPLICABLE,
}
_PLAN = Words(
    "{owner}: {command} (about {minutes} minutes, our estimate)",
    "{owner}：{command}（约 {minutes} 分钟，为 hegui 的估计）",
)
_BY_WORD = Words("on a person's word: {why}", "凭人员声明：{why}")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is said of one provision, the records it rests on, or the cause and the plan."""

    duty: Duty
    verdict: Verdict
    because: Words
    proofs: tuple[Cited, ...]
    causes: tuple[Words, ...] = ()
    plan: Words | None = None


def conclude(found: Board, short: Mapping[str, Sequence[Words]]) -> tuple[Conclusion, ...]:
    """Return a conclusion for every duty of the provider, in the catalogue's order.

    ``short`` says, by duty, what of the annexes is below the numbers of the profile: what is short
    does not conform, whatever records say. A duty of another party is left out.
    """
    bound = [item for item in found.items if item.state is not State.NO_DUTY]
    return tuple(_one(item, found, short.get(item.duty.id, ())) for item in bound)


def _one(item: Item, found: Board, short: Sequence[Words]) -> Conclusion:
    verdict = _OF_STATE.get(item.state, Verdict.NOT)
    proofs = tuple(found.records[one] for one in sorted(item.cited) if one in found.records)
    because = why(item)
    if verdict is Verdict.NOT_APPLICABLE:
        return Conclusion(item.duty, verdict, because, proofs)
    causes = [*(missing(item) if verdict is Verdict.NOT else ()), *short]
    if causes or verdict is Verdict.NOT:
        return Conclusion(
            item.duty, Verdict.NOT, because, proofs, tuple(causes or [because]), plan(item.duty)
        )
    if item.state is State.ATTESTED:
        because = Words(_BY_WORD.en.format(why=because.en), _BY_WORD.zh.format(why=because.zh))
    return Conclusion(item.duty, verdict, because, proofs)


def plan(duty: Duty) -> Words:
    """Return what is to be done next for a duty, by whom, and how long it takes."""
    told = {"command": duty.command or f"hegui duty show {duty.id}", "minutes": duty.effort_minutes}
    return Words(
        _PLAN.en.format(owner=duty.owner.name.en, **told),
        _PLAN.zh.format(owner=duty.owner.name.zh, **told),
    )


def counted(said: Sequence[Conclusion]) -> dict[str, int]:
    """Return how many provisions there are of each verdict."""
    many = Counter(one.verdict for one in said)
    return {verdict.value: many[verdict] for verdict in Verdict}
