"""What the campaigns against the ledger share: entries, and what must hold after each run."""

# ruff: noqa: INP001, T201 - scripts that print
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.verify import verify
from hegui.terms import Entry

SIGNER = Signer("torture.test/log", b"torture!" * 4)
TENANT = "t"
NOW = 1_780_000_000_000
_STOPPED = kinds.named("service.stopped")


def scratch() -> str | None:
    """Return a folder in memory where there is one: faults are made here, no disk is needed."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own is made in it


def entries(count: int, start: int = 0) -> Iterator[Entry]:
    """Yield small entries."""
    for number in range(start, start + count):
        fields = {"reason": "x" * (number % 150), "answered": number}
        yield Entry(TENANT, leaf.make(_STOPPED, NOW + number, TENANT, fields))


def open_ledger(path: Path, **more: float) -> Ledger:
    """Open a ledger that signs with the campaigns' key."""
    return Ledger(path, lambda *_: SIGNER, **more)


def append(ledger: Ledger, count: int) -> None:
    """Append many at a time, and wait until all are durable."""
    waiting = [ledger.submit(entry) for entry in entries(count)]
    for future in waiting:
        future.result(60)


def fork() -> int:
    """Fork once no other thread is left here, not even one that is just going away.

    Such a thread may hold a lock of the cryptographic library, which nobody would ever free in the
    child.
    """
    while len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - names, not paths
        time.sleep(0.001)
    return os.fork()


def quiet() -> None:
    """Say nothing of what goes wrong on purpose."""
    logging.disable(logging.CRITICAL)


def fail(run: str, why: str) -> NoReturn:
    """End the campaign: something that must hold does not."""
    print(f"{run}: {why}", file=sys.stderr)
    sys.exit(1)


class Check:
    """What must hold after a run, whatever was done to it."""

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self.run = run

    def acknowledged(self, output: str) -> int:
        """Fail unless every entry told as ``index hash`` is there; return how many were told."""
        connection = sqlite3.connect(self.path)
        try:
            rows = connection.execute("SELECT idx, hash FROM entry WHERE tenant = ?", (TENANT,))
            stored = {index: hashed.hex() for index, hashed in rows}
        finally:
            connection.close()
        told = 0
        for line in output.splitlines(keepends=True):
            index, _, hashed = line.rstrip("\n").partition(" ")
            if not index.isdigit() or not line.endswith("\n"):
                continue
            told += 1
            if stored.get(int(index)) != hashed:
                fail(self.run, f"acknowledged entry {index} was lost")
        return told

    def verifies(self) -> int:
        """Fail unless everything holds together; return how many entries are not signed."""
        report = verify(
            self.path, {TENANT: SIGNER.vkey}, heads=self.path.with_name("heads"), jobs=1
        )
        if not report.ok:
            fail(self.run, f"does not verify: {report.problems[:3]}")
        (log,) = report.logs
        return log.size - log.head

    def goes_on(self) -> bool:
        """Fail unless the ledger opens, says what it found, appends, signs and verifies."""
        unsigned = self.verifies()
        ledger = open_ledger(self.path)
        found = [(one.size - one.signed, one.refused) for one in ledger.found]
        if found != ([(unsigned, None)] if unsigned else []):
            fail(self.run, f"{unsigned} entries were not signed, and the start found {found}")
        append(ledger, 3)
        ledger.close()
        if self.verifies():
            fail(self.run, "a closed ledger has entries that are not signed")
        return unsigned > 0
