"""Files that strangers bring to a reader of labels: lies, bombs, depths; by a name each."""

import io
import struct
import zipfile

from hegui.testing import documents, films, pictures, sounds


def hostile_uploads() -> dict[str, bytes]:
    """Return files by name; each is to be refused or read, within bounds, and nothing else."""
    png = pictures.samples()["png"]
    film = next(iter(films.samples().values()))
    sound = next(iter(sounds.samples().values()))
    return {
        "empty.png": b"",
        "one.jpg": b"\xff",
        "cut.png": png[:50],
        "long-chunk.png": png[:33] + b"\xff\xff\xff\xffiTXt" + png[33:],
        "cut.mp4": film[: len(film) // 2],
        "deep.mp4": _deep_boxes(2_000),
        "huge.mp4": struct.pack(">I4sQ", 1, b"moov", 2**63) + b"\0" * 64,
        "many.png": _many_chunks(png, 100_000),
        "cut.sound": sound[: len(sound) // 3],
        "bomb.docx": _bomb(),
        "laughs.png": _laughs(png),
        "zip-behind.png": png + documents.docx(),
        "cut.pdf": documents.pdf()[:-200],
        "nothing.bin": bytes(100_000),
        "tags.html": b'<meta name="AIGC" content="' * 20_000,
        "brackets.md": b"---\nAIGC: " + b"[" * 50_000 + b"\n---\n",
    }


def _deep_boxes(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = struct.pack(">I4s", len(inner) + 8, b"moov") + inner
    return struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + inner


def _many_chunks(png: bytes, count: int) -> bytes:
    chunk = b"\0\0\0\0tEXt" + b"\0\0\0\0"
    return png[:33] + chunk * count + png[33:]


def _bomb() -> bytes:
    """Return a Word document whose properties unpack to 64 MiB."""
    with zipfile.ZipFile(io.BytesIO(documents.docx())) as old:
        parts = {one.filename: old.read(one) for one in old.infolist()}
    parts["docProps/custom.xml"] = b"<" + b" " * (64 << 20)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return made.getvalue()


def _laughs(png: bytes) -> bytes:
    """Return a picture whose XMP packet defines entities of entities."""
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(8))
    packet = f'<!DOCTYPE x [<!ENTITY e0 "AIGC">{levels}]><x>&e8;</x>'.encode()
    body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
    chunk = struct.pack(">I", len(body) - 4) + body + bytes(4)
    return png[:33] + chunk + png[33:]
