"""How many records a second become durable, how soon, and how fast a log is proven and verified.

    python bench/ledger.py
    python bench/ledger.py --store sqlite --entries 200000 --seconds 5 --json out.json
    python bench/ledger.py --store postgres --entries 200000

Beside each other in one run: the disk's own fsync, one transaction per entry, the writer at
saturation, the writer at rates that are offered. Times to acknowledgement run from the moment at
which a record was due, so that a writer that falls behind is not spared (no coordinated omission).
"""

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import apsw
import click

from bench.figures import fsync_times, milliseconds
from bench.postgres import Postgres
from bench.report import machine
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.tiles.reader import LogReader
from hegui.store import open_database
from hegui.terms import Entry, Receipt, Unavailable

TENANT = "bench"
SIGNER = Signer("bench.local/log", b"bench!!!" * 4)
OFFERED = (200, 2_000, 10_000)
PROOFS = 2_000
TICK = 0.002  # seconds between two hand-ins of what is due

_DIGEST = "0123456789abcdef" * 4
_ASKED = {
    "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
    "subject": "unidentified",
    "audience": "adult",
    "key": "abcdefghij",
    "model": "qwen",
    "upstream": "own",
    "policy": _DIGEST,
    "panel": _DIGEST,
    "decision": "mask",
    "rules": {"pii.mobile": 2, "pii.email": 1},
    "faults": [],
    "unjudged": 0,
    "roles": {"user": 2, "system": 1},
    "known": 3,
    "commit": _DIGEST,
    "content": "kept",
    "stream": True,
}


class Store(Protocol):
    """What is measured: a ledger on one kind of database."""

    async def open(self, folder: Path) -> None:
        """Open an empty one in ``folder``."""

    def hand_in(self, entry: Entry) -> "asyncio.Future[Receipt]":
        """Hand in an entry; what is returned is done when it is durable."""

    async def close(self) -> None:
        """Make durable and sign what waits, then close."""


class Sqlite:
    """The ledger in one SQLite file."""

    async def open(self, folder: Path) -> None:
        """Open an empty one in ``folder``."""
        self.path = folder / "hegui.db"
        self._ledger = Ledger(self.path, lambda *_: SIGNER)
        self.hand_in = self._ledger.hand_in

    async def close(self) -> None:
        """Make durable and sign what waits, then close."""
        await asyncio.to_thread(self._ledger.close)


STORES: dict[str, Callable[[], Any]] = {"postgres": lambda: Postgres(SIGNER), "sqlite": Sqlite}
"""By the name that ``--store`` takes. Another kind of database adds a line here."""


def entries(count: int) -> Iterator[Entry]:
    """Yield records as the gateway writes them: about 600 bytes."""
    kind = kinds.named("exchange.asked")
    for number in range(count):
        yield Entry(TENANT, leaf.make(kind, 1_780_000_000_000 + number, TENANT, _ASKED))


async def saturated(store: Store, count: int) -> float:
    """Return appends a second when the writer never waits for records; making them included."""
    began = time.perf_counter()
    waiting: list[asyncio.Future[Receipt]] = []
    for entry in entries(count):
        waiting.append(store.hand_in(entry))
        if len(waiting) == 8_000:  # noqa: PLR2004 - the writer never runs dry, its queue never runs over
            await asyncio.gather(*waiting[:4_000])
            del waiting[:4_000]
    await asyncio.gather(*waiting)
    return count / (time.perf_counter() - began)


async def one_by_one(store: Store, seconds: float) -> float:
    """Return appends a second when each waits for the one before: a transaction per entry."""
    began = time.perf_counter()
    done = 0
    for entry in entries(1_000_000):
        await store.hand_in(entry)
        done += 1
        if time.perf_counter() - began > seconds:
            break
    return done / (time.perf_counter() - began)


