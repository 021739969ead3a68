"""The practice model's pictures and speech: made by plain code, and badly when asked.

A misbehaviour is asked for by the model's name: ``practice-image-truncated``,
``practice-voice-dies``. ``repeat: …`` in a prompt comes back as ``revised_prompt``.
"""

import asyncio
import json
import math
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from functools import cache
from struct import pack
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from hegui.labels.container import Memory
from hegui.labels.formats.png import PNG
from hegui.labels.splicing import joined
from hegui.labels.value import Implicit
from hegui.testing import media_events, pictures, sounds

IMAGE, VOICE = "practice-image", "practice-voice"
OTHERS: Final = "001191310104MACE0YX63918020"
"""The producer of whom ``practice-image-labelled`` holds a label."""
IMAGE_FAULTS: Final = (
    "not-a-picture",
    "not-base64",
    "truncated",
    "bomb",
    "address",
    "too-many",
    "odd",
    "sixteen-bit",
    "http-500",
)
VOICE_FAULTS: Final = ("not-sound", "json", "empty", "truncated", "dies", "endless", "hangs")
_PIECE: Final = 4_000
_RATE: Final = 24_000
_EVER: Final = 3_600.0
_A_MOMENT: Final = 0.2
_TYPES: Final = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "aac": "audio/aac",
}


@cache
def picture(width: int = 320, height: int = 240, *, tint: int = 0) -> bytes:
    """Return a PNG of a smooth ground, the same for the same ``tint``."""
    rows = b"".join(
        b"\0"
        + b"".join(
            bytes((x * 255 // width, y * 255 // height, tint * 40 % 256)) for x in range(width)
        )
        for y in range(height)
    )
    return _png(pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(rows, 1))


def blank(width: int, height: int) -> bytes:
    """Return a PNG of black, of few bytes whatever its size."""
    rows = zlib.compress(bytes((width * 3 + 1) * height), 1)
    return _png(pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), rows)


def tone(seconds: float = 0.5, *, stated: bool = False) -> bytes:
    """Return a WAV of a quiet tone, as model servers stream it: of no stated length."""
    count = int(seconds * _RATE)
    samples = (round(3000 * math.sin(2 * math.pi * 330 * n / _RATE)) for n in range(count))
    sound = b"".join(pack("<h", one) for one in samples)
    whole, held = (36 + len(sound), len(sound)) if stated else (0xFFFF_FFFF, 0xFFFF_FFFF)
    form = pack("<HHIIHH", 1, 1, _RATE, 2 * _RATE, 2, 16)
    head = b"RIFF" + pack("<I", whole) + b"WAVE" + b"fmt " + pack("<I", 16) + form
    return head + b"data" + pack("<I", held) + sound


def speech(form: str) -> bytes:
    """Return a speech in a format."""
    makers: dict[str, Callable[[], bytes]] = {
        "wav": tone,
        "mp3": lambda: sounds.mp3(frames=30),
        "flac": sounds.flac,
        "opus": sounds.opus,
        "aac": lambda: sounds.AAC_FRAME * 30,
    }
    return makers[form]()


def _png(head: bytes, data: bytes) -> bytes:
    def chunk(kind: bytes, held: bytes) -> bytes:
        return pack(">I", len(held)) + kind + held + pack(">I", zlib.crc32(kind + held))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


async def images(request: Request, body: dict[str, Any], patience: float) -> Response:
    """Answer a request for pictures; a slow one after ``patience`` seconds."""
    fault = str(body.get("model", "")).removeprefix(f"{IMAGE}-")
    if fault == "hangs":
        await asyncio.sleep(_EVER)
    if body.get("stream") in (True, "true") and fault != "http-500":
        told = media_events.images(fault, body, _encoded, patience)
        return StreamingResponse(told, media_type="text/event-stream")
    if fault == "slow":
        await asyncio.sleep(patience)
    if fault == "http-500":
        return JSONResponse({"error": {"message": "asked to fail"}}, status_code=500)
    if fault == "odd":
        return JSONResponse({"choices": []})
    if fault == "address":
        address = f"{request.base_url}pictures/1.png?signature=secret"
        return JSONResponse({"created": 1, "data": [{"url": address}]})
    count = int(body.get("n") or 1) + (1 if fault == "too-many" else 0)
    entries = [{"b64_json": _encoded(fault, body, n)} for n in range(count)]
    said = str(body.get("prompt", ""))
    if said.startswith("repeat:"):
        for entry in entries:
            entry["revised_prompt"] = said.removeprefix("repeat:").strip()
    form = body.get("output_format") or "png"
    beside = {"created": 1_700_000_000, "output_format": form, "note": "as the model likes"}
    return JSONResponse({**beside, "data": entries, "usage": {"total_tokens": 7, "plan": "x"}})


def _encoded(fault: str, body: dict[str, Any], number: int) -> str:
    if fault == "not-base64":
        return "no base64!"
    form = body.get("output_format") or "png"
    made = picture(tint=number)
    if form != "png":
        made = pictures.jpeg() if form == "jpeg" else pictures.webp("lossless")
    if fault == "labelled":
        theirs = Implicit("1", OTHERS, "t-1", "", OTHERS, "t-1", "")
        made = joined(Memory(made), PNG.write(Memory(made), theirs.inner()))
    made = {
        "not-a-picture": b"<!doctype html><title>Sign in</title>",
        "truncated": made[: len(made) // 2],
        "too-large": made + bytes(1_500_000) if fault == "too-large" else b"",
        "bomb": _png(pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0), zlib.compress(b"")),
        "sixteen-bit": _png(pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0), zlib.compress(bytes(4 * 25))),
    }.get(fault, made)
    return b64encode(made).decode()


