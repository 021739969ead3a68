"""Listening to the tap: what the model was asked, and what it sent."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

Note = dict[str, Any]
_COUNTED_IN = 20.0  # seconds within which the tap must have counted a listener in
_STRAGGLERS = 0.15  # seconds for the last notes, which race the end of the reply
_LAST = 5.0  # seconds that a call which was heard has to be heard of to its end


class Ear:
    """Listens to taps for the length of a ``with`` block. ``hear`` is told each note as it comes.

    ``asked`` is what the newest call put to the model, ``None`` when nothing reached it; ``sent``
    is the text that the model sent.
    """

    def __init__(self, urls: Sequence[str], hear: Callable[[Note], None] | None = None) -> None:
        self._urls = urls
        self._hear = hear
        self._tasks: list[asyncio.Future[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self.asked: str | None = None
        self.sent = ""
        self._open = 0
        self._quiet = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Start to listen; when this returns, nothing that follows is missed."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        ready = [asyncio.Event() for _ in self._urls]
        self._tasks = [
            asyncio.ensure_future(self._listen(url, counted))
            for url, counted in zip(self._urls, ready, strict=True)
        ]
        for counted in ready:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(counted.wait(), _COUNTED_IN)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hear the stragglers, then stop."""
        if kind is None:
            await asyncio.sleep(_STRAGGLERS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST):
                    while self._open > 0:
                        await self._quiet.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _listen(self, url: str, counted: asyncio.Event) -> None:
        assert self._session is not None
        with contextlib.suppress(aiohttp.ClientError):
            async with self._session.get(url) as reply:
                async for note in _lines(reply):
                    counted.set()
                    self._take(note)

    def _take(self, note: Note) -> None:
        self._count(note)
        if note.get("e") == "asked":
            self.asked, self.sent = str(note["text"]), ""
        elif note.get("e") == "piece":
            self.sent += str(note["text"])
        else:
            return
        if self._hear:
            self._hear(note)

    def _count(self, note: Note) -> None:
        change = {"asked": 1, "end": -1}.get(str(note.get("e")), 0)
        self._open = max(0, self._open + change)  # what is no question has an end, too
        if self._open > 0:
            self._quiet.clear()
        else:
            self._quiet.set()


async def _lines(reply: aiohttp.ClientResponse) -> AsyncIterator[Note]:
    async for line in reply.content:
        yield json.loads(line)
