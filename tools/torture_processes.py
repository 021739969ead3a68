"""Kill processes in mid-load at random moments; let several append and sign at a time.

    python tools/torture_processes.py --kills 1000 --each 10000

Prints a line of JSON with counts. Exit code 1 where an acknowledged entry was lost, a gap or a fork
was left, or the ledger did not verify or did not go on.
"""

# ruff: noqa: INP001, T201 - a script that prints; its numbers are loads
import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torture_parts import Check, entries, fail, fork, open_ledger, quiet

FRESH = 20_000
"""Entries after which a new ledger is begun, so that checking does not take over the time."""


def load(path: Path, told: int, count: int, at_a_time: int) -> None:
    """Append ``count`` entries, so many at a time, and tell what is acknowledged."""
    ledger = open_ledger(path, sign_seconds=0.05, sign_leaves=500)
    made = entries(count)
    waiting: list[Any] = []
    for entry in made:
        waiting.append(ledger.submit(entry))
        if len(waiting) == at_a_time:
            tell(waiting, told)
    tell(waiting, told)
    ledger.close()


def tell(waiting: list[Any], told: int) -> None:
    """Wait for what was handed in; tell it with one write, which a kill does not cut in two."""
    receipts = [future.result(120) for future in waiting]
    lines = "".join(f"{one.index} {one.leaf_hash.hex()}\n" for one in receipts)
    for at in range(0, len(lines), 4_000):  # a pipe takes 4,096 bytes at once, or none of them
        os.write(told, lines[at : at + 4_000].encode())
    waiting.clear()


def child(work: Callable[[int], None]) -> tuple[int, int]:
    """Begin a process that does ``work``; return its id and a pipe with what it tells."""
    reading, writing = os.pipe()
    pid = fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        quiet()
        work(writing)
        code = 0
    except BaseException:  # noqa: BLE001 - the parent is told, whatever it was
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(code)


def kills(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Kill a process that appends, ``count`` times, and check after each."""
    dice = random.Random(seed)
    folder.mkdir(mode=0o700)
    path = folder / "hegui.db"
    told, found = 0, 0
    for number in range(count):
        pid, reading = child(lambda pipe: load(path, pipe, 1_000_000, dice.choice([1, 7, 50])))
        with os.fdopen(reading, "rb") as pipe:
            first = pipe.readline()  # it is under load from here on
            time.sleep(dice.uniform(0, 0.12))
            os.kill(pid, signal.SIGKILL)
            output = (first + pipe.read()).decode()
        os.waitpid(pid, 0)
        check = Check(path, f"kill {number} (seed {seed})")
        told += check.acknowledged(output)
        found += check.goes_on()
        if size_of(path) > FRESH:
            shutil.rmtree(path.parent)
            path.parent.mkdir(mode=0o700)
    return {"kills": count, "acknowledged": told, "unsigned tails found at restart": found}


def size_of(path: Path) -> int:
    """Return how many entries the log has."""
    ledger = open_ledger(path)
    ledger.close()
    return ledger.size("t") or 0


def together(folder: Path, processes: int, each: int) -> dict[str, Any]:
    """Let several processes append and sign at a time: one clean log comes of it."""
    folder.mkdir(mode=0o700)
    path = folder / "hegui.db"
    open_ledger(path).close()
    started = time.perf_counter()
    running = [child(lambda pipe: load(path, pipe, each, 50)) for _ in range(processes)]
    outputs = []
    for pid, reading in running:
        with os.fdopen(reading, "r") as pipe:
            outputs.append(pipe.read())
        if os.waitpid(pid, 0)[1]:
            fail("together", outputs[-1][-2_000:])
    seconds = time.perf_counter() - started
    check = Check(path, "together")
    told = sum(check.acknowledged(output) for output in outputs)
    if told != processes * each or size_of(path) != told:
        fail("together", f"{told} acknowledged, {size_of(path)} there")
    if check.verifies():
        fail("together", "closed, and not all is signed")
    rate = round(told / seconds)
    return {"processes": processes, "appended": told, "one clean log": True, "per second": rate}


def main() -> None:
    """Run both campaigns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--each", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        if given.processes:
            result["together"] = together(Path(place, "many"), given.processes, given.each)
        if given.kills:
            started = time.perf_counter()
            result["kills"] = kills(Path(place, "kill"), given.kills, given.seed)
            result["kills"]["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps({"processes": result}))


if __name__ == "__main__":
    sys.exit(main())
