"""Chunks that do nothing but add a piece of content to one choice: nearly all of a stream."""

from typing import Any, Final, NamedTuple

from hegui.gateway.jsonbody import write

MARK: Final = "\u2402"  # stands for the content while a frame is made
HEAD: Final = frozenset("id object created model system_fingerprint service_tier provider".split())
"""What stands around the choices of each chunk and is the same in all of them."""
_PLAIN_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
_PLAIN_DELTA = frozenset({"content"})


class More(NamedTuple):
    """A chunk that repeats ``chunk``, with ``text`` as the content of its only choice."""

    chunk: dict[str, Any]
    text: str

    def whole(self) -> dict[str, Any]:
        """Return the chunk as the model's server sent it."""
        return with_content(self.chunk, self.text)


def with_content(chunk: dict[str, Any], text: str) -> dict[str, Any]:
    """Return a chunk with another piece of content in its only choice."""
    return {**chunk, "choices": [{**chunk["choices"][0], "delta": {"content": text}}]}


def framed(chunk: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return a chunk as JSON, without the content of its only choice: what stands on either side.

    The choices must come last in it.
    """
    before, _, after = write(with_content(chunk, MARK)).rpartition(write(MARK))
    return before, after


def piece_of(chunk: dict[str, Any]) -> str | None:
    """Return the content that a chunk adds to its only choice, if it does nothing else.

    A text of any other name around the choices may go on with each chunk, though it says the same.
    """
    choices = chunk["choices"]
    if len(choices) != 1 or not all(map(_still, chunk.items())):
        return None
    choice = choices[0]
    delta = choice.get("delta")
    if not delta or not choice.keys() <= _PLAIN_CHOICE or delta.keys() != _PLAIN_DELTA:
        return None
    if choice.get("finish_reason") is not None or choice.get("logprobs") is not None:
        return None
    content = delta["content"]
    return content if isinstance(content, str) else None


def _still(field: tuple[str, Any]) -> bool:
    name, value = field
    return name in HEAD or name == "choices" or not isinstance(value, str | dict | list)


def alike(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether two chunks differ in nothing but the content of their choice."""
    return left["choices"][0].get("index", 0) == right["choices"][0].get("index", 0) and (
        {**left, "choices": None} == {**right, "choices": None}
    )
