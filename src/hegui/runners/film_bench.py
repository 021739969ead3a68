"""Films on their way through the workers that put a notice into them: each of them once.

Encoding takes long, and what comes after it (storage, the next file of a task) may fail. So what
was made of a film is held for whoever asks for it again, within bounds, and two who ask at once
share the work.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final

from hegui.runners.label_bench import Films, Job, LabelBench, Labelled

HELD_SECONDS: Final = 600.0
"""How long a film is held at most after it was made, unless it is forgotten before."""

_Key = tuple[str, str]


@dataclass(slots=True)
class _Work:
    task: "asyncio.Task[Labelled]"
    waiting: int = 0
    timer: asyncio.TimerHandle | None = None


class FilmBench:
    """Labels films in at most ``workers`` processes at a time; each serves for one film.

    ``seconds`` is what one film may take, and what one may wait for its turn. A film is known by
    the number in its label and by its bytes. As much is held as one film may have bytes.
    """

    def __init__(self, workers: int, seconds: float, memory_mb: int, films: Films) -> None:
        self.bench = LabelBench(workers, seconds, memory_mb, films)
        self.begun = 0
        self._most = films.most
        self._works: dict[_Key, _Work] = {}

    async def label(self, job: Job) -> Labelled:
        """Return the film with its labels, as ``LabelBench.label`` does.

        When nobody waits for a film any longer, its worker is killed.
        """
        digest = await asyncio.to_thread(lambda: hashlib.sha256(job.data).hexdigest())
        key = (job.ours.ProduceID, digest)
        work = self._works.get(key)
        if work is None:
            self.begun += 1
            loop = asyncio.get_running_loop()
            work = self._works[key] = _Work(loop.create_task(self.bench.label(job)))
        work.waiting += 1
        try:
            made = await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            await self._left(key, work)
        self._hold(key, work)
        return made

    def forget(self, exchange: str) -> None:
        """Hold the films of an exchange no longer; what is under way stays."""
        for key in [one for one in self._held() if one[0].rpartition("-")[0] == exchange]:
            self._drop(key)

    def held(self) -> int:
        """Return the bytes of all films that are held."""
        return sum(self._works[key].task.result().size for key in self._held())

    def processes(self, *, busy: bool = False) -> set[int]:
        """Return the ids of the workers' processes, or of those that have a film."""
        return self.bench.processes(busy=busy)

    async def close(self) -> None:
        """Kill all workers, wait until they are gone, and hold nothing."""
        works = [work.task for work in self._works.values()]
        for task in works:
            task.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        for key in list(self._works):
            self._drop(key)
        await self.bench.close()

    async def _left(self, key: _Key, work: _Work) -> None:
        """Drop what failed, and end what nobody waits for."""
        task = work.task
        if not task.done() and not work.waiting:
            if self._works.get(key) is work:
                self._drop(key)  # first: who asks from now on begins anew, and does not end with it
            task.cancel()
            await asyncio.shield(asyncio.wait([task]))
        failed = task.done() and (task.cancelled() or task.exception() is not None)
        if failed and self._works.get(key) is work:
            self._drop(key)

    def _hold(self, key: _Key, work: _Work) -> None:
        """Hold a film that was made, instead of the oldest ones where they are too many."""
        if work.timer is None and self._works.get(key) is work:
            work.timer = asyncio.get_running_loop().call_later(HELD_SECONDS, self._drop, key)
        while self.held() > self._most:
            self._drop(self._held()[0])

    def _held(self) -> list[_Key]:
        return [key for key, work in self._works.items() if _made(work.task)]

    def _drop(self, key: _Key) -> None:
        work = self._works.pop(key, None)
        if work is not None and work.timer is not None:
            work.timer.cancel()


def _made(task: "asyncio.Task[Labelled]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
