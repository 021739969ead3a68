"""Reading labels of strangers' files in a process of its own: with a deadline, killed, renewed.

One file at a time; who waits for a turn longer than a file may take is told so. The process is
started by the first file, so a service that nobody brings files to has none.
"""

import os
from collections.abc import Mapping
from typing import Final

import msgspec

from hegui.runners.child import passed_on
from hegui.runners.label_desk import Desk, NoAnswer, Program
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
        known = passed_on(os.environ) if environ is None else environ
        program = Program(_MODULE, environ={**known, MEMORY: str(memory)})
        self._desk = Desk(program, 1, deadline)

    @property
    def pid(self) -> int | None:
        """The process that reads, if there is one."""
        return next(iter(self._desk.processes()), None)

    @property
    def killed(self) -> int:
        """How many processes were ended over a file."""
        return self._desk.killed

    async def ask(
        self, message: Read | Inspect, data: bytes | bytearray
    ) -> Report | Inspection | Broken:
        """Put a file before the process. ``Unavailable`` where it cannot be started, or is busy.

        Who is cancelled meanwhile leaves a process whose answer nobody waits for: it is killed.
        """
        try:
            told = await self._desk.ask(pack(message), data, MOST_ANSWER)
        except NoAnswer as none:
            if none.why in ("late", "crashed"):
                return Broken(none.why)
            words = BUSY if none.why == "busy" else _NOT_STARTED
            raise Unavailable(words, after=int(self._desk.seconds)) from None
        try:
            said = answer(told.body)
        except msgspec.MsgspecError:
            said = Broken("crashed")
        if isinstance(said, Broken):
            await self._desk.retire(told.child)
        elif isinstance(said, Inspection):
            said.file = told.file
        return said

    async def close(self) -> None:
        """Kill the process and wait until it is gone."""
        await self._desk.close()


BUSY: Final = Words(
    en="Too many files are being read at this moment. Nothing of yours was kept; please try again "
    "shortly.",
    zh="当前正在读取的文件过多。您的文件没有留存，请稍后再试。",
)
_NOT_STARTED: Final = Words(
    en="Files cannot be read at this moment. Nothing of yours was kept; please try again later.",
    zh="暂时无法读取文件。您的文件没有留存，请稍后再试。",
)
