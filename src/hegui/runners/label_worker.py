"""The process that reads the labels of strangers' files: bounded, and killed when it is late.

Run as ``python -m hegui.runners.label_worker``. Its memory is bounded, it opens no
file and writes none, and leaves no core dump in which a file could lie. When the parent is gone its
input ends and it leaves.
"""

import base64
import hashlib
import os
import resource
import sys
from typing import BinaryIO, Final

from hegui.labels.container import Memory
from hegui.labels.examining import Examined, examined
from hegui.labels.inspecting import Asked, inspected
from hegui.runners.frames import HEADER
from hegui.runners.label_frames import (
    Broken,
    Inspect,
    Inspection,
    Label,
    Note,
    Read,
    Report,
    pack,
    request,
)
from hegui.terms import Corrupt, Words
from hegui.terms.visible import visible_start

MEMORY: Final = "HEGUI_LABEL_MEMORY"
"""The variable that says how many bytes the process may take."""
_FILES: Final = 16
_LABELS: Final = 20  # told of one file
_FINDINGS: Final = 40
_RAW: Final = 2_000  # characters
_VALUE: Final = 400
_FIELDS: Final = 16
_NOWHERE: Final = Words("", "")


def report(seen: Examined) -> Report:
    """Return what a file says, bounded and legible."""
    place = seen.form.place if seen.form is not None else _NOWHERE
    labels = [
        Label(
            one.form,
            one.offset,
            one.guide,
            visible_start(one.raw, _RAW),
            None
            if one.parsed is None
            else {
                visible_start(name, 60): visible_start(value, _VALUE)
                for name, value in list(one.parsed.fields.items())[:_FIELDS]
            },
        )
        for one in seen.found[:_LABELS]
    ]
    findings = [
        Note(
            one.code,
            one.clause,
            visible_start(one.words.en, 600),
            visible_start(one.words.zh, 600),
            one.note,
        )
        for one in seen.verdict.findings[:_FINDINGS]
    ]
    name = seen.form.name if seen.form is not None else ""
    count = len(seen.found)
    return Report(name, place.en, place.zh, seen.verdict.state, count, labels, findings)


def inspection(asked: Inspect, data: bytes) -> Inspection:
    """Return what became of a user's file, and the new one in base64."""
    traces = tuple(asked.traces)
    how = Asked(asked.name, asked.declared, traces, asked.code, asked.number, asked.reserved)
    done = inspected(data, how)
    before = hashlib.sha256(data).hexdigest()
    why = done.why or _NOWHERE
    return Inspection(
        report=report(done.examined),
        traces=list(done.traces),
        conclusion=done.conclusion,
        cause=done.cause,
        label=done.label.inner() if done.label is not None else "",
        payload=done.payload,
        before=before,
        after=before if done.file is None else hashlib.sha256(done.file).hexdigest(),
        why_en=visible_start(why.en, 600),
        why_zh=visible_start(why.zh, 600),
        dropped=done.dropped,
        manifest=done.manifest,
        file=[] if done.file is None else [base64.b64encode(done.file)],
    )


def reply(message: Read | Inspect, data: bytes) -> Report | Inspection | Broken:
    """Answer one message, whatever a file does."""
    try:
        if isinstance(message, Read):
            return report(examined(Memory(data), message.name))
        return inspection(message, data)
    except MemoryError:
        return Broken("memory")
    except Corrupt:
        return Broken("read-back")
    except Exception:  # noqa: BLE001 - a stranger's file: what it did must not end the process
        return Broken("error")


def bounded(memory: int) -> None:
    """Take away what reading needs not: memory beyond ``memory`` bytes, writing, core dumps.

    A few files may be open: Python reads its own modules and codecs when they are needed.
    """
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Say that it is ready; answer frames until the input ends."""
    sink.write(HEADER.pack(0))
    sink.flush()
    while len(header := source.read(HEADER.size)) == HEADER.size:
        (size,) = HEADER.unpack(header)
        message = request(source.read(size))
        (size,) = HEADER.unpack(source.read(HEADER.size))
        file: list[bytes] = []
        try:
            told = reply(message, source.read(size))
            if isinstance(told, Inspection):
                told.file, file = [], told.file
            frame = pack(told)
        except MemoryError:
            frame, file = pack(Broken("memory")), []
        sink.write(HEADER.pack(len(frame)) + frame)
        sink.write(HEADER.pack(sum(map(len, file))))
        sink.writelines(file)
        sink.flush()


def main() -> None:
    """Serve on standard input and output."""
    bounded(int(os.environ.get(MEMORY, "0")))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
