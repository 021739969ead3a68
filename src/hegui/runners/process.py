"""A plug-in in a process of its own: with a deadline, killed and restarted, never trusted."""

import asyncio
import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from hegui.runners.child import Child, passed_on
from hegui.runners.frames import (
    LIMIT,
    Failed,
    Found,
    Inspect,
    Load,
    Loaded,
    answer,
    pack,
)
from hegui.terms import DetectorCard, Fault, Findings, Misconfigured, TextColumn, Words

_FIRST_PAUSE: Final = 0.1  # seconds before a second restart in a row; doubled up to the longest
_LONGEST_PAUSE: Final = 30.0


async def _ask(worker: Child, message: Load | Inspect) -> Loaded | Found | Failed:
    """Send a message and wait for the answer."""
    return answer(await worker.ask(pack(message), LIMIT))


class ProcessRunner:
    """Answers asks with a plug-in that runs in a worker process.

    ``deadline_ms`` is what one column may take; waiting for its turn may take as long again. A
    worker that is late, dies or talks nonsense is killed with its children and replaced; the ask
    it failed is answered with a Fault, never left open. Works under asyncio and uvloop. One column
    at a time; for more, run more runners. ``name`` is what records call it, in place of the
    plug-in's own name; modules are looked up in ``folder`` first.
    """

    def __init__(  # noqa: PLR0913 - each is a key of [[screen.detector]], or says where it runs
        self,
        plugin: str,
        options: Mapping[str, Any] | None = None,
        deadline_ms: int = 500,
        *,
        start_ms: int = 60_000,
        environ: Mapping[str, str] | None = None,
        name: str = "",
        folder: Path | None = None,
    ) -> None:
        self._load = Load(plugin, dict(options or {}))
        self._deadline = deadline_ms / 1000
        self._start = start_ms / 1000
        self._environ = dict(passed_on(os.environ) if environ is None else environ)
        self._name = name
        self._folder = folder
        self._card: DetectorCard | None = None
        self._worker: Child | None = None
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._opening: asyncio.Task[None] | None = None
        self._pause = 0.0
        self._closed = False

    @property
    def name(self) -> str:
        """The detector's name; the plug-in's spelling until it is known."""
        return self._card.name if self._card else self._name or self._load.plugin

    @property
    def last_words(self) -> str:
        """The end of what the plug-in printed, for its author. May hold content: never log it."""
        return self._worker.words.decode("utf-8", "replace") if self._worker else ""

    async def start(self) -> DetectorCard:
        """Load the plug-in and return its card. Raises Misconfigured if it cannot be loaded."""
        worker, loaded = await self._open()
        if isinstance(loaded, Failed):
            await worker.stop()
            where = Words(
                "the detector plug-in {plugin!r} cannot be loaded: {reason} {why}",
                "无法加载检测插件 {plugin!r}：{reason} {why}",
            )
            raise Misconfigured(
                where.fill(plugin=self._load.plugin, reason=loaded.reason, why=loaded.why)
            )
        self._worker = worker
        self._card = DetectorCard(
            name=self._name or loaded.name,
            version=loaded.version,
            digest=loaded.digest,
            rules=loaded.rules,
            reach="clause",
            runs="process",
        )
        return self._card

    async def inspect(self, column: TextColumn) -> Findings | Fault:
        """Put a column before the plug-in. Raises nothing of the plug-in's making.

        A caller that is cancelled does not disturb the worker: the answer is waited for and
        dropped.
        """
        if self._closed or self._card is None:
            return Fault(self.name, "not-started")
        return await asyncio.shield(self._keep(self._inspect(column)))

    async def close(self) -> None:
        """Kill the worker and wait until it is gone. Open asks are answered with a Fault."""
        self._closed = True
        if self._opening:
            self._opening.cancel()
        if self._worker:
            await self._worker.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._worker:
            await self._worker.stop()
            self._worker = None

    def _keep(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _inspect(self, column: TextColumn) -> Findings | Fault:
        try:
            async with asyncio.timeout(self._deadline):
                await self._turn.acquire()
        except TimeoutError:
            return Fault(self.name, "busy")
        try:
            worker = await self._ready()
            if worker is None:
                return Fault(self.name, "restarting")
            low, high = column.offsets[0], column.offsets[-1]
            message = Inspect(
                bytes(column.data[low:high]), [int(offset) - low for offset in column.offsets]
            )
            return await self._ask(worker, message)
        finally:
            self._turn.release()

    async def _ask(self, worker: Child, message: Inspect) -> Findings | Fault:
        try:
            async with asyncio.timeout(self._deadline):
                told = await _ask(worker, message)
        except TimeoutError:
            reason = "timeout"
        except (EOFError, OSError):
            reason = "crashed"
        except msgspec.MsgspecError:
            reason = "protocol"
        else:
            self._pause = 0.0
            if isinstance(told, Found):
                return Findings(told.row, told.rule, told.start, told.end, told.score)
            if isinstance(told, Failed):
                return Fault(self.name, told.reason)
            reason = "protocol"
        self._worker = None
        await worker.stop()
        if not self._closed:
            self._opening = self._keep(self._reopen())
        return Fault(self.name, reason)

    async def _ready(self) -> Child | None:
        """Return the worker, waiting for a restart no longer than a column may take."""
        if self._worker is None and self._opening and not self._closed:
            if self._opening.done():
                self._opening = self._keep(self._reopen())
            await asyncio.wait([self._opening], timeout=self._deadline)
        return None if self._closed else self._worker

    async def _reopen(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, self._pause * 2))
        try:
            worker, loaded = await self._open()
        except Misconfigured:
            return
        same = self._card and isinstance(loaded, Loaded) and loaded.digest == self._card.digest
        if same and not self._closed:
            self._worker = worker
        else:  # it cannot be loaded any more, or is not what the panel's digest names
            await worker.stop()

    async def _open(self) -> tuple[Child, Loaded | Failed]:
        """Start a worker and have it load the plug-in. The worker is the caller's to stop."""
        worker = await Child.started("hegui.runners.worker", self._environ, self._folder)
        loaded: Loaded | Found | Failed
        try:
            async with asyncio.timeout(self._start):
                loaded = await _ask(worker, self._load)
        except TimeoutError:
            loaded = Failed("timeout", f"it was not ready after {self._start:g} s")
        except (EOFError, OSError):
            loaded = Failed("crashed", "the worker process ended while loading it")
        except msgspec.MsgspecError:
            loaded = Failed("protocol", "its card is not what hegui expects")
        except BaseException:
            await worker.stop()
            raise
        if isinstance(loaded, Found):
            loaded = Failed("protocol")
        return worker, loaded
