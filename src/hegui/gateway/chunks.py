"""A streamed reply, chunk by chunk: what comes in from the model, what goes out to the caller."""

from typing import Any, NamedTuple, TypeAlias

from hegui.gateway.channels import parted, speaks
from hegui.gateway.completion import Frame
from hegui.gateway.gathering import Arrived
from hegui.gateway.jsonbody import write
from hegui.gateway.labelling import ReplyLabel
from hegui.gateway.pieces import HEAD, More, alike, framed, piece_of
from hegui.gateway.refusals import Refusal
from hegui.gateway.reply import ReplyScreen
from hegui.labels.text import suffix_after
from hegui.terms import Lang

_CHUNK_SKIP = frozenset({"choices", "usage", "aigc"})
_CHOICE_SKIP = frozenset({"index", "delta", "finish_reason", "logprobs"})


Ready: TypeAlias = dict[str, Any] | bytes
"""A chunk that may go out, or its JSON."""


class _Plain(NamedTuple):
    """A chunk that adds content only, and what goes out for such a one around its content."""

    chunk: dict[str, Any]
    head: dict[str, Any]
    before: bytes
    after: bytes


class ChunkStream:
    """Takes the model's chunks, gives the caller's. Raises ``Refused`` where it must stop."""

    def __init__(self, screen: ReplyScreen, label: ReplyLabel) -> None:
        self._screen, self._label = screen, label
        self._head: dict[str, Any] = {}
        self._plain: _Plain | None = None
        self._usage: list[dict[str, Any]] = []
        self._same_head: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        self._late_usage: Any = None  # of a chunk that did not go out by itself
        self._tail: dict[str, Any] = {}  # held fields of chunks, which go out with the last one
        self._first = True

    @property
    def model(self) -> str:
        """The model that answered, as it says."""
        return str(self._head.get("model", ""))

    async def take(self, arrived: Arrived) -> list[Ready]:
        """Screen one chunk; return the chunks that may go out at once."""
        incoming = arrived.whole() if isinstance(arrived, More) else arrived
        if not self._head:
            self._screen.foresee([incoming.get(key) for key in HEAD])
        around = await self._around(incoming)
        if not self._head:
            self._head = {
                k: v for k, v in around.items() if k in ("id", "object", "created", "model")
            }
        choices: list[dict[str, Any]] = []
        for choice in incoming["choices"]:
            choices += await self._choice(choice)
        self._plain = None
        if piece_of(incoming) is not None and around.keys() <= HEAD and "usage" not in incoming:
            self._plain = _plain(incoming, {**self._head, **around})
        usage = incoming.get("usage")
        if usage is not None:
            usage = await self._screen.usage(usage)
            if not incoming["choices"]:
                self._usage.append({**self._head, **around, "choices": [], "usage": usage})
                return []
        if not choices:
            if around.keys() <= HEAD:
                self._late_usage = usage
                return []
            # clients take the first choice without looking whether there is one
            choices = [{"index": 0, "delta": {}, "finish_reason": None}]
        chunk = {**self._head, **around, "choices": choices}
        if "usage" in incoming:
            chunk["usage"] = usage
        return [self._out(chunk)]

    async def _around(self, incoming: dict[str, Any]) -> dict[str, Any]:
        """Screen what stands around the choices; a head that repeats was screened before."""
        head = {key: value for key, value in incoming.items() if key not in _CHUNK_SKIP}
        if head == self._same_head[0]:
            return self._same_head[1]
        around = await self._screen.around(("top",), head, _CHUNK_SKIP)
        if head.keys() <= HEAD:
            self._same_head = head, around
        return around

    def more(self, arrived: Arrived) -> list[Ready] | None:
        """Screen a chunk that differs from the last one in a piece of content only.

        None where it does not, or where that takes longer than a step: then it is for ``take``.
        """
        plain = self._plain
        if plain is None or self._first:
            return None
        chunk, piece = arrived if isinstance(arrived, More) else (arrived, piece_of(arrived))
        if piece is None:
            return None
        if chunk is not plain.chunk:
            if not alike(plain.chunk, chunk):
                return None
            self._plain = plain._replace(chunk=chunk)
        text = self._screen.content(chunk["choices"][0].get("index", 0), piece)
        if text is None:
            return None
        return [plain.before + write(text) + plain.after] if text else []

    async def _choice(self, choice: dict[str, Any]) -> list[dict[str, Any]]:
        """Screen one choice; its end goes out later, with the label and after the record."""
        index, delta = choice.get("index", 0), choice.get("delta") or {}
        state = self._screen.choice(index)
        if choice.get("logprobs"):
            self._screen.queue_logprobs(index, choice["logprobs"], delta)
        out: dict[str, Any] = await self._screen.around(("choice", index), choice, _CHOICE_SKIP)
        out = {key: value for key, value in out.items() if value is not None}
        delta = await self._screen.delta(index, delta)
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and state.finish is None:
            state.finish = await self._screen.word("finish_reason", finish)
            await self._screen.turns.over(index)
        return await self._said(index, delta, out)

    async def _said(
        self, index: int, delta: dict[str, Any], around: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Return what a choice says now, in a list; an empty one if that is nothing."""
        probs = await self._screen.ready_logprobs(index)
        if probs is not None:
            around["logprobs"] = probs
        if not delta and not around:
            return []
        return [{"index": index, **around, "delta": delta, "finish_reason": None}]

    async def rest(self) -> list[dict[str, Any]]:
        """Return what was held, when the stream is over.

        Not when a choice says that it is finished: some servers go on after that, and a number
        may be finished then.
        """
        choices: list[dict[str, Any]] = []
        for index in list(self._screen.choices):
            delta = await self._screen.rest((index,))
            around = await self._screen.rest(("choice", index))
            choices += await self._said(index, delta, around)
        self._tail = await self._screen.rest(("top",))
        return [self._out({**self._head, "choices": [choice]}) for choice in choices]

    def suffixes(self) -> list[dict[str, Any]]:
        """Return the explicit labels, one chunk per choice that takes one."""
        out = []
        for index, choice in self._screen.choices.items():
            explicit = self._label.explicit(calls_tools=choice.calls_tools)
            if explicit == "suffix" and self._said_so_far(index) and not choice.labelled:
                choice.labelled = True
                text = suffix_after(choice.fences.close(), self._label.language)
                content = parted(text) if choice.in_parts else text
                out.append(self._chunk(index, {"content": content}, None))
        return out

    def finish(self, reason: str | None = None) -> list[dict[str, Any]]:
        """Return the last chunks: a finish per choice with the ``aigc`` object, then usage."""
        out = []
        for index, choice in self._screen.choices.items():
            chunk = self._chunk(index, {}, choice.finish or reason or "stop")
            spoken = self._said_so_far(index)
            chunk["aigc"] = self._label.aigc(calls_tools=choice.calls_tools, speaks=spoken)
            out.append(chunk)
        if out:
            out[-1].update(self._tail)
            if self._late_usage is not None:
                out[-1]["usage"] = self._late_usage
        return out + self._usage

    def refused(
        self, refusal: Refusal, lang: Lang, withdraw: list[dict[str, Any]], frame: Frame
    ) -> list[dict[str, Any]]:
        """Return the end of a stream that was stopped: friendly, valid, and saying why.

        What went out before keeps its label, at the very end.
        """
        text, out = refusal.text(lang), []
        for index in sorted({*self._screen.choices, *range(frame.choices)}):
            choice = self._screen.choice(index)
            delta: dict[str, Any]
            if frame.json_mode:
                delta = {"refusal": text}
            elif self._said_so_far(index):
                fence = choice.fences.close()
                lead = f"\n{fence}\n\n" if fence else "\n\n"
                explicit = self._label.explicit(calls_tools=choice.calls_tools)
                label = suffix_after("", self._label.language) if explicit == "suffix" else ""
                said = lead + text + label
                delta = {"content": parted(said) if choice.in_parts else said}
            else:
                delta = {"content": text}
            out.append(self._chunk(index, delta, None))
            chunk = self._chunk(index, {}, "content_filter")
            chunk["aigc"] = {
                **self._label.aigc(calls_tools=choice.calls_tools),
                "refused": refusal.fields(lang),
                "withdraw": withdraw,
            }
            out.append(chunk)
        return out

    def _said_so_far(self, index: int) -> bool:
        return speaks(self._screen.channels, index)

    def _chunk(self, index: int, delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "finish_reason": finish}
        return self._out({**self._head, "choices": [choice]})

    def _out(self, chunk: dict[str, Any]) -> dict[str, Any]:
        chunk.setdefault("object", "chat.completion.chunk")
        if self._first:
            self._first = False
            chunk["aigc"] = self._label.aigc()
        return chunk


def _plain(chunk: dict[str, Any], head: dict[str, Any]) -> _Plain:
    choice = {"index": chunk["choices"][0].get("index", 0), "delta": {}, "finish_reason": None}
    out = {"object": "chat.completion.chunk", **head, "choices": [choice]}
    return _Plain(chunk, head, *framed(out))
