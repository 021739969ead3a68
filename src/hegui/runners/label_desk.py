"""The processes that files of strangers are put before: each has a deadline, is killed, renewed.

One protocol for those that read labels (``label_reader``) and those that write them
(``label_bench``, ``film_bench``). A process says by an empty frame that it is ready. Then each
message has two frames, a text in MessagePack and a file, and so has each answer. Files come and go
in pieces, so that whoever else is served gets a turn.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from hegui.runners.child import Child, passed_on
from hegui.runners.frames import HEADER

START_SECONDS: Final = 30.0
"""What a process may take to be ready; no file waits for that within its own deadline."""

Why: TypeAlias = Literal["busy", "not-started", "late", "crashed", "closed"]


class NoAnswer(Exception):
    """A file got no answer. ``why`` says whose doing that was; the doors have words for it."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Program(NamedTuple):
    """What a process runs; ``lasting``: it serves for more than one file."""

    module: str
    said: Sequence[str] = ()
    environ: Mapping[str, str] | None = None
    lasting: bool = True


class Answer(NamedTuple):
    """What was answered, the file behind it in pieces, and the process that said so."""

    body: bytes
    file: list[bytes]
    child: Child


class Desk:
    """Has at most ``places`` processes at a time; they start when they are first needed.

    ``seconds`` is what one file may take, and what one may wait for its turn. ``killed`` counts
    those that were ended over a file. Works under asyncio and uvloop.
    """

    def __init__(self, program: Program, places: int, seconds: float) -> None:
        self.seconds = seconds
        self.killed = 0
        self._program = program
        self._environ = dict(passed_on(os.environ) if program.environ is None else program.environ)
        self._turn = asyncio.Semaphore(places)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._all: set[Child] = set()
        self._closed = False

    async def ask(self, text: bytes, data: bytes | bytearray, most: int) -> Answer:
        """Put a message and its file before a process; neither part of the answer beyond ``most``.

        ``NoAnswer`` where there is none. Who is cancelled meanwhile leaves a process whose answer
        nobody waits for: it is killed.
        """
        seconds = self.seconds
        try:
            async with asyncio.timeout(seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise NoAnswer("busy") from None
        try:
            child = await self._ready()
            frame = HEADER.pack(len(text)) + text + HEADER.pack(len(data))
            async with self._over(child, seconds):
                return Answer(await child.ask(frame, most, data), await child.rest(most), child)
        finally:
            self._turn.release()

    def processes(self, *, busy: bool = False) -> set[int]:
        """Return the ids of all processes, or of those that have a file."""
        return {child.process.pid for child in (self._busy if busy else self._all)}

    async def retire(self, child: Child) -> None:
        """End a process that answered, and is to get no other file."""
        self.killed += 1
        await asyncio.shield(self._drop(child))

    async def close(self) -> None:
        """Kill all processes and wait until they are gone."""
        self._closed = True
        for child in list(self._all):
            await self._drop(child)

    @contextlib.asynccontextmanager
    async def _over(self, child: Child, seconds: float) -> AsyncIterator[None]:
        """Give a process a file for so long; if that ends without an answer, end the process."""
        self._busy.add(child)
        answered = False
        try:
            async with asyncio.timeout(seconds):
                yield
            answered = True
        except TimeoutError:
            raise NoAnswer("late") from None
        except (EOFError, OSError, msgspec.ValidationError):
            raise NoAnswer("closed" if self._closed else "crashed") from None
        finally:
            self._busy.discard(child)
            if answered and self._program.lasting and not self._closed:
                self._idle.append(child)
            else:
                self.killed += not answered
                await asyncio.shield(self._drop(child))

    async def _ready(self) -> Child:
        while self._idle:
            child = self._idle.pop()
            if child.process.returncode is None:
                return child
            await self._drop(child)
        if self._closed:
            raise NoAnswer("closed")
        try:
            return await self._started()
        except (TimeoutError, EOFError, OSError, msgspec.ValidationError):
            raise NoAnswer("not-started") from None

    async def _started(self) -> Child:
        program, ready = self._program, False
        async with asyncio.timeout(START_SECONDS):
            child = await Child.started(program.module, self._environ, said=program.said)
            self._all.add(child)
            try:
                await child.rest(0)
                if self._closed:  # meanwhile, and did not know of this one yet
                    raise NoAnswer("closed")
                ready = True
            finally:
                if not ready:
                    await asyncio.shield(self._drop(child))
        return child

    async def _drop(self, child: Child) -> None:
        self._all.discard(child)
        if child in self._idle:
            self._idle.remove(child)
        with contextlib.suppress(ProcessLookupError):
            await child.stop()
