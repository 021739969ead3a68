"""Look for a file that a label's format neither refuses nor labels rightly.

    python tools/torture_labels.py --seconds 600 --seed 1

Every small sample, fresh and labelled, is cut at every byte, given every huge length at every
byte, and then damaged at random for the given time. Prints counts and the slowest file; a file
that fails is kept in the folder --keep. Exit code 1 for a failure.
"""

# ruff: noqa: INP001, T201, PLR2004 - a script that prints; its numbers are odds
import argparse
import random
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from pathlib import Path

from hegui.labels.container import Format
from hegui.labels.formats import FORMATS
from hegui.testing import pictures, sounds
from hegui.testing.labelled import OTHER, holds, labelled

HUGE = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\1")
SLOW = 2.0  # seconds for one small file


def systematic(whole: bytes) -> Iterator[bytes]:
    """Give every beginning of a file, and the file with every huge number at every place."""
    yield from (whole[:end] for end in range(len(whole)))
    for at in range(len(whole) - 4):
        yield from (whole[:at] + huge + whole[at + 4 :] for huge in HUGE)


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
    samples = pictures.samples() | sounds.samples()
    failures = 0
    for name, data in samples.items():
        form = next(one for one in FORMATS if one.matches(data[:4096]))
        tally = Tally(options.keep)
        wholes = (data, labelled(form, data, OTHER))
        for one in chain.from_iterable(map(systematic, wholes)):
            tally.take(form, one)
        for whole in wholes:
            until = time.monotonic() + options.seconds / len(samples) / len(wholes)
            for one in endless(whole, chance, until):
                tally.take(form, one)
        failures += tally.failures
        print(
            f"{name:16} {tally.files:7} files, {tally.labelled:6} labelled, the others refused;"
            f" slowest {tally.slowest * 1000:.0f} ms; {tally.failures} failures"
        )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
