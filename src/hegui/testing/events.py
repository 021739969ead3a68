"""The practice model's replies in OpenAI's shapes, and as bytes on the wire."""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hegui.testing.asked import Asked
from hegui.testing.hostile import Manner
from hegui.testing.replies import Reply

_OVERSIZED = 8_000_000
_SHRED = 7  # never a multiple of three, so that Han characters are cut
_ALTERNATIVE = "。"
_NOISE = {1: "data: {not json", 3: "no colon on this line"}


def dumps(value: object, indent: int | None = None) -> bytes:
    """Return JSON in UTF-8. Lone surrogates, which UTF-8 cannot hold, go as escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent).encode()


def usage(asked: Asked, replies: Sequence[Reply]) -> dict[str, int]:
    """Return made-up but plausible token counts: about one for every two characters."""
    said = sum(len("".join(reply.content + reply.reasoning)) for reply in replies) // 2 + 1
    read = asked.prompt_chars // 2 + 1
    return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


def logprobs(piece: str) -> dict[str, Any]:
    """Return the log probabilities of one piece, each with an alternative."""

    def entry(token: str, value: float) -> dict[str, Any]:
        spelt = list(token.encode("utf-8", "replace"))
        return {"token": token, "logprob": value, "bytes": spelt}

    top = [entry(piece, -0.1), entry(_ALTERNATIVE, -2.5)]
    return {"content": [{**entry(piece, -0.1), "top_logprobs": top}], "refusal": None}


def completion(asked: Asked, replies: Sequence[Reply], head: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a plain reply."""
    choices = []
    for index, reply in enumerate(replies):
        choice: dict[str, Any] = {
            "index": index,
            "message": reply.message(),
            "logprobs": None,
            "finish_reason": reply.finish,
        }
        if asked.logprobs and reply.content:
            parts = [logprobs(piece)["content"][0] for piece in reply.content]
            choice["logprobs"] = {"content": parts, "refusal": None}
        choices.append(choice)
    return {
        **head,
        "object": "chat.completion",
        "choices": choices,
        "usage": usage(asked, replies),
    }


def chunks(asked: Asked, replies: Sequence[Reply], head: dict[str, Any]) -> Iterator[Any]:
    """Yield the chunks of a streamed reply, the choices by turns. Endless if one choice is."""
    head = {**head, "object": "chat.completion.chunk"}
    tail = {"usage": None} if asked.include_usage else {}
    for turn in itertools.zip_longest(*(reply.deltas() for reply in replies)):
        for index, delta in enumerate(turn):
            if delta is None:
                continue
            choice = {"index": index, "delta": delta, "finish_reason": None}
            if asked.logprobs:
                piece = delta.get("content")
                choice["logprobs"] = logprobs(piece) if piece else None
            yield {**head, "choices": [choice], **tail}
    for index, reply in enumerate(replies):
        choice = {"index": index, "delta": {}, "finish_reason": reply.finish}
        yield {**head, "choices": [choice], **tail}
    if asked.include_usage:
        yield {**head, "choices": [], "usage": usage(asked, replies)}


def oversized(head: dict[str, Any]) -> dict[str, Any]:
    """Return a chunk that holds far more than any client should accept."""
    delta = {"content": "长" * _OVERSIZED}
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return {**head, "object": "chat.completion.chunk", "choices": [choice]}


def event(value: object, number: int, manner: Manner) -> bytes:
    """Return one stream event as bytes, in the manner asked for. ``[DONE]`` is a string."""
    end = manner.line_end
    if isinstance(value, str):
        return f"data: {value}{end}{end}".encode()
    body = dumps(value, 1 if manner.multi_line else None).decode()
    lines = [f"data: {line}{end}" for line in body.split("\n")]
    if manner.comments:
        lines = [f": still here{end}", f"id: {number}{end}", f"retry: 3000{end}", *lines]
    if manner.garbage and number in _NOISE:
        lines = [f"{_NOISE[number]}{end}{end}", *lines]
    return "".join([*lines, end]).encode()


def shreds(data: bytes) -> Iterator[bytes]:
    """Cut bytes so that many characters fall into two packets."""
    return (data[at : at + _SHRED] for at in range(0, len(data), _SHRED))
