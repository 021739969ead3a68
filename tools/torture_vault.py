"""Kill a process again and again while it keeps, erases and rotates; then look what is left.

``python tools/torture_vault.py --rounds 200`` prints what it found. After each kill the next start
must finish what was cut off: all that was acknowledged opens, nothing of an erased person does, one
epoch's key is left, the ledger verifies. ``--live 40`` lets two processes write for 40 seconds
while a third rotates and waits as it does in earnest: nobody may be refused.
"""

# ruff: noqa: INP001, T201 - a script, not a package, and it prints
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from hegui.app import parts
from hegui.app.upkeep import Upkeep, holders_of, open_vault
from hegui.ledger import kinds, leaf
from hegui.ledger.verify import verify
from hegui.settings import Settings, inspect
from hegui.store import open_database
from hegui.terms import BadRequest, Entry, HeguiError
from hegui.vault.epochs import LOOK_MS

SETTINGS = """\
data_dir = "{folder}/data"
[service]
name = "torture"
scope = "internal"
reason = "torture"
[[upstream]]
name = "none"
base_url = "http://127.0.0.1:1/v1"
"""
TEXT = "这是要保存的内容".encode()
PERSONS = 12
DAY_MS = 86_400_000


class Ahead:
    """A clock that runs ahead by every pause, so that nothing has to be waited for."""

    def __init__(self, ahead_ms: int) -> None:
        self.ahead = ahead_ms

    def __call__(self) -> int:
        """Return UTC ms."""
        return time.time_ns() // 1_000_000 + self.ahead

    def pause(self, seconds: float) -> None:
        """Run ahead."""
        self.ahead += round(seconds * 1_000)


class Service:
    """What a gateway has of ledger and vault, without the network."""

    def __init__(self, folder: Path, ahead_ms: int) -> None:
        settings, _ = inspect(SETTINGS.format(folder=folder))
        assert settings is not None
        self.settings: Settings = settings
        settings.data_dir.mkdir(exist_ok=True)
        self.clock = Ahead(ahead_ms)
        self.ledger = parts.open_ledger(settings)
        self.holders = holders_of(settings)
        self.vault = open_vault(settings, self.clock, self.holders)

    def upkeep(self) -> Upkeep:
        """Open the upkeep."""
        return Upkeep(self.settings, self.ledger, self.clock, self.holders, self.clock.pause)

    def keep(self, person: str, exchange: str) -> None:
        """Keep a text of a person, durable when this returns."""
        subject = self.vault.subject("default", person or None)
        until = self.clock() + 3_650 * DAY_MS
        content = self.vault.seal(subject, "default", exchange, "prompt", "all", TEXT, until)
        fields = {"reason": "kept", "answered": 0}
        made = leaf.make(kinds.named("service.stopped"), self.clock(), "default", fields)
        self.ledger.add_blocking(Entry("default", made, (*subject.writes, *content)))

    def erase(self, person: str) -> None:
        """Erase a person; one who is not known is as good."""
        with self.upkeep() as upkeep:
            erasures = upkeep.erasures()
            row = self.vault.subject_row("default", person)
            try:
                found = erasures.person("default", row=row)
            except BadRequest:
                return
            erasures.ask(found, "requested", "torture")
        self.vault.forget(row)
        self.clock.ahead += LOOK_MS

    def close(self) -> None:
        """Close both."""
        self.vault.close()
        self.ledger.close()


def child(folder: Path, ahead_ms: int, seed: int) -> None:
    """Keep, erase and rotate until killed; say what is done once it is durable."""
    chance = random.Random(seed)
    service = Service(folder, ahead_ms)
    with service.upkeep() as upkeep:
        upkeep.tend()
    print("started", flush=True)
    for number in range(1_000_000):
        person = f"person {chance.randrange(PERSONS)}"
        drawn = chance.random()
        if drawn < 0.8:  # noqa: PLR2004 - shares of the work
            exchange = f"{seed}-{number}"
            print("keeping", exchange, person, sep="\t", flush=True)
            service.keep(person, exchange)
            print("kept", exchange, person, sep="\t", flush=True)
        elif drawn < 0.85:  # noqa: PLR2004 - shares of the work
            print("erasing", person, sep="\t", flush=True)
            service.erase(person)
            print("erased", person, sep="\t", flush=True)
        else:
            with service.upkeep() as upkeep:
                upkeep.rotate()
            service.clock.ahead += LOOK_MS


def writer(folder: Path, seconds: float, name: str) -> None:
    """Keep texts of a few persons for a while; say how many were kept and how many refused."""
    service = Service(folder, 0)
    end, kept, refused = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        try:
            service.keep(f"person {kept % PERSONS}" if kept % 2 else "", f"{name}-{kept}")
            kept += 1
        except HeguiError:
            refused += 1
    service.close()
    print(kept, refused)


