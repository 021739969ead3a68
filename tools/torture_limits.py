"""A disk that fills up, a disk that is slow, a clock that jumps.

    python tools/torture_limits.py

Prints a line of JSON with counts. Exit code 1 where an acknowledged entry was lost, memory was not
bounded, or the ledger did not verify or did not go on.
"""

# ruff: noqa: INP001, T201, PLR2004 - a script that prints; its numbers are loads
import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from torture_parts import NOW, TENANT, Check, append, entries, fail, open_ledger, scratch
from torture_processes import child

from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.terms import Entry, Unavailable
from hegui.testing.disk import FaultyDisk
from hegui.testing.stopwatch import Stopwatch


def run(name: str, folder: Path, work: Any) -> tuple[str, dict[str, Any]]:
    """Run ``work(path, told)`` in a process of its own; check what it left."""
    folder.mkdir(mode=0o700)
    path = folder / "hegui.db"
    pid, reading = child(lambda told: work(path, told))
    with os.fdopen(reading, "r") as pipe:
        output = pipe.read()
    if os.waitpid(pid, 0)[1]:
        fail(name, output[-2_000:])
    check = Check(path, name)
    told = check.acknowledged(output)
    check.goes_on()
    return output, {"acknowledged": told, **json.loads(output.splitlines()[-1])}


def full(path: Path, told: int) -> None:
    """Append until the system lets the file grow no more; then let it, and append again."""
    ledger = open_ledger(path, sign_leaves=100)
    append(ledger, 500)
    room = path.with_name("hegui.db-wal").stat().st_size + 200_000
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    refused = kept = 0
    while refused < 20:
        try:
            say(told, ledger, next(entries(1, kept)))
            kept += 1
        except Unavailable:
            refused += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    for entry in entries(50):
        say(told, ledger, entry)
    ledger.close()
    os.write(told, json.dumps({"refused": refused}).encode())


def say(told: int, ledger: Ledger, entry: Entry) -> None:
    """Append, and tell it once it is durable."""
    receipt = ledger.submit(entry).result(60)
    os.write(told, f"{receipt.index} {receipt.leaf_hash.hex()}\n".encode())


def slow(path: Path, told: int, delay: float, seconds: float) -> None:
    """Offer more than a slow disk takes: what is refused is refused at once, nothing is lost."""
    disk = FaultyDisk()
    limit = 300
    ledger = open_ledger(path, limit=limit)
    append(ledger, 10)
    disk.delay = delay
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    waiting: list[Any] = []
    refused, lag, longest = 0, 0, 0.0
    with Stopwatch() as watch:  # a machine that is busy is no hand-in that waits
        for entry in entries(1_000_000):
            started = watch.seconds
            if started > seconds:
                break
            try:
                waiting.append(ledger.submit(entry))
            except Unavailable:
                refused += 1
                time.sleep(0.001)
            longest = max(longest, watch.seconds - started)
            lag = max(lag, ledger.lag())
    disk.delay = 0
    for future in waiting:
        receipt = future.result(120)
        os.write(told, f"{receipt.index} {receipt.leaf_hash.hex()}\n".encode())
    ledger.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    result = {"delay_ms": round(delay * 1000), "refused": refused, "most waiting": lag}
    result |= {"longest hand-in ms": round(longest * 1000, 1), "memory grown KiB": grown}
    if lag > limit + 2_000 or grown > 100_000:
        raise AssertionError(result)
    os.write(told, json.dumps(result).encode())


def jumping(path: Path, told: int, seed: int) -> None:
    """Append by a clock that jumps by days, both ways: each exchange is found by its number."""
    dice = random.Random(seed)
    ledger = open_ledger(path)
    now, steps = NOW, 0
    made = []
    for number in range(400):
        jump = dice.choice([0, 1, 500, 60_000]) if dice.random() < 0.9 else 0
        if not jump and dice.random() < 0.3:
            jump = dice.choice([-3_600_000, -86_400_000, 86_400_000, 1_000_000_000])
            steps += jump < 0
        now += jump
        exchange = ulid(now, number)
        fields = {"appeal": f"A{number}", "exchange": exchange, "commit": "0" * 64}
        fields |= {"content": "none", "contact": False, "due": now}
        record = leaf.make(kinds.named("appeal.received"), now, TENANT, fields)
        say(told, ledger, Entry(TENANT, record))
        made.append(exchange)
    lost = [one for one in made if not ledger.find_exchange(TENANT, one)]
    ledger.close()
    if lost:
        raise AssertionError(f"{len(lost)} exchanges are not found (seed {seed})")
    os.write(told, json.dumps({"jumps back": steps, "seed": seed}).encode())


def ulid(at_ms: int, number: int) -> str:
    """Return an exchange's number."""
    signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = at_ms << 80 | number
    return "".join(signs[value >> shift & 31] for shift in range(125, -1, -5))


def main() -> None:
    """Run the campaigns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds for each write and sync")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=scratch()) as place:
        folder = Path(place)
        result["full"] = run("full", folder / "full", full)[1]
        result["slow"] = run(
            "slow",
            folder / "slow",
            lambda path, told: slow(path, told, given.delay, given.seconds),
        )[1]
        result["clock"] = run(
            "clock", folder / "clock", lambda path, told: jumping(path, told, given.seed)
        )[1]
    print(json.dumps({"limits": result}))


if __name__ == "__main__":
    sys.exit(main())
