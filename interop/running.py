"""Starts and stops the two programs that are put together: the third-party server and hegui."""

import contextlib
import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from interop.environment import ROOT, NotRun

START_SECONDS = 60.0
KEY = re.compile(r"hg-\w{10}-\w{32}")

SETTINGS = """\
[service]
name = "interop"
scope = "public"
contact = "interop@example.com"
language = "zh"

[provider]
name = "interop"

[listen]
public = "127.0.0.1:{public}"
admin = "127.0.0.1:{admin}"

[[upstream]]
name = "llamacpp"
base_url = "http://127.0.0.1:{upstream}/v1"
models = ["tiny"]
operator = "interop"
location = "CN"
role = "own"
trains_on_inputs = false
"""


class Broken(Exception):
    """Hegui itself did not start or did not answer; the text says what it printed."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def answers(port: int, path: str) -> bool:
    """Tell whether a GET of ``path`` is answered with 200."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def _await(process: subprocess.Popen[bytes], port: int, path: str) -> str:
    """Wait until the program answers; return why it never will, or an empty string."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            return f"it ended with exit code {process.returncode}"
        if answers(port, path):
            return ""
        time.sleep(0.1)
    return f"it did not answer {path} within {START_SECONDS:.0f} s"


def stop(process: subprocess.Popen[bytes], seconds: float = 15) -> int:
    """End a program that this session started: politely, then not. Return its exit code."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    if process.poll() is None:
        process.kill()
    return process.wait()


@contextlib.contextmanager
def third_party(python: Path, room: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the third-party server; give its process and port. ``NotRun`` when it cannot start."""
    port = free_port()
    words = room / "third-party.log"
    with words.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [str(python), "-m", "interop.server", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    try:
        trouble = _await(process, port, "/health")
        if trouble:
            raise NotRun(f"the third-party server did not start: {trouble}; {tail(words)}")
        yield process, port
    finally:
        stop(process)


def hegui_command() -> str:
    """Return the command that stands beside this interpreter."""
    return str(Path(sys.executable).with_name("hegui"))


@contextlib.contextmanager
def hegui(upstream: int, room: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, str]]:
    """Run ``hegui serve`` in front of a port; give its process, its port and a caller's key."""
    public = free_port()
    settings = room / "hegui.toml"
    settings.write_text(
        SETTINGS.format(public=public, admin=free_port(), upstream=upstream), encoding="utf-8"
    )
    key = _new_key(settings)
    words = room / "hegui.log"
    with words.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [hegui_command(), "serve", "-c", str(settings)], cwd=room, stdout=log, stderr=log
        )
    try:
        trouble = _await(process, public, "/healthz")
        if trouble:
            raise Broken(f"hegui did not start: {trouble}; {tail(words)}")
        yield process, public, key
    finally:
        stop(process)


def _new_key(settings: Path) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [hegui_command(), "keys", "create", "-c", str(settings)],
        cwd=settings.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = KEY.search(done.stdout)
    if done.returncode or not found:
        raise Broken(f"hegui keys create: {(done.stdout + done.stderr)[-600:]}")
    return found.group(0)


def tail(path: Path, chars: int = 600) -> str:
    """Return the end of a log."""
    return path.read_text(encoding="utf-8", errors="replace")[-chars:].strip()
