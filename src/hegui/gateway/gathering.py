"""Join the pieces of a text that arrived in one network read: they are screened in one go.

A model behind a fast network, or one that answers from a cache, sends many small chunks at a time.
They say the same joined, and cost one scan and one event instead of dozens. Chunks that carry
anything else than a piece of content are left as they are, in their order.
"""

from typing import Any

_PLAIN_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
_PLAIN_DELTA = frozenset({"content"})


def gathered(group: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the chunks of one read, neighbours that only add content to one choice joined."""
    if len(group) == 1:
        return group
    out: list[dict[str, Any]] = []
    pieces: list[str] = []
    for chunk in group:
        piece = piece_of(chunk)
        if pieces and piece is not None and alike(out[-1], chunk):
            pieces.append(piece)
            continue
        _put(out, pieces)
        out.append(chunk)
        pieces = [] if piece is None else [piece]
    _put(out, pieces)
    return out


def _put(out: list[dict[str, Any]], pieces: list[str]) -> None:
    if len(pieces) > 1:
        last = out[-1]
        choice = {**last["choices"][0], "delta": {"content": "".join(pieces)}}
        out[-1] = {**last, "choices": [choice]}


def piece_of(chunk: dict[str, Any]) -> str | None:
    """Return the content that a chunk adds to its only choice, if it does nothing else."""
    choices = chunk["choices"]
    if len(choices) != 1:
        return None
    choice = choices[0]
    delta = choice.get("delta")
    if not delta or not choice.keys() <= _PLAIN_CHOICE or delta.keys() != _PLAIN_DELTA:
        return None
    if choice.get("finish_reason") is not None or choice.get("logprobs") is not None:
        return None
    content = delta["content"]
    return content if isinstance(content, str) else None


def alike(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether two chunks differ in nothing but the content of their choice."""
    return left["choices"][0].get("index", 0) == right["choices"][0].get("index", 0) and (
        {**left, "choices": None} == {**right, "choices": None}
    )
