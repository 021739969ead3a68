"""What protected works cost: speed, memory and false hits, with made-up works of a given size.

The works are random characters, so every finding in ordinary text is a false one. Each step runs
in a process of its own, whose largest resident set is the figure; of the index the pages are
counted that are in memory after the scan. Speed is of processor time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click
import numpy as np

_FILE = 20_000_000  # bytes of a made-up work
_MARKS, _SPACES = 0.1, 0.17  # part of the characters of Chinese and English
_SETTINGS = """\
[service]
name = "bench"
scope = "internal"
reason = "measuring"
[[upstream]]
name = "none"
base_url = "http://127.0.0.1:1/v1"
"""


def make_works(folder: Path, language: str, size: int) -> list[str]:
    """Write works of random characters with marks and line ends between them."""
    chance = np.random.default_rng(7)
    names, written = [], 0
    while written < size:
        if language == "zh":
            text = chance.integers(0x4E00, 0x5E00, _FILE // 3).astype("<u2")
            text[chance.random(len(text)) < _MARKS] = ord("，")
            text[60::60] = ord("\n")
            data = text.tobytes().decode("utf-16-le").encode()
        else:
            letters = chance.integers(ord("a"), ord("z") + 1, _FILE).astype("u1")
            letters[chance.random(len(letters)) < _SPACES] = ord(" ")
            letters[80::80] = ord("\n")
            data = letters.tobytes()
        name = folder / f"{language}-{len(names):03}.txt"
        name.write_bytes(data)
        names.append(str(name))
        written += len(data)
    return names


def add(*names: str) -> dict[str, Any]:
    """Index works, and say what that took."""
    from click.testing import CliRunner

    from hegui.cli import main

    began = time.process_time()
    result = CliRunner().invoke(main, ["works", "add", "--json", "--owner", "bench", *names])
    made = json.loads(result.stdout)
    return {
        "cpu": time.process_time() - began,
        "letters": sum(work["characters"] for work in made),
        "fingerprints": sum(work["fingerprints"] for work in made),
    }


def scan(corpus: str, field: str) -> dict[str, Any]:
    """Put a corpus before the index alone, and count what is found."""
    from hegui.app.works import attached_works
    from hegui.cli.documents import documents

    began = time.process_time()
    (detector,) = attached_works(Path("hegui-data/works"))
    opened = time.process_time() - began
    size = found = 0
    began = time.process_time()
    for batch in documents(corpus, field):
        found += len(detector.inspect(batch.column))
        size += batch.column.offsets[-1] - batch.column.offsets[0]
    return {
        "opened": opened,
        "cpu": time.process_time() - began,
        "size": size,
        "found": found,
        "index": _resident("hegui-data/works/index"),
    }


def _resident(name: str) -> int:
    """Return how many bytes of a mapped file are in this process's memory."""
    total, inside = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if "-" in line.split()[0]:
            inside = line.endswith(name)
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def _peak() -> int:
    """Return this process's largest resident set; the one of getrusage is its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _child(folder: Path, step: str, *args: str) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), "--step", step, *args]
    ended = subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603 - ourselves
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told


@click.command()
@click.option("--step", type=click.Choice(["add", "scan"]))
@click.option("--gigabytes", default=1.0)
@click.option("--corpus", help="a text, JSON Lines or Parquet file of ordinary text")
@click.option("--field", default="text")
@click.argument("args", nargs=-1)
def main(
    step: str | None, gigabytes: float, corpus: str | None, field: str, args: tuple[str, ...]
) -> None:
    """Measure, in Chinese and in English."""
    if step is not None:
        told = add(*args) if step == "add" else scan(*args)
        click.echo(json.dumps({**told, "peak": _peak()}))
        return
    version = sys.version.split()[0]
    click.echo(f"{time.strftime('%Y-%m-%d')}  {os.cpu_count()} cores, Python {version}")
    for language in ("zh", "en"):
        with tempfile.TemporaryDirectory() as room:
            folder = Path(room)
            (folder / "hegui.toml").write_text(_SETTINGS, encoding="utf-8")
            names = make_works(folder, language, int(gigabytes * 1e9))
            size = sum(Path(name).stat().st_size for name in names)
            made = _child(folder, "add", *names)
            index = (folder / "hegui-data/works/index").stat().st_size
            click.echo(
                f"{language} add   {size / 1e6:,.0f} MB, {made['letters']:,} letters, "
                f"{made['fingerprints']:,} fingerprints; {size / 1e6 / made['cpu']:.0f} MB/s; "
                f"peak {made['peak'] / 1e6:,.0f} MB; index {index / 1e6:,.0f} MB on disk"
            )
            asked = _child(folder, "scan", str(Path(corpus or names[0]).resolve()), field)
            size = asked["size"] / 1e6
            click.echo(
                f"{language} scan  {size:,.0f} MB, {asked['found']:,} findings; opened in "
                f"{asked['opened']:.2f} s; {size / asked['cpu']:.0f} MB/s; peak "
                f"{asked['peak'] / 1e6:,.0f} MB, of it the index {asked['index'] / 1e6:,.0f} MB"
            )


if __name__ == "__main__":
    main()
