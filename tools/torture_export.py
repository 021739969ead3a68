"""Flip bits of a small export, one at a time, and see whether verify.py names each file.

``python tools/torture_export.py [--every N] [--seed S]``: every N-th byte of every file (1: all of
them), one random bit each. Prints how many were flipped; ends with 1 and the places where one was
not named.
"""  # noqa: INP001 - a script

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hegui.ledger.export.data.verify import Check

SETTINGS = """[service]
name = "torture"
scope = "internal"
reason = "a test"
[[upstream]]
name = "x"
base_url = "http://127.0.0.1:1/v1"
role = "own"
"""


def made(folder: Path) -> Path:
    """Return an export of a log of a few records, made by the command itself."""
    (folder / "hegui.toml").write_text(SETTINGS, encoding="utf-8")
    hegui = Path(sys.executable).with_name("hegui")
    lines = [["keys", "create"]] * 5 + [["ledger", "export", "--out", "export", "--proofs"]]
    for words in lines:
        subprocess.run([hegui, *words], cwd=folder, check=True, capture_output=True)  # noqa: S603 - our own command
    return folder / "export"


def missed(folder: Path, every: int, chance: random.Random) -> Iterator[tuple[str, int, int, bool]]:
    """Give each place, and whether verify.py named the file that was changed there."""
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        name, kept = str(file.relative_to(folder)), file.read_bytes()
        for at in range(chance.randrange(every), len(kept), every):
            bit = chance.randrange(8)
            data = bytearray(kept)
            data[at] ^= 1 << bit
            file.write_bytes(data)
            report = Check(str(folder), "", []).run()
            yield name, at, bit, any(name in where for where, _ in report.problems)
        file.write_bytes(kept)


def main(words: list[str]) -> int:
    """Flip, count, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    given = parser.parse_args(words)
    flipped, bad = 0, []
    with tempfile.TemporaryDirectory() as folder:
        export = made(Path(folder))
        for name, at, bit, named in missed(export, given.every, random.Random(given.seed)):
            flipped += 1
            if not named:
                bad.append(f"{name} byte {at} bit {bit}")
    sys.stdout.write(f"{flipped} bits flipped, {len(bad)} not named (seed {given.seed})\n")
    sys.stdout.writelines(f"not named: {place}\n" for place in bad[:50])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
