"""Screen a reply, piece by piece or whole: every string of it, in every choice and field.

The model's chunks are taken apart, each text goes through the window of its own channel, and what
comes out is put together again. Nothing here knows about sockets.
"""

from collections.abc import Awaitable
from typing import Any, Literal, TypeVar

from hegui.gateway.channels import Channel, Choice, Fulfil, Path, Refused, RefusedAt, grafted
from hegui.gateway.digits import LONG_NUMBER
from hegui.gateway.fields import (
    ANY_WORD,
    DEEPEST,
    KNOWN,
    MEDIA,
    MOST_CHANNELS,
    NAMES,
    PINNED,
    TEXTS,
    WORDS,
    bounded,
    is_time,
    opaque,
    within,
)
from hegui.gateway.jsonbody import longer, strings_of
from hegui.gateway.logprobs import LogProbs, alternatives
from hegui.gateway.turns import Turns
from hegui.screen.jsontext import JsonWindow
from hegui.screen.windows import Windows
from hegui.terms import Fault, Finding

Out = TypeVar("Out")
NOTHING: Any = object()  # what stands for "this field says nothing yet"
_FORESEEN = 65_536  # characters; what is longer is screened by itself


class ReplyScreen:
    """The channels of one reply. Raises ``Refused`` where the reply must stop."""

    def __init__(
        self,
        windows: Windows,
        fulfil: Fulfil,
        *,
        json_mode: bool,
        unknown: Literal["screen", "drop", "pass"],
        limit: int,
        unjudged: bool = True,
    ) -> None:
        self._new, self._fulfil = windows, fulfil
        self._json, self._unknown, self._limit = json_mode, unknown, limit
        self._lets_unjudged = unjudged
        self.tools: frozenset[str] = frozenset()  # those that the caller named
        self.turns = Turns(fulfil)
        self.channels: dict[Path, Channel] = {}
        self.choices: dict[int, Choice] = {}
        self._pins: dict[Path, str] = {}
        self._names: dict[str, str] = {}
        self._clean: set[str] = set()
        self._apart: dict[str, tuple[Finding, ...]] = {}
        self.unjudged: list[str] = []
        self.notes: dict[str, int] = {}

    def foresee(self, value: Any) -> None:
        """Judge all strings of a value as one column, before they are screened one by one.

        Those in which nothing is found are whole texts that need no window any more. Words of the
        protocol are left out: where they stand in their places they are not judged.
        """
        texts = [text for text in strings_of(value, most=_FORESEEN) if text not in ANY_WORD]
        silent = self._new.silent_on(texts)
        self._clean.update(text for text, clean in zip(texts, silent, strict=True) if clean)

    def clean(self, text: object) -> bool:
        """Whether a text was foreseen, and nothing was found in it."""
        return isinstance(text, str) and text in self._clean

    @property
    def plain(self) -> bool:
        """Whether clean texts go out as they are: no field is dropped, and none is a document."""
        return self._unknown == "screen" and not self._json

    def let_out(self, index: int, name: str, text: str) -> None:
        """Note a whole text of a message that goes out as it is, because it is clean."""
        channel = self._channel((index, name))
        channel.fed += len(text)
        channel.put(text)
        if name == "content":
            self.choice(index).fences.feed(text)

    def choice(self, index: int) -> Choice:
        """Return what is known of a choice."""
        found = self.choices.get(index)
        if found is None:
            found = self.choices[bounded(index)] = Choice()
        return found

    @property
    def too_long(self) -> bool:
        """Whether more has gone out than the limit allows."""
        return sum(channel.sent_chars for channel in self.channels.values()) > self._limit

    def outgrown_by(self, choices: list[dict[str, Any]]) -> bool:
        """Whether whole messages say more than the limit allows: known before they are judged."""
        said = [each for choice in choices for each in (choice.get("message") or {}).items()]
        held = [value for key, value in said if self._unknown == "screen" or key in KNOWN]
        return longer(held, self._limit, but=ANY_WORD)

    def handed_on(self) -> None:
        """Note that everything let out so far is being handed to the socket."""
        for channel in self.channels.values():
            channel.handed = len(channel.sent)

    def released(self) -> dict[str, str]:
        """Return what was handed to the socket, per ``<choice>.<field>``."""
        return {
            ".".join(map(str, path)): channel.released()
            for path, channel in self.channels.items()
            if channel.handed
        }

    async def delta(self, index: int, delta: dict[str, Any]) -> dict[str, Any]:
        """Screen the delta of one choice; return what of it may go out."""
        choice = self.choice(index)
        out = await self._fields((index,), delta, complete=False)
        if delta.get("tool_calls") or delta.get("function_call"):
            choice.calls_tools = True
        choice.says(out.get("content"))
        return out

    def content(self, index: int, text: str) -> str | None:
        """Screen a piece of content at once, as most is; None where it takes more than a step."""
        channel = self.channels.get((index, "content"))
        if channel is None or not channel.at_once:
            return None
        try:
            out = channel.feed_at_once(text)
        except Refused as refused:
            raise RefusedAt((index, "content"), refused) from None
        self.choice(index).fences.feed(out)
        return out

    def held(self) -> int:
        """Return how many characters wait."""
        return sum(channel.window.held for channel in self.channels.values())

    async def message(self, index: int, message: dict[str, Any]) -> dict[str, Any]:
        """Screen a whole message of one choice."""
        choice = self.choice(index)
        out = await self._fields((index,), message, complete=True)
        choice.calls_tools = bool(message.get("tool_calls") or message.get("function_call"))
        choice.says(out.get("content"))
        return out

    async def rest(self, place: Path) -> dict[str, Any]:
        """End every channel below ``place``; return what was held of them.

        ``(index,)`` is the delta of a choice, ``("choice", index)`` what stands beside it, and
        ``("top",)`` what stands around all choices.
        """
        out: dict[str, Any] = {}
        for path, channel in list(self.channels.items()):
            if path[: len(place)] == place and (
                text := await self._at(path, channel.end(self._fulfil))
            ):
                grafted(out, path[len(place) :], text)
        if isinstance(place[0], int):
            self.choice(place[0]).says(out.get("content"))
        return out

    async def around(
        self, place: Path, held: dict[str, Any], skip: frozenset[str], *, complete: bool = False
    ) -> dict[str, Any]:
        """Screen what stands around the deltas: fields of a chunk, or of a choice."""
        out: dict[str, Any] = {}
        for key, value in held.items():
            if key in skip:
                continue
            name = key if key in NAMES else await self._name(key)
            if value is None or isinstance(value, bool | int | float):
                kept = value if is_time(key, value) else await self._number(value)
            elif key in PINNED and isinstance(value, str):
                kept = self._pins.get((*place, key)) or await self._pinned((*place, key), value)
            else:
                kept = await self._unknown_field((*place, name), key, value, complete=complete)
            if kept is not NOTHING:
                out[name] = kept
        return out

    async def usage(self, held: Any) -> Any:
        """Screen the token counts: they should be numbers, but a server may put anything there."""
        kept = await self._value(("top", "usage"), "usage", held, complete=True)
        return None if kept is NOTHING else kept

    def queue_logprobs(self, index: int, held: Any, texts: dict[str, Any]) -> None:
        """Queue the log probabilities that come with ``texts``, before these are screened."""
        for name in ("content", "refusal"):
            entries = held.get(name) if isinstance(held, dict) else None
            text = texts.get(name)
            if isinstance(entries, list) and isinstance(text, str):
                channel = self._channel((index, name))
                channel.logprobs = channel.logprobs or LogProbs()
                channel.logprobs.feed(entries, text, channel.fed + len(channel.half))

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
        known = value in WORDS.get(key, ())
        return value if known else await self._once(value, opaque=opaque(value))

    async def _alternatives(self, entry: dict[str, Any]) -> None:
        """Judge the tokens that the model did not choose, too; drop them if anything is found."""
        text = alternatives(entry)
        try:
            if not text or await self._once(text, opaque=True) == text:
                return
        except Refused:
            self.notes["alternatives_dropped"] = self.notes.get("alternatives_dropped", 0) + 1
        entry["top_logprobs"] = []

    async def _fields(self, path: Path, held: dict[str, Any], *, complete: bool) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in held.items():
            name = key if key in NAMES else await self._name(key)
            kept = await self._field((*path, name), key, value, complete=complete)
            if kept is not NOTHING:
                out[name] = kept
        return out

    async def _name(self, key: str) -> str:
        """Return the name of a field as it may go out; names are judged, once each."""
        if key in NAMES or self._unknown == "pass":
            return key
        if key not in self._names:
            within(len(self._names), MOST_CHANNELS)
            self._names[key] = await self._once(key, opaque=opaque(key))
        return self._names[key]

    async def _field(self, path: Path, key: str, value: Any, *, complete: bool) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return await self._number(value)
        if key == "logprobs":  # these stand beside a delta, never in it
            return NOTHING
        if key in MEDIA:
            self._medium(key)
        if key not in KNOWN:
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
        within(len(path), DEEPEST)
        if isinstance(value, dict):
            out = await self._fields(path, value, complete=complete)
            return NOTHING if value and not out else out
        if isinstance(value, list):
            return await self._items(path, key, value, complete=complete)
        return await self._number(value)

    async def _items(self, path: Path, key: str, items: list[Any], *, complete: bool) -> Any:
        """Screen the entries of a list. One that is a string is whole, whatever the reply."""
        out = []
        for place, item in enumerate(items):
            # parts of a text without numbers are one text, also across chunks
            number = 0 if key in TEXTS and not complete else place
            if isinstance(item, dict) and isinstance(item.get("index"), int):
                number = bounded(item["index"])
            piece = isinstance(item, str) and key in TEXTS
            whole = complete or not (piece or isinstance(item, dict | list))
            kept = await self._value((*path, number), key if piece else "", item, complete=whole)
            if kept is not NOTHING and kept != {"index": number}:
                out.append(kept)
        if len(out) > 1:
            out = await self._joined(out)
        return NOTHING if items and not out else out

    async def _joined(self, items: list[Any]) -> list[Any]:
        """Judge the entries of a list joined, too: one may begin what the next one ends."""
        texts = [item.get("text") if isinstance(item, dict) else item for item in items]
        whole = "".join(text for text in texts if isinstance(text, str))
        kept = await self._once(whole)
        if kept == whole:
            return items
        return [{**items[0], "text": kept} if isinstance(items[0], dict) else kept]

    async def _number(self, value: Any) -> Any:
        if value is None or isinstance(value, bool) or -LONG_NUMBER < value < LONG_NUMBER:
            return value
        kept = await self._once(text := str(value), opaque=True)
        return value if kept == text else kept

    def _medium(self, kind: str) -> None:
        """Note what no detector can look at; where the policy says so, the reply stops here."""
        self.unjudged.append(kind)
        if not self._lets_unjudged:
            raise Refused(Fault("unjudged", kind))

    async def _text(self, path: Path, key: str, value: str, *, complete: bool) -> Any:
        if value in WORDS.get(key, ()):
            return value
        if complete:
            return await self._complete(path, value)
        if key == "id":
            return await self._pinned(path, value)
        channel = self._channel(path)
        if key not in TEXTS and channel.holds_constant(value):
            return NOTHING  # it goes out once, at the end
        whole = channel.may_repeat(value) and not (key in TEXTS and isinstance(path[0], int))
        known = await self._at(path, self._by_itself(value)) if whole else ()
        await self.turns.to(path, channel, value)
        channel.last = value
        text = await self._at(path, channel.feed(value, self._fulfil, known))
        if key == "name":  # clients need it with the first piece of a call
            text += channel.word(self.tools)
        return text if text or not value else NOTHING

    async def _by_itself(self, value: str) -> tuple[Finding, ...]:
        """Return what is masked in what may be a whole value."""
        if value not in self._apart:
            within(len(self._apart), MOST_CHANNELS)
            window, tally = self._new.aside()
            try:
                await Channel(window).whole(value, self._fulfil)
            finally:
                self._apart[value] = self._new.count(tally)
        return self._apart[value]

    async def _complete(self, path: Path, value: str) -> str:
        channel = self._channel(path)
        if value in self._clean and not channel.is_source and channel.logprobs is None:
            channel.fed += len(value)
            channel.put(value)
            return value
        if channel.fed:
            again = Channel(self._source()) if channel.is_source else None
            kept = await (again.whole(value, self._fulfil) if again else self._once(value))
            channel.put(kept)
            return kept
        return await self._at(path, channel.whole(value, self._fulfil))

    async def _pinned(self, path: Path, value: str) -> str:
        """Judge an opaque value once; whatever follows in its place is the first one again."""
        if path not in self._pins:
            clean = value in self._clean
            self._pins[path] = value if clean else await self.word(str(path[-1]), value)
        return self._pins[path]

    async def _once(self, value: str, *, opaque: bool = False) -> str:
        if value in self._clean:
            return value
        if value.isascii() and all(self._new.silent_on([value], opaque=opaque)):
            return value
        window = self._new.opaque() if opaque else self._new()
        return await Channel(window).whole(value, self._fulfil)

    def _channel(self, path: Path) -> Channel:
        found = self.channels.get(path)
        if found is None:
            within(len(self.channels), MOST_CHANNELS)
            source = path[-1] == "arguments" or (self._json and path[1:] == ("content",))
            found = self.channels[path] = Channel(self._source() if source else self._new())
        return found

    def _source(self) -> JsonWindow:
        return JsonWindow(self._new, self._new.silent_on, self._new.together)

    async def _at(self, path: Path, screening: Awaitable[Out]) -> Out:
        """Wait for what may go out of a channel; say which one it is where the reply must stop."""
        try:
            return await screening
        except Refused as refused:
            raise RefusedAt(path, refused) from None
