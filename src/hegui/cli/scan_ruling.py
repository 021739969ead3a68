"""What a masked copy hides, and which rows it could not make fit: the default policy's ruling.

A row of a corpus stands in the role ``document``. What the default policy masks there (personal
data, keys, insults) is masked. Everything else it refuses: a mask would leave a text about the
same thing. Such rows are told, and left or dropped, but what can be masked in them is masked.
"""

from collections.abc import Mapping, Sequence

from hegui.cli.scan_judging import Part
from hegui.screen.masks import Masks, merged
from hegui.screen.policy import default_policy
from hegui.terms import Action, Finding, Role, RuleInfo


class Ruling:
    """Which findings are hidden, and which make a row unfit. Both act from the score ``at``."""

    def __init__(self, rules: Mapping[str, RuleInfo], at: float) -> None:
        policy = default_policy(own_upstream=False, public=True)
        self._at = at
        self._actions = {
            rule: policy.action_for(Role.DOCUMENT, info, 1.0) for rule, info in rules.items()
        }

    def action(self, finding: Finding) -> Action:
        """Return what the finding costs its row."""
        return Action.ALLOW if finding.score < self._at else self._actions[finding.rule]

    def hidden(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings that a mask replaces."""
        return [each for each in findings if self.action(each) is Action.MASK]

    def unfit(self, findings: Sequence[Finding]) -> bool:
        """Tell whether some finding cannot be masked away."""
        return any(self.action(each) > Action.MASK for each in findings)


class MaskedRow:
    """The masked text of one row, part by part."""

    def __init__(self, rules: Mapping[str, RuleInfo], masks: Masks) -> None:
        self._rules, self._masks = rules, masks
        self._out: list[str] = []
        self._at = 0
        self.masks = 0

    def add(self, part: Part, hide: Sequence[Finding]) -> None:
        """Take the next part. A span that goes on from an earlier mask has no mask of its own."""
        base = part.origin
        for start, end, first in merged(hide):
            if start >= self._at:
                value = part.text[first.start - base : first.end - base]
                token = self._masks.token(self._rules[first.rule], value)
                self._out += [part.text[self._at - base : start - base], token]
                self.masks += 1
            self._at = max(self._at, end)
        if self._at < part.end:
            self._out.append(part.text[self._at - base : part.end - base])
            self._at = part.end

    def text(self) -> str:
        """Return the masked text of all parts taken."""
        return "".join(self._out)
