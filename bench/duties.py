"""How soon `hegui duty list` answers on a long ledger.

    python bench/duties.py
    python bench/duties.py --entries 200000 --json out.json

Fills a ledger with records as the gateway writes them, lists once (the summary is built), adds a
thousand records, and lists again and again: each time a process of its own, start and all.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from bench.ledger import entries
from bench.report import machine
from hegui.app import parts
from hegui.settings import Settings, read
from hegui.terms import Entry, Receipt

TENANT = "bench"
ROUNDS = 5
WANTED = 2.0  # seconds
_SETTINGS = """
[service]
name = "bench"
scope = "internal"
reason = "bench"

[[upstream]]
name = "x"
base_url = "http://127.0.0.1:1/v1"
"""


def fill(settings: Settings, count: int) -> None:
    """Add ``count`` records, signed at the end."""
    ledger = parts.open_ledger(settings)
    waiting: list[Future[Receipt]] = []
    for entry in entries(count):
        waiting.append(ledger.submit(Entry(TENANT, entry.leaf)))
        if len(waiting) == 8_000:  # noqa: PLR2004 - the writer never runs dry, its queue never runs over
            for one in waiting[:4_000]:
                one.result()
            del waiting[:4_000]
    ledger.close()


def listed(config: Path, *more: str) -> float:
    """Return the seconds that the list of duties takes."""
    return timed("duty", "list", "-c", str(config), *more)


def timed(*words: str) -> float:
    """Return the seconds that a command of hegui takes, start and all."""
    command = [sys.executable, "-m", "hegui", *words, "--tenant", TENANT, "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own module
    seconds = time.perf_counter() - began
    assert done.returncode == 1, done.stderr.decode()
    return seconds


@click.command()
@click.option("--entries", "count", default=1_000_000, help="records in the ledger")
@click.option("--folder", type=click.Path(path_type=Path), default=None, help="on which disk")
@click.option("--json", "out", type=click.Path(path_type=Path), default=None)
def main(count: int, folder: Path | None, out: Path | None) -> None:
    """Measure the list of duties on this machine."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        config = Path(place, "hegui.toml")
        config.write_text(_SETTINGS, encoding="utf-8")
        settings = read(config, {})
        fill(settings, count)
        found: dict[str, Any] = {"machine": machine(), "entries": count, "first": listed(config)}
        fill(settings, 1_000)
        found["after_1000"] = listed(config)
        found["again"] = sorted(listed(config) for _ in range(ROUNDS))[ROUNDS // 2]
        found["verify"] = listed(config, "--verify")
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    of = found["machine"]
    click.echo(f"{of['date']}, {of['processor']}, {of['cores']} cores, Python {of['python']}")
    click.echo(f"other load: {os.getloadavg()[0]:.1f} (mean of a minute, this command included)")
    click.echo(f"{count:,} entries; hegui duty list, start and all:")
    click.echo(f"  the first time (the summary is built)  {found['first']:.1f} s")
    click.echo(f"  after 1,000 more records               {found['after_1000']:.2f} s")
    click.echo(f"  again (median of {ROUNDS})                    {found['again']:.2f} s")
    click.echo(f"  with --verify                          {found['verify']:.1f} s")
    reached = max(found["after_1000"], found["again"]) < WANTED
    click.echo(f"  under {WANTED:g} s: {'yes' if reached else 'no'}")


if __name__ == "__main__":
    main()
