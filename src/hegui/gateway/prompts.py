"""Judge what a caller sends (Art. 4, 14): every passage of it, the newest turn also joined.

The outcome is written into the request itself: masks in place, withheld turns replaced by a
notice. What is refused is told to the caller, with its rule.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hegui.gateway.history import WITHHELD, History, Withheld
from hegui.gateway.wire import Chat, Passage
from hegui.labels.text import without_suffix
from hegui.screen.masks import Masks, masked
from hegui.screen.panel import Panel, Screening
from hegui.screen.policy import Policy
from hegui.screen.window import Tally
from hegui.terms import (
    Action,
    Ask,
    Fault,
    Finding,
    Findings,
    Role,
    RuleInfo,
    TextColumn,
    Verdict,
    Words,
)

Fulfil = Callable[[Ask], Awaitable[Findings | Fault]]
"""Has a runner answer what the engine asks, within its deadline."""

OffLoop = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs a long screening in a thread."""

JOIN_CHARS = 4_000  # characters of earlier user turns that the newest turn is joined to
_CONCEALED = Words(en="[A turn was withheld.]", zh="[此处内容已略去]")


@dataclass(slots=True)
class Prompt:
    """What was decided about a request. ``cause`` is the finding or fault it was refused for."""

    action: Action = Action.ALLOW
    tally: Tally = field(default_factory=Tally)
    masks: Masks = field(default_factory=Masks)
    roles: dict[str, int] = field(default_factory=dict)
    known: int = 0
    cause: Finding | Fault | None = None
    said: list[str] = field(default_factory=list)
    _own: str | None = None

    def spares(self, _rule: RuleInfo, value: str) -> bool:
        """Whether personal data in a reply is what the caller wrote in this conversation."""
        if self._own is None:
            self._own = "\n".join(map(plain, self.said))
        return plain(value) in self._own


def plain(value: str) -> str:
    """Return a value without the separators that people write numbers with."""
    return "".join(char for char in value.casefold() if char.isalnum() or char in "@._")


@dataclass(frozen=True)
class Judge:
    """A panel and what it needs to judge requests."""

    panel: Panel
    history: History
    fulfil: Fulfil
    off_loop: OffLoop
    off_loop_bytes: int

    async def prompt(self, chat: Chat, policy: Policy, tenant: str, prompt: Prompt) -> None:
        """Judge a request; write masks and notices into it, and the outcome into ``prompt``."""
        scope = f"{tenant}\0{self.panel.digest}\0{policy.digest}"
        fresh: list[tuple[Passage, bytes]] = []
        withheld: set[int] = set()
        prompt.said = [p.text for p in chat.passages if p.origin is Role.USER]
        for passage in chat.passages:
            self._recognise(chat, passage, scope, prompt, fresh, withheld)
        joined = _joined(chat, withheld)
        texts = [passage.text for passage, _ in fresh]
        roles = [_role(chat, passage) for passage, _ in fresh]
        if joined is not None:
            texts.append(joined.text)
            roles.append(Role.USER)
        verdicts = await self._screen(texts, roles, policy)
        if joined is not None:
            joined.spread(verdicts.pop(), [p for p, _ in fresh], verdicts, policy, self.panel)
        for (passage, digest), role, verdict in zip(fresh, roles, verdicts, strict=True):
            self._settle(passage, digest, role, verdict, prompt, withheld)
        for turn in withheld:
            chat.withhold(turn, _CONCEALED.zh)
        self._media(chat, policy, prompt)

    def _recognise(
        self,
        chat: Chat,
        passage: Passage,
        scope: str,
        prompt: Prompt,
        fresh: list[tuple[Passage, bytes]],
        withheld: set[int],
    ) -> None:
        if passage.origin is Role.REPLY and (bare := without_suffix(passage.text)) != passage.text:
            passage.put(bare)
        digest = self.history.digest(scope, passage.origin, passage.text)
        newest = passage.turn >= chat.newest and passage.origin is not Role.SYSTEM
        outcome = None if newest else self.history.recall(digest, passage.text)
        if outcome is None:
            fresh.append((passage, digest))
            return
        prompt.known += 1
        if isinstance(outcome, Withheld):
            withheld.add(passage.turn)
        elif outcome != passage.text:
            passage.put(outcome)

    async def _screen(self, texts: list[str], roles: list[Role], policy: Policy) -> list[Verdict]:
        column = TextColumn.of(texts)
        screening = Screening(self.panel, policy, column, roles)
        long = len(column.data) > self.off_loop_bytes

        def inline() -> None:
            screening.asks()

        while True:
            if long:
                await self.off_loop(inline)
            asks = screening.asks()
            if not asks:
                return screening.verdicts()
            for ask in asks:
                screening.answer(ask, await self.fulfil(ask))

    def _settle(
        self,
        passage: Passage,
        digest: bytes,
        role: Role,
        verdict: Verdict,
        prompt: Prompt,
        withheld: set[int],
    ) -> None:
        prompt.roles[role] = prompt.roles.get(role, 0) + 1
        prompt.tally.findings += verdict.findings
        prompt.tally.faults += verdict.faults
        outcome: str | Withheld | None = None
        if verdict.action > Action.MASK:
            outcome = WITHHELD
            if role is Role.HISTORY:
                withheld.add(passage.turn)
            else:
                prompt.action = max(prompt.action, verdict.action)
                prompt.cause = prompt.cause or _cause(verdict)
        elif verdict.masks:
            outcome = masked(passage.text, verdict.masks, prompt.masks, self.panel.rules)
            prompt.action = max(prompt.action, Action.MASK)
            passage.put(outcome)
        if not verdict.faults:
            self.history.remember(digest, outcome)

    def _media(self, chat: Chat, policy: Policy, prompt: Prompt) -> None:
        if chat.unjudged and policy.on_unjudged > Action.ALLOW:
            prompt.action = Action.REFUSE
            prompt.cause = prompt.cause or Fault("unjudged", chat.unjudged[0].rpartition(".")[2])

    def remember_reply(self, tenant: str, policy: Policy, text: str) -> None:
        """Recognise a reply of ours when the client sends it back."""
        scope = f"{tenant}\0{self.panel.digest}\0{policy.digest}"
        digest = self.history.digest(scope, Role.REPLY, text)
        if self.history.recall(digest, text) is None:
            self.history.remember(digest, None)


