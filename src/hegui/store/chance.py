"""Random bytes of the operating system, drawn in advance.

Every record takes a few: asked for one by one they cost a system call each, and each call hands the
interpreter to another thread and waits to get it back. A pool of them per thread costs one call for
many. They are as random: only the moment at which they are drawn is another.
"""

import os
import threading
from typing import Final

_POOL: Final = 4_096  # bytes


class _Pool(threading.local):
    """One thread's bytes. What was given out is overwritten, so that no key stays behind here."""

    def __init__(self) -> None:
        self.drawn = bytearray()
        self.at = 0


_pool = _Pool()


def random_bytes(count: int) -> bytes:
    """Return ``count`` bytes fit for keys, nonces and salts (``os.urandom``), never given twice."""
    pool = _pool
    end = pool.at + count
    if end > len(pool.drawn):
        if count > _POOL:
            return os.urandom(count)
        pool.drawn, pool.at, end = bytearray(os.urandom(_POOL)), 0, count
    given = bytes(pool.drawn[pool.at : end])
    pool.drawn[pool.at : end] = bytes(count)
    pool.at = end
    return given


def _forget() -> None:
    """Draw anew in a forked child: two processes must never give out the same bytes."""
    global _pool  # noqa: PLW0603 - the pools of all threads at once
    _pool = _Pool()


if hasattr(os, "register_at_fork"):  # Windows forks no process
    os.register_at_fork(after_in_child=_forget)
