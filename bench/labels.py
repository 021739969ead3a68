"""What a label costs on a file, beside a copy of the same file and beside other programs.

``make bench-labels`` prints, for files of 1 to 5 MB on a file system in memory, the median time of
a plain copy (``shutil.copyfile``), of a copy that is put in place as we put files in place (beside,
synced, renamed, the folder synced), of our implicit label, and of the same with the digests that a
record holds; each as milliseconds, as times the plain copy, and as processor time. Then exiftool
in batch mode, c2pa and PyAV's remux, where they can be had (``--with-peers`` installs the last two
into an environment of their own); a film of 2 GB with the memory it took; JPEGs labelled in memory.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click

from bench import labels_files, labels_in_memory, programs, report
from hegui.app import labelling
from hegui.labels.formats.jpeg import JPEG
from hegui.testing.labelled import LABEL

ROUNDS: Final = 61
TIMES: Final = 1.3  # the copy's time, to be reached
A_SECOND: Final = 1_500  # JPEGs in memory, to be reached
GIGABYTES: Final = 2
HOME: Final = programs.ROOT / ".venv-bench-labels"
PEERS: Final = ("av", "c2pa-python", "cryptography")
LIMIT: Final = 600.0
WAYS: Final = ("copy", "copy, put in place", "label", "label, digests")


def ways(source: Path, target: Path) -> dict[str, Callable[[], object]]:
    """Return what is measured of our own, by name."""

    def placed() -> None:
        part = target.with_suffix(".part")
        shutil.copyfile(source, part)
        with part.open("r+b") as file:
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)

    return {
        WAYS[0]: lambda: shutil.copyfile(source, target),
        WAYS[1]: placed,
        WAYS[2]: lambda: labelling.label(source, target, LABEL, "present", record=None),
        WAYS[3]: lambda: labelling.label(source, target, LABEL, "present"),
    }


def medians(acts: Mapping[str, Callable[[], object]], target: Path) -> dict[str, dict[str, float]]:
    """Return the medians of each in milliseconds, in turns: of the clock, and of the processor."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            target.unlink(missing_ok=True)
            began, used = time.perf_counter(), time.process_time()
            act()
            taken[name].append((time.perf_counter() - began, time.process_time() - used))
    return {
        name: {
            "ms": statistics.median(one for one, _ in all_of) * 1000,
            "cpu_ms": statistics.median(one for _, one in all_of) * 1000,
        }
        for name, all_of in taken.items()
    }


