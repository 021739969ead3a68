"""A host of media that misbehaves when asked: what a model server's addresses may lead to."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.types import Receive, Scope, Send

from hegui.testing import films, pictures, sounds
from hegui.testing.line import Line

FILES: Final[Mapping[str, tuple[str, bytes]]] = {
    "/picture.png": ("image/png", pictures.png()),
    "/picture.jpg": ("image/jpeg", pictures.jpeg()),
    "/film.mp4": ("video/mp4", films.film(fast=True)),
    "/sound.mp3": ("audio/mpeg", sounds.mp3()),
    "/unsaid.png": ("application/octet-stream", pictures.png()),
    "/film-said-to-be-a-picture.png": ("image/png", films.film(fast=True)),
    "/page.png": ("image/png", b"<!doctype html><title>Sign in</title>"),
    "/broken.mp4": ("video/mp4", films.film(fast=True)[:60] + bytes(40)),
    "/page.html": ("text/html", b"<!doctype html><title>Sign in</title>"),
}
_REDIRECTS: Final[Mapping[str, str]] = {
    "/moved.png": "/picture.png",
    "/round.png": "/round.png",
    "/away.png": "http://169.254.169.254/latest/meta-data/",
    "/elsewhere.png": "https://elsewhere.example/picture.png",
    "/file.png": "file:///etc/passwd",
}
_CHUNK: Final = b"\0" * 65_536


class MediaHost:
    """An ASGI app. ``seen`` lists the headers of each request by path, ``sent`` counts bytes.

    ``files`` are what it has besides: type and bytes, by path.
    """

    def __init__(
        self, *, pace: float = 0.05, files: Mapping[str, tuple[str, bytes]] | None = None
    ) -> None:
        self.pace = pace
        self.files = {**FILES, **(files or {})}
        self.seen: list[tuple[str, Mapping[str, str]]] = []
        self.sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what stands after the path does not matter."""
        line = Line(receive, send)
        path = scope["path"]
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        self.seen.append((path, headers))
        if path in self.files:
            mime, data = self.files[path]
            await self._whole(line, mime, data)
        elif path in _REDIRECTS:
            await line.start(302, "text/plain", location=_REDIRECTS[path])
            await line.write(b"", more=False)
        elif path == "/packed.png":
            await line.start(200, "image/png", content_encoding="gzip")
            await line.write(FILES["/picture.png"][1], more=False)
        elif path == "/short.png":
            await line.start(200, "image/png", content_length="100000")
            await line.write(FILES["/picture.png"][1])  # and dies
        elif path == "/large.png":
            await line.start(200, "image/png", content_length=str(1 << 40))
            await line.write(FILES["/picture.png"][1])
        elif path == "/late.mp4":
            await line.pause(20 * self.pace)
            await self._whole(line, *FILES["/film.mp4"])
        elif path in ("/endless.png", "/slow.png"):
            await self._endless(line, slow=path == "/slow.png")
        else:
            await line.start(404, "text/plain")
            await line.write(b"gone", more=False)

    async def _whole(self, line: Line, mime: str, data: bytes) -> None:
        await line.start(200, mime, content_length=str(len(data)))
        self.sent += len(data)
        await line.write(data, more=False)

    async def _endless(self, line: Line, *, slow: bool) -> None:
        """Begin like a picture, and go on: as fast as can be, or a byte at a time."""
        watch = asyncio.ensure_future(line.watch())
        try:
            await line.start(200, "image/png")
            await line.write(FILES["/picture.png"][1])
            while not line.gone.is_set():
                part = b"\0" if slow else _CHUNK
                await line.write(part)
                self.sent += len(part)
                await line.pause(self.pace if slow else 0)
        finally:
            watch.cancel()
