import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hegui.labels.formats.png import PNG
from hegui.runners.label_frames import Broken, Read, Report
from hegui.runners.label_reader import LabelReader
from hegui.runners.label_worker import reply
from hegui.terms import Unavailable
from hegui.testing import pictures
from hegui.testing.hostile_files import hostile_files
from hegui.testing.labelled import LABEL, labelled

GOOD = Read("a.png", labelled(PNG, pictures.samples()["png"]))
HOSTILE = hostile_files()


@pytest.fixture
async def reader() -> AsyncIterator[LabelReader]:
    made = LabelReader()
    yield made
    await made.close()


def verdict(told: object) -> str:
    assert isinstance(told, Report), told
    return told.state


async def test_a_label_is_read_in_another_process(reader: LabelReader) -> None:
    assert reader.pid is None, "nobody brought a file yet"
    told = await reader.ask(GOOD)
    assert verdict(told) == "compliant"
    assert isinstance(told, Report)
    assert told.labels[0].raw == LABEL.inner()
    assert reader.pid not in (None, os.getpid())


async def test_no_hostile_file_keeps_the_next_one_from_being_read(reader: LabelReader) -> None:
    for name, data in HOSTILE.items():
        told = await reader.ask(Read(name, data))
        assert isinstance(told, Report), (name, told)
        assert told.state in ("inconclusive", "not_found", "noncompliant"), (name, told.state)
        assert len(told.labels) <= 20
    assert verdict(await reader.ask(GOOD)) == "compliant"
    assert reader.killed == 0, "our own bounds were enough"


async def test_a_process_that_hangs_is_killed_at_the_deadline_and_renewed() -> None:
    reader = LabelReader(deadline=2.0)
    await reader.ask(GOOD)
    hung = reader.pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    began = time.monotonic()
    assert await reader.ask(GOOD) == Broken("late")
    assert time.monotonic() - began < 4
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
    assert verdict(await reader.ask(GOOD)) == "compliant"
    assert (reader.killed, reader.pid == hung) == (1, False)
    await reader.close()


async def test_a_process_that_dies_meanwhile_is_told_and_renewed(reader: LabelReader) -> None:
    await reader.ask(GOOD)
    asked = asyncio.ensure_future(reader.ask(Read("a.bin", bytes(8 << 20))))
    await asyncio.sleep(0.001)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    assert await asked == Broken("crashed")
    assert verdict(await reader.ask(GOOD)) == "compliant"


async def test_one_that_died_between_two_files_is_renewed_unseen(reader: LabelReader) -> None:
    await reader.ask(GOOD)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert verdict(await reader.ask(GOOD)) == "compliant"


async def test_memory_beyond_the_bound_ends_the_file_and_not_the_service() -> None:
    reader = LabelReader(memory=80 << 20)
    assert verdict(await reader.ask(GOOD)) == "compliant"
    told = await reader.ask(Read("a.bin", bytes(60 << 20)))
    assert told in (Broken("memory"), Broken("crashed"))
    assert verdict(await reader.ask(GOOD)) == "compliant"
    await reader.close()


async def test_who_waits_longer_than_a_file_may_take_is_told_to_come_again() -> None:
    reader = LabelReader(deadline=0.5)
    first = asyncio.ensure_future(reader.ask(GOOD))
    await first
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    crowd = [asyncio.ensure_future(reader.ask(GOOD)) for _ in range(4)]
    told = await asyncio.gather(*crowd, return_exceptions=True)
    assert told[0] == Broken("late")
    assert any(isinstance(one, Unavailable) for one in told[1:])
    await reader.close()
    with pytest.raises(Unavailable):
        await reader.ask(GOOD)


async def test_who_is_in_the_middle_when_the_service_stops_is_told_to_come_again() -> None:
    reader = LabelReader()
    await reader.ask(GOOD)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    asked = asyncio.ensure_future(reader.ask(GOOD))
    await asyncio.sleep(0.01)
    await reader.close()
    with pytest.raises(Unavailable):
        await asked
    assert reader.pid is None


async def test_a_caller_who_leaves_does_not_get_his_answer_given_to_the_next(
    reader: LabelReader,
) -> None:
    await reader.ask(GOOD)
    left = asyncio.ensure_future(reader.ask(Read("a.bin", bytes(8 << 20))))
    await asyncio.sleep(0.001)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert verdict(await reader.ask(GOOD)) == "compliant"


def test_the_process_writes_no_file_and_leaves_no_core_dump() -> None:
    script = (
        "import resource; from hegui.runners.label_worker import bounded; bounded(0);"
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)  # noqa: S603 - our own script
    assert told.stdout.decode().split() == ["(0,", "0)", "(0,", "0)"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE) != (0, 0), "and not in this process"


def test_what_is_answered_is_bounded_and_legible_whatever_a_label_holds() -> None:
    evil = LABEL.inner().replace('"a-1"', '"' + "\\u202e\\u0000<b>" * 900 + '"')
    page = f"<meta name=AIGC content='{evil}'>".encode() * 30
    told = reply(Read("a.html", page))
    assert isinstance(told, Report)
    assert (told.count, len(told.labels)) == (30, 20)
    for label in told.labels:
        assert len(label.raw) <= 2_001
        assert label.fields is not None
        assert all(len(value) <= 401 and value.isprintable() for value in label.fields.values())


def test_an_error_of_our_own_is_an_answer_and_not_the_end() -> None:
    nothing: Any = None
    assert reply(Read("a.png", nothing)) == Broken("error")
