"""The desk: what is no program of ours gets no file."""

import asyncio
import os
import sys
from contextlib import suppress

import pytest

from hegui.labels.text import implicit
from hegui.runners.child import Child, passed_on
from hegui.runners.label_desk import Desk, NoAnswer, Program
from hegui.runners.label_work import Job, packed
from hegui.testing.pictures import png


@pytest.mark.parametrize("module", ["hegui.nothing_here", "this"])
async def test_a_program_that_does_not_start_or_speaks_otherwise_gets_no_file(module: str) -> None:
    desk = Desk(Program(module), 1, 5)
    for _ in range(2):  # and the turn is given back
        with pytest.raises(NoAnswer) as caught:
            await desk.ask(b"", b"film", 1_000)
        assert caught.value.why == "not-started"
        assert desk.processes() == set()
    await desk.close()
    with pytest.raises(NoAnswer) as caught:
        await desk.ask(b"", b"film", 1_000)
    assert caught.value.why == "closed"


async def test_a_process_that_starts_while_the_desk_is_closed_gets_no_file() -> None:
    desk = Desk(Program("hegui.runners.label_work", ("512",)), 1, 30)
    text = packed(Job(b"", implicit("001191110102MACQD9K64010000", "x-1"), "auto"))
    asking = asyncio.ensure_future(desk.ask(text, png(), 1_000_000))
    await asyncio.sleep(0)
    assert desk.processes() == set()  # it is being made
    await desk.close()
    with pytest.raises(NoAnswer) as caught:
        await asking
    assert caught.value.why == "closed"
    assert desk.processes() == set()


class Renumbered:
    """A child that is over and was collected, whose number a stranger has got."""

    returncode = 0

    def __init__(self, over: asyncio.subprocess.Process, pid: int) -> None:
        self.stdin, self.stdout, self.stderr = over.stdin, over.stdout, over.stderr
        self.pid = pid

    async def wait(self) -> int:
        return self.returncode


async def test_a_stranger_who_got_the_number_of_a_child_that_is_over_is_left_alone() -> None:
    over = await Child.started("this", passed_on(os.environ))
    await over.process.wait()
    stranger = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        child = Child(Renumbered(over.process, stranger.pid))  # type: ignore[arg-type] - as far as it is asked
        await child.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await stranger.wait()
        assert stranger.returncode is None
    finally:
        with suppress(ProcessLookupError):
            stranger.kill()
        await stranger.communicate()
        await over.stop()
