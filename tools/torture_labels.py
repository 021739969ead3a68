"""Look for a file that a label's format neither refuses nor labels rightly.

    python tools/torture_labels.py --seconds 600 --seed 1

The smallest sample of every format is cut at every byte, and given every huge length at every byte,
fresh and labelled; then come the files that are meant to harm (nested parts, bombs, entities,
polyglots), and files damaged at random for the given time. No file may take more than two seconds,
and the process may not take more than half a gigabyte beyond what it began with. Prints counts and
the slowest file; a file that fails is kept in the folder --keep. Exit code 1 for a failure.
"""

# ruff: noqa: INP001, T201, PLR2004 - a script that prints; its numbers are odds
import argparse
import random
import resource
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from hegui.labels.container import Format
from hegui.terms import BadRequest
from hegui.testing import hostile_files
from hegui.testing.labelled import OTHER, holds, labelled
from hegui.testing.samples import Sample, samples, smallest

HUGE = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\1")
SLOW = 2.0  # seconds for one small file
MEMORY = 512 << 20


def systematic(sample: Sample) -> Iterator[bytes]:
    """Give every beginning, every huge number at every place, and every kind of harm."""
    yield from hostile_files.cut(sample)
    yield from hostile_files.lying(sample)
    for kind in hostile_files.MADE:
        yield from hostile_files.files(kind, sample.form.name)


def bounded() -> None:
    """Let the process take no more memory than it has and half a gigabyte."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return a file with a few bytes changed, taken out, or put in from elsewhere in it."""
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 4))):
        kind, at = chance.random(), chance.randrange(len(data))
        if kind < 0.6:
            data[at] = chance.choice((0, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif kind < 0.75:
            del data[at : at + chance.randrange(1, 20)]
        elif kind < 0.9:
            other = chance.randrange(len(data) or 1)
            data[at:at] = data[other : other + chance.randrange(1, 60)]
        else:
            data[at : at + 4] = chance.choice(HUGE)
        if not data:
            break
    return bytes(data)


def endless(whole: bytes, chance: random.Random, until: float) -> Iterator[bytes]:
    """Give damaged files until the time is over."""
    while time.monotonic() < until:
        yield damaged(whole, chance)


def labelled_too(sample: Sample) -> Iterator[bytes]:
    """Give the sample with another's label, where its format has a place for one."""
    try:
        yield labelled(sample.form, sample.data, OTHER)
    except BadRequest:
        return


class Tally:
    """What came of the files of one sample."""

    def __init__(self, keep: Path | None) -> None:
        self.files = self.labelled = self.failures = 0
        self.slowest = 0.0
        self._keep = keep

    def take(self, form: Format, data: bytes) -> None:
        """Try one file; a failure is printed and kept."""
        began = time.monotonic()
        try:
            self.labelled += holds(form, data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            self._fail(form, data, repr(error))
        taken = time.monotonic() - began
        if taken > SLOW:
            self._fail(form, data, f"took {taken:.1f} s")
        self.files += 1
        self.slowest = max(self.slowest, taken)

    def _fail(self, form: Format, data: bytes, why: str) -> None:
        self.failures += 1
        name = f"{form.name}-{sha256(data).hexdigest()[:12]}"
        print(f"FAILED {name}: {why[:300]}")
        if self._keep:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / name).write_bytes(data)


def main() -> int:
    """Run until the time is over; return the exit code."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--seconds", type=float, default=60)
    given.add_argument("--seed", type=int, default=0)
    given.add_argument("--keep", type=Path)
    options = given.parse_args()
    chance = random.Random(options.seed)
    every, least = samples(), smallest()
    for one in least:
        for kind in hostile_files.MADE:
            hostile_files.files(kind, one.form.name)  # what makes them takes memory too
    bounded()
    failures = 0
    for sample in every:
        tally = Tally(options.keep)
        if sample in least:
            for one in systematic(sample):
                tally.take(sample.form, one)
        wholes = [sample.data, *labelled_too(sample)]
        for whole in wholes:
            until = time.monotonic() + options.seconds / len(every) / len(wholes)
            for one in endless(whole, chance, until):
                tally.take(sample.form, one)
        failures += tally.failures
        print(
            f"{sample.name:20} {tally.files:7} files, {tally.labelled:6} labelled, others refused;"
            f" slowest {tally.slowest * 1000:.0f} ms; {tally.failures} failures"
        )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
