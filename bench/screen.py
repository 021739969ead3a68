"""``make bench-screen``: what the matching engine costs, beside decoding alone and other programs.

One run, one machine, one file, one core. Each measurement is a process of its own; speeds are by
its processor time. Other programs are installed into environments of their own
(``--with-peers``) and given a sample of the same file; what could not be installed or run is *not
run*, with the cause.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click
import pyarrow.parquet as pq

from bench import programs, report, screening

RESULTS = programs.ROOT / "bench-results"
DATA = programs.ROOT.parent / "shared" / "data" / "corpus"
PEERS = {
    "presidio": "presidio-analyzer",
    "data-juicer": "py-data-juicer",
    "datatrove": "datatrove regex",
}
SAMPLE = {"presidio": 0.5, "data-juicer": 1.0, "datatrove": 5.0}  # megabytes: they are slow
TIMES = {"presidio": 80.0, "data-juicer": 100.0}  # times as fast, to be reached

LIMIT = 1200.0  # seconds a measurement may take


def _child(command: Sequence[str]) -> Any:
    done = subprocess.run(  # noqa: S603 - our own files
        command, cwd=programs.ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    if done.returncode:
        raise programs.NotStarted((done.stderr.strip().splitlines() or ["no words"])[-1][-300:])
    return json.loads(done.stdout.splitlines()[-1])


def measured(name: str, data: Path, lexicon: str = "rare") -> dict[str, Any]:
    """Carry out one of ``screening``'s measurements."""
    click.echo(f"  {name} {lexicon} …", err=True)
    return dict(_child([sys.executable, "-m", "bench.screening", name, str(data), lexicon]))


def install(name: str, home: Path) -> Path:
    """Return the interpreter of an environment that holds a peer, made when it is missing."""
    python = home / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home / name)], check=True, timeout=LIMIT)  # noqa: S603
        pip = [str(python), "-m", "pip", "install", "-q", *PEERS[name].split()]
        done = subprocess.run(pip, capture_output=True, text=True, timeout=LIMIT, check=False)  # noqa: S603
        if done.returncode:
            raise programs.NotStarted(done.stderr.strip()[-300:])
    return python


def sample_of(data: Path, megabytes: float, room: Path) -> Path:
    """Write the first texts of the file as JSON lines, as the other programs read them."""
    path = room / f"sample-{megabytes:g}.jsonl"
    left = megabytes * 1e6
    with path.open("w", encoding="utf-8") as out:
        for text in pq.ParquetFile(data / screening.FILE).read_row_group(0, ["text"])["text"]:
            out.write(json.dumps({"text": text.as_py()}, ensure_ascii=False) + "\n")
            left -= len(text.as_py().encode())
            if left < 0:
                break
    return path


