import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hegui.labels.formats.png import PNG
from hegui.runners.label_frames import Broken, Read, Report
from hegui.runners.label_reader import LabelReader
from hegui.terms import Unavailable
from hegui.testing import pictures
from hegui.testing.labelled import LABEL, labelled
from hegui.testing.stopwatch import Stopwatch

GOOD = Read("a.png"), labelled(PNG, pictures.samples()["png"])
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[LabelReader]:
    made = LabelReader(deadline=60)
    yield made
    await made.close()


def verdict(told: object) -> str:
    assert isinstance(told, Report), told
    return told.state


async def test_a_label_is_read_in_another_process(reader: LabelReader) -> None:
    assert LabelReader().pid is None, "nobody brought a file yet"
    told = await reader.ask(*GOOD)
    assert verdict(told) == "compliant"
    assert isinstance(told, Report)
    assert told.labels[0].raw == LABEL.inner()
    assert reader.pid not in (None, os.getpid())


async def test_a_process_that_hangs_is_killed_at_the_deadline_and_renewed() -> None:
    reader = LabelReader(deadline=60)
    await reader.ask(*GOOD)
    hung = reader.pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    reader._desk.seconds = 2.0
    with Stopwatch() as watch:
        assert await reader.ask(*GOOD) == Broken("late")
        assert watch.seconds < 4
    reader._desk.seconds = 60
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
    assert verdict(await reader.ask(*GOOD)) == "compliant"
    assert (reader.killed, reader.pid == hung) == (1, False)
    await reader.close()


async def test_a_process_that_dies_meanwhile_is_told_and_renewed(reader: LabelReader) -> None:
    await reader.ask(*GOOD)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)  # or a busy machine may have it answer before it dies
    asked = asyncio.ensure_future(reader.ask(Read("a.bin"), bytes(8 << 20)))
    await asyncio.sleep(0.001)
    os.kill(reader.pid, signal.SIGKILL)
    assert await asked == Broken("crashed")
    assert verdict(await reader.ask(*GOOD)) == "compliant"
    (idle,) = reader._desk._idle
    os.kill(reader.pid, signal.SIGKILL)
    await idle.process.wait()
    assert verdict(await reader.ask(*GOOD)) == "compliant", "one that died unseen is renewed unseen"


async def test_memory_beyond_the_bound_ends_the_file_and_not_the_service() -> None:
    reader = LabelReader(deadline=60, memory=80 << 20)
    assert verdict(await reader.ask(*GOOD)) == "compliant"
    told = await reader.ask(Read("a.bin"), bytes(60 << 20))
    assert told in (Broken("memory"), Broken("crashed"))
    assert verdict(await reader.ask(*GOOD)) == "compliant"
    await reader.close()


async def test_who_waits_longer_than_a_file_may_take_is_told_to_come_again() -> None:
    reader = LabelReader(deadline=60)
    await reader.ask(*GOOD)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    reader._desk.seconds = 0.5
    crowd = [asyncio.ensure_future(reader.ask(*GOOD)) for _ in range(4)]
    told = await asyncio.gather(*crowd, return_exceptions=True)
    assert told[0] == Broken("late")
    assert any(isinstance(one, Unavailable) for one in told[1:])
    await reader.close()
    with pytest.raises(Unavailable):
        await reader.ask(*GOOD)


async def test_who_is_in_the_middle_when_the_service_stops_is_told_to_come_again() -> None:
    reader = LabelReader(deadline=60)
    await reader.ask(*GOOD)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    asked = asyncio.ensure_future(reader.ask(*GOOD))
    await asyncio.sleep(0.01)
    await reader.close()
    with pytest.raises(Unavailable):
        await asked
    assert reader.pid is None


async def test_a_caller_who_leaves_does_not_get_his_answer_given_to_the_next(
    reader: LabelReader,
) -> None:
    await reader.ask(*GOOD)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)  # it does not answer before he leaves
    left = asyncio.ensure_future(reader.ask(Read("a.bin"), bytes(8 << 20)))
    await asyncio.sleep(0.001)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert verdict(await reader.ask(*GOOD)) == "compliant"