def exiftool(files: Mapping[str, Path], room: Path) -> dict[str, float | str]:
    """Return the median milliseconds of exiftool in batch mode, one process for all files."""
    if shutil.which("exiftool") is None:
        return dict.fromkeys(files, "not installed")
    (config := room / "exiftool.config").write_text(labels_files.EXIFTOOL)
    command = ["exiftool", "-config", str(config), "-stay_open", "True", "-@", "-"]
    found: dict[str, float | str] = {}
    with subprocess.Popen(  # noqa: S603 - a fixed program, on our own files
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for name, source in files.items():
            target, taken = room / f"exiftool{source.suffix}", []
            written = [f"-XMP-TC260:AIGC={LABEL.inner()}", "-o", str(target)]
            for _ in range(15):
                target.unlink(missing_ok=True)
                began = time.perf_counter()
                running.stdin.write("\n".join([*written, str(source), "-execute", ""]))
                running.stdin.flush()
                while (line := running.stdout.readline()) and line.strip() != "{ready}":
                    pass
                taken.append(time.perf_counter() - began)
            made = target.exists() and target.stat().st_size > source.stat().st_size
            found[name] = statistics.median(taken) * 1000 if made else "cannot write it"
        running.stdin.write("-stay_open\nFalse\n")
        running.stdin.flush()
    return found


def peers(files: Mapping[str, Path], room: Path, *, install: bool) -> dict[str, Any]:
    """Return what c2pa and PyAV take, in their own environment; a text says why they were not."""
    python = HOME / "bin" / "python"
    try:
        if install and not (HOME / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True, timeout=LIMIT)  # noqa: S603 - fixed words
            pip = [str(python), "-m", "pip", "install", "-q", *PEERS]
            subprocess.run(pip, check=True, capture_output=True, timeout=LIMIT)  # noqa: S603 - fixed words
            (HOME / "done").touch()
        if not (HOME / "done").exists():
            return dict.fromkeys(("c2pa", "PyAV"), "not installed (--with-peers)")
        given = json.dumps({name: str(path) for name, path in files.items()})
        script = str(Path(__file__).with_name("labels_peers.py"))
        done = subprocess.run(  # noqa: S603 - our own script
            [str(python), script, given, str(room)],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        )
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as trouble:
        said = getattr(trouble, "stderr", "") or str(trouble)
        return dict.fromkeys(("c2pa", "PyAV"), f"not run: {str(said).strip()[-200:]}")


def large(room: Path) -> dict[str, float]:
    """Label a film of gigabytes, in a process of its own; return seconds and its most memory."""
    source = labels_files.sparse_film(room / "large.mp4", GIGABYTES << 30)
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom hegui.app import labelling\n"
        "from hegui.testing.labelled import LABEL\n"
        "def most():\n"
        "    told = Path('/proc/self/status').read_text().split()\n"
        "    return int(told[told.index('VmHWM:') + 1]) / 1024\n"
        "given = [Path(one) for one in sys.argv[1:]]\n"
        "labelling.label(given[0], given[1], LABEL, 'present', record=None)\n"
        "small, began = most(), time.perf_counter()\n"
        "labelling.label(given[2], given[3], LABEL, 'present', record=None)\n"
        "print(time.perf_counter() - began, small, most())\n"
    )
    small = labels_files.sparse_film(room / "small.mp4", 3 << 20)
    files = [str(one) for one in (small, room / "small-out.mp4", source, room / "large-out.mp4")]
    began = time.perf_counter()
    shutil.copyfile(source, room / "copy.mp4")
    copy = time.perf_counter() - began
    (room / "copy.mp4").unlink()
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *files], capture_output=True, text=True, check=True
    )
    for one in files:
        Path(one).unlink()
    seconds, before, after = (float(one) for one in done.stdout.split())
    return {"seconds": seconds, "copy_seconds": copy, "small_mib": before, "large_mib": after}


def in_memory() -> float:
    """Return how many JPEGs of 1 MB one core reads, labels and reads back in a second."""
    data = labels_in_memory.files()["jpeg"]
    return 1000 / labels_in_memory.median(lambda: labels_in_memory.proven(JPEG, data))


def steps(room: Path) -> dict[str, float]:
    """Return what the parts of a proof take for 1 MB, in milliseconds."""
    path = room / "steps"
    path.write_bytes(data := os.urandom(1_000_000))
    mine, back = bytearray(128 * 1024), bytearray(128 * 1024)

    def read(*into: bytearray) -> None:
        with path.open("rb", buffering=0) as file:
            for at in range(0, len(data), len(mine)):
                for one in into:
                    os.preadv(file.fileno(), [one], at)
                assert len(into) == 1 or mine == back

    def compared(*, sent: bool) -> None:
        """Make a copy that is read back and compared: block by block, or sent by the system."""
        (target := room / "steps-copy").unlink(missing_ok=True)
        with path.open("rb", buffering=0) as old, target.open("x+b", buffering=0) as new:
            if sent:
                assert os.sendfile(new.fileno(), old.fileno(), 0, len(data)) == len(data)
            for at in range(0, len(data), len(mine)):
                count = os.preadv(old.fileno(), [mine], at)
                if not sent:
                    os.pwrite(new.fileno(), memoryview(mine)[:count], at)
                os.preadv(new.fileno(), [back], at)
                assert mine[:count] == back[:count]

    return {
        "one reading": labels_in_memory.median(lambda: read(mine)),
        "two readings, compared": labels_in_memory.median(lambda: read(mine, back)),
        "a copy, compared block by block": labels_in_memory.median(lambda: compared(sent=False)),
        "a copy by sendfile, compared": labels_in_memory.median(lambda: compared(sent=True)),
        "one SHA-256": labels_in_memory.median(lambda: sha256(data).digest()),
    }