async def voice(body: dict[str, Any], patience: float) -> Response:
    """Answer a request for speech, streamed in pieces; a slow one pauses for ``patience``.

    One that ``drags`` begins after that time, and does not end.
    """
    fault = str(body.get("model", "")).removeprefix(f"{VOICE}-")
    form = str(body.get("response_format", "mp3"))
    if fault == "json":
        return JSONResponse({"audio": "none"})
    if fault == "drags":
        await asyncio.sleep(patience)
    if body.get("stream_format") == "sse" and fault != "plain":
        told = media_events.voice(fault, _sound(fault, form, patience))
        return StreamingResponse(told, media_type="text/event-stream")
    return StreamingResponse(
        _sound(fault, form, patience), media_type=_TYPES.get(form, "audio/mpeg")
    )


async def _sound(fault: str, form: str, patience: float) -> AsyncIterator[bytes]:
    made = speech(form)
    made = {"not-sound": b"<html>" * 50_000, "empty": b"", "truncated": made[:30]}.get(fault, made)
    for at in range(0, len(made), _PIECE):
        yield made[at : at + _PIECE]
        await asyncio.sleep(patience if fault == "slow" and at == 0 else 0)
    if fault in ("dies", "endless"):
        await asyncio.sleep(_A_MOMENT)  # what came before is read by then
    while fault == "endless":
        yield made[-_PIECE:] * 100
        await asyncio.sleep(0)
    if fault == "dies":
        raise ConnectionAbortedError
    if fault in ("hangs", "drags"):
        await asyncio.sleep(_EVER)


async def body_of(request: Request) -> dict[str, Any]:
    """Return what a request asks for; of a form only its texts, and how many files it brings."""
    raw = await request.body()
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        found = json.loads(raw)
        return found if isinstance(found, dict) else {}
    mark = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    body: dict[str, Any] = {"files": 0}
    for part in raw.split(mark)[1:-1]:
        head, _, held = part.partition(b"\r\n\r\n")
        if b"filename" in head:
            body["files"] += 1
            continue
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        text = held.removesuffix(b"\r\n").decode()
        body[name] = int(text) if text.isdecimal() else text
    return body
