"""How a model server fails, and what the caller is told of it.

Here because whatever is asked of a server, chat, pictures, speech or its list of models, fails in
the same few ways.
"""

import aiohttp

from hegui.settings import Upstream
from hegui.terms import Unavailable, Words

_UNREACHABLE = Words(
    en="The model server `{name}` could not be reached. Try again later.",
    zh="无法连接模型服务“{name}”。请稍后再试。",
)
_SLOW = Words(
    en="The model server `{name}` did not answer in time. Try again later.",
    zh="模型服务“{name}”未在时限内应答。请稍后再试。",
)
_ODD = Words(
    en="The model server `{name}` answered with something that is not the OpenAI API.",
    zh="模型服务“{name}”的应答不符合 OpenAI 接口格式。",
)
_DIED = Words(
    en="The model server `{name}` broke off its reply.",
    zh="模型服务“{name}”中断了回复。",
)
_SAID_NO = Words(
    en="The model server `{name}` refused the request (HTTP {status}).",
    zh="模型服务“{name}”拒绝了请求（HTTP {status}）。",
)

_CALLER_STATUS = frozenset({400, 404, 413, 422})  # the request itself is at fault


class UpstreamFailed(Unavailable):
    """The model server failed. ``status`` is what the caller is answered with."""

    def __init__(self, words: Words, *, status: int = 502, code: str = "upstream_failed") -> None:
        super().__init__(words)
        self.status = status
        self.code = code


def odd(upstream: Upstream) -> UpstreamFailed:
    """Return the error for an answer that is not what the OpenAI API says."""
    return UpstreamFailed(_ODD.fill(name=upstream.name))


def broke_off(upstream: Upstream) -> UpstreamFailed:
    """Return the error for an answer that ended before it was whole."""
    return UpstreamFailed(_DIED.fill(name=upstream.name))


def fell_silent(upstream: Upstream) -> UpstreamFailed:
    """Return the error for an answer that fell silent."""
    return UpstreamFailed(_SLOW.fill(name=upstream.name), status=504, code="upstream_timeout")


def said_no(upstream: Upstream, status: int) -> UpstreamFailed:
    """Return the error for an answer with another status than 200."""
    words = _SAID_NO.fill(name=upstream.name, status=status)
    if status in _CALLER_STATUS:
        return UpstreamFailed(words, status=status, code="upstream_rejected")
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        return UpstreamFailed(words, status=429, code="rate_limit_exceeded")
    return UpstreamFailed(words)


class Named:
    """Turns the client library's errors into ``UpstreamFailed`` while it is entered."""

    __slots__ = ("_died", "_name")

    def __init__(self, name: str, *, died: bool = False) -> None:
        self._name, self._died = name, died

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TimeoutError):
            words = _SLOW.fill(name=self._name)
            raise UpstreamFailed(words, status=504, code="upstream_timeout") from None
        if isinstance(error, aiohttp.ClientError | OSError):
            words = _DIED if self._died else _UNREACHABLE
            raise UpstreamFailed(words.fill(name=self._name)) from None