def measured(room: Path, *, with_peers: bool) -> dict[str, Any]:
    """Measure everything."""
    files = labels_files.made(room)
    result: dict[str, Any] = {"machine": report.machine(), "files": {}}
    for name, path in files.items():
        click.echo(f"  {name} …", err=True)
        target = room / f"out{path.suffix}"
        result["files"][name] = {
            "bytes": path.stat().st_size,
            "ways": medians(ways(path, target), target),
        }
    click.echo("  others …", err=True)
    result["peers"] = {"exiftool": exiftool(files, room)}
    result["peers"] |= peers(files, room, install=with_peers)
    click.echo(f"  {GIGABYTES} GB …", err=True)
    result["large"] = large(room)
    result["steps"] = steps(room)
    result["jpegs_a_second"] = in_memory()
    return result


def targets(result: Mapping[str, Any]) -> list[report.Target]:
    """Set what was found beside what is to be reached."""
    wanted = []
    for name, one in result["files"].items():
        ratio = one["ways"]["label"]["ms"] / one["ways"]["copy"]["ms"]
        wanted.append(report.target(f"{name}, times the copy", ratio, "≤", TIMES))
    most = result["large"]["large_mib"] - result["large"]["small_mib"]
    wanted.append(report.target(f"memory more for {GIGABYTES} GB, MiB", most, "≤", 1))
    speed = result["jpegs_a_second"]
    wanted.append(report.target("JPEGs a second and core, in memory", speed, "≥", A_SECOND))
    return wanted


def show(result: Mapping[str, Any]) -> None:
    """Print the table."""
    where, large_ = result["machine"], result["large"]
    click.echo(
        f"\n{where['date']}  {where['processor']}, {where['cores']} cores, {platform.system()}"
        f" {where['kernel']}, Python {where['python']}\n"
    )
    others = list(result["peers"])
    heads = (*WAYS, *others)
    click.echo(f"{'ms, median':14}" + "".join(f"{one:>20}" for one in heads))
    for name, one in result["files"].items():
        cells = [f"{one['ways'][way]['ms']:.2f}" for way in WAYS]
        for other in others:
            told = result["peers"][other]
            cell = told if isinstance(told, str) else told.get(name, "-")
            cells.append(f"{cell:.1f}" if isinstance(cell, float) else str(cell)[:18])
        click.echo(f"{name:14}" + "".join(f"{cell:>20}" for cell in cells))
    click.echo(f"\n{'times the copy':14}" + "".join(f"{one:>20}" for one in WAYS))
    for kind, of in (("ms", ""), ("cpu_ms", " cpu")):
        for name, one in result["files"].items():
            base = one["ways"]["copy"][kind]
            cells = [f"{one['ways'][way][kind] / base:.2f}" for way in WAYS]
            click.echo(f"{name + of:14}" + "".join(f"{cell:>20}" for cell in cells))
    click.echo(
        f"\n{GIGABYTES} GB: {large_['seconds']:.2f} s (copy {large_['copy_seconds']:.2f} s), at"
        f" most {large_['large_mib']:.1f} MiB of memory; a film of 3 MB: {large_['small_mib']:.1f}"
        " MiB\n"
    )
    told = "; ".join(f"{name} {took:.2f} ms" for name, took in result["steps"].items())
    click.echo(f"1 MB: {told}\n")
    click.echo("\n".join(report.target_lines(targets(result))))


@click.command()
@click.option("--with-peers", is_flag=True, help="Install c2pa and PyAV, and measure them too.")
@click.option("--room", type=click.Path(path_type=Path), default="/dev/shm", show_default=True)  # noqa: S108 - memory is what is asked for
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(room: Path, path: Path | None, *, with_peers: bool) -> None:
    """Print what a label on a file costs on this machine."""
    with tempfile.TemporaryDirectory(prefix="hegui-bench-", dir=room) as folder:
        result = measured(Path(folder), with_peers=with_peers)
    show(result)
    if path is not None:
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
