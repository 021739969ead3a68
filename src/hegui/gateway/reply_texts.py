"""The texts of one reply: each goes through the window of its own channel.

Which texts a reply has is found by the walk through its fields (``reply``); here each is judged.
"""

from collections.abc import Awaitable
from typing import Any, Literal, TypeVar

from hegui.gateway.channels import Channel, Choice, Fulfil, Path, Refused, RefusedAt
from hegui.gateway.fields import ANY_WORD, MOST_CHANNELS, TEXTS, WORDS, bounded, opaque, within
from hegui.gateway.jsonbody import strings_of
from hegui.gateway.turns import Turns
from hegui.screen.jsontext import JsonWindow
from hegui.screen.windows import Windows
from hegui.terms import Finding

Out = TypeVar("Out")
NOTHING: Any = object()  # what stands for "this field says nothing yet"

_FORESEEN = 65_536  # characters; what is longer is screened by itself


class ReplyTexts:
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

    def content(self, index: int, text: str) -> str | None:
        """Screen a piece of a choice's content at once; None where that takes longer than a step.

        Most chunks of most streams are just that: this spares them the walk through their fields.
        """
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
        """Return how many characters wait for what follows them."""
        return sum(channel.window.held for channel in self.channels.values())

    async def word(self, key: str, value: str) -> str:
        """Return a word of the protocol as it is; anything else in its place is judged."""
        known = value in WORDS.get(key, ())
        return value if known else await self._once(value, opaque=opaque(value))

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
        """Return what is masked in what may be a whole value that each chunk repeats.

        Of itself: two numbers beside one another make another one.
        """
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
