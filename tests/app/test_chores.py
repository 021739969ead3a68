"""What a service does beside answering ends before its files are closed."""

import asyncio
import threading

from hegui.app.chores import Chores
from hegui.app.threads import in_thread


async def turns() -> None:
    """Let whoever can go on now do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_chore_in_a_thread_is_waited_for_though_all_are_told_to_end_twice() -> None:
    chores, begun, go_on, done = Chores(), threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        go_on.wait(60)
        done.append(True)

    async def chore() -> None:
        await in_thread(work)

    chores.repeat(chore, 3600)
    await asyncio.to_thread(begun.wait, 60)
    chores.cancel()
    await turns()
    ending = asyncio.ensure_future(chores.end())
    await turns()
    go_on.set()
    await ending
    assert done == [True]
