"""The practice model's tasks: the four interfaces that hegui speaks, with made media behind them.

Its answers are as the interfaces' own: with addresses of media, and texts that nobody has judged,
in more places than a client looks at.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from hegui.testing.line import Line
from hegui.testing.media_host import FILES

SPOKEN_BY_NOBODY: Final = "a rewritten prompt that nobody has judged"
_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "dashscope": ("RUNNING", "SUCCEEDED", "FAILED"),
    "zhipu": ("PROCESSING", "SUCCESS", "FAIL"),
    "ark": ("running", "succeeded", "failed"),
    "openai-videos": ("in_progress", "completed", "failed"),
}
"""The words for a task that runs, is done, failed."""


@dataclass(slots=True)
class Asked:
    """A request that reached the server."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def json(self) -> dict[str, Any]:
        """What it says, if that is JSON."""
        said: dict[str, Any] = json.loads(self.body)
        return said


@dataclass(slots=True)
class PracticeTasks:
    """An ASGI app: ``/api/v1``, ``/api/paas/v4``, ``/api/v3`` and ``/v1/videos``.

    ``media`` is the address of the host of media, ``results`` the paths on it that tasks of a model
    result in, ``/film.mp4`` for any other; ``polls`` how often those of a model are asked for until
    they are done, once for any other. The model ``fails`` fails, ``endless`` is never done, ``odd``
    answers with something else. DashScope's answers at once to who does not ask for a task.
    ``content`` is what a film is that the server hands out itself; ``request_id`` is DashScope's.
    """

    media: str = ""
    results: dict[str, Sequence[str]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    content: bytes = FILES["/film.mp4"][1]
    request_id: str = "r-1"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        line = Line(receive, send)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        request = Asked(scope["method"], scope["path"], headers, await line.body())
        self.asked.append(request)
        interface = _interface(request.path)
        if request.method == "POST":
            await line.json(200, self._created(interface, request))
        elif request.path.endswith("/content"):
            await line.start(200, "video/mp4", content_length=str(len(self.content)))
            await line.write(self.content, more=False)
        else:
            await line.json(200, self._told(interface, request.path.rpartition("/")[2]))

    def addresses(self, model: str) -> list[str]:
        """Return the addresses that a task results in, signed as object stores sign them."""
        paths = self.results.get(model, ("/film.mp4",))
        return [f"{self.media}{path}?Expires=1&Signature=s3cr3t" for path in paths]

    def _created(self, interface: str, request: Asked) -> dict[str, Any]:
        number = f"theirs-{len(self.models) + 1}"
        model = request.json["model"] if request.body.startswith(b"{") else "practice-film"
        self.models[number], self.counts[number] = model, 0
        if model == "odd":
            return {"message": "no task here", "address": self.addresses(model)[0]}
        if interface == "dashscope" and "x-dashscope-async" not in request.headers:
            return _at_once(self.addresses(model)) | self._numbered(interface)
        return _shaped(interface, number, _WORDS[interface][0], [])

    def _told(self, interface: str, number: str) -> dict[str, Any]:
        self.counts[number] += 1
        running, done, failed = _WORDS[interface]
        model = self.models[number]
        if model == "fails":
            return _shaped(interface, number, failed, []) | {"detail": self.addresses(model)}
        if model == "endless" or self.counts[number] < self.polls.get(model, 1):
            return _shaped(interface, number, running, [])
        return _shaped(interface, number, done, self.addresses(model)) | self._numbered(interface)

    def _numbered(self, interface: str) -> dict[str, Any]:
        return {"request_id": self.request_id} if interface == "dashscope" else {}


def _interface(path: str) -> str:
    if path.startswith("/api/v1/"):
        return "dashscope"
    if path.startswith("/api/paas/"):
        return "zhipu"
    return "ark" if path.startswith("/api/v3/") else "openai-videos"


def _at_once(media: Sequence[str]) -> dict[str, Any]:
    """Return the answer of DashScope's interface to who does not ask for a task."""
    content = [*({"image": url} for url in media), {"text": SPOKEN_BY_NOBODY}]
    message = {"role": "assistant", "content": content}
    choices = [{"finish_reason": "stop", "message": message}]
    return {"request_id": "r-1", "output": {"choices": choices}, "usage": {"image_count": 1}}


def _shaped(interface: str, number: str, state: str, media: Sequence[str]) -> dict[str, Any]:
    """Return an answer as the interface writes it, with more in it than clients ask for."""
    more = {"trace": {"source": list(media)}, "prompt": SPOKEN_BY_NOBODY}
    if interface == "dashscope":
        results = [{"url": url, "actual_prompt": SPOKEN_BY_NOBODY} for url in media]
        output = {"task_id": number, "task_status": state, "results": results, **more}
        return {"request_id": "r-1", "output": output, "usage": {"image_count": len(media)}}
    if interface == "zhipu":
        results = [{"url": url, "cover_image_url": ""} for url in media]
        return {"id": number, "task_status": state, "video_result": results, **more}
    if interface == "ark":
        content = {"video_url": media[0]} if media else {}
        return {"id": number, "status": state, "content": content, "duration": 5, **more}
    return {
        "id": number,
        "object": "video",
        "model": "practice-film",
        "status": state,
        "progress": 100 if media else 50,
        "created_at": 1_764_000_000,
        "size": "720x1280",
        "seconds": "4",
        **more,
    }
