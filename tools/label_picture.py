"""Draw docs/pictures/notice.png: the notice on a light, a dark and a busy picture."""

# ruff: noqa: INP001 - a script, not a package
import io
import random
from pathlib import Path
from typing import Final

from PIL import Image

from hegui.labels.explicit import image

_SIZE: Final = (360, 270)
_TARGET: Final = Path(__file__).parent.parent / "docs/pictures/notice.png"


def _busy() -> Image.Image:
    chance = random.Random(1)
    small = Image.frombytes("RGB", (60, 45), chance.randbytes(60 * 45 * 3))
    return small.resize(_SIZE, Image.Resampling.NEAREST)


def main() -> None:
    """Draw the three beside one another."""
    pictures = [
        Image.new("RGB", _SIZE, (247, 246, 240)),
        Image.new("RGB", _SIZE, (10, 12, 18)),
        _busy(),
    ]
    sheet = Image.new("RGB", (3 * _SIZE[0] + 20, _SIZE[1]), (128, 128, 128))
    for number, one in enumerate(pictures):
        held = io.BytesIO()
        one.save(held, "PNG")
        drawn = Image.open(io.BytesIO(image.drawn(held.getvalue(), "png")))
        sheet.paste(drawn, (number * (_SIZE[0] + 10), 0))
    sheet.quantize(128).save(_TARGET, optimize=True)


if __name__ == "__main__":
    main()
