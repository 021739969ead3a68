"""``make interop``, second part: a log of hegui's, read by the code of Go's checksum database.

    python interop/log.py              100,000 entries
    python interop/log.py --size 1000000

Go and hegui's own readers must accept the log, and reject it after each kind of tampering. Exit
code 0: they did, or Go cannot be had here (then *not run* and the cause are printed); 1: they did
not, or Go cannot be had and ``CI`` is set.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from interop import golang, logfolder, ours, tampering
from interop.environment import NotRun

SIZE = 100_000
LEAST = 1_000  # below that, some kinds of tampering find nothing to change


def _accepted(program: Path, folder: Path, size: int) -> dict[str, Any]:
    began = time.monotonic()
    found = golang.read(program, folder)
    spent = time.monotonic() - began
    if not found["ok"] or found["entries"] != size or found["inclusion_proofs"] < 2:  # noqa: PLR2004 - the first and the last
        click.echo(f"DIFFERS  Go does not accept the log: {found}")
        return {"accepted": False, "go": found}
    click.echo(
        f"agrees   Go accepts the log: {found['entries']} entries, {found['tiles']} tiles, "
        f"{found['inclusion_proofs']} inclusion and {found['consistency_proofs']} consistency "
        f"proofs of ours, in {spent:.1f} s"
    )
    why = ours.read(folder)
    if why:
        click.echo(f"DIFFERS  hegui's own readers do not accept the log: {why}")
    return {"accepted": not why, "go": found, "seconds": round(spent, 1)}


def _rejected(program: Path, folder: Path, room: Path, kind: tampering.Kind) -> bool:
    with tampering.copied(folder, room) as copy:
        kind.do(copy)
        go, own = golang.read(program, copy), ours.read(copy)
    good = go["ok"] is False and bool(own)
    click.echo(f"{'rejected' if good else 'DIFFERS ':8} {kind.name}: {kind.claim}")
    click.echo(f"{'':8}   Go:    {go.get('why') or 'ACCEPTED'}")
    click.echo(f"{'':8}   hegui: {own or 'ACCEPTED'}")
    return good


def _compare(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="hegui-interop-log-") as name:
        room = Path(name)
        program = golang.build(room)
        began = time.monotonic()
        folder = logfolder.write(room, size, lambda text: click.echo(text, err=True))
        click.echo(
            f"a log of {size} entries, written and laid out in {time.monotonic() - began:.1f} s"
        )
        outcome = _accepted(program, folder, size)
        outcome["kinds"] = {
            kind.name: _rejected(program, folder, room, kind) for kind in tampering.KINDS
        }
        return outcome


def _not_run(cause: str) -> int:
    in_ci = bool(os.environ.get("CI"))
    loud = "!" * 78
    click.echo(f"{loud}\nlog interop: NOT RUN: {cause}")
    click.echo(f"no other program has read the log; this is not a pass\n{loud}")
    click.echo(json.dumps({"log_interop": "not run", "cause": cause, "ci": in_ci}))
    return 1 if in_ci else 0


def main() -> int:
    """Write a log, have it read, tamper with it; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=SIZE, help=f"entries (default {SIZE})")
    size = max(LEAST, parser.parse_args().size)
    began = time.monotonic()
    try:
        outcome = _compare(size)
    except NotRun as cause:
        return _not_run(str(cause))
    good = outcome["accepted"] and all(outcome["kinds"].values())
    seconds = round(time.monotonic() - began, 1)
    head = {"log_interop": "passed" if good else "failed", "size": size, "seconds_in_all": seconds}
    click.echo(json.dumps({**head, **outcome}))
    kinds = outcome["kinds"].values()
    click.echo(f"log interop: {sum(kinds)} of {len(kinds)} kinds of tampering rejected by both")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
