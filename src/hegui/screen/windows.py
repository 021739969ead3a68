"""Open the windows of one reply: all before one panel, under one policy, on one tally."""

from collections.abc import Sequence

from hegui.screen.masks import Masks
from hegui.screen.panel import Panel
from hegui.screen.policy import Policy
from hegui.screen.reports import Spare
from hegui.screen.together import said_together
from hegui.screen.window import Tally, Window
from hegui.terms import Action, Fault, Finding, Role


class Windows:
    """Opens the windows of one reply: all before one panel, on one tally."""

    def __init__(
        self, panel: Panel, policy: Policy, tally: Tally, masks: Masks, spare: Spare
    ) -> None:
        self._panel, self._policy = panel.for_replies, policy
        self._tally, self._masks, self._spare = tally, masks, spare

    def __call__(self) -> Window:
        """Open a window for one more text."""
        return Window(self._panel, self._policy, self._tally, self._masks, spare=self._spare)

    def aside(self) -> tuple[Window, Tally]:
        """Open a window on a tally of its own: ``count`` it when it is done."""
        tally = Tally()
        return Window(self._panel, self._policy, tally, self._masks, spare=self._spare), tally

    def count(self, tally: Tally) -> tuple[Finding, ...]:
        """Add what a window aside saw to the reply's tally; return what was masked of it."""
        self._tally.add(tally)
        rules, action = self._panel.rules, self._policy.action_for
        costs = [action(Role.REPLY, rules[f.rule], f.score) for f in tally.findings]
        return tuple(
            f for f, cost in zip(tally.findings, costs, strict=True) if cost is Action.MASK
        )

    def opaque(self) -> Window:
        """Open a window for an identifier, a number or a token: no model elsewhere is asked."""
        local = self._panel.local
        return Window(local, self._policy, self._tally, self._masks, spare=self._spare)

    def silent_on(self, texts: Sequence[str], *, opaque: bool = False) -> list[bool]:
        """Say of each whole text whether nothing at all is found in it: it needs no window."""
        return (self._panel.local if opaque else self._panel).silent_on(texts)

    def together(
        self, values: Sequence[str], names: Sequence[str] = (), numbers: Sequence[str] = ()
    ) -> Finding | Fault | None:
        """Return what must be refused of what the strings of one document say together.

        A mask cannot be put into one of them, so what would be masked is refused. It is tallied.
        """
        for said in said_together(self._panel, values, names, numbers):
            if isinstance(said, Fault):
                self._tally.faults.append(said)
                action: Action = self._policy.on_fault
                cause: Finding | Fault = said
            else:
                cause = said.finding
                rule = self._panel.rules[cause.rule]
                if rule.personal and self._spare(rule, said.text):
                    continue
                action = self._policy.action_for(Role.REPLY, rule, cause.score)
                if action is Action.ALLOW:
                    continue
                self._tally.findings.append(cause)
            self._tally.action = max(self._tally.action, action)
            if isinstance(cause, Finding) or action > Action.MASK:
                return cause
        return None
