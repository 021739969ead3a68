"""Small films that FFmpeg can read, for doors that put a notice into them. Needs PyAV."""

import io
from typing import Final

SIZE: Final = (160, 120)


def moving(codec: str = "mpeg4", *, form: str = "mp4", frames: int = 8) -> bytes:
    """Return a film of a plain, light ground, ten frames a second."""
    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format=form) as out:
        film = out.add_stream(codec, rate=10)
        film.width, film.height = SIZE
        film.pix_fmt = "yuv420p"
        for number in range(frames):
            picture = np.full((SIZE[1], SIZE[0], 3), 200 + number % 32, np.uint8)
            out.mux(film.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(film.encode(None))
    return file.getvalue()


def shows_notice(data: bytes) -> bool:
    """Tell whether letters stand out from their plate on the first frame of such a film."""
    import av

    with av.open(io.BytesIO(data)) as opened:
        frame = next(opened.decode(video=0)).to_ndarray(format="gray")
    return int(frame.max()) - int(frame.min()) > 120  # noqa: PLR2004 - the ground has but one grey
