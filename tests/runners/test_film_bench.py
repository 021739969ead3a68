"""Workers that put notices into films: bounded, killed when late or unwanted; each film once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from hegui.labels.container import Memory
from hegui.labels.recognising import recognised
from hegui.labels.text import implicit
from hegui.runners.film_bench import FilmBench
from hegui.runners.label_bench import Films, Job
from hegui.terms import BadRequest, Unavailable
from hegui.testing.moving import moving, shows_notice

MOST = 1_000_000


def job(data: bytes, number: str = "x-1") -> Job:
    return Job(data, implicit("001191110102MACQD9K64010000", number), "auto", ("video/",))


@pytest.fixture
async def bench() -> AsyncIterator[FilmBench]:
    made = FilmBench(1, 60, 1_024, Films("auto", MOST))
    yield made
    await made.close()
    assert made.processes() == set()
    assert made.held() == 0


@pytest.fixture(scope="module")
def film() -> bytes:
    return moving()


async def started(bench: FilmBench) -> int:
    """Return the process that works on a film, once there is one."""
    async with asyncio.timeout(60):
        while not bench.processes():  # noqa: ASYNC110 - a process tells nobody that it is there
            await asyncio.sleep(0.005)
    [process] = bench.processes()
    return process


async def test_a_film_comes_back_with_both_labels_and_its_worker_is_gone(
    bench: FilmBench, film: bytes
) -> None:
    made = await bench.label(job(film))
    assert (made.whole.explicit, made.whole.encoded) == ("drawn", "mpeg4, mpeg4, whole")
    assert made.size == len(made.whole.data)
    assert made.whole.content != made.whole.shown
    assert shows_notice(made.whole.data)
    assert not shows_notice(film)
    form = recognised(made.whole.data, "")
    assert form is not None
    [found] = form.read(Memory(made.whole.data))
    assert found.parsed is not None
    assert found.parsed.implicit == made.whole.implicit
    assert bench.processes() == set()


async def test_a_film_is_burnt_in_once_until_it_is_forgotten(bench: FilmBench, film: bytes) -> None:
    first, second = await asyncio.gather(bench.label(job(film)), bench.label(job(film)))
    assert first is second
    assert await bench.label(job(film)) is first
    assert (bench.begun, bench.held()) == (1, first.size)
    bench.forget("y")
    assert bench.held() == first.size
    bench.forget("x")
    assert bench.held() == 0


async def test_no_more_is_held_than_one_film_may_be_large(film: bytes) -> None:
    first = moving(frames=3)
    bench = FilmBench(1, 60, 1_024, Films("auto", 6_000))
    try:
        made = [await bench.label(job(one, f"x-{n}")) for n, one in enumerate((first, film))]
        assert sum(one.size for one in made) > 6_000 > made[1].size
        assert bench.held() == made[1].size
    finally:
        await bench.close()


async def test_what_cannot_be_burnt_in_is_refused_with_why(bench: FilmBench, film: bytes) -> None:
    for data, code in (
        (film[:-200], "file_broken"),
        (b"\0" * 500, "unknown_format"),
    ):
        with pytest.raises(BadRequest) as caught:
            await bench.label(job(data))
        assert caught.value.code == code
    with pytest.raises(BadRequest, match=r"media\.films\.encoder, and films_show_notice"):
        await bench.label(job(moving("libx264", form="mov")))
    assert bench.held() == 0
    small = FilmBench(1, 60, 1_024, Films("auto", 2_000))
    try:
        with pytest.raises(BadRequest, match=r"media\.films\.bytes") as caught:
            await small.label(job(film))
        assert caught.value.code == "too_large"
    finally:
        await small.close()


async def test_a_film_that_is_late_is_refused_and_its_worker_killed(film: bytes) -> None:
    bench = FilmBench(1, 0.001, 1_024, Films("auto", MOST))
    try:
        with pytest.raises(BadRequest) as caught:
            await bench.label(job(film))
        assert caught.value.code == "label_timeout"
        assert bench.processes() == set()
    finally:
        await bench.close()


async def test_a_film_that_nobody_waits_for_is_given_up(bench: FilmBench, film: bytes) -> None:
    one = asyncio.ensure_future(bench.label(job(film)))
    other = asyncio.ensure_future(bench.label(job(film)))
    process = await started(bench)
    one.cancel()
    await asyncio.wait([one])
    assert bench.processes() == {process}
    other.cancel()
    await asyncio.wait([other])
    assert bench.processes() == set()


async def test_who_asks_while_a_film_is_given_up_gets_it_all_the_same(
    bench: FilmBench, film: bytes
) -> None:
    gone = asyncio.ensure_future(bench.label(job(film)))
    os.kill(await started(bench), signal.SIGSTOP)
    gone.cancel()
    await asyncio.sleep(0)  # its work is being ended from here on
    assert not gone.done()
    assert shows_notice((await bench.label(job(film))).whole.data)
    assert gone.cancelled()


async def test_after_it_is_closed_there_are_no_films(film: bytes) -> None:
    bench = FilmBench(1, 60, 1_024, Films("auto", MOST))
    waiting = asyncio.ensure_future(bench.label(job(film)))
    await started(bench)
    await bench.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(Unavailable):
        await bench.label(job(film))
