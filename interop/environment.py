"""The environments of third-party programs: made once, kept, and said to be missing if they are."""

import fnmatch
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv-interop"
WANTED = ROOT / "interop" / "requirements.txt"
INSTALL_SECONDS = 420
CAUSE_CHARS = 300


class NotRun(Exception):
    """The third-party server cannot be had on this machine; the text is the cause."""


def _digest(wanted: Path) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return hashlib.sha256(wanted.read_bytes() + version.encode()).hexdigest()


def python(home: Path = HOME, wanted: Path = WANTED) -> Path:
    """Return the interpreter of an environment that holds what is wanted, installing it if needed.

    Raises ``NotRun`` with the installer's last words when it cannot be installed in time.
    """
    mark = home / "installed"
    found = home / "bin" / "python"
    if mark.exists() and mark.read_text() == _digest(wanted) and found.exists():
        return found
    began = time.monotonic()
    try:
        venv.create(home, clear=True, with_pip=True)
        _pip(found, ["install"], wanted)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotRun(f"the environment could not be made: {error}") from error
    mark.write_text(_digest(wanted))
    sys.stdout.write(f"installed {wanted.stem} in {time.monotonic() - began:.0f} s\n")
    return found


def unpacked(home: Path, wanted: Path, members: str) -> Path:
    """Return a folder with the files of a wheel that match a pattern; its code is not installed.

    Raises ``NotRun`` with the installer's last words when it cannot be had in time.
    """
    mark = home / "unpacked"
    if mark.exists() and mark.read_text() == _digest(wanted):
        return home
    shutil.rmtree(home, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory() as room:
            _pip(Path(sys.executable), ["download", "--no-deps", "--dest", room], wanted)
            home.mkdir()
            with zipfile.ZipFile(next(Path(room).glob("*.whl"))) as wheel:
                for name in fnmatch.filter(wheel.namelist(), members):
                    (home / Path(name).name).write_bytes(wheel.read(name))
    except (OSError, StopIteration, subprocess.SubprocessError, zipfile.BadZipFile) as error:
        raise NotRun(f"{wanted.stem} could not be had: {error}") from error
    mark.write_text(_digest(wanted))
    return home


def _pip(interpreter: Path, what: list[str], wanted: Path) -> None:
    command = [str(interpreter), "-m", "pip", *what, "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(wanted)]
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own file
        command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        cause = (words or [done.stderr.strip() or f"exit code {done.returncode}"])[-1]
        raise NotRun(f"pip could not install it: {cause[:CAUSE_CHARS]}")
