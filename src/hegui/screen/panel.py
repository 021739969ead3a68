"""Put texts before a panel of detectors, and rule on what they report.

No clock, file or socket is touched here. What cannot be answered in line is returned as an
``Ask``, which the door has answered. That is why the gateway, a corpus job and the assessor share
one engine, and why a verdict can be recomputed years later.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hegui.screen.policy import Policy
from hegui.screen.reports import Spare, ask_inline, checked, nothing_spared
from hegui.terms import (
    Action,
    Ask,
    Detector,
    DetectorCard,
    ExactDetector,
    Fault,
    Finding,
    Findings,
    QuietDetector,
    Role,
    RuleInfo,
    TextColumn,
    Verdict,
)

Member = Detector | DetectorCard
"""An inline detector, or the card of one that is asked through the door."""


def card_of(member: Member) -> DetectorCard:
    """Return a member's card."""
    return member if isinstance(member, DetectorCard) else member.card


class Panel:
    """Detectors in stages, as data: it has a digest. Rows refused early are spared late stages."""

    def __init__(self, stages: Sequence[Sequence[Member]]) -> None:
        self.stages = tuple(tuple(stage) for stage in stages if stage)
        self.cards = tuple(card_of(member) for stage in self.stages for member in stage)
        self.rules: Mapping[str, RuleInfo] = {
            rule_id: rule for card in self.cards for rule_id, rule in card.rules.items()
        }
        self.exact = tuple(
            member
            for stage in self.stages
            for member in stage
            if not isinstance(member, DetectorCard)
            and member.card.reach == "exact"
            and isinstance(member, ExactDetector)
        )
        exact = {member.card.name for member in self.exact}
        self.clause = tuple(
            member for stage in self.stages for member in stage if card_of(member).name not in exact
        )
        self.digest = _digest(self.stages)

    @cached_property
    def for_replies(self) -> "Panel":
        """This panel without what never looks at replies: nothing is held back for it."""
        kept = [[m for m in stage if _sees(card_of(m), Role.REPLY)] for stage in self.stages]
        return self if list(map(len, kept)) == list(map(len, self.stages)) else Panel(kept)

    @cached_property
    def local(self) -> "Panel":
        """This panel without what is asked over the network: for what says no clause."""
        return Panel([[m for m in stage if card_of(m).runs != "remote"] for stage in self.stages])

    @cached_property
    def span(self) -> int:
        """The most characters that an exact finding can have."""
        return max((member.card.span for member in self.exact), default=0)

    @cached_property
    def alone(self) -> QuietDetector | None:
        """The only member, if it says cheaply that nothing is found."""
        only = self.exact[0] if len(self.exact) == 1 and not self.clause else None
        return only if isinstance(only, QuietDetector) else None

    @cached_property
    def clause_risks(self) -> frozenset[str]:
        """The risks that members of this panel judge by the clause."""
        return frozenset(risk for member in self.clause for risk in card_of(member).risks)

    @property
    def asks_nothing(self) -> bool:
        """Whether every member runs in line."""
        return not any(isinstance(m, DetectorCard) for stage in self.stages for m in stage)

    def silent_on(self, texts: Sequence[str]) -> list[bool]:
        """Say of each whole text whether no detector has anything at all to say of it.

        The short way: without a finding or a fault no policy needs asking, and many texts cost
        hardly more than one.
        """
        silent = [not self.clause] * len(texts)
        column = TextColumn.of(texts)
        for detector in self.exact if not self.clause else ():
            report = ask_inline(detector, column)
            if not isinstance(report, Findings):
                return [False] * len(texts)
            for row in report.row:
                silent[row] = False
        return silent

    def covers(self) -> frozenset[str]:
        """Return the risks that some detector of this panel looks for."""
        return frozenset(risk for card in self.cards for risk in card.risks)


def _sees(card: DetectorCard, role: Role) -> bool:
    return not card.roles or role in card.roles


