"""The door through which films and HEIC get their notice: by a process that can be killed.

FFmpeg and libheif read what strangers made. If one crashes, hangs or takes too long over one step,
that process ends and the file is refused; this one lives on. The child sees the file and where to
write, and nothing of our environment.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from hegui.app.apart import environment
from hegui.app.disk import FileSource
from hegui.settings.plain_files import reason
from hegui.terms import BadRequest, Corrupt, HeguiError, Misconfigured, Unavailable, Words

_STALLED: Final = 120.0  # seconds in which a step must have been made
_ERRORS: Final[Mapping[str, type[HeguiError]]] = {
    "Misconfigured": Misconfigured,
    "Corrupt": Corrupt,
    "Unavailable": Unavailable,
}


def _untold(share: float) -> None:
    """Tell nobody."""


class How(NamedTuple):
    """How films are encoded, by which encoder, and who is told the share that is done (0 to 1).

    ``stalled``: after how many seconds without a step it is given up.
    """

    encoder: str = "auto"
    told: Callable[[float], None] = _untold
    stalled: float = _STALLED


AUTO: Final = How()


@contextmanager
def drawn(file: FileSource, form: str, folder: Path, how: How) -> Iterator[tuple[FileSource, str]]:
    """Give a film or a picture with its notice, written in ``folder``, and how it was encoded.

    What cannot be drawn upon is a ``BadRequest``. Nothing of it stays in ``folder``.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".hegui-notice.", suffix=".part", dir=folder)
    except OSError as error:
        raise Unavailable(_NOT_WRITTEN.fill(path=folder, why=reason(error))) from None
    os.close(handle)
    part = Path(name)
    try:
        said = _run(file, form, part, how)
        handle = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    try:
        yield FileSource(handle), said
    finally:
        os.close(handle)


def _run(file: FileSource, form: str, part: Path, how: How) -> str:
    command = [sys.executable, "-P", "-m", "hegui.app.drawing_child"]
    command += [str(file.handle), form, str(part), how.encoder]
    child = subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(file.handle,),
        env=environment(),
    )
    try:
        last = _followed(child, how)
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
    return _outcome(last)


def _followed(child: "subprocess.Popen[bytes]", how: How) -> dict[str, Any]:
    """Pass on what the child says; return its last word, nothing if it ended without."""
    assert child.stdout is not None
    last: dict[str, Any] = {}
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)
        held = b""
        while waiting.select(how.stalled):
            data = os.read(child.stdout.fileno(), 65_536)
            if not data:
                return last
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                last = _said(line) or last
                if "share" in last:
                    how.told(last["share"])
                    last = {}
    raise BadRequest(_HANGS.fill(seconds=round(how.stalled)), code="file_broken")


def _said(line: bytes) -> dict[str, Any]:
    """Return what a line says; nothing where it is a library's, which may print what it likes."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _outcome(last: dict[str, Any]) -> str:
    if "refused" in last:
        words = Words(last["en"], last["zh"])
        kind = _ERRORS.get(last["refused"])
        if kind is not None:
            raise kind(words)
        raise BadRequest(words, code=last["code"], param=last["param"])
    if "encoded" not in last:
        raise BadRequest(_DIED, code="file_broken")
    return str(last["encoded"])


_NOT_WRITTEN: Final = Words(
    en="{path} could not be written ({why}). Nothing was changed.",
    zh="无法写入 {path}（{why}）。未作任何改动。",
)
_HANGS: Final = Words(
    en="Drawing the notice stood still for {seconds} seconds and was given up. The file was not"
    " changed.",
    zh="绘制标识时停滞 {seconds} 秒，已放弃。文件未作任何改动。",
)
_DIED: Final = Words(
    en="The program that reads such files broke over this one, or ran out of memory. It was not"
    " changed; if it opens elsewhere, convert it first.",
    zh="读取该文件的程序异常退出或内存不足。文件未作任何改动；如能在别处正常打开，请先转换格式。",
)
