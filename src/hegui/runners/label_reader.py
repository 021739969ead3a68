"""Reading labels of strangers' files in a process of its own: with a deadline, killed, renewed.

One file at a time; who waits for a turn longer than a file may take is told so. The process is
started by the first file, so a service that nobody brings files to has none.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from typing import Final

import msgspec

from hegui.runners.child import Child, passed_on
from hegui.runners.frames import HEADER
from hegui.runners.label_frames import (
    MOST_ANSWER,
    Broken,
    Inspect,
    Inspection,
    Read,
    Report,
    answer,
    pack,
)
from hegui.runners.label_worker import MEMORY
from hegui.terms import Unavailable, Words

DEADLINE: Final = 10.0
"""Seconds that one file may take, and waiting for a turn as long again."""
BYTES: Final = 512 * 1024 * 1024
"""Bytes of address space of the process: a file of 20 MiB, its metadata and Python itself."""
_START: Final = 30.0  # seconds for the process to be ready
_MODULE: Final = "hegui.runners.label_worker"


class LabelReader:
    """Answers with what a file says, or with ``Broken`` and why there is no answer.

    The reasons: ``late`` (it was killed at its deadline), ``crashed``, ``memory``, ``error``,
    ``read-back``. Whatever a file does, the next one finds a process. ``killed`` counts.
    """

    def __init__(
        self,
        deadline: float = DEADLINE,
        memory: int = BYTES,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._deadline = deadline
        self._environ = dict(passed_on(os.environ) if environ is None else environ)
        self._environ[MEMORY] = str(memory)
        self._child: Child | None = None
        self._turn = asyncio.Lock()
        self._closed = False
        self.killed = 0

    @property
    def pid(self) -> int | None:
        """The process that reads, if there is one."""
        return self._child.process.pid if self._child is not None else None

    async def ask(
        self, message: Read | Inspect, data: bytes | bytearray
    ) -> Report | Inspection | Broken:
        """Put a file before the process. ``Unavailable`` where it cannot be started, or is busy.

        Who is cancelled meanwhile leaves a process whose answer nobody waits for: it is killed.
        """
        try:
            async with asyncio.timeout(self._deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(BUSY, after=int(self._deadline)) from None
        try:
            answered = False
            try:
                told = await self._asked(await self._ready(), message, data)
                answered = not isinstance(told, Broken)
            finally:
                if not answered and self._child is not None:
                    self.killed += 1
                    await asyncio.shield(self._stop())
            if self._closed:
                raise Unavailable(_NOT_STARTED)
            return told
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Kill the process and wait until it is gone."""
        self._closed = True
        await self._stop()

    async def _ready(self) -> Child:
        if self._closed:
            raise Unavailable(BUSY)
        if self._child is not None and self._child.process.returncode is not None:
            await self._stop()
        if self._child is None:
            try:
                async with asyncio.timeout(_START):
                    self._child = await Child.started(_MODULE, self._environ)
                    await _put(self._child, Read(""), b"")  # answered once it has read its code
                    await self._child.rest(0)
            except (TimeoutError, EOFError, OSError, msgspec.MsgspecError):
                await self._stop()
                raise Unavailable(_NOT_STARTED, after=10) from None
        return self._child

    async def _asked(
        self, child: Child, message: Read | Inspect, data: bytes | bytearray
    ) -> Report | Inspection | Broken:
        try:
            async with asyncio.timeout(self._deadline):
                told = answer(await _put(child, message, data))
                file = await child.rest(MOST_ANSWER)
                if isinstance(told, Inspection):
                    told.file = file
                return told
        except TimeoutError:
            return Broken("late")
        except (EOFError, OSError, msgspec.MsgspecError):
            return Broken("crashed")

    async def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                await child.stop()


async def _put(child: Child, message: Read | Inspect, data: bytes | bytearray) -> bytes:
    """Send a request and its file; return the body of the answer."""
    return await child.ask(pack(message) + HEADER.pack(len(data)), MOST_ANSWER, data)


BUSY: Final = Words(
    en="Too many files are being read at this moment. Nothing of yours was kept; please try again "
    "shortly.",
    zh="当前正在读取的文件过多。您的文件没有留存，请稍后再试。",
)
_NOT_STARTED: Final = Words(
    en="Files cannot be read at this moment. Nothing of yours was kept; please try again later.",
    zh="暂时无法读取文件。您的文件没有留存，请稍后再试。",
)
