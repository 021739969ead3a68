"""The short way of a plain reply in which nothing was found, and which is shaped as nearly all are.

The long way walks through every field, whatever a server may have put there. Where all fields are
OpenAI's own, and each is a clean text, a small number or nothing, that walk would change nothing.
What is not sure here goes the long way.
"""

from typing import Any, Final

from hegui.gateway.digits import LONG_NUMBER
from hegui.gateway.fields import COUNTS, PINNED, TEXTS, WORDS, is_time
from hegui.gateway.reply import ReplyScreen

_TOP: Final = PINNED | {"created", "choices", "usage"}
_CHOICE: Final = frozenset({"index", "message", "finish_reason", "logprobs"})
_EMPTY: Final = frozenset({"tool_calls", "annotations"})  # may be an empty list
_NONE: Final = _EMPTY | TEXTS | {"function_call", "audio"}  # may be null


def let_out(screen: ReplyScreen, incoming: dict[str, Any]) -> bool:
    """Let a completion out as it is, and note what it says; False where only the long way can."""
    if not screen.plain or not incoming.keys() <= _TOP:
        return False
    if not all(_head(screen, key, value) for key, value in incoming.items()):
        return False
    choices = incoming["choices"]
    if len({choice.get("index") for choice in choices} - {None}) < len(choices):
        return False  # the long way knows what to do without an index, or with the same one twice
    if not all(_choice(screen, choice) for choice in choices):
        return False
    for choice in choices:
        screen.choice(choice["index"])
        for name, text in choice["message"].items():
            if name in TEXTS and text is not None:
                screen.let_out(choice["index"], name, text)
    return True


def _head(screen: ReplyScreen, key: str, value: Any) -> bool:
    if key == "choices":
        return True
    if key == "usage":
        return value is None or _counts(value)
    if key == "object":
        return _word(key, value)
    return value is None or screen.clean(value) or is_time(key, value)


def _counts(held: Any, *, details: bool = True) -> bool:
    return (
        isinstance(held, dict)
        and held.keys() <= COUNTS
        and all(
            value is None or _small(value) or (details and _counts(value, details=False))
            for value in held.values()
        )
    )


def _small(value: Any) -> bool:
    return type(value) is int and -LONG_NUMBER < value < LONG_NUMBER


def _choice(screen: ReplyScreen, choice: dict[str, Any]) -> bool:
    message = choice.get("message")
    return (
        choice.keys() <= _CHOICE
        and choice.get("logprobs") is None
        and _word("finish_reason", choice.get("finish_reason"))
        and isinstance(message, dict)
        and all(_said(screen, name, value) for name, value in message.items())
    )


def _word(name: str, value: Any) -> bool:
    return isinstance(value, str) and value in WORDS[name]


def _said(screen: ReplyScreen, name: str, value: Any) -> bool:
    if name == "role":
        return _word(name, value)
    if name in TEXTS and isinstance(value, str):
        return screen.clean(value)
    return (value is None and name in _NONE) or (value == [] and name in _EMPTY)