def _role(chat: Chat, passage: Passage) -> Role:
    """Return the role a passage is judged under."""
    if passage.origin is Role.SYSTEM:
        return Role.SYSTEM
    if passage.origin is Role.REPLY or passage.turn < chat.newest:
        return Role.HISTORY
    return passage.origin


def _cause(verdict: Verdict) -> Finding | Fault | None:
    return next(iter(verdict.masks), None) or next(iter(verdict.faults), None)


@dataclass(frozen=True, slots=True)
class _Joined:
    """The last user turns and the newest one as one text: a payload split over turns is whole."""

    text: str
    before: int  # characters that earlier turns have of it
    parts: tuple[Passage, ...]

    def spread(
        self,
        verdict: Verdict,
        passages: list[Passage],
        verdicts: list[Verdict],
        policy: Policy,
        panel: Panel,
    ) -> None:
        """Give findings that cross from one part into the next to the parts of the newest turn."""
        start = self.before
        for part in self.parts:
            end = start + len(part.text)
            crossing = [
                f._replace(start=max(f.start, start) - start, end=min(f.end, end) - start)
                for f in verdict.findings
                if f.start < end < f.end or f.start < start < f.end
            ]
            if crossing or verdict.faults:
                place = next(n for n, p in enumerate(passages) if p is part)
                verdicts[place] = _with(verdicts[place], crossing, verdict.faults, policy, panel)
            start = end


def _with(
    verdict: Verdict,
    findings: list[Finding],
    faults: tuple[Fault, ...],
    policy: Policy,
    panel: Panel,
) -> Verdict:
    ruled = [(f, policy.action_for(Role.USER, panel.rules[f.rule], f.score)) for f in findings]
    action = max([verdict.action, *(a for _, a in ruled), *([policy.on_fault] if faults else [])])
    masks = tuple(f for f, a in ruled if a > Action.ALLOW)
    return Verdict(
        action,
        verdict.findings + tuple(findings),
        verdict.masks + masks,
        verdict.faults + tuple(f for f in faults if f not in verdict.faults),
    )


def _joined(chat: Chat, withheld: set[int]) -> _Joined | None:
    parts = tuple(p for p in chat.newest_user_passages() if not p.is_key)
    earlier = [p.text for p in chat.earlier_user_passages() if p.turn not in withheld]
    before = "".join(earlier)[-JOIN_CHARS:]
    if not parts or (not before and len(parts) == 1):
        return None
    return _Joined(before + "".join(p.text for p in parts), len(before), parts)
