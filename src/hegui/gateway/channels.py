"""One choice of a reply, and each streamed field of it: its window, and what went out of it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hegui.gateway.logprobs import LogProbs
from hegui.labels.text import FenceTracker
from hegui.screen.jsontext import JsonWindow
from hegui.screen.window import Step, Window
from hegui.terms import Ask, Fault, Finding, Findings

Path = tuple[str | int, ...]
"""Where a text stands in a reply: ``(0, 'content')`` is the content of choice 0."""

Fulfil = Callable[[Ask], Awaitable[Findings | Fault]]

_REPEATED = 8  # characters; a value as long that each chunk repeats may be a constant


class Refused(Exception):
    """The way out of a reply that must stop: why, and what to withdraw of what went out."""

    def __init__(self, cause: Finding | Fault, withdraw: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.cause = cause
        self.withdraw = withdraw


class RefusedAt(Refused):
    """``Refused``, and in which channel."""

    def __init__(self, path: Path, refused: Refused) -> None:
        super().__init__(refused.cause, refused.withdraw)
        self.path = path


@dataclass(slots=True)
class Choice:
    """What is known of one choice of the reply."""

    fences: FenceTracker = field(default_factory=FenceTracker)
    calls_tools: bool = False
    finish: str | None = None
    labelled: bool = False
    in_parts: bool = False  # its content is a list of parts

    def says(self, content: object) -> None:
        """Take note of content that goes out, a text or a list of parts."""
        if isinstance(content, str):
            self.fences.feed(content)
        elif isinstance(content, list):
            self.in_parts = True
            for part in content:
                text = part.get("text") if isinstance(part, dict) else part
                if isinstance(text, str):
                    self.fences.feed(text)


@dataclass(slots=True)
class Channel:
    """A window and what was handed on from it, in order."""

    window: Window | JsonWindow
    sent: list[str] = field(default_factory=list)
    sent_chars: int = 0
    handed: int = 0  # how many of the pieces in ``sent`` were handed to the socket
    fed: int = 0
    half: str = ""  # the first half of a character outside the BMP, waiting for the other
    lone: int = 0  # halves that stayed alone, and were replaced
    last: str = ""
    logprobs: LogProbs | None = None
    _masks: list[tuple[int, int]] = field(default_factory=list)  # where, and how much longer

    @property
    def is_source(self) -> bool:
        """Whether this is JSON source: half of it helps nobody."""
        return isinstance(self.window, JsonWindow)

    def released(self) -> str:
        """Return what was handed to the socket."""
        return "".join(self.sent[: self.handed])

    def as_sent(self, place: int) -> int:
        """Return where a place in what the model said lies in what was sent."""
        longer = sum(longer for end, longer in self._masks if end <= place)
        return place + longer

    def may_repeat(self, value: str) -> bool:
        """Whether a value may be a whole one, which each chunk repeats."""
        return isinstance(self.window, Window) and len(value) >= _REPEATED

    def holds_constant(self, value: str) -> bool:
        """Whether a value is the last one again, and that one is held: a constant, and no text."""
        return (
            value == self.last
            and self.window.waiting
            and len(value) >= _REPEATED
            and not any(map(str.isdigit, value))
        )

    def put(self, text: str) -> None:
        """Note text that goes out in this field though its window never saw it."""
        self.sent.append(text)
        self.sent_chars += len(text)

    async def feed(self, text: str, fulfil: Fulfil, known: Sequence[Finding] = ()) -> str:
        """Take in text; return what may go out. Raises ``Refused``.

        ``known`` was found in the text by itself, and is masked whatever stands around it.
        """
        given = len(text)
        text = self._whole(text)
        if not text:
            return ""
        self.fed += len(text)
        if not (known and isinstance(self.window, Window)):
            return await self._done(self.window.feed(text), fulfil)
        later = len(text) + len(self.half) - given  # half a character that had waited stays alone
        known = [f._replace(start=f.start + later, end=f.end + later) for f in known]
        return await self._done(self.window.feed(text, known), fulfil)

    def word(self, words: Collection[str]) -> str:
        """Return what is held, if all that was said is one of ``words`` that the caller said."""
        return self._take(self.window.known(words)) if isinstance(self.window, Window) else ""

    @property
    def at_once(self) -> bool:
        """Whether pieces can be screened without waiting for anything."""
        window = self.window
        return self.logprobs is None and isinstance(window, Window) and window.asks_nothing

    def feed_at_once(self, text: str) -> str:
        """Do what ``feed`` does, where ``at_once`` holds: the way of nearly every chunk."""
        text = self._whole(text)
        if not text:
            return ""
        self.fed += len(text)
        return self._take(self.window.feed(text))

    async def whole(self, text: str, fulfil: Fulfil) -> str:
        """Take in a text that is complete; return it as it may go out. One scan, not two."""
        text = self._whole(text)
        if self.half:
            text, self.half, self.lone = text + "\ufffd", "", self.lone + 1
        self.fed += len(text)
        return await self._done(self.window.whole(text), fulfil)

    async def end(self, fulfil: Fulfil) -> str:
        """Return the rest."""
        rest = ""
        if self.half:
            self.half, self.lone = "", self.lone + 1
            self.fed += 1
            rest = await self._done(self.window.feed("\ufffd"), fulfil)
        window = self.window
        if not (window.waiting or (isinstance(window, JsonWindow) and window.spread)):
            return rest
        return rest + await self._done(self.window.end(), fulfil)

    async def _done(self, step: Step, fulfil: Fulfil) -> str:
        out = self._take(step)
        while step.asks:
            asks = step.asks
            reports = await asyncio.gather(*map(fulfil, asks))
            for ask, report in zip(asks, reports, strict=True):
                step = self.window.answer(ask, report)
                out += self._take(step)
        return out

    def _take(self, step: Step) -> str:
        if step.refused is not None:
            raise Refused(step.refused, step.withdraw)
        if self.logprobs is not None:
            self.logprobs.settle(step)
        if len(step.pieces) > 1 or (step.pieces and step.pieces[0].mask is not None):
            self._masks += [
                (piece.end, len(piece.mask) - (piece.end - piece.start))
                for piece in step.pieces
                if piece.mask is not None
            ]
        if step.text:
            self.put(step.text)
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
            joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            self.lone += joined.count("\ufffd") - text.count("\ufffd")
            return joined
        return text


def speaks(channels: Mapping[Path, Channel], index: int) -> bool:
    """Whether anything of a choice's content was handed to the socket."""
    return any(
        path[:2] == (index, "content") and channel.released() for path, channel in channels.items()
    )


