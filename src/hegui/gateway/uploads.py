"""One uploaded file out of a ``multipart/form-data`` body (RFC 7578), within bounds while it comes.

The file is held in memory and nowhere else. What goes beyond a bound is refused at the byte that
does so: nobody can make the gateway hold more than ``bytes`` of a file and a few kilobytes besides.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Receive

from hegui.terms import BadRequest, Words

_AROUND: Final = 65_536  # bytes of a body beside its file
_MOST_PARTS: Final = 16
_MOST_HEAD: Final = 8_192  # bytes of one part's headers
_MOST_FIELD: Final = 4_096  # bytes of one field
_MOST_NAME: Final = 255  # characters of a file's name
_BOUNDARY: Final = re.compile(
    r'multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;.*)?',
    re.IGNORECASE | re.DOTALL,
)
_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_DISPOSITION: Final = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)
_SWALLOWED: Final = 64 * 1024 * 1024
"""Bytes that are read and thrown away so that a sender hears the answer; then the line is cut."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an upload may cost: bytes of its file, seconds until all of it is there."""

    bytes: int
    seconds: float


@dataclass(slots=True)
class Upload:
    """A file that came, and the fields beside it. ``name`` is what its sender calls it."""

    name: str = field(default="", repr=False)
    data: bytes | bytearray = field(default=b"", repr=False)
    fields: dict[str, str] = field(default_factory=dict, repr=False)


class Body:
    """The bytes of a request as they come. ``ended`` tells that all have been read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def more(self) -> bytes:
        """Return what comes next; nothing at the end. A sender who leaves is a ``BadRequest``."""
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.ended = True
                raise BadRequest(_LEFT, code="upload_incomplete")
            self.ended = not message.get("more_body", False)
            if data := message.get("body", b""):
                return bytes(data)
        return b""

    async def swallow(self, seconds: float) -> bool:
        """Read the rest and drop it; False where there is too much of it, or it takes too long."""
        left = _SWALLOWED
        try:
            async with asyncio.timeout(seconds):
                while left > 0 and (data := await self.more()):
                    left -= len(data)
        except (TimeoutError, BadRequest):
            return False
        return self.ended


async def upload(body: Body, content_type: str, length: str, bounds: Bounds) -> Upload:
    """Return the uploaded file; the part that holds it is called ``file``.

    ``BadRequest``: 413 beyond the bounds, 408 for one that takes too long, 400 for what is no
    such form. ``length`` is what the request says of itself.
    """
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        raise BadRequest(_NO_FORM, code="no_form", status=415)
    if length.isdecimal() and int(length[:18]) > bounds.bytes + _AROUND:
        raise file_too_large(bounds)
    parts = _Parts((found[1] or found[2]).encode("latin-1", "replace"), bounds)
    try:
        async with asyncio.timeout(bounds.seconds):
            while data := await body.more():
                parts.feed(data)
    except TimeoutError:
        raise BadRequest(_SLOW.fill(n=int(bounds.seconds)), status=408, code="too_slow") from None
    return parts.end()


class _Parts:
    """Takes a body apart as it comes. What it holds of a part is bounded by what the part is."""

    def __init__(self, boundary: bytes, bounds: Bounds) -> None:
        self._mark = b"\r\n--" + boundary
        self._bounds = bounds
        self._held = bytearray(b"\r\n")  # a first boundary stands at the very start
        self._state = "before"
        self._name: str | None = None
        self._value = bytearray()
        self._file = False
        self._total = self._ahead = 0
        self._count = 0
        self._done = Upload()
        self._seen = False

    def feed(self, data: bytes) -> None:
        self._total += len(data)
        if self._total > self._bounds.bytes + _AROUND:
            raise file_too_large(self._bounds)
        self._held += data
        while self._step():
            pass

    def end(self) -> Upload:
        if self._state != "after":
            raise BadRequest(_BROKEN, code="form_broken")
        if not self._seen:
            raise BadRequest(_NO_FILE, code="no_file", param="file")
        return self._done

    def _step(self) -> bool:
        """Go one step; False where more must come first."""
        if self._state == "after":
            self._held.clear()
            return False
        if self._state == "mark":
            return self._past_mark()
        if self._state == "head":
            return self._past_head()
        at = self._held.find(self._mark)
        if at < 0:
            keep = len(self._mark) - 1
            if len(self._held) > keep:
                self._take(len(self._held) - keep)
            return False
        self._take(at)
        del self._held[: len(self._mark)]
        self._close()
        self._state = "mark"
        return True

    def _past_mark(self) -> bool:
        if len(self._held) < 2:  # noqa: PLR2004 - the two bytes that follow a boundary
            return False
        after = bytes(self._held[:2])
        del self._held[:2]
        if after == b"--":
            self._state = "after"
        elif after == b"\r\n":
            self._state = "head"
        else:
            raise BadRequest(_BROKEN, code="form_broken")
        return True

    def _past_head(self) -> bool:
        end = self._held.find(b"\r\n\r\n", 0, _MOST_HEAD)
        if end < 0:
            if len(self._held) >= _MOST_HEAD:
                raise BadRequest(_BROKEN, code="form_broken")
            return False
        told = _DISPOSITION.search(bytes(self._held[:end]))
        del self._held[: end + 4]
        named = told[1].decode("utf-8", "replace") if told is not None else ""
        said = {key.lower(): value for key, value in _PARAMETER.findall(named)}
        self._count += 1
        if "name" not in said or self._count > _MOST_PARTS:
            raise BadRequest(_BROKEN, code="form_broken")
        self._name, self._file = said["name"], said["name"] == "file"
        if self._file:
            if self._seen:
                raise BadRequest(_ONE_FILE, code="several_files", param="file")
            self._done.name = _plain(said.get("filename", ""))
        self._state = "value"
        return True

    def _take(self, count: int) -> None:
        """Move bytes from what is held into the part that they are of."""
        if self._state == "value":
            self._value += self._held[:count]
            if self._file and len(self._value) > self._bounds.bytes:
                raise file_too_large(self._bounds)
            if not self._file and len(self._value) > _MOST_FIELD:
                raise BadRequest(_FIELD, code="field_too_large", status=413)
        else:
            self._ahead += count
            if self._ahead > _AROUND:
                raise BadRequest(_BROKEN, code="form_broken")
        del self._held[:count]

    def _close(self) -> None:
        """End a part."""
        if self._state != "value" or self._name is None:
            return
        if self._file:
            self._seen = bool(self._value) or bool(self._done.name)
            self._done.data = self._value
        else:
            self._done.fields[self._name] = self._value.decode("utf-8", "replace")
        self._value = bytearray()


def _plain(name: str) -> str:
    """Return a file's own name, without folders of its sender, its escapes undone, cut short."""
    name = re.sub(r"\\([\"\\])", r"\1", name)
    return re.split(r"[/\\]", name)[-1][-_MOST_NAME:]


