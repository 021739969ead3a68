"""Export a long log and check the export: time, and memory at most.

``python bench/export.py [--entries 1000000] [--more OPTION …]``: makes a log of that length in a
temporary folder (rows written at once, not through the gateway), runs ``hegui ledger export`` and
``verify.py`` in processes of their own, and prints what each took.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from hegui.app import parts
from hegui.ledger import kinds, leaf
from hegui.ledger.note import Checkpoint
from hegui.ledger.tree import Frontier, leaf_hash
from hegui.settings import read
from hegui.store import open_database

SETTINGS = """[service]
name = "bench"
scope = "internal"
reason = "a measurement"
[[upstream]]
name = "x"
base_url = "http://127.0.0.1:1/v1"
role = "own"
"""
START = 1_780_000_000_000
DIGEST = "0123456789abcdef" * 4


def records(count: int) -> Iterator[bytes]:
    """Give records of the size that an exchange leaves."""
    kind = kinds.named("exchange.asked")
    fields = {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "subject": "unidentified",
        "audience": "adult",
        "key": "abcdefghij",
        "model": "qwen",
        "upstream": "own",
        "policy": DIGEST,
        "panel": DIGEST,
        "decision": "allow",
        "rules": {},
        "faults": [],
        "unjudged": 0,
        "roles": {"user": 1},
        "known": 0,
        "commit": DIGEST,
        "content": "none",
        "stream": True,
    }
    for number in range(count):
        yield leaf.make(kind, START + number, "default", fields)


def fill(settings_path: Path, count: int) -> None:
    """Write a signed log of ``count`` records."""
    settings = read(settings_path, {})
    parts.open_ledger(settings).close()
    signer = parts.log_keys_of(settings)("default", "")
    connection = open_database(settings.database)
    frontier, made, index = Frontier(), records(count), 0
    connection.execute("BEGIN IMMEDIATE")
    while some := list(islice(made, 10_000)):
        rows = []
        for one in some:
            hashed = leaf_hash(one)
            frontier.push(hashed)
            rows.append(("default", index, hashed, one))
            index += 1
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
    note = signer.sign(Checkpoint(signer.name, count, frontier.root()).text())
    cells = ("default", signer.name, count, frontier.to_bytes(), note, START + count)
    connection.execute(
        "INSERT INTO log (tenant, origin, size, frontier, checkpoint, last_t)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        cells,
    )
    connection.execute("COMMIT")
    connection.close()


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return seconds, and MiB of memory at most (VmHWM, looked at every 50 ms)."""
    started, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, cwd=folder, stdout=sys.stderr)  # noqa: S603 - our own commands
    facts = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        with suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", facts.read_text(encoding="ascii"))
            peak = max(peak, int(found[1]) if found else 0)
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{command[1]} ended with {process.returncode}")
    return time.perf_counter() - started, peak / 1024


def main(words: list[str]) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--more", nargs="*", default=[], help="options of hegui ledger export")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hegui.toml").write_text(SETTINGS, encoding="utf-8")
        fill(folder / "hegui.toml", given.entries)
        hegui = str(Path(sys.executable).with_name("hegui"))
        export = [hegui, "ledger", "export", "--out", "export", *given.more]
        took, peak = timed(export, folder)
        files = [each for each in (folder / "export").rglob("*") if each.is_file()]
        size = sum(each.stat().st_size for each in files) / 1e6
        sys.stdout.write(
            f"{given.entries:,} records: export {took:.1f} s, {peak:.0f} MiB at most,"
            f" {len(files):,} files, {size:,.0f} MB\n"
        )
        took, peak = timed([sys.executable, "export/verify.py"], folder)
        sys.stdout.write(f"verify.py: {took:.1f} s, {peak:.0f} MiB at most\n")


if __name__ == "__main__":
    main(sys.argv[1:])
