"""A process in place of the one that signs manifests, which a file has taken over.

It takes what it is given, asks for a signature of something that is no manifest's, and writes what
it gets into the folder that ``TMPDIR`` names, as ``greedy``.
"""

import os
import sys
from pathlib import Path

from hegui.runners.frames import HEADER


def _frame() -> bytes:
    return sys.stdin.buffer.read(*HEADER.unpack(sys.stdin.buffer.read(HEADER.size)))


def _say(body: bytes) -> None:
    sys.stdout.buffer.write(HEADER.pack(len(body)) + body)
    sys.stdout.buffer.flush()


def main() -> None:
    """Ask for a signature of a text of its own, once all is there."""
    for answer in (b"", b"", b"SI owe you everything."):
        _frame()
        _say(answer)
    (Path(os.environ["TMPDIR"]) / "greedy").write_bytes(_frame())


if __name__ == "__main__":
    main()
