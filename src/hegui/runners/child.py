"""A child process that is asked over pipes, and killed with all that it started."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hegui.runners.frames import HEADER

STDERR_KEPT: Final = 8192  # bytes; the rest of what a child prints is read and dropped
_STEP: Final = 256 * 1024  # bytes
_PASSED_ON: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
)
_PASSED_ON_TOO: Final = ("PYTHON", "CUDA", "NVIDIA", "OMP_", "HF_", "TORCH", "SYSTEMROOT")


class Child:
    """One process and its pipes. Works under asyncio and uvloop."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self.process = process
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self.words = b""
        self._listener = asyncio.get_running_loop().create_task(self._listen())

    @classmethod
    async def started(
        cls,
        module: str,
        environ: Mapping[str, str],
        folder: Path | None = None,
        said: Sequence[str] = (),
    ) -> "Child":
        """Run ``python -P -m module``, with what is ``said`` to it, in a session of its own."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                module,
                *said,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environ,
                cwd=folder,
                start_new_session=True,
            )
        )

    async def _listen(self) -> None:
        while words := await self._err.read(4096):
            self.words = (self.words + words)[-STDERR_KEPT:]

    async def ask(self, frame: bytes, most: int, more: bytes | bytearray = b"") -> bytes:
        """Send a frame, and ``more`` behind it; return the body of the answer.

        An answer beyond ``most`` bytes is nonsense. Raises ``EOFError`` or ``OSError`` where the
        child is gone, ``msgspec.ValidationError`` for nonsense.
        """
        self._in.write(frame)
        for at in range(0, len(more), _STEP):  # whoever else is served gets a turn in between
            self._in.write(more[at : at + _STEP])
            await self._in.drain()
        await self._in.drain()
        (size,) = HEADER.unpack(await self._out.readexactly(HEADER.size))
        if size > most:
            raise msgspec.ValidationError("too large")
        return await self._out.readexactly(size)

    async def rest(self, most: int) -> list[bytes]:
        """Return the frame that comes behind an answer, in pieces; raises what ``ask`` does."""
        (left,) = HEADER.unpack(await self._out.readexactly(HEADER.size))
        if left > most:
            raise msgspec.ValidationError("too large")
        pieces = []
        while left:
            pieces.append(await self._out.readexactly(min(left, _STEP)))
            left -= len(pieces[-1])
        return pieces

    async def stop(self) -> None:
        """Kill the child and whatever it started, and collect it."""
        if not self._renumbered():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self._listener.cancel()
        await asyncio.wait([self._listener])
        self._in.close()
        with contextlib.suppress(OSError):
            await self._in.wait_closed()

    def _renumbered(self) -> bool:
        """Whether the child is over, and another process has got its number since.

        What the child left behind has no process of that number; a stranger's group has.
        """
        if self.process.returncode is None:
            return False
        try:
            os.getpgid(self.process.pid)
        except ProcessLookupError:
            return False
        return True


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is not a child's business: keys of upstreams lie in the environment."""
    known = _PASSED_ON + _PASSED_ON_TOO
    return {name: value for name, value in environ.items() if name.startswith(known)}
