"""The two ways in which speech leaves: as the bytes of a file, or as events that carry them."""

from base64 import b64encode
from typing import Any, Protocol

from hegui.gateway.gate import Outbox
from hegui.gateway.media import wire


class Sounding(Protocol):
    """Sends speech. ``step`` is of how many bytes what is not the end must be a multiple."""

    step: int

    async def give(self, data: bytes) -> None:
        """Send bytes after which more will come."""
        ...

    async def end(self, data: bytes, more: dict[str, Any]) -> None:
        """Send the last bytes; ``more`` is what can be said beside them."""
        ...


class AsFile:
    """The bytes as they are."""

    step = 1

    def __init__(self, out: Outbox, form: str) -> None:
        self._out, self._mime = out, wire.SPOKEN[form]

    async def give(self, data: bytes) -> None:
        """Send bytes after which more will come."""
        await self._out.plain(data, self._mime, last=False)

    async def end(self, data: bytes, more: dict[str, Any]) -> None:
        """Send the last bytes; beside them nothing can be said."""
        del more
        await self._out.plain(data, self._mime, last=True)


class AsEvents:
    """OpenAI's events of speech. Padding stands in the last one only: some join the texts."""

    step = 3

    def __init__(self, out: Outbox) -> None:
        self._out = out

    async def give(self, data: bytes) -> None:
        """Send bytes after which more will come."""
        await self._out.events([_delta(data)])

    async def end(self, data: bytes, more: dict[str, Any]) -> None:
        """Send the last bytes, and the event that ends them."""
        await self._out.events([_delta(data), {"type": wire.SPEECH_DONE, **more}], last=True)


def _delta(data: bytes) -> dict[str, Any]:
    return {"type": wire.SPEECH_DELTA, "audio": b64encode(data).decode("ascii")}
