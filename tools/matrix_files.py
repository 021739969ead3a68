"""Files for the matrix of labels, made by other programs: fresh, and with rich metadata."""

# ruff: noqa: INP001 - beside the script that uses it
import io
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from hegui.testing import documents, stills

TITLE: Final = "a title"
AUTHOR: Final = "甲"
_SOUND: Final = ["-f", "lavfi", "-i", "sine=440:d=1:r=44100"]
_FILM: Final = [*_SOUND, "-f", "lavfi", "-i", "testsrc=s=64x48:d=1:r=10"]
_BY_FFMPEG: Final[Mapping[str, list[str]]] = {
    "mp4": ["-c:v", "mpeg4", "-c:a", "aac"],
    "mov": ["-c:v", "mpeg4", "-c:a", "aac"],
    "m4a": ["-c:a", "aac"],
    "mkv": ["-c:v", "mpeg4", "-c:a", "aac"],
    "webm": ["-c:v", "libvpx", "-c:a", "libopus"],
    "avi": ["-c:v", "mpeg4", "-c:a", "mp3"],
    "flv": ["-c:a", "mp3", "-ar", "44100"],
    "mp3": [],
    "wav": [],
    "flac": [],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
    "aac": [],
}
_FILMS: Final = ("mp4", "mov", "mkv", "webm", "avi", "flv")
_PICTURES: Final = {"jpeg": "jpg", "png": "png", "apng": "png", "webp": "webp", "gif": "gif"} | {
    "tiff": "tiff",
    "avif": "avif",
}
FORMATS: Final = (
    *(*_PICTURES, "heic"),
    *_BY_FFMPEG,
    *("pdf", "docx", "xlsx", "pptx", "markdown"),
)
"""The formats of the matrix, in the page's order."""
SUFFIXES: Final = {**_PICTURES, "markdown": "md"}
"""How a file of a format ends, where that is not its name."""


def made(folder: Path, name: str, *, rich: bool) -> Path:
    """Write a file of a format, as another program writes it."""
    path = folder / f"{name}.{SUFFIXES.get(name, name)}"
    if name in _BY_FFMPEG:
        _by_ffmpeg(path, name, rich=rich)
    elif name in _PICTURES:
        path.write_bytes(_picture(name))
        if rich:
            _told(path)
    elif name == "heic":
        path.write_bytes(stills.still([stills.Held(b"Exif", _EXIF)] if rich else []))
    else:
        path.write_bytes(_DOCUMENTS[name](rich))
    return path


def _by_ffmpeg(path: Path, name: str, *, rich: bool) -> None:
    told = ["-metadata", f"title={TITLE}", "-metadata", f"artist={AUTHOR}"] if rich else []
    source = [*_FILM, "-map", "0", "-map", "1"] if name in _FILMS else _SOUND
    command = ["ffmpeg", "-v", "error", "-y", *source, *_BY_FFMPEG[name], *told, str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)  # noqa: S603 - fixed


def _picture(name: str) -> bytes:
    from PIL import Image

    frames = [
        Image.radial_gradient("L").resize((64, 48)).rotate(9 * n).convert("RGB") for n in range(3)
    ]
    held = io.BytesIO()
    more: dict[str, Any] = {}
    if name in ("apng", "gif"):
        more = {"save_all": True, "append_images": frames[1:], "duration": 100}
    frames[0].save(held, "png" if name == "apng" else name, **more)
    return held.getvalue()


def _told(path: Path) -> None:
    fields = [f"-XMP-dc:Title={TITLE}", f"-XMP-dc:Creator={AUTHOR}", f"-EXIF:Artist={TITLE}"]
    command = ["exiftool", "-q", "-m", "-overwrite_original", *fields, str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - fixed


def _pdf(rich: bool) -> bytes:  # noqa: FBT001 - one of a table of makers
    return documents.pdf_packed() if rich else documents.pdf(b"")


def _docx(rich: bool) -> bytes:  # noqa: FBT001 - one of a table of makers
    import docx

    made_: Any = docx.Document()
    made_.add_paragraph("正文")
    if rich:
        made_.core_properties.title, made_.core_properties.author = TITLE, AUTHOR
    return _saved(made_)


def _pptx(rich: bool) -> bytes:  # noqa: FBT001 - one of a table of makers
    import pptx

    made_: Any = pptx.Presentation()
    made_.slides.add_slide(made_.slide_layouts[5]).shapes.title.text = "正文"
    if rich:
        made_.core_properties.title, made_.core_properties.author = TITLE, AUTHOR
    return _saved(made_)


def _xlsx(rich: bool) -> bytes:  # noqa: FBT001 - one of a table of makers
    import openpyxl
    from openpyxl.packaging.custom import StringProperty

    made_: Any = openpyxl.Workbook()
    made_.active["A1"] = "正文"
    if rich:
        made_.properties.title = TITLE
        made_.custom_doc_props.append(StringProperty(name="Room", value="3"))
    return _saved(made_)


def _markdown(rich: bool) -> bytes:  # noqa: FBT001 - one of a table of makers
    return (f"---\ntitle: {TITLE}\nauthor: {AUTHOR}\n---\n" if rich else "").encode() + b"# Text\n"


def _saved(made_: Any) -> bytes:
    held = io.BytesIO()
    made_.save(held)
    return held.getvalue()


_EXIF: Final = bytes(4) + b"II*\0\x08\0\0\0\0\0\0\0\0\0"
_DOCUMENTS: Final[Mapping[str, Callable[[bool], bytes]]] = {
    "pdf": _pdf,
    "docx": _docx,
    "xlsx": _xlsx,
    "pptx": _pptx,
    "markdown": _markdown,
}
