"""Go's reference reader: built from the packages of the distribution, without the network."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from interop.environment import CAUSE_CHARS, ROOT, NotRun

PACKAGES = ("golang-go", "golang-golang-x-mod-dev")
SOURCE = ROOT / "interop" / "readlog"
LIBRARY = Path("/usr/share/gocode")
INSTALL_SECONDS = 420
BUILD_SECONDS = 300


def _missing() -> bool:
    return shutil.which("go") is None or not (LIBRARY / "src/golang.org/x/mod/sumdb/tlog").is_dir()


def _run(command: list[str], seconds: float, **environ: str) -> str:
    """Run a command to its end; return an empty string, or its last words."""
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=SOURCE,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    words = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return (words or [f"exit code {done.returncode}"])[-1][:CAUSE_CHARS]


def _install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotRun(f"these packages are not installed: {' '.join(PACKAGES)}")
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    trouble = _run(install, INSTALL_SECONDS, **quiet)
    if trouble:  # the lists of packages may be too old, or not there at all
        trouble = _run([*apt, "update", "-qq"], INSTALL_SECONDS, **quiet)
        trouble = trouble or _run(install, INSTALL_SECONDS, **quiet)
    if trouble or _missing():
        raise NotRun(f"apt-get could not install {' '.join(PACKAGES)}: {trouble}")


def build(room: Path) -> Path:
    """Return the reader, compiled into ``room``. ``NotRun`` where Go or its library is missing."""
    if _missing():
        _install()
    program = room / "readlog"
    trouble = _run(
        ["go", "build", "-o", str(program), "."],
        BUILD_SECONDS,
        GO111MODULE="off",
        GOPATH=str(LIBRARY),
        GOPROXY="off",
        GOFLAGS="",
        GOTOOLCHAIN="local",
    )
    if trouble:
        raise NotRun(f"go could not build the reader: {trouble}")
    return program


def read(program: Path, folder: Path) -> dict[str, Any]:
    """Return what the reader found in a folder: ``ok``, ``why``, and what it counted."""
    done = subprocess.run(  # noqa: S603 - our own program
        [str(program), str(folder)], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode not in (0, 1):
        return {"ok": None, "why": f"it ended with {done.returncode}: {done.stderr[-CAUSE_CHARS:]}"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found
