"""Screen a reply, piece by piece or whole: every string of it, in every choice and field.

The model's chunks are taken apart, each text goes through the window of its own channel, and what
comes out is put together again. Nothing here knows about sockets.
"""

from typing import Any

from hegui.gateway.channels import Path, Refused, grafted
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
    bounded,
    is_time,
    opaque,
    within,
)
from hegui.gateway.jsonbody import longer
from hegui.gateway.logprobs import LogProbs, alternatives
from hegui.gateway.reply_texts import NOTHING, ReplyTexts
from hegui.terms import Fault


class ReplyScreen(ReplyTexts):
    """The walk through one reply. Raises ``Refused`` where the reply must stop."""

    @property
    def plain(self) -> bool:
        """Whether clean texts go out as they are: no field is dropped, and none is a document."""
        return self._unknown == "screen" and not self._json

    def outgrown_by(self, choices: list[dict[str, Any]]) -> bool:
        """Whether whole messages say more than the limit allows: known before they are judged."""
        said = [each for choice in choices for each in (choice.get("message") or {}).items()]
        held = [value for key, value in said if self._unknown == "screen" or key in KNOWN]
        return longer(held, self._limit, but=ANY_WORD)

    async def delta(self, index: int, delta: dict[str, Any]) -> dict[str, Any]:
        """Screen the delta of one choice; return what of it may go out."""
        choice = self.choice(index)
        out = await self._fields((index,), delta, complete=False)
        if delta.get("tool_calls") or delta.get("function_call"):
            choice.calls_tools = True
        choice.says(out.get("content"))
        return out

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