def _digest(stages: Sequence[Sequence[Member]]) -> str:
    cards = [[card_of(member) for member in stage] for stage in stages]
    body = json.dumps(
        [[[c.name, c.version, c.digest, c.reach, c.runs, c.span, c.left] for c in s] for s in cards]
    )
    return hashlib.sha256(body.encode()).hexdigest()


@dataclass(slots=True)
class _Row:
    action: Action = Action.ALLOW
    findings: list[Finding] = field(default_factory=list)
    masks: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class Screening:
    """One column before one panel. Call ``asks`` and answer them until there are none."""

    def __init__(
        self,
        panel: Panel,
        policy: Policy,
        column: TextColumn,
        roles: Sequence[Role],
        *,
        spare: Spare = nothing_spared,
    ) -> None:
        if len(roles) != len(column):
            raise ValueError(f"{len(column)} texts, but {len(roles)} roles")
        self._panel, self._policy, self._column = panel, policy, column
        self._roles, self._spare = roles, spare
        self._rows = [_Row() for _ in roles]
        self._stage = 0
        self._open: dict[int, Ask] = {}

    def asks(self) -> tuple[Ask, ...]:
        """Run stages until one asks something; return what it asks. Empty: all is judged."""
        while not self._open and self._stage < len(self._panel.stages):
            rows = [n for n, row in enumerate(self._rows) if row.action < Action.REFUSE]
            if not rows:
                break
            for member in self._panel.stages[self._stage]:
                self._put(member, rows)
            self._stage += 1
        return tuple(self._open.values())

    def _put(self, member: Member, rows: list[int]) -> None:
        column = self._column
        if len(rows) != len(column):
            column = TextColumn.of(column.row_text(row) for row in rows)
        if isinstance(member, DetectorCard):
            roles = tuple(self._roles[row] for row in rows)
            ask = Ask(member.name, column, tuple(rows), roles)
            self._open[id(ask)] = ask
            return
        self._weigh(member.card, ask_inline(member, column), column, rows)

    def answer(self, ask: Ask, report: Findings | Fault) -> None:
        """Take the answer to one of the asks."""
        del self._open[id(ask)]
        card = next(card for card in self._panel.cards if card.name == ask.detector)
        self._weigh(card, report, ask.column, ask.rows)

    def _weigh(
        self, card: DetectorCard, report: object, column: TextColumn, rows: Sequence[int]
    ) -> None:
        found = checked(report, card.name, card.rules, column)
        if isinstance(found, Fault):
            for row in rows:
                state = self._rows[row]
                state.faults.append(found)
                state.action = max(state.action, self._policy.on_fault)
            return
        texts: dict[int, str] = {}
        for place, finding in found:
            row = rows[place]
            rule = card.rules[finding.rule]
            if rule.personal and self._spare is not nothing_spared:
                if row not in texts:
                    texts[row] = self._column.row_text(row)
                if self._spare(rule, texts[row][finding.start : finding.end]):
                    continue
            action = self._policy.action_for(self._roles[row], rule, finding.score)
            state = self._rows[row]
            state.findings.append(finding)
            if action is not Action.ALLOW:
                state.masks.append(finding)
            state.action = max(state.action, action)

    def verdicts(self) -> list[Verdict]:
        """Return one verdict per row. An ask without an answer counts as a fault."""
        for ask in list(self._open.values()):
            self.answer(ask, Fault(ask.detector, "unanswered"))
        return [
            Verdict(row.action, tuple(row.findings), tuple(row.masks), tuple(row.faults))
            for row in self._rows
        ]


def judge(
    panel: Panel, policy: Policy, texts: Sequence[str], roles: Sequence[Role]
) -> list[Verdict]:
    """Rule on texts with a panel that asks nothing. An ask counts as a fault."""
    screening = Screening(panel, policy, TextColumn.of(texts), roles)
    while asks := screening.asks():
        for ask in asks:
            screening.answer(ask, Fault(ask.detector, "no-runner"))
    return screening.verdicts()
