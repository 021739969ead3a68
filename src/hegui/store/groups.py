"""Groups: one thread that makes items durable in groups, whatever the database.

One transaction costs one fsync, whether it holds one item or two thousand. While a commit waits
for the disk, the next items gather; so the group grows with the load by itself.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from hegui.terms import Corrupt, HeguiError, Unavailable, Words

T = TypeVar("T")
R = TypeVar("R")
_Waiter: TypeAlias = Future[R] | asyncio.Future[R]

_log = logging.getLogger(__name__)

_QUEUE_FULL = Words(
    en="{waiting} records wait to be written; no more are taken. Try again shortly.",
    zh="已有 {waiting} 条记录等待写入，暂不接收新记录。请稍后再试。",
)
_CLOSED = Words(en="The database is being closed.", zh="数据库正在关闭。")

_CROWD = 16  # items that must have come within _CROWD_SECONDS for the next group to be waited for
_CROWD_SECONDS = 0.016
_LINGER = 0.001  # seconds, where they only just come so fast; four times that at twice the rate
_GROUP = 64  # items; where so many wait, there is a group without waiting for it
PROVE_SECONDS: Final = 2.0


def linger(took: float, last: int, waiting: int) -> float:
    """Return for how many seconds the next group is waited for, at most four thousandths.

    ``took``: in how many seconds the last ``_CROWD`` items came; ``last``: how many of them were in
    the last group (who hands in one after the other, alone, waits for nobody); ``waiting``: how
    many more wait.

    A commit costs about the same for ten items as for one. On a disk that syncs fast, groups would
    never grow by themselves, and the processor would do little else than commit. The faster items
    come, the nearer the processor is to its limit, and the more a wait gathers.
    """
    if took >= _CROWD_SECONDS or last < 2 or waiting >= _GROUP:  # noqa: PLR2004 - more than one
        return 0.0
    return _LINGER * (_CROWD_SECONDS / max(took, _CROWD_SECONDS / 2)) ** 2


@dataclass(slots=True)
class Metrics:
    """What the writer has done since it started. Written by its thread only."""

    commits: int = 0
    items: int = 0
    failed: int = 0
    last_commit_seconds: float = 0.0


class Groups(Generic[T, R]):
    """Makes items durable in the order in which they were handed in, whatever the database.

    A result is given out only when its transaction is durable (Art. 14 para. 2: records are
    preserved). When the queue is full, or the disk, every waiting item gets ``Unavailable`` and
    nothing of it is kept. An item that cannot be written for a reason of its own fails alone. The
    thread lives on in every case. Whoever derives from this is ready when it calls ``__init__``.

    ``trouble`` is why the last group was not written, where the disk or the server was to blame;
    None once anything was written since. While nothing is handed in, every ``prove`` seconds it is
    tried whether that is so. ``Corrupt`` is not tried: it does not mend itself.
    """

    def __init__(
        self, *, limit: int = 20_000, batch: int = 2_000, prove: float = PROVE_SECONDS
    ) -> None:
        self.metrics = Metrics()
        self.trouble: HeguiError | None = None
        self._prove_every = prove
        self._proven = 0.0  # when that was tried last, or trouble began
        self._limit = limit
        self._batch = batch
        self._queue: queue.SimpleQueue[tuple[T, _Waiter[R]] | None] = queue.SimpleQueue()
        self._in_hand = 0
        self._last = 0  # how many were in the last group
        self._starts: deque[float] = deque(maxlen=_CROWD)  # when the last items were taken up
        self._closed = False
        self._drain = True
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="hegui-writer", daemon=True)
        self._thread.start()

    def lag(self) -> int:
        """Return how many items are not durable yet."""
        return self._queue.qsize() + self._in_hand

    def submit(self, item: T) -> "Future[R]":
        """Hand in ``item`` from any thread."""
        future: Future[R] = Future()
        self._put(item, future)
        return future

    def hand_in(self, item: T) -> "asyncio.Future[R]":
        """Hand in ``item``; what is returned can be awaited until it is durable.

        Cancelling the wait does not take the item back.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._put(item, future)
        return future

    async def add(self, item: T) -> R:
        """Hand in ``item`` and wait until it is durable. A cancelled wait does not take it back."""
        return await self.hand_in(item)

    def close(self, *, drain: bool = True) -> None:
        """Write what waits (or, without ``drain``, refuse it), and end the thread."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._drain = drain
                self._queue.put(None)
        self._thread.join()

    def _put(self, item: T, waiter: _Waiter[R]) -> None:
        waiting = self._queue.qsize()
        if waiting >= self._limit:
            raise Unavailable(_QUEUE_FULL.fill(waiting=waiting))
        with self._gate:  # nothing may follow the end mark, or it would wait for ever
            if self._closed:
                raise Unavailable(_CLOSED)
            self._queue.put((item, waiter))

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._gather()
            if group:
                self._in_hand = self._last = len(group)
                self._starts.extend([time.perf_counter()] * min(len(group), _CROWD))
                if self._closed and not self._drain:
                    _settle((waiter, Unavailable(_CLOSED)) for _, waiter in group)
                else:
                    self._write(group)
                self._in_hand = 0
            elif not ended and self._unproven() == 0:
                self._prove()
            self._tend(ended=ended)
        self._end()

    def _gather(self) -> tuple[list[tuple[T, _Waiter[R]]], bool]:
        try:
            first = self._queue.get(timeout=self._patience())
        except queue.Empty:
            return [], False
        if first is None:
            return [], True
        if wait := self._linger():
            time.sleep(wait)
        group = [first]
        try:
            while len(group) < self._batch:
                following = self._queue.get_nowait()
                if following is None:
                    return group, True
                group.append(following)
        except queue.Empty:
            pass
        return group, False

    def _patience(self) -> float | None:
        """Return for how many seconds the first item of a group is waited for."""
        chore, unproven = self._wait(), self._unproven()
        if unproven is None:
            return chore
        return unproven if chore is None else min(chore, unproven)

    def _unproven(self) -> float | None:
        """Return the seconds until it is to be tried whether anything can be written again."""
        if self.trouble is None or isinstance(self.trouble, Corrupt):
            return None
        return max(0.0, self._proven + self._prove_every - time.perf_counter())

    def _prove(self) -> None:
        try:
            self._try()
        except Exception as error:  # noqa: BLE001 - a dead writer would hang every caller; it is tried again
            self._in_trouble(self._named(error))
        else:
            _log.warning("records can be written again")
            self.trouble = None

    def _in_trouble(self, named: Exception) -> None:
        self._proven = time.perf_counter()
        if isinstance(named, HeguiError):
            self.trouble = named

    def _linger(self) -> float:
        if len(self._starts) < _CROWD:
            return 0.0
        took = time.perf_counter() - self._starts[0]
        return linger(took, self._last, self._queue.qsize())

    def _write(self, group: list[tuple[T, _Waiter[R]]]) -> None:
        try:
            results = self._transact([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - a dead writer would hang every caller; the error goes to whoever waits
            if len(group) > 1 and not self._blameless(error):
                middle = len(group) // 2  # one of them is to blame: halve until it stands alone
                self._write(group[:middle])
                self._write(group[middle:])
                return
            self.metrics.failed += len(group)
            _log.warning("%d records were not written: %s", len(group), type(error).__name__)
            named = self._named(error)
            if self._blameless(error) or (isinstance(named, Corrupt) and named is not error):
                self._in_trouble(named)
            _settle((waiter, named) for _, waiter in group)
        else:
            self.trouble = None
            _settle((waiter, result) for (_, waiter), result in zip(group, results, strict=True))

    def _transact(self, items: list[T]) -> Sequence[R]:
        """Make ``items`` durable in one transaction, and return a result for each."""
        raise NotImplementedError

    def _try(self) -> None:
        """Write something as a group would, durably, and leave nothing of it."""
        raise NotImplementedError

    def _blameless(self, error: Exception) -> bool:
        """Tell whether no item is to blame for ``error``: the disk or the server is."""
        raise NotImplementedError

    def _named(self, error: Exception) -> Exception:
        """Return ``error`` as one of the four, where the database raised it."""
        raise NotImplementedError

    def _tend(self, *, ended: bool) -> None:
        """Do what is due between groups; ``ended``: for the last time."""

    def _wait(self) -> float | None:
        """Return the seconds after which that is so, though nothing is handed in."""
        return None

    def _end(self) -> None:
        """Close the database: the thread is about to end."""


def _settle(outcomes: Iterable[tuple[_Waiter[R], R | BaseException]]) -> None:
    """Give each waiter its outcome: one wake-up per event loop, however many wait there."""
    per_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[R], R | BaseException]]]
    per_loop = {}
    for waiter, outcome in outcomes:
        if isinstance(waiter, asyncio.Future):
            per_loop.setdefault(waiter.get_loop(), []).append((waiter, outcome))
        elif waiter.set_running_or_notify_cancel():
            _tell(waiter, outcome)
    for loop, pairs in per_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_all, pairs)
        except RuntimeError:  # the loop has ended and nobody waits there any more
            _log.info("%d records became durable after their loop had ended", len(pairs))


def _tell_all(pairs: list[tuple["asyncio.Future[R]", R | BaseException]]) -> None:
    for waiter, outcome in pairs:
        if not waiter.done():
            _tell(waiter, outcome)


def _tell(waiter: _Waiter[R], outcome: R | BaseException) -> None:
    if isinstance(outcome, BaseException):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
