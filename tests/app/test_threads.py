"""Work in a thread has ended before whoever asked for it goes on, cancelled or not."""

import asyncio
import gc
import threading

import pytest

from hegui.app.threads import in_thread, off_loop


async def test_who_is_cancelled_waits_until_the_thread_has_ended() -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(60)
        ended.set()

    task = asyncio.ensure_future(in_thread(work))
    while not begun.is_set():  # noqa: ASYNC110 - a thread sets it
        await asyncio.sleep(0.001)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=0.05)
    assert not done
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_an_answer_and_an_error_are_handed_on() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_beside_the_loop_nobody_who_is_cancelled_waits() -> None:
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(60)

    task = asyncio.ensure_future(off_loop(work))
    while not begun.is_set():  # noqa: ASYNC110 - a thread sets it
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()


async def test_the_error_of_who_was_cancelled_is_not_left_unseen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, go = threading.Event(), threading.Event()
    unseen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))

    def work() -> None:
        begun.set()
        go.wait(60)
        raise ZeroDivisionError

    task = asyncio.ensure_future(in_thread(work))
    while not begun.is_set():  # noqa: ASYNC110 - a thread sets it
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    gc.collect()
    await asyncio.sleep(0)
    assert unseen == []
    assert "ended with ZeroDivisionError" in caplog.text
