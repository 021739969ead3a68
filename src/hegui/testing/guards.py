"""A server of guard models that speaks each one's documented output format, and misbehaves.

It judges by plain words: a text that holds one of ``words`` gets that label. What it is sent is
kept in ``seen``, so that a test can tell what left the house.
"""

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from hegui.testing.line import Line

WORDS: Mapping[str, Mapping[str, str]] = {
    "qwen3guard": {
        "violent": "Violent",
        "selfharm": "Suicide & Self-Harm",
        "grey": "Unethical Acts",
    },
    "llama-guard-3": {"violent": "S1", "hateful": "S10"},
    "shieldgemma": {"violent": "Dangerous", "hateful": "Hate"},
    "granite-guardian-3.3": {"violent": "violence", "insulting": "profanity"},
    "injection": {"ignore your instructions": "yes"},
    "policy-yes-no": {"lottery": "yes"},
    "policy": {"lottery": "fraud", "wager": "gambling"},
}
"""For each preset, words that a judged text may hold, and what its model then says."""

GREY = "grey"
"""The word that Qwen3Guard's stand-in finds controversial, not unsafe."""


@dataclass
class GuardServer:
    """An ASGI app that serves one guard model as the preset ``speaks`` documents it.

    ``how`` names a misbehaviour: ``slow``, ``status`` (answers with ``status``), ``garbage``,
    ``half`` (JSON that breaks off), ``html``, ``no-choices``, ``null``, ``wrong-label``,
    ``declines`` (the model declines to judge), ``chatty``, ``cut`` (reached its token limit),
    ``drops`` (hangs up), ``huge``. It may be changed while it serves; ``times`` limits it to the
    next so many requests. ``logprobs`` tells whether log probabilities are given.
    """

    speaks: str = "qwen3guard"
    model: str = "guard"
    how: str = ""
    status: int = 500
    times: int = 1_000_000
    pause: float = 0.0
    key: str = ""
    logprobs: bool = True
    share: float = 0.9
    seen: list[dict[str, Any]] = field(default_factory=list)
    open: int = 0
    most_open: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        line = Line(receive, send)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        body = await line.body()
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            await line.json(401, {"error": {"message": "wrong key"}})
            return
        if scope["path"].endswith("/models"):
            await line.json(200, {"object": "list", "data": [{"id": self.model}]})
            return
        asked = json.loads(body)
        self.seen.append(asked)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        watch = asyncio.ensure_future(line.watch())
        try:
            await self._answer(asked, line)
        finally:
            watch.cancel()
            self.open -= 1

    async def _answer(self, asked: dict[str, Any], line: Line) -> None:
        how = self.how if self.times > 0 else ""
        self.times -= bool(how)
        await line.pause(self.pause)
        if how == "slow":
            await line.pause(None)
        if how == "drops":
            raise ConnectionResetError("on purpose")
        if how == "status":
            await line.json(self.status, {"error": {"message": "on purpose"}})
        elif how == "html":
            await line.start(200, "text/html")
            await line.write(b"<!doctype html><title>Sign in</title>", more=False)
        elif how in _BROKEN:
            await line.start(200, "application/json")
            await line.write(_BROKEN[how], more=False)
        else:
            await line.json(200, self._completion(asked, how))

    def _completion(self, asked: Mapping[str, Any], how: str) -> dict[str, Any]:
        text, places = self.says(asked)
        text = _SAYS.get(how, text)
        finish = "length" if how == "cut" or asked.get("max_tokens") == 1 else "stop"
        message = {"role": "assistant", "content": None if how == "null" else text}
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        if places and asked.get("logprobs") and self.logprobs:
            choice["logprobs"] = {"content": places}
        head = {"id": "chatcmpl-guard", "object": "chat.completion", "created": 1}
        choices = [] if how == "no-choices" else [choice]
        return {**head, "model": self.model, "choices": choices}

    def says(self, asked: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """Return what the model says to a request, and its log probabilities, token by token."""
        last = asked["messages"][-1]
        met = [said for word, said in WORDS[self.speaks].items() if word in last["content"]]
        reply = last["role"] == "assistant"
        speaks = self.speaks
        if speaks == "qwen3guard":
            return _qwen(met, grey=GREY in last["content"], reply=reply), []
        if speaks == "llama-guard-3":
            return "\n\nunsafe\n" + ",".join(met) if met else "\n\nsafe", []
        if speaks == "policy":
            return json.dumps({"labels": met}), []
        if speaks == "shieldgemma":
            about = asked["chat_template_kwargs"]["guideline"]
            return self._yes_or_no(any(said in about for said in met), "Yes", "No")
        if speaks == "granite-guardian-3.3":
            about = asked["chat_template_kwargs"]["guardian_config"]["criteria_id"]
            word, places = self._yes_or_no(about in met, "yes", "no")
            tag = [_place("<score>", 0.0), _place(" ", 0.0)]
            return f"<think>\n</think>\n<score> {word} </score>", [*tag, *places]
        return self._yes_or_no(bool(met), "yes", "no")

    def _yes_or_no(self, yes: bool, one: str, other: str) -> tuple[str, list[dict[str, Any]]]:  # noqa: FBT001 - a fact
        said, unsaid = (one, other) if yes else (other, one)
        place = _place(said, math.log(self.share))
        place["top_logprobs"].append({"token": unsaid, "logprob": math.log(1 - self.share)})
        return said, [place]


def _place(token: str, logprob: float) -> dict[str, Any]:
    top = [{"token": token, "logprob": logprob, "bytes": list(token.encode())}]
    return {"token": token, "logprob": logprob, "top_logprobs": top}


def _qwen(met: list[str], *, grey: bool, reply: bool) -> str:
    level = ("Controversial" if grey else "Unsafe") if met else "Safe"
    lines = [f"Safety: {level}", f"Categories: {', '.join(met) or 'None'}"]
    return "\n".join([*lines, "Refusal: No"] if reply else lines)


_SAYS = {
    "wrong-label": "Safety: Unsafe\nCategories: Gardening\n",
    "declines": "I'm sorry, but I cannot help with that.",
    "chatty": "Sure! Here is my verdict.\nSafety: Safe\nCategories: None\nHave a nice day!",
}
_BROKEN = {
    "garbage": b"\xff\xfe{not json",
    "half": b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Safety: Sa',
    "huge": b'{"choices": [{"finish_reason": "stop", "message": {"content": "Safety: Safe\\n'
    b'Categories: None"}}], "pad": "' + b"x" * 2_000_000 + b'"}',
}
