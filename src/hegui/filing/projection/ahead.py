"""Reading one stretch of entries ahead, so that a disk and a processor do not wait for each other.

Here because only a projection goes through a whole log in one session: the database reads without
holding the interpreter, and the next stretch lies ready when the last one is hashed and counted.
"""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(
    read: Callable[[int, int], T], low: int, high: int, width: int
) -> Generator[T, None, None]:
    """Yield what ``read`` gives for ``[low, high)``, in stretches of ``width``, in order.

    ``read`` runs in one thread of its own: until this ends, the session that it reads from is its
    alone. Errors of ``read`` are raised here, at their place. Close this when you stop early.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="hegui-ahead") as reader:
        coming = reader.submit(read, low, min(high, low + width)) if low < high else None
        while coming is not None:
            found = coming.result()
            low += width
            coming = reader.submit(read, low, min(high, low + width)) if low < high else None
            yield found
