"""The worker process that labels content in memory: hostile bytes are decoded here.

Run as ``python -m hegui.runners.label_work MEMORY_MB``. It answers as ``label_desk`` says until its
input ends; when its parent is gone it leaves at once, whatever it is decoding.
"""

import contextlib
import os
import queue
import sys
import threading
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from hegui.labels.explicit.choosing import Mode
from hegui.labels.value import Implicit
from hegui.labels.whole import Burn, Whole, whole
from hegui.runners.frames import HEADER
from hegui.terms import BadRequest, HeguiError, Words


class Job(msgspec.Struct, frozen=True):
    """What to label, and how. With ``encoded``, the content comes and goes in Base64."""

    data: bytes
    ours: Implicit
    mode: Mode
    kinds: tuple[str, ...] = ()
    encoded: bool = False


class Labelled(msgspec.Struct, frozen=True, tag=True):
    """The answer. ``size`` is that of the file, in bytes; in ``whole.data`` it may be Base64."""

    whole: Whole
    size: int


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The answer where there is none: why, and the words of it in both languages."""

    code: str
    en: str
    zh: str


JOB: Final[msgspec.msgpack.Decoder[Job]] = msgspec.msgpack.Decoder(Job)
ANSWER: Final[msgspec.msgpack.Decoder[Labelled | Refused]] = msgspec.msgpack.Decoder(
    Labelled | Refused
)


def packed(message: Job | Labelled | Refused) -> bytes:
    """Return a message as the body of a frame; its content comes behind it."""
    return msgspec.msgpack.encode(message)


def without(job: Job) -> Job:
    """Return a job without its content."""
    return msgspec.structs.replace(job, data=b"")


def filled(answer: Labelled, data: bytes) -> Labelled:
    """Return an answer with other content."""
    return Labelled(msgspec.structs.replace(answer.whole, data=data), answer.size)


def done(job: Job, burn: Burn | None = None) -> Labelled | Refused:
    """Label one file. Whatever its bytes lead to is an answer, as far as a process can tell.

    Without ``burn``, a film that is to get its notice is refused.
    """
    try:
        data = b64decode(job.data, validate=True) if job.encoded else job.data
        made = whole(data, job.ours, job.mode, kinds=job.kinds, burn=burn)
        size = len(made.data)
        if job.encoded:
            made = msgspec.structs.replace(made, data=b64encode(made.data))
        return Labelled(made, size)
    except NoBase64:
        return Refused("not_base64", _NO_BASE64.en, _NO_BASE64.zh)
    except BadRequest as error:
        return Refused(error.code, error.words.en, error.words.zh)
    except HeguiError as error:
        return Refused(type(error).__name__.lower(), error.words.en, error.words.zh)
    except MemoryError:
        return Refused("too_large", _MEMORY.en, _MEMORY.zh)
    except Exception as error:  # noqa: BLE001 - hostile bytes before a decoder: anything may come
        words = _BROKEN.fill(why=type(error).__name__)
        return Refused("file_broken", words.en, words.zh)


def _listen(source: BinaryIO, inbox: "queue.SimpleQueue[Job]") -> None:
    """Take messages in; when there are no more, or one is too large, the process is over."""
    try:
        while True:
            job = JOB.decode(_frame(source))
            inbox.put(msgspec.structs.replace(job, data=_frame(source)))
    finally:
        os._exit(0)


def _frame(source: BinaryIO) -> bytes:
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError
    (size,) = HEADER.unpack(header)
    return source.read(size)


def serve(memory_mb: int, work: Callable[[Job], Labelled | Refused]) -> None:
    """Say that it is ready; answer until the input ends.

    It may take ``memory_mb`` beyond what the libraries take.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = taken * resource.getpagesize() + memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # a decoder's library may print, and content must not reach a log
        os.dup2(nothing, number)
    inbox: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, inbox), daemon=True).start()
    sink.write(HEADER.pack(0))
    sink.flush()
    while True:
        _say(sink, work(inbox.get()))


def _say(sink: BinaryIO, answer: Labelled | Refused) -> None:
    data = b""
    if isinstance(answer, Labelled):
        data, answer = answer.whole.data, filled(answer, b"")
    body = packed(answer)
    sink.writelines((HEADER.pack(len(body)), body, HEADER.pack(len(data)), data))
    sink.flush()


_NO_BASE64: Final = Words(en="It is not Base64.", zh="不是有效的 Base64。")
_MEMORY: Final = Words(
    en="It needs more memory than a worker may use.", zh="处理它所需的内存超过上限。"
)
_BROKEN: Final = Words(en="It cannot be read ({why}).", zh="无法读取（{why}）。")

if __name__ == "__main__":
    serve(int(sys.argv[1]), done)
