"""Workers that label: each answers, or is killed, and the next file has another."""

import asyncio
import io
from base64 import b64decode, b64encode

import pillow_heif
import pytest
from PIL import Image

from hegui.labels.text import implicit
from hegui.runners.label_bench import Job, LabelBench
from hegui.terms import BadRequest, Unavailable
from hegui.testing import media

OURS = implicit("001191110102MACQD9K64010000", "x-1")


def job(data: bytes, *, encoded: bool = False) -> Job:
    return Job(data, OURS, "auto", ("image/",), encoded)


async def test_a_file_comes_back_labelled_and_hostile_bytes_harm_no_other() -> None:
    bench = LabelBench(1, 60)
    try:
        done = await bench.label(job(media.picture(40, 30)))
        assert (done.whole.format, done.whole.explicit) == ("png", "drawn")
        assert done.whole.content != done.whole.shown
        same = await bench.label(job(b64encode(media.picture(40, 30)), encoded=True))
        assert b64decode(same.whole.data) == done.whole.data
        assert same.size == done.size == len(done.whole.data)
        for data in (b"", b"%PDF-1.7", media.picture(40, 30)[:100]):
            with pytest.raises(BadRequest):
                await bench.label(job(data))
        assert (await bench.label(job(media.picture(40, 30)))).whole == done.whole
        await too_late_and_dead(bench)
    finally:
        await bench.close()
    with pytest.raises(Unavailable):
        await bench.label(job(media.picture(4, 3)))


async def test_a_heic_gets_its_notice_in_the_worker_too() -> None:
    held, bench = io.BytesIO(), LabelBench(1, 20)
    pillow_heif.from_pillow(Image.new("RGB", (160, 120))).save(held)
    try:
        done = await bench.label(job(held.getvalue()))
        assert (done.whole.format, done.whole.explicit) == ("heic", "drawn")
        assert done.whole.encoded.startswith("hevc, ")
        assert done.whole.content != done.whole.shown
        with pytest.raises(BadRequest) as caught:
            await bench.label(job(held.getvalue().replace(b"pixi", b"cmex")))
        assert caught.value.code == "heic_parts"
    finally:
        await bench.close()


async def too_late_and_dead(bench: LabelBench) -> None:
    """Have the one worker killed for being late; the next file is labelled all the same."""
    [first] = bench.processes()
    bench.seconds = 0.001
    with pytest.raises(BadRequest) as caught:
        await bench.label(job(media.picture(800, 600)))
    assert caught.value.code == "label_timeout"
    assert first not in bench.processes()
    bench.seconds = 60
    holder = asyncio.ensure_future(bench.label(job(media.picture(40, 30))))
    await asyncio.sleep(0)
    bench.seconds = 0.001
    with pytest.raises(Unavailable):  # its turn does not come in time
        await bench.label(job(media.picture(40, 30)))
    assert (await holder).whole.format == "png"


async def test_what_needs_more_memory_than_a_worker_has_is_refused() -> None:
    bench = LabelBench(1, 60, memory_mb=60)
    try:
        with pytest.raises(BadRequest) as caught:
            await bench.label(job(media.blank(5_000, 5_000)))
        assert caught.value.code == "too_large"
        assert (await bench.label(job(media.picture(40, 30)))).whole.format == "png"
    finally:
        await bench.close()
