"""The process that reads the C2PA manifest of one file, which a stranger may have made.

``python -m hegui.app.manifest_child FORM``, the file on standard input. It says on standard output,
as one JSON object, what the manifest says and whether it holds. ``app.manifest_reading`` starts
it, and ends it.
"""

import contextlib
import json
import os
import sys
from typing import Final

from hegui.app import manifest_reading
from hegui.labels.formats import FORMATS

MEMORY: Final = 4 * 1024 * 1024 * 1024
"""Bytes of address space: the library holds a file of some formats in memory while it reads it."""


def bounded() -> None:
    """Take away what reading needs not: memory without end, writing, core dumps."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main(name: str) -> None:
    """Read the manifest of the file on standard input, which is of the format ``name``."""
    form = next(one for one in FORMATS if one.name == name)
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the library prints is no answer
    bounded()
    said = json.dumps(manifest_reading.read(form, 0)._asdict()) + "\n"
    os.write(answers, said.encode())


if __name__ == "__main__":
    main(sys.argv[1])
