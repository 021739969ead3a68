"""``make interop``, third part: media kept in the S3 storage of a third party (moto).

Its authorisation is on, so every signature is checked by botocore. Exit code 0: all agreed, or the
storage cannot be had here (then *not run* and the cause are printed); 1: something differed, or it
cannot be had and ``CI`` is set.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from hegui.app.parts import now
from hegui.settings.secret import Secret
from hegui.settings.shelf import S3
from hegui.shelf.bucket import Bucket
from hegui.terms import Unavailable
from interop.environment import ROOT, NotRun, python

HOME = ROOT / ".venv-interop-s3"
FOLDER = ROOT / "interop" / "storage"
START_SECONDS = 60.0
FILE = bytes(range(256)) * 20_000
NAME = "M-0123456789abcdef.mp4"


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _bucket(port: int, said: dict[str, str], secret: str = "") -> Bucket:
    settings = S3(
        endpoint=f"http://127.0.0.1:{port}",
        bucket=said["bucket"],
        prefix="a folder/ü/",
        access_key=Secret("interop", said["access"]),
        secret_key=Secret("interop", secret or said["secret"]),
        path_style=True,
    )
    return Bucket(settings, now)


async def _kept(bucket: Bucket) -> bool:
    await bucket.put(NAME, FILE, "video/mp4")
    return await bucket.read(NAME, 0, len(FILE)) == FILE


async def _ranges(bucket: Bucket) -> bool:
    size = len(FILE)
    parts = [await bucket.read(NAME, at, 1_000_000) for at in range(0, size, 1_000_000)]
    return b"".join(parts) == FILE and await bucket.read(NAME, size, 10) == b""


async def _deleted(bucket: Bucket) -> bool:
    await bucket.delete(NAME)
    await bucket.delete(NAME)
    return await _refused(bucket.read(NAME, 0, 1))


async def _refused(asked: Awaitable[Any]) -> bool:
    try:
        await asked
    except Unavailable:
        return True
    return False


async def _checks(port: int, said: dict[str, str]) -> bool:
    ours, forged = _bucket(port, said), _bucket(port, said, "another secret")

    async def forger(_bucket: Bucket) -> bool:
        return await _refused(forged.put(NAME, FILE, "video/mp4"))

    claims: list[tuple[str, Callable[[Bucket], Awaitable[bool]]]] = [
        ("a file that was put is read back byte for byte", _kept),
        ("it is read in stretches, and nothing beyond its end", _ranges),
        ("a signature with another secret is refused", forger),
        ("a deleted file is gone, and may be deleted again", _deleted),
    ]
    good = True
    for claim, check in claims:
        held = await check(ours)
        click.echo(f"{'agrees  ' if held else 'DIFFERS '} {claim}")
        good = good and held
    await ours.close()
    await forged.close()
    return good


def main() -> int:
    """Run the checks; return the exit code."""
    try:
        interpreter = python(HOME, FOLDER / "requirements.txt")
    except NotRun as cause:
        click.echo(f"not run  the S3 storage cannot be had here: {cause}")
        return 1 if os.environ.get("CI") else 0
    port = _port()
    command = [str(interpreter), str(FOLDER / "server.py"), str(port)]
    with subprocess.Popen(  # noqa: S603 - our own file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        try:
            said = json.loads(server.stdout.readline() or "{}")
            if not said:
                click.echo("not run  the S3 storage did not start")
                return 1
            return 0 if asyncio.run(_checks(port, said)) else 1
        finally:
            server.stdin.close()
            server.wait(timeout=START_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
