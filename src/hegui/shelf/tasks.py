"""Interfaces for tasks, as data: a model server takes a task on, and is asked until it has ended.

One description for each interface in use: at which paths a task is created and asked for, and where
id, state and addresses of media stand in the JSON. An answer is written anew from what the
description names; all else, and with it every address and every text that the server adds, is left
out. The paths are those that the interface's own clients ask for.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

End: TypeAlias = Literal["running", "done", "failed"]

_MOST_ITEMS: Final = 64
_WORD: Final = re.compile(r"[0-9A-Za-z_:+*-]{1,40}(?: [0-9:]{5,8}(?:\.[0-9]{1,6})?)?")
"""A short word, a size or a time: nothing in it can be an address."""
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,200}")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface. Places are dotted paths into the JSON, ``*`` for every entry of a list.

    ``create`` and ``ask`` are patterns of our paths, whose group ``below`` stands behind the model
    server's ``base_url``; in ``ask`` there is a group ``id``. ``media`` are the places of
    addresses; ``ids`` where the task's id stands in answers; ``waits`` and ``fails`` are the words
    by which we say that a task runs, or failed here; ``kept`` are numbers and short words that
    callers may need. ``films`` tells whether what is created below a path are films;
    ``notice`` is where a request says whether the server marks them. ``content``: the file is not
    named by an address but asked for by this path below ``base_url``. ``headers`` are passed
    on from the request that creates.
    """

    name: str
    create: re.Pattern[str]
    ask: re.Pattern[str]
    asked: str
    ids: tuple[str, ...]
    state: str
    done: frozenset[str]
    failed: frozenset[str]
    running: frozenset[str]
    waits: str
    fails: str
    media: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    films: re.Pattern[str] = re.compile("")
    notice: str = ""
    error: str = ""
    content: str = ""
    headers: tuple[str, ...] = ()

    def theirs(self, value: Any) -> str:
        """Return the id that the server gives a task; empty where it gives none that is one."""
        for place in self.ids:
            found = _at(value, place)
            if isinstance(found, str) and _ID.fullmatch(found):
                return found
        return ""

    def end(self, value: Any) -> End | None:
        """Return how far a task is; None for an answer that says nothing of the kind."""
        said = _at(value, self.state)
        if not isinstance(said, str):
            return None
        if said in self.done:
            return "done"
        if said in self.failed:
            return "failed"
        return "running" if said in self.running else None

    def addresses(self, value: Any) -> list[tuple[str, str]]:
        """Return the addresses of media in an answer, each with its place, in order."""
        return [
            (place, found)
            for pattern in self.media
            for place, found in _every(value, pattern)
            if isinstance(found, str) and found
        ]

    def written(
        self, value: Any, task: str, media: Mapping[str, str], state: str = ""
    ) -> dict[str, Any]:
        """Return an answer anew: ``task`` as the id, ``media`` by place, and what is kept.

        ``state`` stands in the place of what the server says of it.
        """
        said: dict[str, Any] = {}
        for pattern in self.kept:
            for place, found in _every(value, pattern):
                if _harmless(found):
                    _put(said, place, found)
        known = self.running | self.done | self.failed
        state = state or _at(value, self.state)
        if isinstance(state, str) and state in known:
            _put(said, self.state, state)
        for place in self.ids if task else ():
            _put(said, place, task)
        for place, address in media.items():
            _put(said, place, address)
        whole: dict[str, Any] = _lists(said)
        return whole


def _harmless(found: Any) -> bool:
    if isinstance(found, str):
        return _WORD.fullmatch(found) is not None
    return found is None or isinstance(found, bool | int | float)


def _at(value: Any, place: str) -> Any:
    for name in place.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _every(value: Any, pattern: str) -> list[tuple[str, Any]]:
    """Return all values at a pattern with the place of each; numbers stand for list entries."""
    found: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for name in pattern.split("."):
        step: list[tuple[tuple[str, ...], Any]] = []
        for place, held in found:
            if name == "*" and isinstance(held, list):
                numbered = enumerate(held[:_MOST_ITEMS])
                step += [((*place, f"#{number}"), entry) for number, entry in numbered]
            elif name != "*" and isinstance(held, dict) and name in held:
                step.append(((*place, name), held[name]))
        found = step
    return [(".".join(place), held) for place, held in found]


def _put(said: dict[str, Any], place: str, value: Any) -> None:
    *way, last = place.split(".")
    for name in way:
        said = said.setdefault(name, {})
    said[last] = value


def _lists(said: Any) -> Any:
    """Turn tables whose keys are numbers of entries into lists."""
    if not isinstance(said, dict):
        return said
    inner = {name: _lists(held) for name, held in said.items()}
    if inner and all(name.startswith("#") for name in inner):
        return [inner[name] for name in sorted(inner, key=lambda name: int(name[1:]))]
    return inner


_VIDEO_USAGE: Final = ("usage.completion_tokens", "usage.total_tokens")

