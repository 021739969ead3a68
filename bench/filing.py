"""How soon `hegui filing build` is done on a long ledger.

    python bench/filing.py
    python bench/filing.py --entries 200000

Fills a ledger with records as the gateway writes them, and builds: first while the summary of the
ledger is built, too, then again after a thousand records more. A process of its own, start and all.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from bench.duties import _SETTINGS, fill, timed
from bench.report import machine
from hegui.settings import read

WANTED = 10.0  # seconds


def built(config: Path, out: Path) -> float:
    """Return the seconds that a package takes."""
    return timed("filing", "build", "-c", str(config), "--route", "filing", "--out", str(out))


@click.command()
@click.option("--entries", "count", default=1_000_000, help="records in the ledger")
@click.option("--folder", type=click.Path(path_type=Path), default=None, help="on which disk")
def main(count: int, folder: Path | None) -> None:
    """Measure the package of a filing on this machine."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        config = Path(place, "hegui.toml")
        config.write_text(_SETTINGS, encoding="utf-8")
        settings = read(config, {})
        fill(settings, count)
        first = built(config, Path(place, "first"))
        fill(settings, 1_000)
        again = built(config, Path(place, "again"))
    of = machine()
    click.echo(f"{of['date']}, {of['processor']}, {of['cores']} cores, Python {of['python']}")
    click.echo(f"other load: {os.getloadavg()[0]:.1f} (mean of a minute, this command included)")
    click.echo(f"{count:,} entries; hegui filing build --route filing, start and all:")
    click.echo(f"  the first time (the summary is built)  {first:.1f} s")
    click.echo(f"  after 1,000 more records               {again:.1f} s")
    click.echo(f"  under {WANTED:g} s: {'yes' if max(first, again) < WANTED else 'no'}")


if __name__ == "__main__":
    main()