def parted(text: str) -> list[dict[str, str]]:
    """Return a text of our own as what a content in parts goes on with."""
    return [{"type": "text", "text": text}]


def grafted(tree: dict[str, Any], path: Path, text: str) -> None:
    """Put ``text`` at ``path`` of a delta; a number is the index of a tool call, or of a text.

    A server may have said both a text and a list in one place: then all of it comes as a list.
    """
    node: Any = tree
    for key, following in pairwise(path):
        node = _below(node, key, following)
    if isinstance(node, list):
        node.append(text)
    else:
        _put(node, str(path[-1]), text)


def _below(node: Any, key: str | int, following: str | int) -> Any:
    """Return what stands at ``key``, made where there is nothing: a list where a number follows."""
    as_list = isinstance(following, int)
    if isinstance(node, list):
        for item in node:
            if isinstance(item, list) if as_list else _is_numbered(item, key):
                return item
        node.append([] if as_list else {"index": key})
        return node[-1]
    held = node.get(str(key))
    if isinstance(held, list if as_list else dict):
        return held
    if as_list:
        node[str(key)] = [] if held is None else [held]
        return node[str(key)]
    return _put(node, str(key), {})


def _is_numbered(item: Any, number: str | int) -> bool:
    return isinstance(item, dict) and item.get("index") == number


def _put(node: dict[str, Any], key: str, value: Any) -> Any:
    held = node.get(key)
    if held is None:
        node[key] = value
    elif isinstance(held, list):
        held.append(value)
    else:
        node[key] = [held, value]
    return value
