"""A plain reply: screened whole, labelled, or replaced by a refusal."""

from typing import Any, NamedTuple

from hegui.gateway import ordinary
from hegui.gateway.channels import parted
from hegui.gateway.labelling import ReplyLabel
from hegui.gateway.refusals import Refusal
from hegui.gateway.reply import ReplyScreen
from hegui.labels.text import suffix_after
from hegui.terms import Lang

_TOP_SKIP = frozenset({"choices", "usage", "aigc"})
_CHOICE_SKIP = frozenset({"index", "message", "finish_reason", "logprobs"})


async def screened(screen: ReplyScreen, incoming: dict[str, Any]) -> dict[str, Any]:
    """Return a completion with every string of it judged. Raises ``Refused``."""
    screen.foresee(incoming)
    if ordinary.let_out(screen, incoming):
        return incoming
    return await walked(screen, incoming)


async def walked(screen: ReplyScreen, incoming: dict[str, Any]) -> dict[str, Any]:
    """Return a completion with every string of it judged, field by field. Raises ``Refused``."""
    out: dict[str, Any] = await screen.around(("top",), incoming, _TOP_SKIP, complete=True)
    out["choices"] = [await _choice(screen, choice) for choice in incoming["choices"]]
    if "usage" in incoming:
        out["usage"] = await screen.usage(incoming["usage"])
    return out


async def _choice(screen: ReplyScreen, choice: dict[str, Any]) -> dict[str, Any]:
    index, message = choice.get("index", 0), choice.get("message") or {}
    if choice.get("logprobs"):
        screen.queue_logprobs(index, choice["logprobs"], message)
    out: dict[str, Any] = await screen.around(
        ("choice", index), choice, _CHOICE_SKIP, complete=True
    )
    out["index"] = index
    out["message"] = await screen.message(index, message)
    finish = choice.get("finish_reason")
    out["finish_reason"] = (
        await screen.word("finish_reason", finish) if isinstance(finish, str) else None
    )
    if "logprobs" in choice:
        out["logprobs"] = await screen.ready_logprobs(index)
    return out


def labelled(screen: ReplyScreen, completion: dict[str, Any], label: ReplyLabel) -> dict[str, Any]:
    """Return the completion with its labels, explicit where a choice takes one, and implicit."""
    calls_tools, speaks = False, True
    for choice in completion["choices"]:
        state = screen.choice(choice["index"])
        calls_tools = calls_tools or state.calls_tools
        message = choice["message"]
        said = isinstance(message.get("content"), str | list) and message["content"]
        speaks = speaks and bool(said)
        if label.explicit(calls_tools=state.calls_tools) == "suffix" and said:
            text = suffix_after(state.fences.close(), label.language)
            message["content"] += parted(text) if state.in_parts else text
    completion["aigc"] = label.aigc(calls_tools=calls_tools, speaks=speaks)
    return completion


class Frame(NamedTuple):
    """What a reply of our own making needs to know of the request."""

    model: str
    created: int
    choices: int
    json_mode: bool


def refused(refusal: Refusal, lang: Lang, frame: Frame, aigc: dict[str, Any]) -> dict[str, Any]:
    """Return a completion that says why there is none; in JSON mode as ``refusal``."""
    text = refusal.text(lang)
    message = {
        "role": "assistant",
        "content": None if frame.json_mode else text,
        "refusal": text if frame.json_mode else None,
    }
    return {
        "id": f"chatcmpl-{refusal.number}",
        "object": "chat.completion",
        "created": frame.created,
        "model": frame.model,
        "choices": [
            {"index": n, "message": message, "logprobs": None, "finish_reason": "content_filter"}
            for n in range(frame.choices)
        ],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "aigc": {**aigc, "refused": refusal.fields(lang), "withdraw": []},
    }


def as_chunks(body: dict[str, Any], *, usage: bool) -> list[dict[str, Any]]:
    """Return a refused completion as the chunks of a stream; the usage last, where asked for."""
    head = {key: body[key] for key in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    out = []
    for choice in body["choices"]:
        delta = {key: value for key, value in choice["message"].items() if value is not None}
        said = {"index": choice["index"], "delta": delta, "finish_reason": None}
        out.append({**head, "choices": [said], "aigc": body["aigc"]})
        end = {"index": choice["index"], "delta": {}, "finish_reason": "content_filter"}
        out.append({**head, "choices": [end], "aigc": body["aigc"]})
    return [*out, {**head, "choices": [], "usage": body["usage"]}] if usage else out
