"""The last things a user said as one text: what was split over turns or parts is whole again."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hegui.gateway.history import WITHHELD, History, Joint, Outcome, Withheld
from hegui.gateway.wire import Passage
from hegui.screen.policy import Policy
from hegui.screen.together import is_identity
from hegui.screen.window import Tally
from hegui.terms import Action, Fault, Finding, Role, RuleInfo, Verdict

JOIN_CHARS = 4_000  # characters on either side of a seam that are joined
_TEXT_KEYS = frozenset({"content", "text"})
_CALLERS_OWN = frozenset({"A.4.f", "A.3.c"})


@dataclass(slots=True, eq=False)
class Heard:
    """A passage of a request and what becomes of it; None as long as that is open."""

    passage: Passage
    digest: bytes
    role: Role
    outcome: Outcome | None
    fresh: bool = False  # judged with this request
    found: tuple[Finding, ...] = ()

    @property
    def withheld(self) -> bool:
        """Whether a notice stands in its place."""
        return isinstance(self.outcome, Withheld)

    @property
    def known(self) -> tuple[Finding, ...]:
        """What is found in it by itself, as far as that is remembered."""
        return self.found + (self.outcome if isinstance(self.outcome, tuple) else ())

    @property
    def joins(self) -> bool:
        """Whether this is a text that a user says to the model."""
        said = self.passage.origin is Role.USER and not self.passage.is_key
        return said and (self.passage.key in _TEXT_KEYS or isinstance(self.passage.key, int))


class Stops(Protocol):
    """What is decided about a request, as far as it is settled here."""

    action: Action
    tally: Tally

    def stop(self, parts: list[Heard], action: Action, cause: Finding | Fault | None) -> None:
        """Refuse the request for its newest turn; withhold an earlier one without a word."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """Where a passage lies in a run. ``cut``: characters of it that are left out before."""

    heard: Heard
    start: int
    end: int
    cut: int

    @property
    def turn(self) -> int:
        """The message it is in."""
        return self.heard.passage.turn

    def clipped(self, finding: Finding) -> Finding:
        """Return what lies in this part of a finding in the run, in the passage's characters."""
        start, end = max(finding.start, self.start), min(finding.end, self.end)
        shift = self.cut - self.start
        return finding._replace(start=start + shift, end=end + shift)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring passages as one text."""

    text: str
    parts: tuple[Part, ...]

    def crossed(self, finding: Finding) -> list[Part]:
        """Return the parts that a finding runs through; none if it lies in a single one."""
        first = bisect_right(self.parts, finding.start, key=lambda part: part.end)
        last = bisect_left(self.parts, finding.end, lo=first, key=lambda part: part.start)
        return list(self.parts[first:last]) if last - first > 1 else []


def counts_across_turns(rule: RuleInfo) -> bool:
    """Whether a rule holds for what only several turns together say.

    What is asked for can be split to get past a check. The caller's own numbers and keys are not:
    two of them in neighbouring turns would only look like a third. Identity numbers, which chance
    does not make, are the exception (``Across``).
    """
    return not rule.personal and rule.risk not in _CALLERS_OWN


def runs(heard: Sequence[Heard], newest: int, room: int = JOIN_CHARS) -> list[Run]:
    """Return the texts in which what the newest turn says meets what was said before.

    Of that, the last ``room`` characters. Twice where Latin letters meet: with and without the
    space that a turn's end stands for.
    """
    said = [h for h in heard if h.passage.turn >= newest]
    for each in reversed([h for h in heard if h.passage.turn < newest]):
        if room <= 0:
            break
        said.insert(0, each)
        room -= len(each.passage.text)
    if len(said) < 2 or said[-1].passage.turn < newest:  # noqa: PLR2004 - a seam has two sides
        return []
    found = list(_built(said, ""))
    if any(map(_latin, said, said[1:])):
        found += _built(said, " ")
    return found


def _latin(left: Heard, right: Heard) -> bool:
    ends, begins = left.passage.text[-1:], right.passage.text[:1]
    return ends.isascii() and begins.isascii() and ends.isalnum() and begins.isalnum()


def _built(said: Sequence[Heard], between: str) -> Iterator[Run]:
    texts: list[str] = []
    parts: list[Part] = []
    at = 0
    for place, each in enumerate(said):
        text, cut = each.passage.text, 0
        if place and between and _latin(said[place - 1], each):
            texts.append(between)
            at += len(between)
        if len(text) > 2 * JOIN_CHARS:  # its middle meets nothing
            if place:
                head = text[:JOIN_CHARS]
                parts.append(Part(each, at, at + len(head), 0))
                yield Run("".join([*texts, head]), tuple(parts))
            texts, parts, at = [], [], 0
            cut = len(text) - JOIN_CHARS
            text = text[cut:]
        texts.append(text)
        parts.append(Part(each, at, at + len(text), cut))
        at += len(text)
    if len(parts) > 1:
        yield Run("".join(texts), tuple(parts))


@dataclass(frozen=True, slots=True)
class Across:
    """What several turns, or parts of one, say together: settled where it ends."""

    history: History
    rules: Mapping[str, RuleInfo]
    policy: Policy
    scope: str
    newest: int

    def runs(self, heard: Sequence[Heard]) -> list[Run]:
        """Return what the newest turn may complete, without the turns that are withheld."""
        said = [each for each in heard if each.joins]
        if len(said) < 2:  # noqa: PLR2004 - a seam has two sides
            return []
        earlier = self._joint_digest([h for h in said if h.passage.turn < self.newest])
        met_before = earlier is None or self.history.recall(earlier) is not None
        room = JOIN_CHARS if met_before else sum(len(each.passage.text) for each in said)
        while True:
            gone = {each.passage.turn for each in said if each.withheld}
            met = runs([h for h in said if h.passage.turn not in gone], self.newest, room)
            if not any(self._recalled(part, run) for run in met for part in run.parts):
                return met

    def remember(self, heard: Sequence[Heard]) -> None:
        """Note that all this was judged joined, and that nothing runs through its borders.

        A history that was not, because it is made up or was forgotten, is joined whole: what lies
        far back never met otherwise.
        """
        said = [each for each in heard if each.joins]
        digest = self._joint_digest(said)
        if digest is not None and not any(self.history.joints(each.digest) for each in said):
            self.history.remember(digest, ())

    def _joint_digest(self, said: Sequence[Heard]) -> bytes | None:
        """Return the digest of several texts in their order; None if they are joined anyway."""
        if sum(len(each.passage.text) for each in said) <= JOIN_CHARS:
            return None
        whole = b"".join(each.digest for each in said).hex()
        return self.history.digest(f"joined\0{self.scope}", Role.USER, whole)

    def _recalled(self, part: Part, run: Run) -> bool:
        """Put in what became of an earlier turn after others; say whether it is withheld now."""
        heard = part.heard
        if heard.role is not Role.HISTORY or not isinstance(heard.outcome, tuple):
            return False
        for joint in self.history.joints(heard.digest):
            if joint.context != self._context(run, part, joint.length):
                continue
            if isinstance(joint.outcome, Withheld):
                heard.outcome = WITHHELD
                return True
            heard.outcome += tuple(f for f in joint.outcome if f not in heard.outcome)
        return False

    def _context(self, run: Run, part: Part, length: int) -> bytes | None:
        """Return the digest of what is said directly before a part; None if that is cut off."""
        if part.cut or length > part.start:
            return None
        said = run.text[part.start - length : part.start]
        return self.history.digest(self.scope, Role.USER, said)

    def settle(self, run: Run, verdict: Verdict, prompt: "Stops") -> None:
        """Settle what was found in a run and in none of its parts."""
        last = run.parts[-1].heard
        for fault in verdict.faults:
            if fault not in prompt.tally.faults:
                prompt.tally.faults.append(fault)
                if self.policy.on_fault > Action.MASK:
                    prompt.stop([last], self.policy.on_fault, fault)
        for finding in verdict.findings:
            parts = run.crossed(finding)
            if parts and not self._settled(run, parts, finding):
                self._settle(run, parts, finding, prompt)

    def _settled(self, run: Run, parts: list[Part], finding: Finding) -> bool:
        """Whether a finding does not count, or was counted before."""
        last, rule = parts[-1], self.rules[finding.rule]
        clipped = last.clipped(finding)
        if any(f.rule == rule.id and _overlap(f, clipped) for f in last.heard.found):
            return True  # the last passage says it by itself
        if parts[0].turn == last.turn:
            return not last.heard.fresh
        length = last.start - finding.start
        context = self._context(run, last, length)
        known = self.history.joints(last.heard.digest)
        met = last.heard.role is Role.HISTORY and any(j[:2] == (length, context) for j in known)
        return met or not (counts_across_turns(rule) or self._is_identity(run, parts, finding))

    def _is_identity(self, run: Run, parts: list[Part], finding: Finding) -> bool:
        """Whether turns make up a person's identity number that the policy masks.

        Only one written without anything in between, of which no part is a number by itself.
        """
        rule = self.rules[finding.rule]
        if not is_identity(rule, run.text[finding.start : finding.end]):
            return False
        if self.policy.action_for(parts[-1].heard.role, rule, finding.score) < Action.MASK:
            return False
        return not any(
            _overlap(own, part.clipped(finding)) for part in parts for own in part.heard.known
        )

    def _settle(self, run: Run, parts: list[Part], finding: Finding, prompt: "Stops") -> None:
        last, rule = parts[-1], self.rules[finding.rule]
        mine = [part for part in parts if part.turn == last.turn]
        action = self.policy.action_for(last.heard.role, rule, finding.score)
        if parts[0].turn != last.turn and not counts_across_turns(rule):
            action = min(action, Action.MASK)
        prompt.tally.findings.append(last.clipped(finding))
        if action > Action.MASK:
            prompt.stop([part.heard for part in mine], action, finding)
        elif action is Action.MASK:
            prompt.action = max(prompt.action, action)
        for part in mine:
            heard, clipped = part.heard, part.clipped(finding)
            heard.found += (clipped,)
            new = (clipped,) if action is Action.MASK else ()
            if isinstance(heard.outcome, tuple):
                heard.outcome += new
            if parts[0].turn == last.turn and heard.outcome is not None:
                self.history.remember(heard.digest, heard.outcome)
                continue
            length = part.start - finding.start
            context = self._context(run, part, length)
            if context is not None:
                outcome: Outcome = WITHHELD if action > Action.MASK else new
                self.history.remember_joint(heard.digest, Joint(length, context, outcome))


def _overlap(left: Finding, right: Finding) -> bool:
    return left.start < right.end and right.start < left.end
