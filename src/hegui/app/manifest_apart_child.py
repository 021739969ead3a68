"""The process that signs the manifest of one file of others anew, and has no key for it.

``python -m hegui.app.manifest_apart_child NOW``; frames on standard input and output: what is to
be done, the file as it came, the file with its label. It asks for each signature, and then says
what came of it, with the new file behind. ``app.manifest_apart`` starts and ends it. The way is
that of ``hegui label --c2pa`` (``app.manifests.signed``).
"""

import base64
import contextlib
import hashlib
import os
import sys
import tempfile
from typing import Any, BinaryIO, Final

import msgspec

from hegui.app import manifests
from hegui.app.disk import FileSource
from hegui.app.manifest_keys import Stamp
from hegui.labels.formats import FORMATS
from hegui.labels.value import Implicit
from hegui.runners.frames import HEADER
from hegui.terms import BadRequest, HeguiError, Unavailable, Words

SIGN: Final = b"S"
DONE: Final = b"D"
CLAIM: Final = b"\x84\x6aSignature1"
"""How all begins that a manifest's signature is of (RFC 9052, 4.4): nothing else is signed."""
MEMORY: Final = 4 * 1024 * 1024 * 1024
"""Bytes of address space, as for the process that reads manifests."""
_MOST_FILE: Final = 256 * 1024 * 1024  # bytes of what lies in memory as a file


class Task(msgspec.Struct):
    """What is to be signed, and as whom; no secret is in it.

    ``label`` is what stands in the file, as JSON. The file was ``opened`` from one of somebody
    else's, or made here; the notice was ``drawn`` upon it. ``came_packed``: the file as it came is
    in Base64; ``packed``: that with its label is, and the new one will be.
    """

    format: str
    label: str
    authority: str
    must_stamp: bool
    opened: bool
    drawn: bool
    came_packed: bool
    packed: bool
    algorithm: str = ""
    chain: str = ""


class Told(msgspec.Struct):
    """What came of it. ``code`` is empty where it was signed; ``digest`` is the file's SHA-256.

    ``size`` is the file's, in bytes.
    """

    code: str = ""
    en: str = ""
    zh: str = ""
    digest: str = ""
    size: int = 0
    stamp: Stamp = ""


class AskedKey:
    """Signs by asking the process that has the key."""

    def __init__(self, wanted: Task, line: "Line") -> None:
        self.authority, self.must_stamp = wanted.authority, wanted.must_stamp
        self.stamp: Stamp = ""
        self.failed: HeguiError | None = None
        self._wanted, self._line = wanted, line

    def signer(self, c2pa: Any, stamps: str = "") -> Any:
        """Return the signer as the library wants it."""
        kind = c2pa.C2paSigningAlg[self._wanted.algorithm.upper()]
        return c2pa.Signer.from_callback(self._sign, kind, self._wanted.chain, stamps or None)

    def _sign(self, data: bytes) -> bytes:
        return self._line.asked(SIGN + data)


class Line:
    """Frames to and from the process that started this one."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink

    def frame(self) -> bytes:
        """Return the next frame; without one there is nobody to work for."""
        header = self._source.read(HEADER.size)
        if len(header) < HEADER.size:
            os._exit(0)
        return self._source.read(*HEADER.unpack(header))

    def say(self, *bodies: bytes) -> None:
        """Send frames."""
        for body in bodies:
            self._sink.write(HEADER.pack(len(body)) + body)
        self._sink.flush()

    def asked(self, body: bytes) -> bytes:
        """Send a frame and return the answer."""
        self.say(body)
        return self.frame()


def in_memory(data: bytes) -> int:
    """Return the handle of a file that holds ``data`` and lies in memory, where there is that."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("hegui")
    else:  # macOS, for development: a file without a name
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    done = 0
    while done < len(data):
        done += os.pwrite(handle, memoryview(data)[done:], done)
    return handle


def signed(wanted: Task, files: tuple[bytes, bytes], line: Line, now: int) -> tuple[Told, bytes]:
    """Sign one file anew; what hinders that is told in words."""
    form = next(one for one in FORMATS if one.name == wanted.format)
    label = msgspec.json.decode(wanted.label, type=Implicit)
    key = AskedKey(wanted, line)
    signs = manifests.Signs(key, now, required=False)
    old, new = (FileSource(in_memory(one)) for one in files)
    claim = manifests.Claim(label, drawn=wanted.drawn, opened=wanted.opened)
    try:
        made = manifests.signed(signs, form, (old, new, in_memory(b"")), claim)
    except BadRequest as error:
        return _told(error.code, error.words), b""
    except Unavailable as error:
        return _told("unavailable", error.words), b""
    except HeguiError as error:
        return _told("corrupt", error.words), b""
    data = made.read(0, made.size)
    digest = hashlib.sha256(data).hexdigest()
    told = Told(digest=digest, size=len(data), stamp=key.stamp)
    return told, base64.b64encode(data) if wanted.packed else data


def _plain(data: bytes, *, packed: bool) -> bytes:
    return base64.b64decode(data) if packed else data


def _told(code: str, words: Words) -> Told:
    return Told(code=code, en=words.en, zh=words.zh)


def bounded() -> None:
    """Take away what signing needs not: memory without end, large files, core dumps."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE, _MOST_FILE))


def main(now: int) -> None:
    """Serve one file on standard input and output."""
    line = Line(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # the library may print, and content must not reach a log
        os.dup2(nothing, number)
    bounded()
    wanted = msgspec.json.decode(line.frame(), type=Task)
    line.say(b"")
    came = _plain(line.frame(), packed=wanted.came_packed)
    line.say(b"")
    files = came, _plain(line.frame(), packed=wanted.packed)
    told, file = signed(wanted, files, line, now)
    line.say(DONE + msgspec.json.encode(told), file)


if __name__ == "__main__":
    main(int(sys.argv[1]))
