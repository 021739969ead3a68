"""Work in threads: beside the loop, or never left alone by whoever asked for it."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from hegui.terms import HeguiError

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def off_loop(work: Callable[[], None]) -> None:
    """Do work in a thread; who is cancelled does not wait for it."""
    await asyncio.get_running_loop().run_in_executor(None, work)


async def in_thread(work: Callable[[], T]) -> T:
    """Do work in a thread, and wait for its end even when cancelled.

    A thread goes on all the same, with the files that it has open: what is stopped only when it
    holds none any more has to wait for it.
    """
    done = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        if not done.cancelled() and (error := done.exception()) is not None:
            # nobody waits for it any more; an error of ours is how a thread breaks off when told to
            level = logging.INFO if isinstance(error, HeguiError) else logging.WARNING
            _log.log(level, "what was cancelled in a thread ended with %s", type(error).__name__)
        raise
