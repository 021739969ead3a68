"""Kill gateways and the server, and fail the server's and the spool's disk, under a shared ledger.

    python tools/torture_postgres.py
    python tools/torture_postgres.py --kills 40 --crashes 10 --strikes 6

Needs PostgreSQL, and strace for the disk. Prints a line of JSON with counts. Exit code 1 where an
acknowledged entry was lost or doubled, a gateway's order was not kept, or the logs did not verify.
"""

# ruff: noqa: INP001, T201, S603 - a script that prints and runs strace and itself
import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from torture_parts import NOW, SIGNER, TENANT, fail, quiet

from hegui.app.copying import copy_logs
from hegui.ledger import kinds, leaf
from hegui.ledger.shared import SharedLedger, SpoolTerms
from hegui.ledger.verify import verify
from hegui.settings import Secret
from hegui.store.postgres.server import Server
from hegui.terms import Entry, HeguiError
from hegui.testing.postgres import PracticeServer, programs

_KEY = kinds.named("key.revoked")
SERVER_CALLS = ("pwrite64:error=EIO", "pwrite64:error=ENOSPC", "fdatasync:error=EIO")
SPOOL_CALLS = (
    "pwrite64:error=EIO",
    "pwrite64:error=ENOSPC",
    "fdatasync:error=EIO",
    "ftruncate:error=EIO",
    "fdatasync:signal=SIGKILL",
)


def opened(server: Server, folder: Path, name: str) -> SharedLedger:
    """Open the ledger of the gateway called ``name``, with a spool of its own."""
    return SharedLedger(
        server,
        lambda *_: SIGNER,
        heads=folder / "heads",
        spool=SpoolTerms(folder / f"spool-{name}", 1 << 28, 3_600_000, lambda: NOW),
        sign_seconds=0.05,
    )


def work(folder: Path, url: str, password: str, name: str, count: int) -> None:
    """Append as a gateway does, and tell each number that is acknowledged. Run as a process."""
    quiet()
    ledger = opened(Server(url, Secret("x", password)), folder, name)
    print("ready", flush=True)
    for number in range(count):
        record = leaf.make(_KEY, NOW, TENANT, {"key": f"{name}-{number}"})
        try:
            ledger.add_blocking(Entry(TENANT, record))
        except HeguiError:
            print(f"refused {number}", flush=True)
        else:
            print(number, flush=True)
    ledger.close()


