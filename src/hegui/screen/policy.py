"""A provider's choices: what is done about each risk, for each role and audience.

Rules are looked up from the most particular to the most general: rule id, kind, risk (``A.4.f``),
group of risks (``A.4``), ``*``. A finding that no rule speaks of costs what a fault costs: what
was not thought of is not let through.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from hegui.terms import Action, Role, RuleInfo


class Rule(NamedTuple):
    """At this score or above, take this action; below it, none."""

    action: Action
    at: float = 0.5


@dataclass(frozen=True, slots=True)
class Layer:
    """One table of rules. A policy is one layer, or several of which the strictest counts."""

    name: str
    rules: Mapping[Role, Mapping[str, Rule]]
    on_fault: Action = Action.REFUSE
    on_unjudged: Action = Action.REFUSE

    def action_for(self, role: Role, rule: RuleInfo, score: float) -> Action:
        """Return what this layer asks for. A score that is not a number acts."""
        table = self.rules.get(role, {})
        for key in (rule.id, rule.kind, rule.risk, rule.risk.rpartition(".")[0], "*"):
            found = table.get(key)
            if found is not None:
                return Action.ALLOW if score < found.at else found.action
        return self.on_fault


@dataclass(frozen=True)
class Policy:
    """The layers that rule together. Joining can only make a policy stricter (Art. 10).

    ``release`` names the risks whose clause detectors may answer after the clause went out; a
    finding then withdraws what was released. For every other risk the clause is held back.
    """

    layers: tuple[Layer, ...]
    release: frozenset[str] = field(default_factory=frozenset)

    def action_for(self, role: Role, rule: RuleInfo, score: float) -> Action:
        """Return the strictest action that any layer asks for."""
        return max(layer.action_for(role, rule, score) for layer in self.layers)

    @cached_property
    def on_fault(self) -> Action:
        """What a detector that could not answer costs."""
        return max(layer.on_fault for layer in self.layers)

    @cached_property
    def on_unjudged(self) -> Action:
        """What a part costs that no attached detector can look at."""
        return max(layer.on_unjudged for layer in self.layers)

    @property
    def name(self) -> str:
        """The layers' names, joined."""
        return "+".join(layer.name for layer in self.layers)

    def join(self, other: "Policy") -> "Policy":
        """Return the policy that is as strict as both: a clause is held if either holds it."""
        return Policy(self.layers + other.layers, self.release & other.release)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the layers in canonical JSON: the name under which a verdict keeps them."""
        tables = [
            {
                "name": layer.name,
                "on_fault": layer.on_fault.name,
                "on_unjudged": layer.on_unjudged.name,
                "rules": {
                    role.value: {key: [rule.action.name, rule.at] for key, rule in table.items()}
                    for role, table in layer.rules.items()
                },
            }
            for layer in self.layers
        ]
        body = json.dumps([tables, sorted(self.release)], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(body.encode()).hexdigest()


REFUSE, MASK, ALLOW = Rule(Action.REFUSE), Rule(Action.MASK), Rule(Action.ALLOW)

_PERSONAL = ("A.4.f", "A.3.c")  # personal data; credentials, which are trade secrets' keys
_SECRETS = "lex.trade_secret"  # asking for others' secrets, which holds none
_INSULT = "A.4.c"
_UNSEEN = "evasion.fillers"  # a mask shows what could not be seen, and parts what it would hide
_TRIAGE = "clf.triage"  # what a triage classifier thinks likely: a reason to look, not to refuse
_QUOTED = "works.reproduction"  # of a protected work: in what is asked it is a quotation


def default_policy(*, own_upstream: bool, public: bool) -> Policy:
    """Return the policy for adults that hegui starts with.

    Personal data in a prompt is masked toward an upstream that is not the provider's own (PIPL
    21 and 23: entrusting or handing on) and left, but recorded, toward one that is. A person may
    swear at a machine; the machine may not swear back. What a triage classifier finds is recorded
    and nothing more: no score refuses by itself, until the provider says so. Who asks may quote a
    protected work; a reply may not reproduce one.
    """
    inbound = ALLOW if own_upstream else MASK
    always = {_SECRETS: REFUSE, _UNSEEN: MASK, _TRIAGE: ALLOW}
    personal = {**dict.fromkeys(_PERSONAL, inbound), **always, _QUOTED: ALLOW}
    guarded = {**dict.fromkeys(_PERSONAL, MASK), **always}
    rules: dict[Role, dict[str, Rule]] = {
        Role.SYSTEM: {"*": REFUSE, **personal, _INSULT: ALLOW},
        Role.USER: {"*": REFUSE, **personal, _INSULT: ALLOW},
        Role.HISTORY: {"*": REFUSE, **personal, _INSULT: ALLOW},
        Role.TOOL: {"*": REFUSE, **personal, _INSULT: MASK},
        Role.REPLY: {"*": REFUSE, **guarded},
        Role.DOCUMENT: {"*": REFUSE, **guarded, _INSULT: MASK},
    }
    name = "own" if own_upstream else "handed-on"
    unjudged = Action.REFUSE if public else Action.ALLOW
    return Policy((Layer(f"default-{name}", rules, on_unjudged=unjudged),))


def minors_layer() -> Policy:
    """Return what is added for a minor (Art. 10): lower thresholds, no personal data goes on."""
    sharp = Rule(Action.REFUSE, 0.3)
    guard = dict.fromkeys((*_PERSONAL, _UNSEEN), Rule(Action.MASK, 0.3))
    guard |= {_SECRETS: sharp, _TRIAGE: ALLOW}
    inbound = {"*": sharp, **guard, _INSULT: ALLOW, _QUOTED: ALLOW}
    rules: dict[Role, dict[str, Rule]] = {
        Role.SYSTEM: inbound,
        Role.USER: inbound,
        Role.HISTORY: inbound,
        Role.TOOL: {"*": sharp, **guard, _QUOTED: ALLOW},
        Role.REPLY: {"*": sharp, **guard},
        Role.DOCUMENT: {"*": sharp, **guard},
    }
    return Policy((Layer("minors", rules),))


def tailored(choices: Mapping[Role, Mapping[str, Action]], stem: Policy) -> Policy:
    """Return ``stem`` with the provider's own choices put first, rule by rule."""
    if not any(choices.values()):
        return stem
    first, *rest = stem.layers
    merged: dict[Role, Mapping[str, Rule]] = dict(first.rules)
    for role, table in choices.items():
        own = {key: Rule(action) for key, action in table.items()}
        merged[role] = {**merged.get(role, {}), **own}
    layer = Layer(f"{first.name}-tailored", merged, first.on_fault, first.on_unjudged)
    return Policy((layer, *rest), stem.release)
