"""The practice model's pictures and speech as events, in OpenAI's shapes; faults as in ``media``.

Besides: ``late-truncated`` breaks the last picture only, ``error`` tells of an error midway,
``cut`` ends without the last event, ``too-many`` sends one picture more, ``odd`` no picture.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

MIDWAY: Final = ("late-truncated", "error", "cut", "odd")
_USAGE: Final = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
_CREATED: Final = 1_700_000_000


def _framed(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


async def images(
    fault: str,
    body: dict[str, Any],
    encoded: Callable[[str, dict[str, Any], int], str],
    patience: float,
) -> AsyncIterator[bytes]:
    """Give the events of pictures; ``encoded`` makes one in Base64.

    A slow model takes ``patience`` seconds for what comes after the unfinished ones.
    """
    about = "image_edit" if body.get("files") else "image_generation"
    count = int(body.get("n") or 1) + (fault == "too-many")
    partial = int(body.get("partial_images") or 0) + (fault == "too-many")
    form = body.get("output_format") or "png"
    told = {"created_at": _CREATED, "output_format": form, "quality": "high", "note": "x"}
    for number in range(count):
        for step in range(partial):
            event = {"b64_json": encoded(fault, body, 5 - step), "partial_image_index": step}
            yield _framed({"type": f"{about}.partial_image", **told, **event})
            await asyncio.sleep(0)
        await asyncio.sleep(patience if fault == "slow" else 0)
        if fault == "error":
            yield b'data: {"error": {"message": "asked to fail"}}\n\n'
        if fault == "cut":
            return
        last = "truncated" if fault == "late-truncated" else fault
        data = 3 if fault == "odd" else encoded(last, body, number)
        yield _framed({"type": f"{about}.completed", **told, "b64_json": data, "usage": _USAGE})
    yield b"data: [DONE]\n\n"


async def voice(fault: str, sound: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give the events of a speech."""
    async for piece in sound:
        audio = 3 if fault == "odd" else b64encode(piece).decode()
        yield _framed({"type": "speech.audio.delta", "audio": audio})
    if fault == "error":
        yield b'data: {"type": "error", "message": "asked to fail"}\n\n'
    if fault != "cut":
        yield _framed({"type": "speech.audio.done", "usage": _USAGE})
