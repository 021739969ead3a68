"""A chat request as the practice model understands it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hegui.terms import Lang

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
_HAN_COUNTS = 3  # a Han character says as much as three letters, and a mask may stand in between


@dataclass(frozen=True, slots=True)
class Asked:
    """A chat request, as far as the practice model understands it."""

    model: str
    last_user: str
    choices: int = 1
    stream: bool = False
    include_usage: bool = False
    logprobs: bool = False
    thinks: bool = False
    tool: Mapping[str, Any] | None = None
    format: Mapping[str, Any] = field(default_factory=dict)
    prompt_chars: int = 0

    @property
    def lang(self) -> Lang:
        """The language of the question."""
        han, latin = len(_HAN.findall(self.last_user)), len(_LATIN.findall(self.last_user))
        return "zh" if _HAN_COUNTS * han > latin else "en"


class Refused(Exception):
    """What the practice model answers instead: an OpenAI error object."""

    def __init__(self, status: int, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        kind = "invalid_request_error" if status < 500 else "server_error"  # noqa: PLR2004 - HTTP
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def understood(body: Any) -> Asked:
    """Return what a request body asks for; ``Refused`` when it is no chat request."""
    if not isinstance(body, dict):
        raise Refused(400, "The body is not a JSON object.", "invalid_request")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "'messages' must be a list of messages.", "invalid_request", "messages")
    texts = [(m.get("role"), _text(m.get("content"))) for m in messages if isinstance(m, dict)]
    asks = [text for role, text in texts if role == "user"]
    options = body.get("stream_options") or {}
    return Asked(
        model=str(body.get("model", "")),
        last_user=asks[-1] if asks else "",
        choices=max(1, int(body.get("n") or 1)),
        stream=bool(body.get("stream")),
        include_usage=bool(options.get("include_usage")),
        logprobs=bool(body.get("logprobs")),
        thinks="thinking" in str(body.get("model")) or bool(body.get("reasoning_effort")),
        tool=_tool(body, texts[-1][0] if texts else ""),
        format=body.get("response_format") or {},
        prompt_chars=sum(len(text) for _role, text in texts),
    )


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    return content if isinstance(content, str) else ""


def _tool(body: Mapping[str, Any], last_role: Any) -> Mapping[str, Any] | None:
    tools, choice = body.get("tools"), body.get("tool_choice")
    if not isinstance(tools, list) or not tools or choice == "none" or last_role == "tool":
        return None
    wanted = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    named = [t for t in tools if t.get("function", {}).get("name") == wanted]
    found: Mapping[str, Any] = (named or tools)[0]
    return found
