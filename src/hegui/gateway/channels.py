"""One streamed field of one choice: its window, what went out of it, and its log probabilities."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from hegui.screen.jsontext import JsonWindow
from hegui.screen.window import Step, Window
from hegui.terms import Ask, Fault, Finding, Findings

Fulfil = Callable[[Ask], Awaitable[Findings | Fault]]


class Refused(Exception):
    """The way out of a reply that must stop: why, and what to withdraw of what went out."""

    def __init__(self, cause: Finding | Fault, withdraw: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.cause = cause
        self.withdraw = withdraw


@dataclass(slots=True)
class Channel:
    """A window and what was handed on from it, in order."""

    window: Window | JsonWindow
    sent: list[str] = field(default_factory=list)
    sent_chars: int = 0
    handed: int = 0  # how many of the pieces in ``sent`` were handed to the socket
    fed: int = 0
    half: str = ""  # the first half of a character outside the BMP, waiting for the other
    last: str = ""
    logprobs: "LogProbs | None" = None

    async def feed(self, text: str, fulfil: Fulfil) -> str:
        """Take in text; return what may go out. Raises ``Refused``."""
        text = self._whole(text)
        if not text:
            return ""
        self.fed += len(text)
        return await self._done(self.window.feed(text), fulfil)

    async def end(self, fulfil: Fulfil) -> str:
        """Return the rest."""
        rest = ""
        if self.half:
            self.half = ""
            self.fed += 1
            rest = await self._done(self.window.feed("\ufffd"), fulfil)
        if not self.window.waiting:
            return rest
        return rest + await self._done(self.window.end(), fulfil)

    async def _done(self, step: Step, fulfil: Fulfil) -> str:
        out = self._take(step)
        while step.asks:
            for ask in step.asks:
                step = self.window.answer(ask, await fulfil(ask))
                out += self._take(step)
        return out

    def _take(self, step: Step) -> str:
        if step.refused is not None:
            raise Refused(step.refused, step.withdraw)
        if self.logprobs is not None:
            self.logprobs.settle(step)
        if step.text:
            self.sent.append(step.text)
            self.sent_chars += len(step.text)
        return step.text

    def _whole(self, text: str) -> str:
        """Join surrogate halves across pieces; replace one that is really lone by U+FFFD."""
        if self.half:
            text, self.half = self.half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self.half = text[:-1], text[-1]
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text


class LogProbs:
    """Log probabilities waiting for their characters; dropped where those are masked."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, int, Any]] = deque()
        self._ready: list[Any] = []
        self._hidden: list[tuple[int, int]] = []
        self._sent = 0
        self._broken = False
        self.dropped = 0

    def feed(self, entries: list[Any], text: str, at: int) -> None:
        """Take in the entries of ``text``, which begins at ``at`` in the channel.

        Entries that do not spell the text can not be placed, and are dropped from there on.
        """
        start = at
        for entry in entries:
            token = entry.get("token") if isinstance(entry, dict) else None
            if self._broken or not isinstance(token, str) or not text.startswith(token, start - at):
                self._broken = True
                self.dropped += 1
                continue
            self._waiting.append((start, start + len(token), entry))
            start += len(token)

    def settle(self, step: Step) -> None:
        """Note what went out, and what was masked."""
        for piece in step.pieces:
            self._sent = piece.end
            if piece.mask is not None:
                self._hidden.append((piece.start, piece.end))
        while self._waiting and self._waiting[0][1] <= self._sent:
            start, end, entry = self._waiting.popleft()
            if any(start < hidden[1] and hidden[0] < end for hidden in self._hidden):
                self.dropped += 1
            else:
                self._ready.append(entry)

    def ready(self) -> list[Any]:
        """Return the entries whose characters have gone out, once."""
        ready, self._ready = self._ready, []
        return ready
