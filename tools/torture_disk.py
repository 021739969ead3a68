"""Fail, or end the process, at the n-th write, sync or truncate of appending and signing, each n.

    python tools/torture_disk.py
    python tools/torture_disk.py --faults kill eio --every 3

Prints a line of JSON with counts. Exit code 1 where an acknowledged entry was lost, a gap or a fork
was left, or the ledger did not verify or did not go on.
"""

# ruff: noqa: INP001, T201 - a script that prints
import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from torture_parts import SIGNER, Check, append, entries, fail, fork, open_ledger, quiet, scratch

from hegui.ledger.log import Ledger
from hegui.terms import HeguiError
from hegui.testing.disk import KILLED, Fault, FaultyDisk

BEFORE = 300
"""Entries that are there and signed: a full tile, and some."""
FAULTS: tuple[Fault, ...] = ("kill", "torn", "eio", "enospc")


def prepare(folder: Path) -> None:
    """Make the ledger that every run begins with."""
    ledger = open_ledger(folder / "hegui.db")
    append(ledger, BEFORE)
    ledger.close()


def scenario(folder: Path, fault: Fault, at: int, told: int, *, lasting: bool) -> None:
    """Append and sign on a disk that fails; tell ``told`` what was acknowledged. In a child."""
    disk = FaultyDisk()
    ledger = Ledger(folder / "hegui.db", lambda *_: SIGNER, sign_seconds=60, sign_leaves=3)
    disk.arm(fault, at, lasting=lasting)
    refused = 0
    for entry in entries(5):
        try:
            acknowledge(ledger, entry, told)
        except HeguiError:
            refused += 1
    if fault != "none" and disk.hit:
        disk.mend()
        for entry in entries(2):  # a disk that works again is written to again
            acknowledge(ledger, entry, told)
    ledger.close()
    os.write(told, f"done {json.dumps(disk.done)} {refused}\n".encode())


def acknowledge(ledger: Ledger, entry: object, told: int) -> None:
    """Append, and say so once it is durable."""
    receipt = ledger.add_blocking(entry)
    os.write(told, f"{receipt.index} {receipt.leaf_hash.hex()}\n".encode())


def in_child(folder: Path, fault: Fault, at: int, *, lasting: bool) -> tuple[int, str]:
    """Run the scenario in a process of its own; return its exit code and what it told."""
    reading, writing = os.pipe()
    child = fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            quiet()
            scenario(folder, fault, at, writing, lasting=lasting)
            code = 0
        except BaseException:  # noqa: BLE001 - the parent is told, whatever it was
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "r") as pipe:
        output = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output


class Campaign:
    """All runs on one prepared ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = folder / "made"
        self.made.mkdir(mode=0o700)
        prepare(self.made)
        self.count: Counter[str] = Counter()

    def operations(self) -> dict[str, int]:
        """Return how many writes, syncs and truncates the scenario takes on a good disk."""
        code, output = in_child(self.fresh(), "none", 0, lasting=False)
        if code:
            fail("on a good disk", output)
        counts: dict[str, int] = json.loads(output.rpartition("done ")[2].rpartition(" ")[0])
        return counts

    def fresh(self) -> Path:
        """Return a copy of the prepared ledger."""
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.made, run)
        return run

    def run(self, fault: Fault, at: int, *, lasting: bool) -> None:
        """One run, and all that must hold after it."""
        name = f"{fault} at operation {at}{' and after' if lasting else ''}"
        run = self.fresh()
        code, output = in_child(run, fault, at, lasting=lasting)
        killed = fault in ("kill", "torn")
        if code not in ((KILLED, 0) if killed else (0,)):
            fail(name, output)
        check = Check(run / "hegui.db", name)
        check.acknowledged(output)
        check.verifies()
        found = check.goes_on()
        self.count[f"{fault}{' lasting' if lasting else ''}"] += 1
        self.count["unsigned tails found at restart"] += found


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS)
    parser.add_argument("--every", type=int, default=1, help="only each n-th operation")
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=scratch()) as place:
        campaign = Campaign(Path(place))
        operations = campaign.operations()
        total = sum(operations.values())
        for fault in given.faults:
            for at in range(1, total + 1, given.every):
                campaign.run(fault, at, lasting=False)
                if fault in ("eio", "enospc"):
                    campaign.run(fault, at, lasting=True)
    seconds = round(time.perf_counter() - started, 1)
    result = {"operations": operations, "runs": dict(campaign.count), "seconds": seconds}
    print(json.dumps({"disk": result}))


if __name__ == "__main__":
    sys.exit(main())
