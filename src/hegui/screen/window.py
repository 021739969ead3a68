"""Hold back of a streamed text exactly what could still become a finding.

A ``Window`` is one channel: one field of one choice. It is fed what the model says and returns
what may go out. Nothing here waits: what only a clause detector elsewhere can answer is returned
as asks.

Why nothing slips out. A detector of reach ``exact`` says how many characters at the tail could
still become a finding. A finding that begins before that tail can not change any more, whatever
follows; one that begins inside it may. So findings are settled by where they *begin*, every
character before the tail is released or masked, and the tail stays. The beginnings of a finding
are themselves pending (a prefix of a prefix is a prefix), so none of it went out earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hegui.screen.masks import Masks, Piece, merged
from hegui.screen.panel import Member, Panel
from hegui.screen.policy import Policy
from hegui.screen.reports import Spare, ask_inline, checked, nothing_spared
from hegui.screen.together import said_together
from hegui.terms import (
    Action,
    Ask,
    DetectorCard,
    Fault,
    Finding,
    Findings,
    Role,
    TextColumn,
)

CLAUSE_ENDS = "。！？!?；;\n…"
CLAUSE_MAX = 200  # characters; a text without punctuation is judged this often
_SLACK = 32  # characters that may stay longer than they are needed
CLAUSE_CONTEXT = 400  # characters before the clause that a clause detector is shown


class Step(NamedTuple):
    """What a window lets out, in order. ``refused`` is the finding or fault that ends it.

    ``pieces`` are in characters of the channel as the model sent it. ``withdraw`` is a span that
    went out and must be taken back. ``asks`` are open questions: answer them with ``answer``.
    """

    pieces: tuple[Piece, ...] = ()
    text: str = ""
    refused: Finding | Fault | None = None
    withdraw: tuple[int, int] | None = None
    asks: tuple[Ask, ...] = ()


@dataclass(slots=True)
class Tally:
    """What the windows of one reply saw, for its record."""

    action: Action = Action.ALLOW
    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


_NO_STEP = Step()


class Window:
    """One streamed text before one panel."""

    def __init__(
        self,
        panel: Panel,
        policy: Policy,
        tally: Tally,
        masks: Masks,
        *,
        spare: Spare = nothing_spared,
    ) -> None:
        self._panel, self._policy = panel, policy
        self._tally, self._masks, self._spare = tally, masks, spare
        self._enough = 0  # so many characters before the unsettled ones are not worth dropping yet
        self._least = CLAUSE_CONTEXT if panel.clause else 0
        self._span = panel.span
        self._text = ""  # some text that has gone, for context, and all that has not
        self._base = 0  # where _text begins, in the channel
        self._settled = 0  # exact findings that begin before here are settled
        self._judged = 0  # clause detectors have judged up to here
        self._asked: tuple[int, int] | None = None
        self._open: dict[int, Ask] = {}
        self._due: list[Finding] = []  # to be masked, and not yet out
        self._sent = 0
        self._ended = False
        self._refused: Finding | Fault | None = None
        self._alone = panel.alone
        self._holds = not panel.clause_risks <= policy.release

    @property
    def held(self) -> int:
        """How many characters have not gone out."""
        return max(0, self._base + len(self._text) - self._sent)

    @property
    def asks_nothing(self) -> bool:
        """Whether every step is complete by itself: no clause detector has to answer first."""
        return not self._panel.clause

    @property
    def waiting(self) -> bool:
        """Whether some of the text has not gone out, or not been judged as a clause."""
        length = self._base + len(self._text)
        return self._sent < length or (bool(self._panel.clause) and self._judged < length)

    def feed(self, piece: str) -> Step:
        """Take in what the model has just said."""
        text = self._text = self._text + piece
        if self._alone is None or self._due or self._refused is not None:
            return self._step()
        try:
            pending = self._alone.quiet(text, self._settled - self._base)
        except Exception:  # noqa: BLE001 - as in ask_inline; the long way makes it a fault
            pending = None
        return self._step() if pending is None else self._quiet(pending)

    def end(self) -> Step:
        """Note that the channel is complete: nothing can follow the tail any more."""
        self._ended = True
        return self._step()

    def whole(self, text: str) -> Step:
        """Take in a text that is complete: it is scanned once, and nothing of it is held."""
        self._text += text
        self._ended = True
        return self._step()

    def answer(self, ask: Ask, report: Findings | Fault) -> Step:
        """Take the answer to one of the asks of the last step."""
        del self._open[id(ask)]
        card = next(card for card in self._panel.cards if card.name == ask.detector)
        withdraw = self._weigh_clause(card, report, ask.column)
        if self._open:
            return Step(asks=tuple(self._open.values()), withdraw=withdraw, refused=self._refused)
        assert self._asked is not None
        self._judged = self._asked[1]
        step = self._step()
        return Step(step.pieces, step.text, step.refused, withdraw or step.withdraw, step.asks)

    def _quiet(self, pending: int) -> Step:
        """Do what ``_step`` does where nothing is found: the way of nearly every piece."""
        sent, base = self._sent, self._base
        bound = self._settled = base + len(self._text) - pending
        if bound <= sent:
            return _NO_STEP
        text = self._text[sent - base : bound - base]
        self._sent = bound
        if bound - base >= self._enough:
            self._forget()
        return Step((Piece(sent, bound, None),), text)

    def _step(self) -> Step:
        if self._refused is None:
            self._settle()
        if self._refused is None and self._panel.clause and not self._open:
            self._ask_clause()
        if self._refused is not None:
            return Step(refused=self._refused, withdraw=self._withdrawn())
        pieces, text = self._release()
        return Step(pieces, text, asks=tuple(self._open.values()))

    def _withdrawn(self, since: int | None = None) -> tuple[int, int] | None:
        start = self._judged if self._panel.clause and not self._holds else self._sent
        start = start if since is None else min(start, since)
        return (start, self._sent) if start < self._sent else None

    def _settle(self) -> None:
        """Run the exact detectors over what is new; settle what can not change any more."""
        length = self._base + len(self._text)
        if self._settled == length:
            return
        pending, found = 0, []
        column = TextColumn.of([self._text])
        for detector in self._panel.exact:
            report = checked(
                ask_inline(detector, column), detector.card.name, detector.card.rules, column
            )
            if isinstance(report, Fault):
                self._fault(report)
                return
            found += [finding for _, finding in report]
            if not self._ended:
                try:
                    pending = max(pending, detector.pending(self._text[-self._span :]))
                except Exception as error:  # noqa: BLE001 - as in ask_inline
                    self._fault(Fault(detector.card.name, type(error).__name__))
                    return
        bound = max(self._settled, length - pending)
        for finding in found:
            start = finding.start + self._base
            if self._settled <= start < bound:
                self._take(finding, finding.start)
        self._settled = bound

    def _fault(self, fault: Fault) -> None:
        self._tally.faults.append(fault)
        self._tally.action = max(self._tally.action, self._policy.on_fault)
        if self._policy.on_fault > Action.MASK:
            self._refused = fault
        elif self._panel.exact:
            self._settled = self._base + len(self._text)

    def _take(self, finding: Finding, at: int) -> None:
        """Weigh a settled finding that begins at ``at`` in the text kept."""
        rule = self._panel.rules[finding.rule]
        value = self._text[at : at + finding.end - finding.start]
        if rule.personal and self._spare(rule, value):
            return
        action = self._policy.action_for(Role.REPLY, rule, finding.score)
        here = finding._replace(start=self._base + at, end=self._base + at + len(value))
        self._tally.findings.append(here)
        self._tally.action = max(self._tally.action, action)
        if action > Action.MASK:
            self._refused = self._refused or here
        elif action is Action.MASK:
            self._due.append(here)

    def _ask_clause(self) -> None:
        """Put the clauses that are complete before the detectors that need them."""
        length = self._base + len(self._text)
        fresh = self._text[self._judged - self._base :]
        cut = max(fresh.rfind(mark) for mark in CLAUSE_ENDS) + 1
        if self._ended or (cut == 0 and len(fresh) >= CLAUSE_MAX):
            cut = len(fresh)
        if cut == 0:
            if self._judged == length:
                self._asked = None
            return
        self._asked = (self._judged, self._judged + cut)
        column = TextColumn.of([self._text[: self._asked[1] - self._base]])
        for member in self._panel.clause:
            self._put_clause(member, column)
        if not self._open and self._refused is None:
            self._judged = self._asked[1]

    def _put_clause(self, member: Member, column: TextColumn) -> None:
        if isinstance(member, DetectorCard):
            ask = Ask(member.name, column, (0,), (Role.REPLY,))
            self._open[id(ask)] = ask
        else:
            self._weigh_clause(member.card, ask_inline(member, column), column)

    def _weigh_clause(
        self, card: DetectorCard, report: object, column: TextColumn
    ) -> tuple[int, int] | None:
        assert self._asked is not None
        found = checked(report, card.name, card.rules, column)
        if isinstance(found, Fault):
            self._fault(found)
            return self._withdrawn() if self._refused else None
        since = self._sent
        for _, finding in found:
            end = finding.end + self._base
            if not self._asked[0] < end <= self._asked[1]:
                continue  # judged with an earlier clause
            self._take(finding, finding.start)
            start = finding.start + self._base
            if start < self._sent and self._due and self._due[-1].start == start:
                # too late to mask: what can only be taken back is refused
                self._refused = self._refused or self._due.pop()
                self._tally.action = Action.REFUSE
                since = min(since, start)
        return self._withdrawn(since) if self._refused else None

    def _release(self) -> tuple[tuple[Piece, ...], str]:
        """Let out what is settled and, where the policy holds clauses, judged."""
        bound = self._settled if self._panel.exact else self._base + len(self._text)
        if self._panel.clause and self._holds:
            bound = min(bound, self._judged)
        pieces: list[Piece] = []
        out: list[str] = []
        later: list[Finding] = []
        for start, end, first in merged(self._due):
            if start >= bound:
                later += [f for f in self._due if start <= f.start < end]
                continue
            self._let_out(start, pieces, out)
            if end > self._sent:
                if start >= self._sent:
                    value = self._slice(first.start, first.end)
                    token = self._masks.token(self._panel.rules[first.rule], value)
                    pieces.append(Piece(start, end, token))
                    out.append(token)
                else:  # goes on where an earlier mask ended: one stretch, one mask
                    pieces.append(Piece(self._sent, end, ""))
                self._sent = end
        self._due = later
        self._let_out(bound, pieces, out)
        self._forget()
        return tuple(pieces), "".join(out)

    def _let_out(self, upto: int, pieces: list[Piece], out: list[str]) -> None:
        if upto > self._sent:
            pieces.append(Piece(self._sent, upto, None))
            out.append(self._slice(self._sent, upto))
            self._sent = upto

    def _slice(self, start: int, end: int) -> str:
        return self._text[start - self._base : end - self._base]

    def _context(self, before: str) -> int:
        """Return how many characters at the end of ``before`` have to be kept."""
        return max(self._least, *(d.context(before) for d in self._panel.exact), 0)

    def _forget(self) -> None:
        """Drop what has gone out and is no longer needed as context."""
        keep = min(self._settled if self._panel.exact else self._sent, self._sent)
        if self._panel.clause:
            keep = min(keep, self._judged)
        if keep - self._base < self._enough:
            return
        context = self._context(self._text[: keep - self._base])
        self._enough = context + _SLACK
        drop = keep - context - self._base
        if drop > 0:
            self._text = self._text[drop:]
            self._base += drop


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
