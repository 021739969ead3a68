"""What a label costs in memory: pictures of 1 MB, read, labelled, joined and read back.

``python bench/labels_in_memory.py`` prints the median of each step in milliseconds beside a plain
copy of the same bytes, and how many files a second one core labels, reading back included.
"""

# ruff: noqa: T201 - a command that prints
import statistics
import time
from collections.abc import Callable
from random import Random
from struct import pack

from hegui.labels.container import Format, Memory
from hegui.labels.formats import FORMATS
from hegui.labels.splicing import joined
from hegui.testing import pictures
from hegui.testing.labelled import LABEL

ROUNDS = 400
SIZE = 1_000_000
PIECE = 8_192  # bytes of an IDAT chunk as libpng writes them


def files(size: int = SIZE) -> dict[str, bytes]:
    """Return files of about ``size`` bytes whose pictures are noise: nothing decodes them here."""
    noise = Random(0).randbytes(size)
    camera = pictures.exif_block("<", 0x010E, b"a picture\0").ljust(8_000, b"\0")
    parts = [noise[at : at + PIECE] for at in range(0, size, PIECE)]
    chunks = b"".join(pictures.png_chunk(b"IDAT", part) for part in parts)
    whole = pictures.png()
    blocks = [noise[at : at + 255] for at in range(0, size, 255)]
    frame = b"".join(bytes([len(block)]) + block for block in blocks)
    return {
        "jpeg": pictures.jpeg(
            pictures.jpeg_segment(0xE1, b"Exif\0\0" + camera),
            pictures.jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(3_000)),
        )
        + noise.replace(b"\xff", b"\xfe"),
        "png": whole[:33] + chunks + whole[-12:],
        "webp": b"RIFF"
        + pack("<I4s4sI", size + 22, b"WEBP", b"VP8 ", size + 10)
        + pictures.webp()[20:30]
        + noise,
        "gif": pictures.gif(frames=1)[:-6] + frame + b"\0\x3b",
        "tiff": pictures.tiff() + noise,
    }


def median(act: Callable[[], object]) -> float:
    """Return the median time of ``act`` in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def written(form: Format, data: bytes) -> bytes:
    """Label a file in memory."""
    source = Memory(data)
    return joined(source, form.write(source, LABEL.inner()))


def proven(form: Format, data: bytes) -> None:
    """Do what a gateway does: look for a label, write one, and read it back."""
    form.read(Memory(data))
    (found,) = form.read(Memory(written(form, data)))
    assert found.raw == LABEL.inner()


def main() -> None:
    """Print one line for each format."""
    print(f"{'':6}{'copy':>9}{'read':>9}{'write':>9}{'again':>9}{'all':>9}   files/s")
    for name, data in files().items():
        form = next(one for one in FORMATS if one.matches(data))
        new = written(form, data)
        steps = (
            lambda data=data: bytearray(data),
            lambda data=data, form=form: form.read(Memory(data)),
            lambda data=data, form=form: written(form, data),
            lambda new=new, form=form: written(form, new),
            lambda data=data, form=form: proven(form, data),
        )
        times = [median(step) for step in steps]
        print(f"{name:6}" + "".join(f"{one:9.3f}" for one in times), f"{1000 / times[-1]:9.0f}")
    print("ms, median; copy: of the bytes; again: a file that has a label; all: read, write, read")


if __name__ == "__main__":
    main()
