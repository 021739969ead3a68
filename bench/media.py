"""What labelling a generated picture costs on its way through the gateway's workers.

``python bench/media.py`` prints, for each size and format, the median time from handing a picture
to a worker process until it is back with both labels, read back; and the same with the implicit
label alone, as under an agreement. Worker start is not counted; one worker, one picture at a time.
"""

# ruff: noqa: T201 - a command that prints
import asyncio
import io
import statistics
import time

from PIL import Image, ImageFilter

from hegui.labels.text import implicit
from hegui.runners.label_bench import Job, LabelBench
from hegui.testing.labelled import CODE

ROUNDS = 5
SIZES = ((1024, 1024), (1536, 1024), (2048, 2048))
OURS = implicit(CODE, "bench-1")


def photograph(width: int, height: int) -> Image.Image:
    """Return a picture that packs about as well as a photograph does."""
    soft = ImageFilter.GaussianBlur(2)
    return Image.merge(
        "RGB", [Image.effect_noise((width, height), 60).filter(soft) for _ in range(3)]
    )


async def took(bench: LabelBench, job: Job) -> float:
    """Return the median time of a job in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await bench.label(job)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


async def main() -> None:
    """Print the table."""
    bench = LabelBench(1, 120)
    print(f"{'size':>10}  {'format':6}  {'bytes':>9}  {'both labels':>11}  {'implicit':>8}")
    try:
        for width, height in SIZES:
            picture = photograph(width, height)
            for form in ("PNG", "JPEG", "WEBP"):
                held = io.BytesIO()
                picture.save(held, form)
                data = held.getvalue()
                both = await took(bench, Job(data, OURS, "auto", ("image/",)))
                alone = await took(bench, Job(data, OURS, "agreement", ("image/",)))
                size = f"{width}x{height}"
                print(f"{size:>10}  {form:6}  {len(data):>9}  {both:>8.0f} ms  {alone:>5.0f} ms")
    finally:
        await bench.close()


if __name__ == "__main__":
    asyncio.run(main())
