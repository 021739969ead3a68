"""Draw docs/pictures/notice-film.png: a film's first frame, its last with the notice, the next.

Needs PyAV and hegui[media].
"""

# ruff: noqa: INP001 - a script, not a package
import io
import tempfile
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image

from hegui.labels.explicit import film

_SIZE: Final = (480, 270)
_RATE: Final = 25
_TARGET: Final = Path(__file__).parent.parent / "docs/pictures/notice-film.png"


def _frame(number: int) -> np.ndarray:
    """Return hills under a sky, with a sun that moves."""
    rows, columns = np.mgrid[0 : _SIZE[1], 0 : _SIZE[0]]
    sky = 255 - rows // 3
    picture = np.stack([sky // 2 + 60, sky - 20, sky], 2)
    sun = (columns - 60 - 3 * number) ** 2 + (rows - 70) ** 2 < 900  # noqa: PLR2004 - its radius, squared
    picture[sun] = (255, 214, 90)
    hills = rows > 190 + 25 * np.sin(columns / 60) + 12 * np.sin(columns / 17)
    picture[hills] = (70, 120, 60)
    return picture.clip(0, 255).astype(np.uint8)


def main() -> None:
    """Encode the film, put the notice on it, and draw three of its frames beside one another."""
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as out:
        stream = out.add_stream("libsvtav1", rate=_RATE, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        for number in range(4 * _RATE):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(_frame(number), "rgb24")))
        out.mux(stream.encode(None))
    held.seek(0)
    with tempfile.NamedTemporaryFile(suffix=".mp4") as target:
        film.burnt(held, "mp4", target.name, "auto", lambda _: None)
        with av.open(target.name) as made:
            frames = [one.to_image() for one in made.decode(video=0)]
    sheet = Image.new("RGB", (3 * _SIZE[0] + 20, _SIZE[1]), (128, 128, 128))
    for place, number in enumerate((0, int(film.SHOWN * _RATE) - 1, int(film.SHOWN * _RATE))):
        sheet.paste(frames[number], (place * (_SIZE[0] + 10), 0))
    sheet.quantize(128).save(_TARGET, optimize=True)


if __name__ == "__main__":
    main()
