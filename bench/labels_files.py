"""The files on which labels are measured: of 1 to 5 MB, as programs write them, and a large one."""

import shutil
import subprocess
from pathlib import Path
from struct import pack
from typing import Final

from bench import labels_in_memory
from hegui.testing import films, sounds

SUFFIXES: Final = {"jpeg": "jpg", "png": "png"}
MEGABYTE: Final = 1_000_000
EXIFTOOL: Final = """
%Image::ExifTool::UserDefined = ('Image::ExifTool::XMP::Main' => {
  TC260 => { SubDirectory => { TagTable => 'Image::ExifTool::UserDefined::TC260' } } });
%Image::ExifTool::UserDefined::TC260 = ( GROUPS => { 0 => 'XMP', 1 => 'XMP-TC260', 2 => 'Image' },
  NAMESPACE => { 'TC260' => 'http://www.tc260.org.cn/ns/AIGC/1.0/' }, WRITABLE => 'string',
  AIGC => { } );
1;
"""
"""exiftool's settings for the property that holds the label."""


def made(room: Path) -> dict[str, Path]:
    """Write the files; films and sound by ffmpeg where it is installed, else of our own making."""
    found: dict[str, Path] = {}
    for size in (1, 5):
        for kind, data in labels_in_memory.files(size * MEGABYTE).items():
            if kind in SUFFIXES:
                found[f"{kind} {size} MB"] = path = room / f"{size}.{SUFFIXES[kind]}"
                path.write_bytes(data)
    for name, suffix, size in (("mp4", ".mp4", 1), ("mp4", ".mp4", 5), ("mp3", ".mp3", 3)):
        found[f"{name} {size} MB"] = path = room / f"{size}{suffix}"
        if shutil.which("ffmpeg"):
            _by_ffmpeg(path, size * MEGABYTE)
        elif name == "mp3":
            path.write_bytes(sounds.MP3_FRAME * (size * MEGABYTE // len(sounds.MP3_FRAME)))
        else:
            sparse_film(path, size * MEGABYTE)
    return found


def _by_ffmpeg(path: Path, size: int) -> None:
    if path.suffix == ".mp3":
        source, held = "anoisesrc=d=200", ["-b:a", "320k"]
    else:
        source, held = "nullsrc=s=320x240:r=25,geq=random(1)*255:128:128", ["-c:v", "mpeg4"]
    command = ["ffmpeg", "-v", "fatal", "-y", "-f", "lavfi", "-i", source, *held]
    command += ["-t", "200", "-fs", str(size), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)  # noqa: S603 - fixed


def sparse_film(path: Path, size: int) -> Path:
    """Write a film of ``size`` bytes of nothing, which take no room, its description behind."""
    head = films.brands(b"isom") + pack(">I4sQ", 1, b"mdat", size + 16)
    at = len(head)
    with path.open("wb") as file:
        file.write(head)
        file.seek(at + size)
        file.write(films.movie([at, at + 256, at + 512], co64=True))
    return path