def peers(names: Sequence[str], data: Path, home: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Measure other programs; say of each that was not run why."""
    found: dict[str, Any] = {}
    missing: dict[str, str] = {}
    script = str(Path(__file__).with_name("peers.py"))
    for name in names:
        click.echo(f"  {name} …", err=True)
        try:
            python = install(name, home)
            sample = sample_of(data, SAMPLE[name], RESULTS)
            lexicon = str(data / screening.LEXICONS["rare"])
            found[name] = _child([str(python), script, name, str(sample), lexicon])
        except (programs.NotStarted, OSError, ValueError, subprocess.SubprocessError) as trouble:
            missing[name] = str(trouble)[-300:]
    return found, missing


def targets(result: dict[str, Any]) -> list[report.Target]:
    """Set what was found beside what is to be reached."""
    rare, dense = result["rare"]["mb_per_s"], result["dense"]["mb_per_s"]
    small, seconds = result["small"], result["compiling"]["seconds"]
    wanted = [
        ("Parquet to findings, MB/s", rare["whole"], "≥", 200.0),
        ("the same, if the callback is cheaper, MB/s", rare["whole"], "≥", 230.0),
        ("with the corpus panel's channels, MB/s", rare["channels"], "≥", 150.0),
        ("dense lexicon, column to findings, MB/s", dense["find"], "≥", 110.0),
        ("prompt of 500 characters, µs", small["prompt"], "≤", 60.0),
        ("stream chunk, in a window, µs", small["chunk"], "≤", 8.0),
        ("three characters, µs", small["three characters"], "≤", 2.5),
        ("memory, MiB", result["memory"]["peak_mib"], "≤", 250.0),
        ("50,000 phrases compiled, s", seconds["50000"], "≤", 3.0),
        ("100,000 phrases compiled, s", seconds["100000"], "≤", 8.0),
    ]
    for name, times in TIMES.items():
        speeds = [one["mb_per_s"] for one in result["peers"].get(name, [])]
        ratio = rare["whole"] / speeds[0] if speeds else None
        wanted.append((f"times {name}'s speed", ratio, "≥", times))
    return [report.target(*one) for one in wanted]


def _show(result: dict[str, Any]) -> None:
    where = result["machine"]
    click.echo(f"\n{where['date']}  {where['processor']}, {where['cores']} cores, one used")
    rare = result["rare"]
    click.echo(
        f"{screening.FILE}, {rare['megabytes']:.1f} MB of text; {rare['literals']:,} literals and "
        f"{rare['patterns']} patterns of personal data; findings as row, rule, start, end, score\n"
    )
    click.echo(f"{'MB/s of processor time':26}" + "".join(f"{n:>12}" for n in screening.LEXICONS))
    rows = {"decode": "decode only", "scan": "scan only", "find": "column to findings"}
    for key, name in (
        rows | {"whole": "Parquet to findings", "channels": "the same, in channels"}
    ).items():
        cells = "".join(f"{result[one]['mb_per_s'][key]:12.1f}" for one in screening.LEXICONS)
        click.echo(f"{name:26}{cells}")
    parts = "".join(f"{result[one]['of_decode_and_scan']:12.2f}" for one in screening.LEXICONS)
    click.echo(f"{'of decode and scan':26}{parts}")
    found = "".join(f"{result[one]['findings']:12,}" for one in screening.LEXICONS)
    click.echo(f"{'findings':26}{found}\n")
    click.echo("\n".join(report.target_lines(result["targets"])) + "\n")
    for name in PEERS:
        for one in result["peers"].get(name, []):
            ratio = rare["mb_per_s"]["whole"] / one["mb_per_s"]
            click.echo(
                f"{name}: {one['mb_per_s']:.2f} MB/s, 1/{ratio:,.0f} of ours: {one['operations']}"
            )
        if name in result["not_run"]:
            click.echo(f"{name}: not run: {result['not_run'][name]}")


@click.command()
@click.option("--data", default=DATA, type=click.Path(path_type=Path), show_default=True)
@click.option("--with-peers", is_flag=True, help="Install and measure the other programs, too.")
@click.option("--peers-in", type=click.Path(path_type=Path), help="Where their environments are.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(data: Path, path: Path | None, peers_in: Path | None, *, with_peers: bool) -> None:
    """Print what the matching engine costs on this machine."""
    if not (data / screening.FILE).exists():
        raise click.ClickException(f"{data / screening.FILE} is not there; say where: --data DIR")
    RESULTS.mkdir(exist_ok=True)
    result: dict[str, Any] = {"machine": report.machine()}
    for lexicon in screening.LEXICONS:
        result[lexicon] = measured("corpus", data, lexicon)
    for name in ("memory", "small", "compiling"):
        result[name] = measured(name, data)
    home = peers_in or programs.ROOT / ".venv-bench-peers"
    asked = list(PEERS) if with_peers or peers_in else []
    result["peers"], result["not_run"] = peers(asked, data, home)
    for name in PEERS:
        if name not in asked:
            result["not_run"][name] = "not asked for (--with-peers)"
    result["targets"] = targets(result)
    _show(result)
    if path:
        path.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
