"""Screen a reply, piece by piece or whole: every string of it, in every choice and field.

The model's chunks are taken apart, each text goes through the window of its own channel, and what
comes out is put together again. Nothing here knows about sockets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hegui.gateway.channels import Channel, Fulfil, LogProbs, Refused
from hegui.labels.text import FenceTracker
from hegui.screen.jsontext import JsonWindow
from hegui.screen.window import Window

Path = tuple[str | int, ...]

NOTHING: Any = object()  # what stands for "this field says nothing yet"

_TEXTS = frozenset({"content", "reasoning_content", "reasoning", "refusal"})
_KNOWN = frozenset(
    "content reasoning_content reasoning refusal role tool_calls function_call audio annotations "
    "index id type function name arguments finish_reason logprobs delta message text".split()
)
_WORDS = {
    "role": frozenset("assistant system user tool".split()),
    "type": frozenset("function text output_text refusal custom".split()),
    "finish_reason": frozenset("stop length tool_calls content_filter function_call".split()),
    "object": frozenset("chat.completion chat.completion.chunk".split()),
}
_PINNED = frozenset("id object model system_fingerprint service_tier provider".split())
_REPEAT = 8  # characters; a longer value that repeats in every chunk is a constant, not a text


@dataclass(slots=True)
class Choice:
    """What is known of one choice of the reply."""

    fences: FenceTracker = field(default_factory=FenceTracker)
    calls_tools: bool = False
    finish: str | None = None
    labelled: bool = False


class ReplyScreen:
    """The channels of one reply. Raises ``Refused`` where the reply must stop."""

    def __init__(
        self,
        new_window: Callable[[], Window],
        fulfil: Fulfil,
        *,
        json_mode: bool,
        unknown: Literal["screen", "drop", "pass"],
        limit: int,
    ) -> None:
        self._new, self._fulfil = new_window, fulfil
        self._json, self._unknown, self._limit = json_mode, unknown, limit
        self.channels: dict[Path, Channel] = {}
        self.choices: dict[int, Choice] = {}
        self._pins: dict[Path, str] = {}
        self.unjudged: list[str] = []
        self.notes: dict[str, int] = {}

    def choice(self, index: int) -> Choice:
        """Return what is known of a choice."""
        found = self.choices.get(index)
        if found is None:
            found = self.choices[index] = Choice()
        return found

    @property
    def too_long(self) -> bool:
        """Whether more has gone out than the limit allows."""
        return sum(channel.sent_chars for channel in self.channels.values()) > self._limit

    def handed_on(self) -> None:
        """Note that everything let out so far is being handed to the socket."""
        for channel in self.channels.values():
            channel.handed = len(channel.sent)

    def released(self) -> dict[str, str]:
        """Return what was handed to the socket, per ``<choice>.<field>``."""
        return {
            ".".join(map(str, path)): "".join(channel.sent[: channel.handed])
            for path, channel in self.channels.items()
            if channel.handed
        }

    async def delta(self, index: int, delta: dict[str, Any]) -> dict[str, Any]:
        """Screen the delta of one choice; return what of it may go out."""
        choice = self.choice(index)
        out = await self._fields((index,), delta, complete=False)
        if delta.get("tool_calls") or delta.get("function_call"):
            choice.calls_tools = True
        content = out.get("content")
        if isinstance(content, str):
            choice.fences.feed(content)
        return out

    async def message(self, index: int, message: dict[str, Any]) -> dict[str, Any]:
        """Screen a whole message of one choice."""
        choice = self.choice(index)
        out = await self._fields((index,), message, complete=True)
        choice.calls_tools = bool(message.get("tool_calls") or message.get("function_call"))
        if isinstance(out.get("content"), str):
            choice.fences.feed(out["content"])
        return out

    async def rest(self, place: Path) -> dict[str, Any]:
        """End every channel below ``place``; return what was held of them.

        ``(index,)`` is the delta of a choice, ``("choice", index)`` what stands beside it, and
        ``("top",)`` what stands around all choices.
        """
        out: dict[str, Any] = {}
        for path, channel in list(self.channels.items()):
            if path[: len(place)] == place and (text := await self._end(channel, path)):
                _graft(out, path[len(place) :], text)
        content = out.get("content")
        if isinstance(content, str) and isinstance(place[0], int):
            self.choice(place[0]).fences.feed(content)
        return out

    async def around(
        self, place: Path, held: dict[str, Any], skip: frozenset[str], *, complete: bool = False
    ) -> dict[str, Any]:
        """Screen what stands around the deltas: fields of a chunk, or of a choice."""
        out: dict[str, Any] = {}
        for key, value in held.items():
            if key in skip:
                continue
            if not isinstance(value, str | dict | list):
                out[key] = value
            elif key in _PINNED and isinstance(value, str):
                out[key] = await self._pinned((*place, key), value)
            else:
                kept = await self._unknown_field((*place, key), key, value, complete=complete)
                if kept is not NOTHING:
                    out[key] = kept
        return out

    def queue_logprobs(self, index: int, held: Any, texts: dict[str, Any]) -> None:
        """Queue the log probabilities that come with ``texts``, before these are screened."""
        for name in ("content", "refusal"):
            entries = held.get(name) if isinstance(held, dict) else None
            text = texts.get(name)
            if isinstance(entries, list) and isinstance(text, str):
                channel = self._channel((index, name))
                channel.logprobs = channel.logprobs or LogProbs()
                channel.logprobs.feed(entries, text, channel.fed)

    async def ready_logprobs(self, index: int) -> dict[str, Any] | None:
        """Return the log probabilities whose characters have gone out since the last call."""
        out: dict[str, Any] = {}
        for name in ("content", "refusal"):
            channel = self.channels.get((index, name))
            if channel is None or channel.logprobs is None:
                continue
            entries = channel.logprobs.ready()
            for entry in entries:
                await self._alternatives(entry)
            if channel.logprobs.dropped:
                self.notes["logprobs_dropped"] = channel.logprobs.dropped
            if entries:
                out[name] = entries
        return out or None

    async def word(self, key: str, value: str) -> str:
        """Return a word of the protocol as it is; anything else in its place is judged."""
        return value if value in _WORDS.get(key, ()) else await self._once(value)

    async def _alternatives(self, entry: dict[str, Any]) -> None:
        """Judge the tokens that the model did not choose, too; drop them if anything is found."""
        others = entry.get("top_logprobs")
        if not isinstance(others, list) or not others:
            return
        text = "\n".join(str(o.get("token", "")) for o in others if isinstance(o, dict))
        try:
            if await self._once(text) == text:
                return
        except Refused:
            self.notes["alternatives_dropped"] = self.notes.get("alternatives_dropped", 0) + 1
        entry["top_logprobs"] = []

    async def _fields(self, path: Path, held: dict[str, Any], *, complete: bool) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in held.items():
            kept = await self._field((*path, key), key, value, complete=complete)
            if kept is not NOTHING:
                out[key] = kept
        return out

    async def _field(self, path: Path, key: str, value: Any, *, complete: bool) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if key not in _KNOWN:
            return await self._unknown_field(path, key, value, complete=complete)
        return await self._value(path, key, value, complete=complete)

    async def _unknown_field(
        self, path: Path, key: str, value: Any, *, complete: bool = False
    ) -> Any:
        if self._unknown == "pass":
            return value
        if self._unknown == "drop":
            self.notes["unknown_dropped"] = self.notes.get("unknown_dropped", 0) + 1
            return NOTHING
        return await self._value(path, key, value, complete=complete)

    async def _value(self, path: Path, key: str, value: Any, *, complete: bool) -> Any:
        if isinstance(value, str):
            return await self._text(path, key, value, complete=complete)
        if isinstance(value, dict):
            if key == "audio":
                self.unjudged.append("audio")
            out = await self._fields(path, value, complete=complete)
            return NOTHING if value and not out else out
        if isinstance(value, list):
            return await self._items(path, key, value, complete=complete)
        return value

    async def _items(self, path: Path, key: str, items: list[Any], *, complete: bool) -> Any:
        out = []
        for place, item in enumerate(items):
            numbered = key == "tool_calls" and isinstance(item, dict)
            number = item.get("index", place) if numbered else place
            if not isinstance(number, int):
                number = place
            # an item of any other list is whole, whatever the reply
            kept = await self._value(
                (*path, number), "", item, complete=complete or key != "tool_calls"
            )
            if kept is not NOTHING and kept != {"index": number}:
                out.append(kept)
        return NOTHING if items and not out else out

    async def _text(self, path: Path, key: str, value: str, *, complete: bool) -> Any:
        if value in _WORDS.get(key, ()):
            return value
        if complete:
            return await self._complete(path, value)
        if key == "id":
            return await self._pinned(path, value)
        channel = self._channel(path)
        if key not in _TEXTS and value and value == channel.last:
            if not channel.window.waiting:
                return value  # nothing is pending, so feeding it again would say the same
            if len(value) >= _REPEAT and not any(map(str.isdigit, value)):
                return NOTHING  # a constant that is held: it goes out once, at the end
        channel.last = value
        text = await self._feed(channel, path, value)
        return text if text or not value else NOTHING

    async def _complete(self, path: Path, value: str) -> str:
        channel = self._channel(path)
        if channel.fed:
            return await self._once(value)
        return await self._feed(channel, path, value) + await self._end(channel, path)

    async def _pinned(self, path: Path, value: str) -> str:
        """Judge an opaque value once; whatever follows in its place is the first one again."""
        if path not in self._pins:
            self._pins[path] = await self._once(value)
        return self._pins[path]

    async def _once(self, value: str) -> str:
        channel = Channel(self._new())
        return await channel.feed(value, self._fulfil) + await channel.end(self._fulfil)

    def _channel(self, path: Path) -> Channel:
        found = self.channels.get(path)
        if found is None:
            source = path[-1] == "arguments" or (self._json and path[1:] == ("content",))
            window = JsonWindow(self._new) if source else self._new()
            found = self.channels[path] = Channel(window)
        return found

    async def _feed(self, channel: Channel, path: Path, text: str) -> str:
        try:
            return await channel.feed(text, self._fulfil)
        except Refused as refused:
            raise RefusedAt(path, refused) from None

    async def _end(self, channel: Channel, path: Path) -> str:
        try:
            return await channel.end(self._fulfil)
        except Refused as refused:
            raise RefusedAt(path, refused) from None


class RefusedAt(Refused):
    """``Refused``, and in which channel."""

    def __init__(self, path: Path, refused: Refused) -> None:
        super().__init__(refused.cause, refused.withdraw)
        self.path = path


def _graft(tree: dict[str, Any], path: Path, text: str) -> None:
    """Put ``text`` at ``path`` of a delta; a number is the index of a tool call."""
    node = tree
    for place, key in enumerate(path[:-1]):
        following = path[place + 1]
        if isinstance(key, int):
            continue
        if isinstance(following, int):
            items = node.setdefault(key, [])
            item = next((i for i in items if i.get("index") == following), None)
            if item is None:
                item = {"index": following}
                items.append(item)
            node = item
        else:
            node = node.setdefault(key, {})
    node[str(path[-1])] = text