DASHSCOPE: Final = Interface(
    name="dashscope",
    create=re.compile(
        r"/api/v1/(?P<below>services/aigc/[a-z0-9-]{1,60}/[a-z0-9-]{1,60})", re.ASCII
    ),
    ask=re.compile(r"/api/v1/tasks/(?P<id>[^/]{1,200})", re.ASCII),
    asked="tasks/{id}",
    ids=("output.task_id",),
    state="output.task_status",
    running=frozenset({"PENDING", "RUNNING", "SUSPENDED"}),
    done=frozenset({"SUCCEEDED"}),
    failed=frozenset({"FAILED", "CANCELED", "UNKNOWN"}),
    waits="RUNNING",
    fails="FAILED",
    media=(
        "output.results.*.url",
        "output.results.url",
        "output.results.video_url",
        "output.video_url",
        "output.output_image_url",
        "output.image_url",
        "output.choices.*.message.content.*.image",
        "output.choices.*.message.content.*.video",
    ),
    kept=(
        "request_id",
        "output.submit_time",
        "output.scheduled_time",
        "output.end_time",
        "output.task_metrics.TOTAL",
        "output.task_metrics.SUCCEEDED",
        "output.task_metrics.FAILED",
        "output.results.*.code",
        "output.code",
        "usage.image_count",
        "usage.video_count",
        "usage.video_duration",
        "usage.duration",
        "usage.SR",
        "usage.size",
        "usage.size_name",
    ),
    films=re.compile("video"),
    notice="parameters.watermark",
    error="output.code",
    headers=("x-dashscope-async",),
)
"""Aliyun Model Studio: ``POST /api/v1/services/aigc/…``, ``GET /api/v1/tasks/{id}``.

Without ``X-DashScope-Async: enable`` it answers with the media at once.
"""

ZHIPU: Final = Interface(
    name="zhipu",
    create=re.compile(
        r"/api/paas/v4/(?P<below>videos/generations|async/images/generations)", re.ASCII
    ),
    ask=re.compile(r"/api/paas/v4/async-result/(?P<id>[^/]{1,200})", re.ASCII),
    asked="async-result/{id}",
    ids=("id",),
    state="task_status",
    running=frozenset({"PROCESSING"}),
    done=frozenset({"SUCCESS"}),
    failed=frozenset({"FAIL"}),
    waits="PROCESSING",
    fails="FAIL",
    media=("video_result.*.url", "video_result.*.cover_image_url", "image_result.*.url"),
    kept=("model", "request_id", "created"),
    films=re.compile("videos"),
    notice="watermark_enabled",
    error="error.code",
)
"""Zhipu BigModel: ``POST /api/paas/v4/videos/generations``, ``GET …/async-result/{id}``."""

ARK: Final = Interface(
    name="ark",
    create=re.compile(r"/api/v3/(?P<below>contents/generations/tasks)", re.ASCII),
    ask=re.compile(r"/api/v3/contents/generations/tasks/(?P<id>[^/]{1,200})", re.ASCII),
    asked="contents/generations/tasks/{id}",
    ids=("id",),
    state="status",
    running=frozenset({"queued", "running"}),
    done=frozenset({"succeeded"}),
    failed=frozenset({"failed", "cancelled", "expired"}),
    waits="running",
    fails="failed",
    media=("content.video_url", "content.last_frame_url", "content.image_url"),
    kept=(
        "model",
        "created_at",
        "updated_at",
        "seed",
        "resolution",
        "ratio",
        "duration",
        "framespersecond",
        "error.code",
        *_VIDEO_USAGE,
    ),
    notice="watermark",
    error="error.code",
)
"""Volcengine Ark: ``POST /api/v3/contents/generations/tasks``, ``GET …/tasks/{id}``."""

OPENAI_VIDEOS: Final = Interface(
    name="openai-videos",
    create=re.compile(r"/v1/(?P<below>videos)", re.ASCII),
    ask=re.compile(r"/v1/videos/(?P<id>[^/]{1,200})(?P<content>/content)?", re.ASCII),
    asked="videos/{id}",
    ids=("id",),
    state="status",
    running=frozenset({"queued", "in_progress"}),
    done=frozenset({"completed"}),
    failed=frozenset({"failed"}),
    waits="in_progress",
    fails="failed",
    kept=(
        "object",
        "model",
        "progress",
        "created_at",
        "completed_at",
        "size",
        "seconds",
        "quality",
        "error.code",
    ),
    error="error.code",
    content="videos/{id}/content",
)
"""OpenAI: ``POST /v1/videos``, ``GET /v1/videos/{id}``, ``GET /v1/videos/{id}/content``."""

INTERFACES: Final[Mapping[str, Interface]] = {
    one.name: one for one in (DASHSCOPE, ZHIPU, ARK, OPENAI_VIDEOS)
}
"""By the name that ``media_tasks`` in the settings gives them."""

_Found: TypeAlias = tuple[Interface, re.Match[str]]


def creating(path: str) -> _Found | None:
    """Return the interface at whose path a task is created."""
    return _first(path, lambda one: one.create)


def asking(path: str) -> _Found | None:
    """Return the interface at whose path a task is asked for."""
    return _first(path, lambda one: one.ask)


def _first(path: str, pattern: Callable[[Interface], re.Pattern[str]]) -> _Found | None:
    interfaces: Sequence[Interface] = tuple(INTERFACES.values())
    matches = ((one, pattern(one).fullmatch(path)) for one in interfaces)
    return next(((one, found) for one, found in matches if found is not None), None)
