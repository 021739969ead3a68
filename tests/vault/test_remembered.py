"""The list of open erasures, which commands and gateways change at the same time."""

import subprocess
import sys
from pathlib import Path

from hegui.vault.remembered import Remembered

ADDING = """
import pathlib, sys
from hegui.vault.remembered import Remembered
remembered, first = Remembered(pathlib.Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(first, first + 25):
    remembered.add([number.to_bytes(16)])
"""


def test_what_two_processes_remember_at_once_is_kept_of_both(tmp_path: Path) -> None:
    path = tmp_path / "erasures"
    children = [
        subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-c", ADDING, path, str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for first in (100, 200)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    kept = sorted(int.from_bytes(one) for one in Remembered(path).ids())
    assert kept == [*range(100, 125), *range(200, 225)]