async def offered(store: Store, rate: int, seconds: float) -> dict[str, Any]:
    """Hand in at ``rate`` for ``seconds``; tell what was durable, and how soon after it was due."""
    made = list(entries(int(rate * seconds)))
    loop = asyncio.get_running_loop()
    took: list[float] = []
    waiting = []
    refused = 0
    began = loop.time() + 0.05

    def note(due: float) -> Callable[[Any], None]:
        return lambda _: took.append(loop.time() - due)

    number = 0
    while number < len(made):
        due = int((loop.time() - began) * rate)
        for entry in made[number : due + 1] if due >= 0 else ():
            try:
                future = store.hand_in(entry)
            except Unavailable:
                refused += 1
            else:
                future.add_done_callback(note(began + number / rate))
                waiting.append(future)
            number += 1
        await asyncio.sleep(TICK)
    await asyncio.gather(*waiting)
    reached = len(waiting) / (loop.time() - began)
    return {
        "offered": rate,
        "durable_per_second": reached,
        "refused": refused,
        **milliseconds(took),
    }


def proofs(path: Path) -> dict[str, float]:
    """Return inclusion and consistency proofs a second, each read from the stored tiles."""
    connection = open_database(path, read_only=True)
    reader = LogReader(connection, TENANT)
    step = max(1, reader.size // PROOFS)
    found = {}
    works: tuple[tuple[str, Callable[[int], Sequence[bytes]]], ...] = (
        ("inclusion", reader.inclusion),
        ("consistency", lambda at: reader.consistency(at + 1)),
    )
    for name, work in works:
        began = time.perf_counter()
        places = range(0, reader.size, step)
        for place in places:
            work(place)
        found[name] = len(places) / (time.perf_counter() - began)
    connection.close()
    return found


def verification(path: Path, jobs: int, size: int) -> dict[str, Any]:
    """Return how fast the whole log is verified, in a process of its own, start and all."""
    command = [sys.executable, "-m", "hegui.ledger.verify", str(path), f"{TENANT}={SIGNER.vkey}"]
    command += ["--heads", str(path.with_name("heads")), "--jobs", str(jobs)]
    before = os.times()
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own module
    seconds = time.perf_counter() - began
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    assert json.loads(done.stdout)["logs"][0]["size"] == size
    return {
        "jobs": jobs,
        "seconds": seconds,
        "per_second": size / seconds,
        "per_second_of_processor": size / spent,
    }


async def measure(store: str, folder: Path, count: int, seconds: float) -> dict[str, Any]:
    """Measure everything that needs an open ledger, each on an empty one."""
    found: dict[str, Any] = {"offered": []}

    async def on_empty(name: str, work: Callable[[Store], Any]) -> Any:
        print(f"{name} …", file=sys.stderr, flush=True)  # noqa: T201 - progress
        room = folder / name.replace(" ", "-")
        room.mkdir(mode=0o700)
        made: Store = STORES[store]()
        await made.open(room)
        gc.collect()
        try:
            return await work(made)
        finally:
            await made.close()

    found["fsync"] = _fsync(folder)
    found["one_by_one"] = await on_empty("one by one", lambda made: one_by_one(made, seconds))
    for rate in OFFERED:
        found["offered"].append(
            await on_empty(f"offered {rate}", lambda made, rate=rate: offered(made, rate, seconds))
        )
    found["saturated"] = await on_empty("saturated", lambda made: saturated(made, count))
    found["fsync_after"] = _fsync(folder)
    return found


def _fsync(folder: Path) -> dict[str, float]:
    times = fsync_times(folder)
    return {**milliseconds(times), "per_second": 1 / statistics.mean(times)}


def targets(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return name, figure, target and whether it was reached."""
    rows = []

    def row(name: str, figure: float, wanted: str, *, reached: bool | None, unit: str = "") -> None:
        told = "yes" if reached else "no" if reached is not None else "does not apply"
        rows.append((name, f"{figure:,.1f}{unit}", wanted, told))

    rate = found["saturated"]
    row("durable appends a second", rate, "≥ 10,000", reached=rate >= 10_000)  # noqa: PLR2004 - the target
    ratio = rate / found["one_by_one"]
    slow = found["fsync"]["p50"] >= 2  # noqa: PLR2004 - the target
    wanted = "≥ 25, where an fsync takes 2 ms"
    row("times the one-by-one rate", ratio, wanted, reached=ratio >= 25 if slow else None)  # noqa: PLR2004 - the target
    p99 = next(one["p99"] for one in found["offered"] if one["offered"] == 2_000)  # noqa: PLR2004 - the target
    row("p99 at 2,000/s offered", p99, "≤ 20 ms", reached=p99 <= 20, unit=" ms")  # noqa: PLR2004 - the target
    for one in found.get("verification", []):
        speed = one["per_second_of_processor"]
        name = f"verified per second of processor, {one['jobs']} processes"
        row(name, speed, "≥ 250,000", reached=speed >= 250_000)  # noqa: PLR2004 - the target
    return rows


def page(found: dict[str, Any]) -> Iterator[str]:
    """Yield the tables."""
    of = found["machine"]
    yield f"{of['date']}, {of['processor']}, {of['cores']} cores, Python {of['python']}"
    yield f"load of the machine before and after: {found['load'][0]:.1f}, {found['load'][1]:.1f}"
    yield "\n| | a second | p50 ms | p99 ms |\n|---|---:|---:|---:|"
    for name in ("fsync", "fsync_after"):
        one = found[name]
        words = "the disk's own fsync, before" if name == "fsync" else "the same, after"
        yield f"| {words} | {one['per_second']:,.0f} | {one['p50']:.2f} | {one['p99']:.2f} |"
    yield f"| one transaction per entry | {found['one_by_one']:,.0f} | | |"
    for one in found["offered"]:
        rate = f"{one['durable_per_second']:,.0f}"
        yield f"| {one['offered']:,}/s offered | {rate} | {one['p50']:.2f} | {one['p99']:.2f} |"
    yield f"| saturated, {found['entries']:,} entries | {found['saturated']:,.0f} | | |"
    for name, rate in found.get("proofs", {}).items():
        yield f"| {name} proofs | {rate:,.0f} | | |"
    for one in found.get("verification", []):
        words = f"full verification, {one['jobs']} processes"
        yield f"| {words} | {one['per_second']:,.0f} ({one['seconds']:.1f} s) | | |"
    yield "\n| target | found | wanted | reached |\n|---|---:|---|---|"
    for row in targets(found):
        yield f"| {' | '.join(row)} |"


@click.command()
@click.option("--store", type=click.Choice(sorted(STORES)), default="sqlite")
@click.option("--entries", "count", default=1_000_000, help="of the saturated and verified log")
@click.option("--seconds", default=10.0, help="for each rate")
@click.option("--folder", type=click.Path(path_type=Path), default=None, help="on which disk")
@click.option("--json", "out", type=click.Path(path_type=Path), default=None)
def main(store: str, count: int, seconds: float, folder: Path | None, out: Path | None) -> None:
    """Measure the ledger on this machine."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        found = asyncio.run(measure(store, Path(place), count, seconds))
        found |= {"store": store, "entries": count, "machine": machine()}
        path = Path(place, "saturated", "hegui.db")
        if path.exists():
            print("proofs and verification …", file=sys.stderr)  # noqa: T201 - progress
            found["proofs"] = proofs(path)
            jobs = sorted({1, len(os.sched_getaffinity(0))})
            found["verification"] = [verification(path, each, count) for each in jobs]
    found["load"] = [load, os.getloadavg()[0]]
    found["machine"]["packages"]["sqlite"] = apsw.sqlite_lib_version()
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    click.echo("\n".join(page(found)))


if __name__ == "__main__":
    main()
