"""What a rotation costs: keys wrapped anew per second, and how long others' records wait meanwhile.

Made-up keys stand in the database as those of persons do. With ``--pkcs11 MODULE`` the next key
lies in a fresh SoftHSM token instead of a file.
"""

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

from typing import Self

import click

from hegui.app import parts
from hegui.app.upkeep import Upkeep, holders_of
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.settings import inspect
from hegui.store import insert_all, open_database, random_bytes
from hegui.terms import Entry
from hegui.vault.holders import Holder

_SETTINGS = """\
data_dir = "{folder}"
[service]
name = "bench"
scope = "internal"
reason = "measuring"
[[upstream]]
name = "none"
base_url = "http://127.0.0.1:1/v1"
"""
_INSERT = "INSERT INTO subject_key (key_id, tenant, epoch, wrapped) VALUES (?, ?, ?, ?)"
_MANY = 10_000  # rows to a transaction while the database is filled


def fill(path: Path, holder: Holder, count: int) -> None:
    """Put ``count`` keys under the first epoch."""
    connection = open_database(path)
    for start in range(0, count, _MANY):
        rows = [
            (random_bytes(16), "default", 1, holder.wrap(1, random_bytes(32)))
            for _ in range(min(_MANY, count - start))
        ]
        connection.execute("BEGIN IMMEDIATE")
        insert_all(connection, _INSERT, rows)
        connection.execute("COMMIT")
    connection.close()


class Beside:
    """Writes a record every few milliseconds, and notes how long each took."""

    def __init__(self, ledger: Ledger) -> None:
        self.took: list[float] = []
        self._ledger = ledger
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.005):
            fields = {"reason": "bench", "answered": 0}
            made = leaf.make(kinds.named("service.stopped"), parts.now(), "default", fields)
            started = time.perf_counter()
            self._ledger.add_blocking(Entry("default", made))
            self.took.append(time.perf_counter() - started)

    def page(self) -> str:
        """Say the median, the 99th percentile and the longest, in milliseconds."""
        if len(self.took) < 2:  # noqa: PLR2004 - what a quantile needs
            return "no records beside it"
        cuts = quantiles(self.took, n=100)
        longest = max(self.took)
        return (
            f"{len(self.took)} records beside it: median {cuts[49] * 1e3:.1f} ms, "
            f"p99 {cuts[98] * 1e3:.1f} ms, longest {longest * 1e3:.0f} ms"
        )


def token(folder: Path) -> dict[str, str]:
    """Make a SoftHSM token; return the environment that holds its PIN."""
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\n", encoding="utf-8")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    words = ["softhsm2-util", "--init-token", "--free", "--label", "bench"]
    subprocess.run([*words, "--pin", "1234", "--so-pin", "5678"], check=True, capture_output=True)  # noqa: S603 - our own words
    return {"PIN": "1234"}


@click.command()
@click.option("--keys", default=200_000, help="how many keys are wrapped")
@click.option("--pkcs11", default="", help="a PKCS#11 module: SoftHSM's")
def main(keys: int, pkcs11: str) -> None:
    """Print what a rotation costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, environ = _SETTINGS.format(folder=folder / "data"), {}
        if pkcs11:
            environ = token(folder)
            text += (
                f'[vault]\npkcs11 = "{pkcs11}"\npkcs11_token = "bench"\npkcs11_pin = "env:PIN"\n'
            )
        settings, problems = inspect(text, environ=environ)
        if settings is None:
            raise click.ClickException(str(problems))
        (folder / "data").mkdir()
        ledger = parts.open_ledger(settings)
        holders = holders_of(settings)
        holders["file"].create(1)
        fill(settings.database, holders["file"], keys)
        steps: dict[str, float] = {}

        def told(step: str, _done: int, _total: int) -> None:
            steps.setdefault(step, time.perf_counter())

        with Beside(ledger) as beside, Upkeep(settings, ledger, parts.now, holders) as upkeep:
            upkeep.rotate(told)
        ledger.close()
    took = steps["settle"] - steps["wrap"]
    click.echo(f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    click.echo(f"{keys:,} keys wrapped anew in {took:.1f} s: {keys / took:,.0f} a second")
    click.echo(beside.page())


if __name__ == "__main__":
    main()
