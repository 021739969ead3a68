"""Judge what a caller sends (Art. 4, 14): every passage of it, the newest turn also joined.

The outcome is written into the request itself: masks in place, withheld turns replaced by a
notice. What is refused is told to the caller, with its rule.
"""

import asyncio
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from hegui.gateway.history import WITHHELD, History, Outcome, Withheld
from hegui.gateway.joined import Across, Heard
from hegui.gateway.jsonbody import write
from hegui.gateway.refusals import CONCEALED, Refusals, language_of, without_refusal
from hegui.gateway.wire import Chat, Passage
from hegui.labels.text import without_suffix
from hegui.screen.masks import Masks, masked
from hegui.screen.panel import Panel, Screening
from hegui.screen.policy import Policy
from hegui.screen.window import Tally
from hegui.terms import (
    Action,
    Ask,
    BadRequest,
    Fault,
    Finding,
    Findings,
    Lang,
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

_MEDIUM = re.compile(r"messages\[(\d+)\]\.(.*)", re.DOTALL)
_MODEL = Words(
    en="`model` holds something that may not be sent on, such as personal data. Send the name of a "
    "model; GET /v1/models lists them.",
    zh="`model` 中含有不得转发的内容，例如个人信息。请填写模型名称，可用 GET /v1/models 查询。",
)


@dataclass(slots=True)
class Prompt:
    """What was decided about a request. ``cause`` is the finding or fault it was refused for.

    ``said`` is all that the user says in the request, ``asked`` the newest turn's text.
    """

    action: Action = Action.ALLOW
    tally: Tally = field(default_factory=Tally)
    masks: Masks = field(default_factory=Masks)
    roles: dict[str, int] = field(default_factory=dict)
    known: int = 0
    cause: Finding | Fault | None = None
    said: list[str] = field(default_factory=list)
    asked: str = ""
    accept: str = ""  # the languages that the caller's client asks for
    lang: Lang = "zh"  # the service's language, until the caller's own is known
    _own: str | None = None

    def spares(self, _rule: RuleInfo, value: str) -> bool:
        """Whether personal data in a reply is what the caller wrote in this conversation."""
        if self._own is None:
            self._own = "\n".join(map(plain, self.said))
        return plain(value) in self._own

    def stop(self, parts: list[Heard], action: Action, cause: Finding | Fault | None) -> None:
        """Refuse the request for its newest turn; withhold an earlier one without a word."""
        for part in parts:
            part.outcome = WITHHELD
        if parts[-1].role is Role.HISTORY:
            self.action = max(self.action, Action.MASK)
        elif action > self.action:
            self.action, self.cause = action, cause


def plain(value: str) -> str:
    """Return a value in half width, without the separators that people write numbers with."""
    half = unicodedata.normalize("NFKC", value).casefold()
    return "".join(char for char in half if char.isalnum() or char in "@._")


@dataclass(frozen=True)
class Judge:
    """A panel and what it needs to judge requests, and to say why.

    An exchange keeps the judge it began with: when rules change, the next exchange has another.
    """

    panel: Panel
    refusals: Refusals
    history: History
    fulfil: Fulfil
    off_loop: OffLoop
    off_loop_bytes: int

    async def prompt(self, chat: Chat, policy: Policy, tenant: str, prompt: Prompt) -> None:
        """Judge a request; write masks and notices into it, and the outcome into ``prompt``."""
        scope = self._scope(tenant, policy)
        prompt.said = [p.text for p in chat.passages if p.origin is Role.USER and p.key != "url"]
        heard = self._recognise(chat, scope, prompt)
        newest = [h.passage.text for h in heard if h.joins and h.passage.turn >= chat.newest]
        prompt.asked = "\n".join(newest)
        prompt.lang = language_of(prompt.accept, prompt.asked, prompt.lang)
        prompt.masks = Masks(prompt.lang)
        fresh = [each for each in heard if each.outcome is None]
        across = Across(self.history, self.panel.rules, policy, scope, chat.newest)
        met = across.runs(heard)
        verdicts = await self.screen(
            [each.passage.text for each in fresh] + [run.text for run in met],
            [each.role for each in fresh] + [Role.USER for _ in met],
            policy,
        )
        for each, verdict in zip(fresh, verdicts, strict=False):
            self._settle(each, verdict, policy, prompt)
        joint = verdicts[len(fresh) :]
        if met and any(each.role is Role.HISTORY and each.withheld for each in fresh):
            met = across.runs(heard)  # what is withheld meets nothing any more
            joint = await self.screen([run.text for run in met], [Role.USER for _ in met], policy)
        for run, verdict in zip(met, joint, strict=True):
            across.settle(run, verdict, prompt)
        if not any(verdict.faults for verdict in joint):
            across.remember(heard)
        gone = self._media(chat, policy, scope, prompt)
        self._write(chat, heard, gone, prompt)

    def _scope(self, tenant: str, policy: Policy) -> str:
        return f"{tenant}\0{self.panel.digest}\0{policy.digest}"

    def _recognise(self, chat: Chat, scope: str, prompt: Prompt) -> list[Heard]:
        """Return the passages, what stands outside messages first; those known are settled."""
        parts: dict[int, list[str]] = {}
        for passage in chat.passages:
            if passage.origin is Role.USER:
                parts.setdefault(passage.turn, []).append(passage.text)
        whole = {
            turn: self.history.digest(scope, Role.USER, "\0".join(said))
            for turn, said in parts.items()
            if len(said) > 1
        }
        heard = []
        for passage in sorted(chat.passages, key=lambda p: p.turn >= 0):
            if passage.origin is Role.REPLY:
                bare = without_refusal(without_suffix(passage.text))
                if bare != passage.text:
                    passage.put(bare)
                    if not bare and passage.key == "text":
                        chat.bare.append(passage.holder)
            said = passage.text
            if passage.origin is Role.USER and passage.turn in whole:
                # parts of a message are one text: what became of one depends on the others
                said = f"{said}\0{whole[passage.turn].hex()}"
            digest = self.history.digest(scope, passage.origin, said)
            outcome = self._recalled(chat, passage, digest)
            prompt.known += outcome is not None
            heard.append(Heard(passage, digest, _role(chat, passage), outcome))
        return heard

    def _recalled(self, chat: Chat, passage: Passage, digest: bytes) -> Outcome | None:
        if passage.origin is Role.SYSTEM:  # is said anew each time: refused once, refused again
            outcome = self.history.recall(digest)
            refused = isinstance(outcome, Withheld) or (outcome and passage.no_mask)
            return None if refused else outcome
        return None if passage.turn >= chat.newest else self.history.recall(digest)

    async def model(self, name: str, policy: Policy, tenant: str, prompt: Prompt) -> None:
        """Judge the name of a model that no setting spells out: it goes upstream as it is.

        ``BadRequest`` for one that a mask would be needed in, and for anybody's personal data,
        which would stand in the record. Guard models are not asked about names.
        """
        digest = self.history.digest(f"model\0{self._scope(tenant, policy)}", Role.SYSTEM, name)
        if self.history.recall(digest) is not None:
            return
        (verdict,) = await self.screen([name], [Role.SYSTEM], policy, self.panel.local)
        if verdict.masks or any(self.panel.rules[f.rule].personal for f in verdict.findings):
            raise BadRequest(_MODEL, param="model")
        prompt.tally.faults += verdict.faults
        if verdict.action > Action.MASK:
            prompt.action, prompt.cause = verdict.action, verdict.faults[0]
        elif not verdict.faults:
            self.history.remember(digest, ())

    async def screen(
        self, texts: list[str], roles: list[Role], policy: Policy, panel: Panel | None = None
    ) -> list[Verdict]:
        """Put texts before the panel; long ones off the loop, where they keep nobody waiting."""
        column = TextColumn.of(texts)
        screening = Screening(panel or self.panel, policy, column, roles)
        long = len(column.data) > self.off_loop_bytes

        def inline() -> None:
            screening.asks()

        while True:
            if long:
                await self.off_loop(inline)
            asks = screening.asks()
            if not asks:
                return screening.verdicts()
            reports = await asyncio.gather(*map(self.fulfil, asks))
            for ask, report in zip(asks, reports, strict=True):
                screening.answer(ask, report)

    def _settle(self, heard: Heard, verdict: Verdict, policy: Policy, prompt: Prompt) -> None:
        prompt.roles[heard.role] = prompt.roles.get(heard.role, 0) + 1
        prompt.tally.findings += verdict.findings
        prompt.tally.faults += verdict.faults
        heard.found, heard.fresh = verdict.findings, True
        heard.outcome = outcome = verdict.masks
        if verdict.action > Action.MASK:
            cause = cause_of(verdict, heard.role, policy, self.panel.rules)
            prompt.stop([heard], verdict.action, cause)
        elif outcome and heard.passage.no_mask:
            prompt.stop([heard], Action.REFUSE, outcome[0])
        elif outcome:
            prompt.action = max(prompt.action, Action.MASK)
        if not verdict.faults:
            self.history.remember(heard.digest, heard.outcome)

    def _write(self, chat: Chat, heard: list[Heard], gone: set[int], prompt: Prompt) -> None:
        """Put masks and notices in place, in the order in which the request says things."""
        if prompt.action > Action.MASK:
            return
        gone |= {each.passage.turn for each in heard if each.withheld}
        for each in heard:
            if isinstance(each.outcome, tuple) and each.outcome and each.passage.turn not in gone:
                text = masked(each.passage.text, each.outcome, prompt.masks, self.panel.rules)
                each.passage.put(text)
        for turn in gone:
            message = chat.body["messages"][turn]
            chat.sources = [source for source in chat.sources if source[0] is not message]
            chat.withhold(turn, CONCEALED.say(prompt.lang))

    def _media(self, chat: Chat, policy: Policy, scope: str, prompt: Prompt) -> set[int]:
        """Rule on what cannot be judged; return the earlier turns that are withheld for it.

        Like any turn, one that was met before is not refused or counted again.
        """
        refused = policy.on_unjudged > Action.ALLOW
        fresh, gone = [], set()
        for name in chat.unjudged:
            found = _MEDIUM.fullmatch(name)
            turn = int(found[1]) if found else len(chat.body["messages"])
            if turn < chat.newest and refused:
                gone.add(turn)
                prompt.action = max(prompt.action, Action.MASK)
            elif refused and prompt.action < Action.REFUSE:
                kind = found[2] if found else "unknown"
                prompt.action, prompt.cause = Action.REFUSE, Fault("unjudged", kind)
            if not self._met(chat, turn, scope):
                fresh.append(name)
        chat.unjudged[:] = fresh
        return gone

    def _met(self, chat: Chat, turn: int, scope: str) -> bool:
        """Whether a message with media was met before; it has been from now on."""
        messages = chat.body["messages"]
        if turn >= len(messages):
            return False
        said = write(messages[turn]).decode("utf-8", "replace")
        digest = self.history.digest(f"media\0{scope}", Role.USER, said)
        met = turn < chat.newest and self.history.recall(digest) is not None
        self.history.remember(digest, ())
        return met

    def remember_reply(self, tenant: str, policy: Policy, text: str) -> None:
        """Recognise a reply of ours when the client sends it back."""
        digest = self.history.digest(self._scope(tenant, policy), Role.REPLY, text)
        if self.history.recall(digest) is None:
            self.history.remember(digest, ())


def _role(chat: Chat, passage: Passage) -> Role:
    """Return the role a passage is judged under."""
    if passage.origin is Role.SYSTEM:
        return Role.SYSTEM
    if passage.origin is Role.REPLY or passage.turn < chat.newest:
        return Role.HISTORY
    return passage.origin


def cause_of(
    verdict: Verdict, role: Role, policy: Policy, rules: Mapping[str, RuleInfo]
) -> Finding | Fault | None:
    """Return what a text was stopped for: not the first thing found in it, but the gravest."""

    def gravity(finding: Finding) -> Action:
        return policy.action_for(role, rules[finding.rule], finding.score)

    gravest = max(verdict.masks, key=gravity, default=None)
    if gravest is not None and gravity(gravest) > Action.MASK:
        return gravest
    return next(iter(verdict.faults), gravest)