def file_too_large(bounds: Bounds) -> BadRequest:
    """Return the error for a file beyond the bound (413)."""
    most = f"{bounds.bytes / 1_048_576:g}"
    return BadRequest(_LARGE.fill(most=most), status=413, code="file_too_large", param="file")


_LARGE: Final = Words(
    en="The file is larger than {most} MiB. Nothing of it was kept. Bring a smaller one, or read "
    "it on your own machine: hegui label read FILE.",
    zh="文件超过 {most} MiB，没有留存任何内容。请换用较小的文件，"
    "或在自己的电脑上读取：hegui label read 文件。",
)
_SLOW: Final = Words(
    en="The file was not all here after {n} seconds. Nothing of it was kept. Please try again on a "
    "faster line, or with a smaller file.",
    zh="文件未能在 {n} 秒内传完，没有留存任何内容。请在网络较好时重试，或换用较小的文件。",
)
_LEFT: Final = Words(en="The upload broke off before it was complete.", zh="上传尚未完成就已中断。")
_NO_FORM: Final = Words(
    en="Send the file as a form (multipart/form-data), in a part called file: curl -F file=@NAME.",
    zh="请以表单（multipart/form-data）上传文件，字段名为 file：curl -F file=@文件名。",
)
_BROKEN: Final = Words(
    en="The form that was sent does not hold together. Send it as a browser or curl -F does.",
    zh="提交的表单格式有误。请按浏览器或 curl -F 的方式提交。",
)
_NO_FILE: Final = Words(
    en="There was no file. Choose one first (the part called file).",
    zh="没有收到文件。请先选择文件（字段名为 file）。",
)
_ONE_FILE: Final = Words(en="Send one file at a time.", zh="每次请只上传一个文件。")
_FIELD: Final = Words(en="A field of the form is too long.", zh="表单中有字段过长。")
