"""The worker process that puts the notice into one film and labels it, all in memory.

Run as ``python -m hegui.runners.film_work MEMORY_MB MOST ENCODER``. FFmpeg reads in it what
strangers made, so it serves for one film and is killed. What it writes has no name on a disk and
ends with the process.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import BinaryIO, Final

from hegui.labels.explicit import film
from hegui.runners.label_work import done, serve
from hegui.terms import BadRequest, Unavailable, Words

_POLITE: Final = 10  # behind the process that serves, where processors are short


def burnt(data: bytes, form: str, encoder: str, most: int) -> tuple[bytes, str]:
    """Return a film with its notice, and how it was encoded.

    What cannot be drawn upon is a ``BadRequest``, as is what would be larger than ``most`` bytes.
    """
    with _unnamed() as (file, name):
        try:
            how = film.burnt(io.BytesIO(data), form, name, encoder, _untold)
        except BadRequest as error:
            if error.code != "video_form":
                raise
            words = Words(error.words.en + _HERE.en, error.words.zh + _HERE.zh)
            raise BadRequest(words, code=error.code) from None
        except Unavailable:  # the limit of what a file may hold, as a full disk would be
            raise BadRequest(_LARGE.fill(most=most), code="too_large") from None
        file.seek(0)
        return file.read(), how.said


@contextmanager
def _unnamed() -> Iterator[tuple[BinaryIO, str]]:
    """Give a file in memory, and a path that leads this process to it."""
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("film"), "w+b") as file:
            yield file, f"/proc/self/fd/{file.fileno()}"
    else:  # where hegui is developed; the folder is private
        with tempfile.NamedTemporaryFile(prefix="hegui-film.") as named:
            yield named.file, named.name


def _untold(share: float) -> None:
    """Tell nobody how far it is."""


def main(memory_mb: int, most: int, encoder: str) -> None:
    """Serve for one film, which may grow to ``most`` bytes."""
    for name in ("av", "PIL.Image", "hegui.labels.explicit.film_frames"):
        import_module(name)  # before memory is bounded: what libraries take is not the film's
    with suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        os.nice(_POLITE)
    serve(memory_mb, partial(done, burn=partial(burnt, encoder=encoder, most=most)))


_HERE: Final = Words(
    en=" In the gateway these are the settings media.films.encoder, and films_show_notice of the"
    " model server.",
    zh="在网关中对应的设置是 media.films.encoder 和该模型服务的 films_show_notice。",
)
_LARGE: Final = Words(
    en="With its notice the film would be larger than {most} bytes (media.films.bytes).",
    zh="写入标识后视频将超过 {most} 字节（media.films.bytes）。",
)

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
