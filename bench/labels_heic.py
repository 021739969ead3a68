"""What a notice on a HEIC picture costs: time, size, likeness outside the plate, and memory.

``python bench/labels_heic.py [MEGAPIXELS]`` makes pictures of hills and grain at several qualities,
puts the notice on them through the door that files go through, and prints a line for each; AVIF of
about the same size stands beside them for comparison. Needs pillow-heif and hegui[media].
"""

# ruff: noqa: T201 - a command that prints
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from hegui.app.labelling import label
from hegui.labels.explicit.plate import plate_for
from hegui.testing.labelled import LABEL

QUALITIES: Final = (40, 50, 65, 80, 95)
_GRAIN: Final = (0, 4)


def made(side: int, grain: int) -> Image.Image:
    """Return a square picture of soft hills of every size, and grain over it."""
    chance = np.random.default_rng(1)
    hills = np.zeros((side, side, 3))
    for size in (4, 16, 64, 256):
        few = chance.integers(0, 256, (side // size + 2, side // size + 2, 3), np.uint8)
        large = Image.fromarray(few).resize((side, side), Image.Resampling.BICUBIC)
        hills += np.asarray(large, float) * size**0.5
    hills = (hills - hills.min()) / np.ptp(hills) * 255
    hills += chance.normal(0, 1, (side, side, 1)) * grain
    return Image.fromarray(hills.clip(0, 255).astype(np.uint8))


def pixels(path: Path) -> NDArray[np.float64]:
    """Return the pixels of a picture."""
    if path.suffix == ".heic":
        return np.asarray(pillow_heif.open_heif(path), float)
    return np.asarray(Image.open(path), float)


def likeness(before: Path, after: Path) -> float:
    """Return how alike two pictures are without their rims, where the plate is, in decibels."""
    one, two = pixels(before), pixels(after)
    rim = 2 * plate_for(len(one)).height
    apart = (one - two)[rim:-rim, rim:-rim]
    return float(10 * np.log10(255**2 / max((apart**2).mean(), 1e-9)))


def told(name: str, source: Path) -> None:
    """Label a picture, and print what that took."""
    target = source.with_stem("labelled")
    start = time.perf_counter()
    done = label(source, target, LABEL, "auto")
    took = time.perf_counter() - start
    before, after = source.stat().st_size, target.stat().st_size
    print(
        f"{name:24} {before / 1000:6.0f} kB  {done.encoded or 'avif, quality 95':24} {took:5.1f} s"
        f"  size x {after / before:4.2f}  {likeness(source, target):5.1f} dB"
    )


def main(megapixels: float) -> None:
    """Print a line for each picture."""
    side = int((megapixels * 1_000_000) ** 0.5) // 64 * 64
    about = f"{pillow_heif.__version__}, libheif {pillow_heif.libheif_version()}"
    print(f"{side} x {side} pixels; pillow-heif {about}")
    with tempfile.TemporaryDirectory() as held:
        for grain in _GRAIN:
            picture = made(side, grain)
            for quality in QUALITIES:
                path = Path(held) / "made.heic"
                pillow_heif.from_pillow(picture).save(path, quality=quality)
                told(f"heic {quality}, grain {grain}", path)
            path = Path(held) / "made.avif"
            picture.save(path, quality=65)
            told(f"avif 65, grain {grain}", path)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"most memory of a process that drew: {peak} MB")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1)
