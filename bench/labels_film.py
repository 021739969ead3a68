"""What a notice on a film costs: time, size, likeness outside the plate, and memory.

``python bench/labels_film.py [SECONDS]`` makes films of 720p at 25 frames a second (noise that
moves over a slope, which is hard to encode), puts the notice on them through the door that files go
through, and prints a line for each encoder. It names libx264 and libx265 (GPL) where PyAV has them,
for comparison: hegui takes neither by itself. Needs PyAV and hegui[media].
"""

# ruff: noqa: T201 - a command that prints
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from hegui.app import drawing
from hegui.app.labelling import label
from hegui.labels.explicit.film_frames import Overlay
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL

SIZE: Final = (1280, 720)
RATE: Final = 25
RUNS: Final = (
    ("mp4", "libx264", "auto"),
    ("mp4", "libx264", "libx264"),
    ("mp4", "libx265", "libx265"),
    ("mp4", "libsvtav1", "auto"),
    ("mp4", "mpeg4", "auto"),
    ("webm", "libvpx-vp9", "auto"),
    ("webm", "libvpx", "auto"),
)


def made(path: Path, codec: str, seconds: int) -> None:
    """Write a film with a key frame every two seconds."""
    chance = np.random.default_rng(1)
    grain = chance.normal(0, 9, (SIZE[1], SIZE[0] * 2, 1))
    slope = np.linspace(30, 220, SIZE[0])[np.newaxis, :, np.newaxis]
    with av.open(str(path), "w") as out:
        film = out.add_stream(codec, rate=RATE, options={"b": "4M"})
        film.width, film.height, film.pix_fmt = *SIZE, "yuv420p"
        film.codec_context.gop_size = 2 * RATE
        film.bit_rate = 4_000_000
        for number in range(seconds * RATE):
            moved = grain[:, 5 * number % SIZE[0] :][:, : SIZE[0]]
            picture = (slope + moved + np.zeros(3)).clip(0, 255).astype(np.uint8)
            out.mux(film.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(film.encode(None))


def likeness(before: Path, after: Path) -> float:
    """Return how alike the luma outside the plate is, as PSNR in decibels."""
    wrong = count = 0.0
    with av.open(str(before)) as one, av.open(str(after)) as other:
        overlay: Any = None
        pairs = zip(one.decode(video=0), other.decode(video=0), strict=True)
        for old, new in pairs:
            overlay = overlay or Overlay(old)
            apart = old.to_ndarray(format="gray").astype(float) - new.to_ndarray(format="gray")
            x, y = overlay.corner
            apart[y : y + overlay.size[1], x : x + overlay.size[0]] = 0
            wrong += float((apart**2).sum())
            count += apart.size
    return float(10 * np.log10(255**2 * count / max(wrong, 1.0)))


def main(seconds: int) -> None:
    """Print a line for each way."""
    print(f"{seconds} s of 720p at {RATE} frames a second; PyAV {av.__version__}")
    with tempfile.TemporaryDirectory() as held:
        for container, codec, encoder in RUNS:
            source, target = Path(held) / f"a.{container}", Path(held) / f"b.{container}"
            try:
                made(source, codec, seconds)
                start = time.perf_counter()
                done = label(source, target, LABEL, "auto", how=drawing.How(encoder))
            except (BadRequest, ValueError, av.FFmpegError) as error:
                print(f"{codec:11} {encoder:8} not here: {error}")
                continue
            took = time.perf_counter() - start
            sizes = target.stat().st_size / source.stat().st_size
            print(
                f"{done.encoded:32} {took:6.1f} s ({seconds / took:4.1f} times as fast as it plays)"
                f"  size x {sizes:4.2f}  {likeness(source, target):5.1f} dB"
            )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"most memory of a process that drew: {peak} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
