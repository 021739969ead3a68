"""Workers that label content in memory, each in a process that is killed when it is late.

Decoding pictures that others made is where a program meets hostile bytes: it never happens in the
process that serves, and no file can hold a worker longer than its deadline.
"""

import asyncio
import contextlib
import os
import signal
import sys
from typing import Final, NamedTuple

import msgspec

from hegui.labels.whole import Whole
from hegui.runners.child import passed_on
from hegui.runners.frames import HEADER, LIMIT
from hegui.runners.label_work import ANSWER, Job, Labelled, Refused, framed
from hegui.terms import BadRequest, Unavailable, Words

START_SECONDS: Final = 30.0
"""What a worker may take for its start, besides the deadline of its first file."""
_FEW_THREADS: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # what each of an encoder's threads reserves counts as memory
}


class Films(NamedTuple):
    """How films get their notice: by which of FFmpeg's encoders, and how large they may become.

    ``encoder`` is ``auto`` or its name, ``most`` in bytes.
    """

    encoder: str
    most: int


class LabelBench:
    """Labels content in at most ``workers`` processes; they start when they are first needed.

    ``seconds`` is what one file may take, and what one may wait for its turn. With ``films`` the
    workers put notices into films; each then serves for one film, its start within ``seconds``.
    Works under asyncio and uvloop.
    """

    def __init__(
        self, workers: int, seconds: float, memory_mb: int = 1_024, films: Films | None = None
    ) -> None:
        self.seconds = seconds
        self._memory, self._films = memory_mb, films
        self._turn = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

    async def label(self, job: Job) -> Labelled:
        """Return the content with its labels.

        What cannot be labelled is a ``BadRequest``, as is what a worker was killed or died over
        (``label_timeout``, ``label_crashed``). ``Unavailable`` where no worker is free in time.
        """
        try:
            async with asyncio.timeout(self.seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(_BUSY) from None
        try:
            return await self._labelled(job)
        finally:
            self._turn.release()

    def processes(self) -> set[int]:
        """Return the ids of the workers' processes."""
        return {worker.pid for worker in self._all}

    async def close(self) -> None:
        """Kill all workers and wait until they are gone."""
        self._closed = True
        for worker in list(self._all):
            await self._drop(worker)

    async def _labelled(self, job: Job) -> Labelled:
        if self._closed:
            raise Unavailable(_BUSY)
        worker = self._idle.pop() if self._idle else await self._started()
        kept = False
        try:
            patience = self.seconds + (0 if worker.warm or self._films else START_SECONDS)
            async with asyncio.timeout(patience):
                answer = await worker.ask(job)
            kept = worker.warm = self._films is None
        except TimeoutError:
            raise BadRequest(
                _LATE.fill(seconds=f"{self.seconds:g}"), code="label_timeout"
            ) from None
        except (EOFError, OSError, msgspec.MsgspecError):
            raise BadRequest(_DIED, code="label_crashed") from None
        finally:
            if kept and not self._closed:
                self._idle.append(worker)
            else:
                await asyncio.shield(self._drop(worker))
        if isinstance(answer, Refused):
            raise BadRequest(Words(answer.en, answer.zh), code=answer.code)
        return answer

    async def _started(self) -> "_Worker":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *self._program(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**passed_on(os.environ), **_FEW_THREADS},
            start_new_session=True,
        )
        worker = _Worker(process)
        self._all.add(worker)
        return worker

    def _program(self) -> list[str]:
        if self._films is None:
            return ["hegui.runners.label_work", str(self._memory)]
        said = (self._memory, self._films.most, self._films.encoder)
        return ["hegui.runners.film_work", *map(str, said)]

    async def _drop(self, worker: "_Worker") -> None:
        self._all.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        await worker.stop()


class _Worker:
    """One worker process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._process, self._in, self._out = process, process.stdin, process.stdout
        self.pid = process.pid
        self.warm = False

    async def ask(self, job: Job) -> Labelled | Refused:
        """Send a job and wait for the answer."""
        self._in.writelines(framed(job))
        await self._in.drain()
        (size,) = HEADER.unpack(await self._out.readexactly(HEADER.size))
        if size > LIMIT:
            raise msgspec.ValidationError("too large")
        return ANSWER.decode(await self._out.readexactly(size))

    async def stop(self) -> None:
        """Kill the process and collect it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._in.close()
        with contextlib.suppress(OSError):
            await self._in.wait_closed()


__all__ = ["Films", "Job", "LabelBench", "Labelled", "Whole"]

_BUSY: Final = Words(
    en="All labelling workers are busy. Try again shortly.", zh="标识处理繁忙，请稍后再试。"
)
_LATE: Final = Words(
    en="It could not be labelled within {seconds} s; its worker was ended.",
    zh="未能在 {seconds} 秒内完成标识，处理进程已被终止。",
)
_DIED: Final = Words(
    en="The worker that was to label it died over it.", zh="负责标识的处理进程在处理时意外退出。"
)
