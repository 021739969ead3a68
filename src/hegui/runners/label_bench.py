"""Workers that label content in memory, each in a process that is killed when it is late.

Decoding pictures that others made is where a program meets hostile bytes: it never happens in the
process that serves, and no file can hold a worker longer than its deadline.
"""

import os
from typing import Final, NamedTuple

import msgspec

from hegui.labels.whole import Whole
from hegui.runners.child import passed_on
from hegui.runners.frames import LIMIT
from hegui.runners.label_desk import Desk, NoAnswer, Program
from hegui.runners.label_work import ANSWER, Job, Labelled, Refused, filled, packed, without
from hegui.terms import BadRequest, Unavailable, Words

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
    workers put notices into films; each then serves for one film. Works under asyncio and uvloop.
    """

    def __init__(
        self, workers: int, seconds: float, memory_mb: int = 1_024, films: Films | None = None
    ) -> None:
        environ = {**passed_on(os.environ), **_FEW_THREADS}
        program = Program("hegui.runners.label_work", (str(memory_mb),), environ)
        if films is not None:
            said = (str(memory_mb), str(films.most), films.encoder)
            program = Program("hegui.runners.film_work", said, environ, lasting=False)
        self._desk = Desk(program, workers, seconds)

    @property
    def seconds(self) -> float:
        """What one file may take, and what one may wait for its turn."""
        return self._desk.seconds

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self._desk.seconds = seconds

    async def label(self, job: Job) -> Labelled:
        """Return the content with its labels.

        What cannot be labelled is a ``BadRequest``, as is what a worker was killed or died over
        (``label_timeout``, ``label_crashed``). ``Unavailable`` where no worker is free in time, or
        none can be started.
        """
        try:
            said = await self._desk.ask(packed(without(job)), job.data, LIMIT)
            answer = ANSWER.decode(said.body)
        except NoAnswer as none:
            if none.why == "late":
                words = _LATE.fill(seconds=f"{self.seconds:g}")
                raise BadRequest(words, code="label_timeout") from None
            if none.why == "crashed":
                raise BadRequest(_DIED, code="label_crashed") from None
            raise Unavailable(_BUSY) from None
        except msgspec.MsgspecError:
            raise BadRequest(_DIED, code="label_crashed") from None
        if isinstance(answer, Refused):
            raise BadRequest(Words(answer.en, answer.zh), code=answer.code)
        return filled(answer, b"".join(said.file))

    def processes(self, *, busy: bool = False) -> set[int]:
        """Return the ids of the workers' processes, or of those that have a file."""
        return self._desk.processes(busy=busy)

    async def close(self) -> None:
        """Kill all workers and wait until they are gone."""
        await self._desk.close()


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
