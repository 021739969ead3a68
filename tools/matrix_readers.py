"""Programs that are not ours, before the files of the matrix: who shows the label, who opens it.

A reader is given a file and returns what it shows, as text; an opener what the file's content is,
so that two files can be compared: pixels, packets, cells, paragraphs.
"""

# ruff: noqa: INP001 - beside the script that uses it
import hashlib
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

PICTURES: Final = ("jpeg", "png", "apng", "webp", "gif", "tiff", "avif")
FILMS: Final = ("mp4", "mov", "m4a", "mkv", "webm", "avi", "flv")
SOUNDS: Final = ("mp3", "wav", "flac", "ogg", "opus", "aac")
OFFICE: Final = ("docx", "xlsx", "pptx")


def ran(*command: str) -> str:
    """Return what a program says."""
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)  # noqa: S603 - fixed programs
    return done.stdout.decode("utf-8", "replace")


def _exiftool(path: Path) -> str:
    return ran("exiftool", "-a", "-G1", "-ee", "-b", "-xmp:all", "-all", str(path))


def _ffprobe(path: Path) -> str:
    return ran("ffprobe", "-v", "error", "-show_format", "-show_streams", str(path))


def _mediainfo(path: Path) -> str:
    return ran("mediainfo", "-f", str(path)).replace(" / ", "/")


def _mutagen(path: Path) -> str:
    import mutagen

    held: Any = mutagen.File(str(path))
    return "" if held is None else str(dict(held.tags or {}))


def _pdfinfo(path: Path) -> str:
    return ran("pdfinfo", "-custom", str(path))


def _yaml(path: Path) -> str:
    import yaml

    return str(yaml.safe_load(path.read_text().split("---\n")[1]))


def _by_openpyxl(path: Path) -> str:
    import openpyxl

    book: Any = openpyxl.load_workbook(path)
    return str([one.value for one in book.custom_doc_props.props])


READERS: Final[Mapping[str, tuple[Callable[[Path], str], tuple[str, ...]]]] = {
    "exiftool": (_exiftool, (*PICTURES, "heic", *FILMS, *SOUNDS, "pdf", *OFFICE)),
    "ffprobe": (_ffprobe, (*FILMS, *SOUNDS)),
    "mediainfo": (_mediainfo, (*FILMS, *SOUNDS)),
    "mutagen": (_mutagen, ("mp3", "flac", "ogg", "opus")),
    "pdfinfo": (_pdfinfo, ("pdf",)),
    "openpyxl": (_by_openpyxl, ("xlsx",)),
    "PyYAML": (_yaml, ("markdown",)),
}
"""Readers, and the formats that each is put before."""


def _pillow(path: Path) -> object:
    from PIL import Image

    with Image.open(path) as picture:
        frames = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frames.append(picture.convert("RGBA").tobytes())
    return hashlib.sha256(b"".join(frames)).hexdigest()


def _pyav(path: Path) -> object:
    import av

    told = hashlib.sha256()
    with av.open(str(path)) as film:
        for packet in film.demux():
            told.update(bytes(packet) + repr((packet.stream_index, packet.pts)).encode())
    with av.open(str(path)) as film:
        frames = sum(1 for _ in film.decode(film.streams[0]))
    return told.hexdigest(), frames


def _docx(path: Path) -> object:
    import docx

    return [one.text for one in docx.Document(str(path)).paragraphs]


def _xlsx(path: Path) -> object:
    import openpyxl

    return [list(row) for row in openpyxl.load_workbook(path).active.values]  # type: ignore[union-attr]


def _pptx(path: Path) -> object:
    import pptx

    slides: Any = pptx.Presentation(str(path)).slides
    return [[shape.text for shape in slide.shapes] for slide in slides]


def _poppler(path: Path) -> object:
    return ran("pdftotext", str(path), "-")


def _valid(path: Path) -> object:
    told = ran("exiftool", "-validate", "-error", "-ImageWidth", str(path))
    assert "Error" not in told, told
    return told.replace("1 Warning", "OK")


def _text(path: Path) -> object:
    text = path.read_text()
    return text.rpartition("---\n")[2] if text.startswith("---\n") else text


OPENERS: Final[Mapping[str, tuple[Callable[[Path], object], tuple[str, ...]]]] = {
    "Pillow": (_pillow, PICTURES),
    "PyAV": (_pyav, (*FILMS, *SOUNDS)),
    "poppler": (_poppler, ("pdf",)),
    "python-docx": (_docx, ("docx",)),
    "openpyxl": (_xlsx, ("xlsx",)),
    "python-pptx": (_pptx, ("pptx",)),
    "exiftool": (_valid, ("heic",)),
    "Python": (_text, ("markdown",)),
}
"""What opens a file, and the formats that each is put before."""