class Yard:
    """A server and the gateways in front of it."""

    def __init__(self, folder: Path) -> None:
        found = programs()
        if found is None:
            fail("postgres", "PostgreSQL 15 or newer is not installed: apt-get install postgresql")
        folder.chmod(0o755)
        self.server = PracticeServer(folder / "server", found).make()
        self.url = self.server.database()
        self.folder = folder
        self.count: Counter[str] = Counter()
        self._told: dict[str, set[int]] = {}
        self._number = 0

    def gateway(self, under: tuple[str, ...] = (), count: int = 1_000_000) -> Any:
        """Begin a gateway's process."""
        self._number += 1
        name = f"g{self._number}"
        words = [sys.executable, __file__, "--work", str(self.folder), self.url]
        words += [self.server.password, name, str(count)]
        process = subprocess.Popen(
            [*under, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout
        process.stdout.readline()
        return name, process

    def seed(self) -> None:
        """Begin the log, so that what is struck is appending and not the making of tables."""
        ledger = opened(self.server.place(self.url), self.folder, "seed")
        record = leaf.make(_KEY, NOW, TENANT, {"key": "seed-0"})
        ledger.add_blocking(Entry(TENANT, record))
        self._until("seed", lambda: self.sql("SELECT count(*) FROM hegui.outbox") == [(0,)])
        ledger.close()

    def end(self, gateway: Any, number: signal.Signals | None = None) -> None:
        """End a gateway, by a signal if one is given, and take note of what it told."""
        name, process = gateway
        if number is not None:
            process.send_signal(number)
        told, _ = process.communicate(timeout=120)
        lines = told.splitlines(keepends=True)
        self._told[name] = {int(line) for line in lines if line[:-1].isdigit() and line[-1] == "\n"}

    def check(self, run: str) -> None:
        """Drain what dead gateways left in their spools, then fail unless all holds."""
        for name in self._told:
            if list((self.folder / f"spool-{name}").glob("*.spool")):
                heir = opened(self.server.place(self.url), self.folder, name)
                self._until(run, lambda heir=heir: not heir.state().spool.records)
                heir.close()
        last = opened(self.server.place(self.url), self.folder, "last")
        rows = "SELECT count(*) FROM hegui.outbox"
        self._until(run, lambda: self.sql(rows) == [(0,)])
        last.close()
        stored: dict[str, list[int]] = {name: [] for name in self._told}
        for (record,) in self.sql("SELECT leaf FROM hegui.entry ORDER BY idx"):
            name, _, number = str(leaf.parse(record)["key"]).partition("-")
            stored.setdefault(name, []).append(int(number))
        for name, numbers in stored.items():
            if numbers != sorted(set(numbers)):
                fail(run, f"{name}: doubled, or out of order")
        for name, told in self._told.items():
            if lost := told - set(stored[name]):
                fail(run, f"{name}: {len(lost)} acknowledged entries are lost: {min(lost)} …")
        with tempfile.TemporaryDirectory() as place:
            copied = copy_logs(self.server.place(self.url), Path(place, "hegui.db"))
            report = verify(copied.path, {TENANT: SIGNER.vkey}, heads=self.folder / "heads", jobs=1)
            if not report.ok or copied.waiting:
                fail(run, f"does not verify: {report.problems[:3]}")
        self.count["entries"] += copied.entries
        self.count["acknowledged"] += sum(map(len, self._told.values()))
        self._told.clear()
        self.server.emptied(self.url)
        for path in self.folder.iterdir():
            if path.name == "heads" or path.name.startswith("spool-"):
                shutil.rmtree(path)

    def sql(self, text: str) -> list[Any]:
        """Ask the server."""
        return self.server.sql(text, self.url.rpartition("/")[2])

    def _until(self, run: str, fact: Any) -> None:
        end = time.monotonic() + 60
        while not fact():
            if time.monotonic() > end:
                fail(run, "what waits does not get its place")
            time.sleep(0.05)


def kills(yard: Yard, count: int, dice: random.Random) -> None:
    """Kill one of two gateways at a random moment, hanging it first every other time."""
    for number in range(count):
        pair = [yard.gateway(), yard.gateway()]
        dice.shuffle(pair)
        time.sleep(dice.uniform(0.1, 0.6))
        if number % 2:
            pair[0][1].send_signal(signal.SIGSTOP)
            time.sleep(dice.uniform(0, 4))
            pair[0][1].send_signal(signal.SIGCONT)
        yard.end(pair[0], signal.SIGKILL)
        time.sleep(dice.uniform(0, 0.5))
        yard.end(pair[1], signal.SIGKILL)
        yard.count["gateways killed"] += 2
        yard.check(f"kill {number}")


def crashes(yard: Yard, count: int, dice: random.Random) -> None:
    """Kill the whole server under two gateways, at a random moment, and start it again."""
    for number in range(count):
        pair = [yard.gateway(), yard.gateway()]
        time.sleep(dice.uniform(0.05, 0.6))
        yard.server.kill()
        time.sleep(dice.uniform(0, 0.5))
        yard.server.start()
        time.sleep(dice.uniform(0, 2))
        for each in pair:
            yard.end(each, signal.SIGKILL)
        yard.count["servers killed"] += 1
        yard.check(f"crash {number}")


def strikes(yard: Yard, count: int) -> None:
    """Fail the n-th call of each of the server's processes, and of the spool's writer."""
    trace = yard.folder / "server" / "trace"
    for call in SERVER_CALLS:
        for number in range(count):
            yard.seed()
            yard.server.stop()
            when = 3 + 7 * number
            name = call.partition(":")[0]
            under = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={name}"]
            yard.server.start([*under, "-e", f"inject={call}:when={when}"])
            gateway = yard.gateway(count=60)
            yard.end(gateway)
            struck = trace.read_text(errors="replace").count("INJECTED")
            yard.server.kill()
            yard.server.start()
            yard.count[f"server, {call}, calls struck"] += struck
            yard.check(f"server {call} {when}")
    for call in SPOOL_CALLS:
        for number in range(count):
            name = call.partition(":")[0]
            spooled = yard.folder / "spool.trace"
            under = ("strace", "-f", "-qq", "-o", str(spooled), "-e", f"trace={name}")
            gateway = yard.gateway((*under, "-e", f"inject={call}:when={1 + number}"), count=1_500)
            time.sleep(0.2)
            yard.server.kill()
            time.sleep(1.0)
            yard.server.start()
            yard.end(gateway)
            struck = spooled.read_text(errors="replace").count("INJECTED")
            struck += gateway[1].returncode in {-9, 137}
            yard.count[f"spool, {call}, calls struck"] += struck
            yard.check(f"spool {call} {number}")


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", nargs=5, help=argparse.SUPPRESS)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--crashes", type=int, default=20)
    parser.add_argument("--strikes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.work:
        folder, url, password, name, count = given.work
        work(Path(folder), url, password, name, int(count))
        return
    quiet()
    dice = random.Random(given.seed)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="hegui-torture-") as place:
        yard = Yard(Path(place))
        try:
            kills(yard, given.kills, dice)
            crashes(yard, given.crashes, dice)
            if given.strikes and shutil.which("strace") is None:
                fail("postgres", "strace is not installed: apt-get install strace")
            strikes(yard, given.strikes)
        finally:
            yard.server.kill()
    seconds = round(time.perf_counter() - started, 1)
    print(json.dumps({"postgres": {**yard.count, "seconds": seconds}}))


if __name__ == "__main__":
    main()
