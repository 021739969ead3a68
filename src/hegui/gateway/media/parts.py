"""What the media routes are given by whoever builds the gateway."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from hegui.labels.explicit.choosing import Mode
from hegui.runners.film_bench import FilmBench
from hegui.runners.label_bench import LabelBench, Labelled
from hegui.runners.label_frames import Inspection
from hegui.shelf.fetching import Fetcher
from hegui.shelf.shelf import Shelf
from hegui.vault.leases import Leases

T = TypeVar("T")

Agreed = Callable[[str, int], str]
"""Returns the subject of the agreement of that number (Art. 9) which holds at that time (UTC ms).

``BadRequest`` where there is none. The subject is a pseudonym.
"""


class Sealed(NamedTuple):
    """A labelled file with a C2PA manifest of ours, and whether that has a time stamp."""

    labelled: Labelled
    stamp: Literal["", "stamped", "missing"]


class Seals(Protocol):
    """Puts C2PA manifests into labelled files, last (``hegui.app.manifest_apart``)."""

    async def __call__(self, came: bytes | bytearray, told: Inspection) -> Inspection:
        """Do so with a file that a platform's user brought."""
        ...

    async def made(self, came: bytes, labelled: Labelled, *, encoded: bool) -> Sealed | None:
        """Do so with a file that a model made; None where that is not wanted, or cannot be."""
        ...

    def close(self) -> None:
        """End the session with a token, if there is one."""
        ...


@dataclass(slots=True)
class MediaParts:
    """The workers that label, and the agreements on record. ``open`` counts what is under way.

    ``told`` are the media of which the log has said which setting refuses them. ``fetcher`` takes
    files over that model servers name by address, ``shelf`` keeps what is labelled of them,
    and ``takers`` bounds how many tasks have files in memory. ``leases`` say which of several
    gateways takes the files of a task over. ``patience`` is how many seconds one
    who asks for a task waits for its files, before being told that it still runs. ``films`` puts
    the notice into films; where it is None, hegui cannot do that here. ``seals`` puts C2PA
    manifests into files; None without a certificate for them.
    """

    bench: LabelBench
    agreed: Agreed
    shelf: Shelf
    fetcher: Fetcher
    takers: asyncio.Semaphore
    leases: Leases
    patience: float = 20.0
    films: FilmBench | None = None
    seals: Seals | None = None
    open: int = 0
    told: set[str] = field(default_factory=set)
    _under_way: set[asyncio.Task[Any]] = field(default_factory=set)
    _named: dict[str, asyncio.Task[Any]] = field(default_factory=dict)

    def bench_for(self, medium: str, mode: Mode) -> LabelBench | FilmBench:
        """Return the workers for an item: a film that is to get its notice has its own."""
        drawn = medium == "video" and mode == "auto"
        return self.films if drawn and self.films is not None else self.bench

    def once(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Task[T]":
        """Begin work that goes on as ``begun`` says, or join the one of this name under way."""
        task: asyncio.Task[T] | None = self._named.get(name)
        if task is None:
            task = self._named[name] = self.begun(work())
            task.add_done_callback(lambda _: self._named.pop(name, None))
        return task

    def begun(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Begin work that goes on though whoever asked for it leaves; it ends with the service."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return task

    def forget(self, exchange: str) -> None:
        """Hold the films of an exchange no longer: they lie elsewhere, or are not wanted."""
        if self.films is not None:
            self.films.forget(exchange)

    async def close(self) -> None:
        """End what is under way, and the workers."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(set(self._under_way))
        await self.bench.close()
        if self.films is not None:
            await self.films.close()
        if self.seals is not None:
            self.seals.close()

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; where nobody does, nobody need be
