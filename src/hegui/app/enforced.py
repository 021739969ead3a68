"""What a service enforces, as data: each risk, its detectors, and what they cost per role."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hegui.measures import Risk, risks
from hegui.screen.panel import Panel, card_of
from hegui.screen.policy import Policy
from hegui.terms import Misconfigured, Role, Words

_NAMES_NOTHING = Words(
    en="[screen.actions.{role}] names {name}, which is no rule, kind or risk. hegui check lists "
    "what there is.",
    zh="[screen.actions.{role}] 中的 {name} 不是任何规则、种类或风险。"
    "hegui check 会列出可用的名称。",
)

ROLES: Final = (Role.SYSTEM, Role.USER, Role.TOOL, Role.HISTORY, Role.REPLY)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A covered risk: who looks for it, and the actions per role (several where rules differ)."""

    risk: Risk
    detectors: tuple[str, ...]
    adult: Mapping[Role, tuple[str, ...]]
    minor: Mapping[Role, tuple[str, ...]]


def rulings(panel: Panel, adult: Policy, minor: Policy) -> list[Ruling]:
    """Return the risks that some detector of the panel looks for, in the standard's order."""
    found = []
    for risk in risks().values():
        cards = [card for card in panel.cards if risk.id in card.risks]
        if cards:
            found.append(
                Ruling(
                    risk,
                    tuple(card.name for card in cards),
                    _costs(panel, adult, risk.id),
                    _costs(panel, minor, risk.id),
                )
            )
    return found


def _costs(panel: Panel, policy: Policy, risk: str) -> dict[Role, tuple[str, ...]]:
    rules = [rule for rule in panel.rules.values() if rule.risk == risk]
    return {
        role: tuple(
            action.name.lower()
            for action in sorted({policy.action_for(role, rule, 1.0) for rule in rules})
        )
        for role in ROLES
    }


def clauses(panel: Panel, adult: Policy) -> dict[str, str]:
    """Return, for each detector that needs whole clauses, whether streams hold or release them."""
    return {
        member.name: "release" if member.risks <= adult.release else "hold"
        for member in map(card_of, panel.for_replies.clause)
    }


def uncovered(panel: Panel) -> list[Risk]:
    """Return the risks that no detector of the panel looks for."""
    covered = panel.covers()
    return [risk for risk in risks().values() if risk.id not in covered]


def unknown_rulings(panel: Panel, actions: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return (role, name) of actions that name no rule, kind, risk or group: they do nothing."""
    known = {"*", *risks(), *(risk.group.id for risk in risks().values())}
    known |= {name for rule in panel.rules.values() for name in (rule.id, rule.kind)}
    return [(role, name) for role, table in actions.items() for name in table if name not in known]


def refuse_unknown_rulings(panel: Panel, actions: Mapping[str, Iterable[str]]) -> None:
    """Raise ``Misconfigured`` for an action that would do nothing: it may be a typing mistake."""
    for role, name in unknown_rulings(panel, actions):
        raise Misconfigured(_NAMES_NOTHING.fill(role=role, name=name))