def live(seconds: int) -> int:
    """Rotate in earnest beside two writers; print what was refused; return how much was wrong."""
    with tempfile.TemporaryDirectory() as name:
        service = Service(Path(name), 0)
        running = []
        for each in "ab":
            args = [sys.executable, __file__, "--writer", name, str(seconds), each]
            running.append(subprocess.Popen(args, stdout=subprocess.PIPE, text=True))  # noqa: S603 - our own script
        rotations = 0
        while any(process.poll() is None for process in running):
            with Upkeep(service.settings, service.ledger, service.clock, service.holders) as upkeep:
                upkeep.rotate()
            rotations += 1
        counts = [process.communicate()[0].split() for process in running]
        kept, refused = (sum(int(count[n]) for count in counts) for n in (0, 1))
        service.clock.ahead += LOOK_MS
        service.vault.look()
        connection = open_database(service.settings.database)
        found = [str(row[0]) for row in connection.execute("SELECT exchange FROM content")]
        connection.close()
        shut = sum(service.vault.open("default", each, "prompt") != TEXT for each in found)
        service.close()
    lost = kept - len(found) + shut
    print(
        f"{rotations} rotations beside two writers: {kept} texts kept, {refused} refused, "
        f"{lost} lost"
    )
    return refused + lost


class Expected:
    """What must be there, by what the killed processes had said."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.gone: set[str] = set()
        self.open: set[str] = set()  # persons of whom the last word is not known
        self.acknowledged = 0

    def hear(self, line: str) -> None:
        """Take in one line of a child."""
        word, *rest = line.rstrip("\n").split("\t")
        if word == "kept":
            self.kept[rest[0]] = rest[1]
            self.acknowledged += 1
        elif word == "erasing":
            self.open.add(rest[0])
        elif word == "erased":
            self.open.discard(rest[0])
            mine = [exchange for exchange, person in self.kept.items() if person == rest[0]]
            self.gone.update(mine)
            for exchange in mine:
                del self.kept[exchange]

    def settle(self, service: Service) -> list[str]:
        """Compare with what is there; return what is wrong."""
        wrong = []
        for exchange, person in list(self.kept.items()):
            try:
                good = service.vault.open("default", exchange, "prompt") == TEXT
            except HeguiError as error:
                good = False
                if person in self.open and isinstance(error, BadRequest):
                    del self.kept[exchange]  # the erasure that was cut off has been finished
                    self.gone.add(exchange)
                    continue
            if not good:
                wrong.append(f"{exchange} was acknowledged and does not open")
        for exchange in self.gone:
            try:
                service.vault.open("default", exchange, "prompt")
                wrong.append(f"{exchange} was erased and opens")
            except BadRequest:
                pass
        self.open.clear()
        return wrong


def look(folder: Path, ahead_ms: int, expected: Expected) -> list[str]:
    """Start anew, finish what was cut off, and return what is wrong."""
    service = Service(folder, ahead_ms)
    try:
        with service.upkeep() as upkeep:
            upkeep.tend()
        wrong = expected.settle(service)
        keys = [path.name for path in service.settings.key_directory.glob("epoch-*")]
        connection = open_database(service.settings.database)
        numbers = [number for (number,) in connection.execute("SELECT number FROM epoch")]
        closed = connection.execute(
            "SELECT count(*) FROM epoch WHERE number < (SELECT max(number) FROM epoch)"
            " AND closed IS NULL"
        ).get
        under = {n for (n,) in connection.execute("SELECT DISTINCT epoch FROM subject_key")}
        connection.close()
        wanted = {f"epoch-{max(numbers):05d}", f"epoch-{max(numbers) + 1:05d}"}
        if not set(keys) <= wanted or closed or under - {max(numbers)}:
            wrong.append(f"keys {keys}, epochs {numbers}, {closed} not closed, used {under}")
    finally:
        service.close()
    report = verify(service.settings.database, None)
    return wrong + [f"ledger: {problem.what_en}" for problem in report.problems]


def rounds(count: int, seed: int) -> int:
    """Kill ``count`` times; print what was found; return how much was wrong."""
    chance = random.Random(seed)
    expected, failures = Expected(), 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        for each in range(count):
            ahead = each * DAY_MS  # the clock never goes back
            args = [sys.executable, __file__, "--child", name, str(ahead), str(seed + each)]
            process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own script
            assert process.stdout is not None
            first = process.stdout.readline()
            wait = chance.uniform(0.0, 0.4)
            timer = threading.Timer(wait, os.kill, (process.pid, signal.SIGKILL))
            timer.start()
            for line in process.stdout:
                if line.endswith("\n"):
                    expected.hear(line)
            process.wait()
            timer.cancel()
            wrong = look(Path(name), ahead + DAY_MS // 2, expected)
            if first != "started\n":
                wrong.append("it did not start")
            failures += len(wrong)
            for said in wrong:
                print(f"round {each}: {said}")
    kept, gone = expected.acknowledged, len(expected.gone)
    print(
        f"{count} kills in {time.monotonic() - began:.0f} s: {kept} texts acknowledged, "
        f"{gone} of them erased, {failures} violations"
    )
    return failures


def main() -> int:
    """Read the command line."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=100)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--child", nargs=3, metavar=("FOLDER", "AHEAD", "SEED"))
    reader.add_argument("--live", type=int, metavar="SECONDS", default=0)
    reader.add_argument("--writer", nargs=3, metavar=("FOLDER", "SECONDS", "NAME"))
    said = reader.parse_args()
    if said.writer:
        writer(Path(said.writer[0]), float(said.writer[1]), said.writer[2])
        return 0
    if said.live:
        return 1 if live(said.live) else 0
    if said.child:
        child(Path(said.child[0]), int(said.child[1]), int(said.child[2]))
        return 0
    return 1 if rounds(said.rounds, said.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
